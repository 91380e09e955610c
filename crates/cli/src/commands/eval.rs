//! `wsac eval PREDICTIONS [REFERENCES]`: caption metrics with confidence intervals.

mod captions;
mod join;
mod learned;
mod measure;
mod metrics;
mod report;
mod scorer;
mod tools;

use crate::exit::ExitCode;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use wsac::dataset::columns::Role;
use wsac_metrics::{Sampling, Scores, compare, interval, ptb};

use crate::output::Output;
use crate::process::{say, use_threads};
use crate::progress;
use crate::{inputs, overwrite};
use captions::Clips;
use join::Joined;
use measure::Measure;
pub use measure::Measured;
pub use metrics::{Metric, Wanted};
use report::{Extremes, Format, Line, Report, Score};
pub use scorer::Scorer;
pub use tools::{ToolArgs, Tools};

/// Score captions against references: BLEU, METEOR, ROUGE-L, CIDEr-D, SPICE, SPIDEr and more
///
/// The numbers are those of pycocoevalcap and aac-metrics, without Java or Python; a metric that cannot be computed says
/// why. Files are CSV, TSV, JSON or JSONL with the column names of Clotho, AudioCaps, DCASE, caption-evaluation-tools,
/// aac-metrics or COCO, joined on file_name.
///
/// Exit codes: 0 all is well, 1 some clips were left out (--common) or a metric asked for by its own name could not be
/// computed, 2 nothing could be scored.
#[derive(clap::Args)]
pub struct Args {
    /// The captions to score: file_name,caption_predicted (`-` is standard input)
    #[arg(value_name = "PREDICTIONS")]
    predictions: PathBuf,

    /// Reference captions of the same clips: file_name,caption_1,.. [default: the other columns of PREDICTIONS]
    #[arg(value_name = "REFERENCES")]
    references: Option<PathBuf>,

    /// Sets (coco, dcase2023, dcase2024, all) and names of metrics, separated by commas
    #[arg(short, long, value_name = "LIST", default_value = "coco", value_parser = Wanted::parse)]
    metrics: Wanted,

    /// How the scores are written
    #[arg(short, long, value_enum, default_value = "table")]
    format: Format,

    /// Other predictions of the same clips, to test whether the difference is significant
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,

    /// Score the clips that all files have, instead of failing where some have others
    #[arg(long)]
    common: bool,

    /// Write the scores of each clip to FILE: CSV, or JSONL where it ends in .jsonl
    #[arg(long, value_name = "FILE")]
    per_item: Option<PathBuf>,

    /// Show the N worst and best clips (in table, markdown and json)
    #[arg(long, value_name = "N", default_value_t = 3)]
    show: usize,

    /// The metric that ranks the worst and best clips [default: spider, else cider_d, else the first]
    #[arg(long, value_name = "METRIC")]
    by: Option<String>,

    /// Number of bootstrap samples for intervals and p-values; 0: neither
    #[arg(long, value_name = "N", default_value_t = 1000)]
    bootstrap: usize,

    /// The confidence level of the intervals
    #[arg(long, value_name = "SHARE", default_value_t = 0.95, value_parser = share)]
    level: f64,

    /// The seed of the samples
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// Number of threads, at most one a core [default: one a core]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,

    /// No progress and no notes
    #[arg(short, long)]
    quiet: bool,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    tools: ToolArgs,
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if 0.0 < share && share < 1.0 => Ok(share),
        _ => Err("must lie between 0 and 1, e.g. 0.95".into()),
    }
}

/// Scores the predictions and prints the scores.
pub fn run(args: &Args) -> Result<ExitCode> {
    use_threads(args.threads)?;
    let references = args.references.iter().chain(&args.against);
    let read = std::iter::once(&args.predictions).chain(references);
    let read: Vec<&Path> = read.map(PathBuf::as_path).collect();
    inputs::read_stdin_once(read.iter().copied())?;
    let outputs = args
        .per_item
        .as_deref()
        .into_iter()
        .chain([&*args.output.output]);
    overwrite::refuse(outputs, read)?;
    overwrite::refuse_recording(&args.output.output)?;
    let joined = args.read()?;
    args.note_cider(joined.names.len());
    let mut out = args.output.open()?;
    let metrics = &args.metrics.metrics;
    let tools = args.tools.open(metrics, &joined.names, args.quiet)?;
    let (ours, others) = args.measure(&joined, &tools)?;
    let sampling = Sampling {
        rounds: args.bootstrap,
        level: args.level,
        seed: args.seed,
    };
    let lines = ours.iter().enumerate().map(|(i, measure)| {
        let other = others.as_ref().map(|others| &others[i]);
        line(measure, other, (args.bootstrap > 0).then_some(sampling))
    });
    let name = |path: &Path| path.display().to_string();
    let files = std::iter::once(&args.predictions).chain(&args.against);
    let report = Report {
        systems: files.map(|path| name(path)).collect(),
        against: name(args.references.as_ref().unwrap_or(&args.predictions)),
        clips: joined.names.len(),
        references: joined.references.iter().map(Vec::len).sum(),
        level: args.level,
        lines: lines.collect::<Result<_>>()?,
        extremes: args.extremes(&joined, &ours)?,
    };
    report.write(args.format, &mut out)?;
    std::io::Write::flush(&mut out)?;
    if let Some(path) = &args.per_item {
        let scores: Vec<_> = ours
            .iter()
            .filter_map(|m| Some((m.name.as_str(), scores(m)?)))
            .collect();
        let columns: Vec<_> = scores
            .iter()
            .map(|(name, s)| (*name, &s.per_item[..]))
            .collect();
        report::write_per_item(path, &joined.names, &joined.candidates[0][0], &columns)?;
    }
    let wanted_in_vain = |m: &Measure| m.value.is_err() && args.metrics.by_name.contains(&m.metric);
    let failed =
        !joined.left_out.is_empty() || tools.models.failed() > 0 || ours.iter().any(wanted_in_vain);
    // Nothing could be scored at all.
    if ours.iter().all(|m| m.value.is_err()) {
        return Ok(ExitCode::from(2));
    }
    Ok(ExitCode::from(u8::from(failed)))
}

