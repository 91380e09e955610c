//! `--embeddings FILE`: embeddings that were made elsewhere (by `wsac embed`, on a GPU, in Python) -> a caption for each.
//!
//! | file | rows | names |
//! |---|---|---|
//! | JSONL of `wsac embed` | `embedding` [d], with `duration`; a row with `error` is a failure | `file_name`, else the row's number |
//! | `.npy` (NumPy) | float32 [n, d] | the rows' numbers, from 0 |
//! | `.safetensors` | the tensor `embeddings` [n, d] | `captions` and `offsets`, as `wsac embed` writes them; else numbers |

mod read;

use crate::exit::ExitCode;
use std::path::PathBuf;

use anyhow::{Result, bail};
use wsac::captioner::{Caption, CaptionOptions, Captioner, Settings};
use wsac::encoders::analysis::AudioAnalysis;
use wsac::encoders::embedding::Embedding;

use super::model::ModelArgs;
use super::sentences::report;
use crate::output::Output;
use crate::process::{batch_code, say};
use crate::progress;
use crate::rows::{Format, Rows};
use read::Row;

/// Embeddings whose captions are decoded together.
const TOGETHER: usize = 32;
/// A row whose squared length is off 1 by less is a unit row.
const UNIT: f32 = 1e-3;

/// What the captioner is asked of a row, or why it is not.
type Asked = Result<(AudioAnalysis, CaptionOptions), String>;

/// Captions of embeddings.
pub struct EmbeddingsJob {
    /// The file; `-` is standard input.
    pub file: PathBuf,
    /// The captioner.
    pub model: ModelArgs,
    /// How it captions.
    pub settings: Settings,
    /// The format of the rows.
    pub format: Format,
    /// Where they go.
    pub output: Output,
    /// Whether to omit warnings and the bar.
    pub quiet: bool,
}

impl EmbeddingsJob {
    /// Captions all rows, in order.
    pub fn run(self) -> Result<ExitCode> {
        let rows = read::rows(&self.file)?;
        let captioner = self.model.open()?;
        self.check_width(&rows, &captioner)?;
        self.note_lengths(&rows);
        let options = self.settings.options(captioner.model())?;
        let mut out = Rows::new(self.format, rows.len() > 1, self.output.open()?)?;
        let bar = progress::bar(rows.len(), "embeddings", self.quiet);
        let (all, mut failed) = (rows.len(), 0);
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            for (name, caption) in self.caption(rows.by_ref().take(TOGETHER), &captioner, &options)
            {
                out.write(&name, None, &caption)?;
                out.flush()?;
                bar.inc(1);
                failed += usize::from(caption.is_err());
                bar.suspend(|| report(&name, &caption, self.quiet));
            }
        }
        bar.finish_and_clear();
        Ok(batch_code(failed, all))
    }

    /// The captions of some rows, decoded together; a row that fails does not stop the others.
    fn caption(
        &self,
        rows: impl Iterator<Item = Row>,
        captioner: &Captioner,
        options: &CaptionOptions,
    ) -> Vec<(PathBuf, Result<Caption, String>)> {
        let (names, asked): (Vec<PathBuf>, Vec<Asked>) = rows
            .map(|row| {
                let name = PathBuf::from(row.name);
                let options = self.settings.for_recording(options, &name);
                let asked = row.embedding.and_then(|row| Ok((analysis(row)?, options)));
                (name, asked)
            })
            .unzip();
        let good: Vec<_> = (asked.iter().flatten())
            .map(|(analysis, options)| (analysis, options))
            .collect();
        let mut captions = captioner.describe_all(&good).into_iter();
        let captions = asked.into_iter().map(|asked| {
            let caption = asked.map(|_| captions.next())?;
            let caption = caption.ok_or("no caption was made")?;
            caption.map_err(|error| error.to_string())
        });
        names.into_iter().zip(captions).collect()
    }

    /// An error if the embeddings are no points of the captioner's space.
    fn check_width(&self, rows: &[Row], captioner: &Captioner) -> Result<()> {
        let card = &captioner.model().card;
        let own = card.decoder.embedding;
        for row in rows {
            let Ok((values, _)) = &row.embedding else {
                continue;
            };
            if values.len() != own {
                bail!(
                    "{}: the embedding of {} has {} numbers, but the captioner {} takes {own}: those of {}",
                    self.file.display(),
                    row.name,
                    values.len(),
                    card.name,
                    card.clap
                );
            }
        }
        Ok(())
    }

    /// Says how many rows are not of unit length, as embeddings of this space are.
    fn note_lengths(&self, rows: &[Row]) {
        let other = |row: &&Row| {
            let Ok((values, _)) = &row.embedding else {
                return false;
            };
            let squared: f32 = values.iter().map(|x| x * x).sum();
            squared.is_finite() && squared > 0.0 && (squared - 1.0).abs() > UNIT
        };
        let other = rows.iter().filter(other).count();
        if other > 0 && !self.quiet {
            let (file, all) = (self.file.display(), rows.len());
            say!(
                "wsac: {file}: warning: {other} of {all} rows are not of unit length; they are scaled to it"
            );
        }
    }
}

/// What is known of a recording by its embedding and duration.
fn analysis((values, duration): (Vec<f32>, f64)) -> Result<AudioAnalysis, String> {
    let embedding = Embedding::new(values);
    let embedding =
        embedding.ok_or("the embedding is zero or not finite, so it has no direction")?;
    Ok(AudioAnalysis {
        duration,
        ..AudioAnalysis::of_embedding(embedding)
    })
}