impl Args {
    fn read(&self) -> Result<Joined> {
        let references = self.references.as_ref().unwrap_or(&self.predictions);
        let read = |path: &Path, role| -> Result<Clips> {
            let clips = captions::read(path, role)?;
            clips.notes.iter().for_each(|note| self.note(note));
            Ok(clips)
        };
        if references == Path::new("-") {
            bail!("give REFERENCES as a file; standard input can only be read once");
        }
        let mut predictions = vec![(
            &*self.predictions,
            read(&self.predictions, Role::Predictions)?,
        )];
        if let Some(path) = &self.against {
            predictions.push((path, read(path, Role::Predictions)?));
        }
        let references = (&**references, read(references, Role::References)?);
        let joined = join::join(predictions, references, self.common)?;
        joined
            .left_out
            .iter()
            .for_each(|what| self.note(&format!("left out: {what}")));
        Ok(joined)
    }

    /// What is easily mistaken about CIDEr.
    fn note_cider(&self, clips: usize) {
        let asks = |some: &[Metric]| self.metrics.metrics.iter().any(|m| some.contains(m));
        if self.metrics.by_name.contains(&Metric::Cider) {
            self.note(
                "cider is plain CIDEr; what papers and pycocoevalcap call CIDEr is CIDEr-D, which is -m cider_d here",
            );
        }
        let weighted = [
            Metric::CiderD,
            Metric::Cider,
            Metric::Spider,
            Metric::SpiderFl,
        ];
        if clips == 1 && asks(&weighted) {
            self.note(
                "warning: CIDEr-D and CIDEr of a single clip are 0 by construction, whatever its caption (and SPIDEr is \
                 half of SPICE): words are weighted by how few of the clips have them; score several clips together",
            );
        }
    }

    fn note(&self, note: &str) {
        if !self.quiet {
            say!("wsac: {note}");
        }
    }

    /// All measures of the predictions, and of those compared with.
    fn measure(
        &self,
        joined: &Joined,
        tools: &Tools,
    ) -> Result<(Vec<Measure>, Option<Vec<Measure>>)> {
        let bar = progress::bar(
            self.metrics.metrics.len() * joined.candidates.len(),
            "metrics",
            self.quiet,
        );
        let mut of_files = Vec::new();
        // The references are the same for all, and tokenised once.
        let first = joined.items()?.tokenised();
        for ranks in &joined.candidates {
            let items = (ranks.iter()).map(|rank| first.with_candidates(ptb::tokenise_all(rank)));
            let scorer = Scorer::new(items.collect::<Result<_, _>>()?, tools);
            let mut measures = Vec::new();
            for &metric in &self.metrics.metrics {
                measures.extend(scorer.measure(metric));
                bar.inc(1);
            }
            of_files.push(measures);
        }
        bar.finish_and_clear();
        let others = of_files.split_off(1).pop();
        Ok((of_files.remove(0), others))
    }

    fn extremes(&self, joined: &Joined, measures: &[Measure]) -> Result<Option<Extremes>> {
        if self.show == 0 {
            return Ok(None);
        }
        let find = |name: &str| {
            measures
                .iter()
                .find(|m| m.name == name && scores(m).is_some())
        };
        let by = match &self.by {
            Some(name) => match find(name) {
                Some(measure) => Some(measure),
                None => bail!(
                    "--by {name}: no such metric with a score for each clip is among those computed"
                ),
            },
            None => (["spider", "cider_d"].iter().find_map(|name| find(name)))
                .or_else(|| measures.iter().find(|m| scores(m).is_some())),
        };
        Ok(by.and_then(|measure| {
            let candidates = &joined.candidates[0][0];
            let (name, scores) = (&measure.name, scores(measure)?);
            Some(Extremes::find(
                name,
                scores,
                self.show,
                &joined.names,
                candidates,
                &joined.references,
            ))
        }))
    }
}

fn scores(measure: &Measure) -> Option<&Scores> {
    match &measure.value {
        Ok(Measured::Scores(scores)) => Some(scores),
        _ => None,
    }
}

fn line(ours: &Measure, other: Option<&Measure>, sampling: Option<Sampling>) -> Result<Line> {
    let told = match (&ours.value, other.map(|other| &other.value)) {
        (Err(why), _) | (Ok(_), Some(Err(why))) => Err(why.clone()),
        (Ok(Measured::Number(score)), other) => Ok(Score {
            score: *score,
            interval: None,
            other: match other {
                Some(Ok(Measured::Number(other))) => Some(*other),
                _ => None,
            },
            comparison: None,
        }),
        (Ok(Measured::Scores(scores)), other) => {
            let other = match other {
                Some(Ok(Measured::Scores(other))) => Some(other),
                _ => None,
            };
            let comparison = match (other, sampling) {
                (Some(other), Some(sampling)) => Some(compare(scores, other, sampling)?),
                _ => None,
            };
            Ok(Score {
                score: scores.corpus,
                interval: sampling.map(|sampling| interval(scores, sampling)),
                other: other.map(|other| other.corpus),
                comparison,
            })
        }
    };
    let name = ours.name.clone();
    Ok(Line { name, told })
}
