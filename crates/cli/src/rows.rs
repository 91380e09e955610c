//! The formats of captions: a recording's name and its [`Caption`] -> text, JSONL, CSV or a DCASE submission.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use serde::Serialize;
use wsac::captioner::Caption;
use wsac::timeline;

use crate::output::json_line;
use crate::process::shown;

/// How captions are written.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// The caption alone for one recording, name<TAB>caption for several
    Text,
    /// A JSON object a line, with scores, sounds and the nearest captions; failures have `error`
    Jsonl,
    /// file_name,caption_predicted
    Csv,
    /// The same as a DCASE submission: base names, all strings quoted
    Dcase,
    /// Subtitles, of a timeline
    Srt,
    /// Subtitles for web pages (WebVTT), of a timeline
    Vtt,
    /// Praat's tiers, of a timeline
    Textgrid,
    /// Audacity's labels, of a timeline
    #[value(alias = "audacity")]
    Labels,
}

/// The first row of [`Format::Csv`].
pub const CSV_HEADER: [&str; 2] = ["file_name", "caption_predicted"];

/// Writes captions in one format.
pub enum Rows<W: Write> {
    /// See [`Format::Text`].
    Text {
        /// The output.
        out: W,
        /// Whether names are written.
        names: bool,
    },
    /// See [`Format::Jsonl`].
    Jsonl(W),
    /// See [`Format::Csv`] and [`Format::Dcase`].
    Csv {
        /// The output.
        out: Box<csv::Writer<W>>,
        /// Whether only the last component of a name is written.
        base: bool,
    },
}

/// A caption as a JSON object; keys are only ever added.
#[derive(Serialize)]
struct Captioned<'a> {
    file_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<usize>,
    #[serde(flatten)]
    caption: &'a Caption,
}

/// A failure as a JSON object.
#[derive(Serialize)]
struct Failed<'a> {
    file_name: &'a str,
    error: &'a str,
}

impl Format {
    /// The format of a timeline.
    pub fn of_timeline(self) -> Result<timeline::Format> {
        Ok(match self {
            Self::Text => timeline::Format::Text,
            Self::Jsonl => timeline::Format::Jsonl,
            Self::Csv => timeline::Format::Csv,
            Self::Srt => timeline::Format::Srt,
            Self::Vtt => timeline::Format::Vtt,
            Self::Textgrid => timeline::Format::Textgrid,
            Self::Labels => timeline::Format::Labels,
            Self::Dcase => {
                anyhow::bail!("dcase has no times; take another --format for a timeline")
            }
        })
    }
}

impl<W: Write> Rows<W> {
    /// Rows in `format`, whose header is written at once; `names` as in [`Rows::Text`].
    pub fn new(format: Format, names: bool, out: W) -> Result<Self> {
        let mut rows = Self::going_on(format, names, out)?;
        if let Self::Csv { out, .. } = &mut rows {
            out.write_record(CSV_HEADER)?;
        }
        Ok(rows)
    }

    /// [`Rows::new`], for an `out` that already has its beginning.
    pub fn going_on(format: Format, names: bool, out: W) -> Result<Self> {
        let csv = |out, style, base| -> Result<Self> {
            let out = csv::WriterBuilder::new()
                .quote_style(style)
                .from_writer(out);
            let out = Box::new(out);
            Ok(Self::Csv { out, base })
        };
        match format {
            Format::Text => Ok(Self::Text { out, names }),
            Format::Jsonl => Ok(Self::Jsonl(out)),
            Format::Csv => csv(out, csv::QuoteStyle::Necessary, false),
            Format::Dcase => csv(out, csv::QuoteStyle::NonNumeric, true),
            Format::Srt | Format::Vtt | Format::Textgrid | Format::Labels => {
                anyhow::bail!("this format has times: add --timeline")
            }
        }
    }

    /// Writes one row, of the `channel` (from 1) where each has one, or for a failure the row that reports it, if the
    /// format has one.
    pub fn write(
        &mut self,
        path: &Path,
        channel: Option<usize>,
        result: &Result<Caption, String>,
    ) -> Result<()> {
        let name = path.to_string_lossy();
        match (self, result) {
            (Self::Text { out, names }, Ok(c)) if *names || channel.is_some() => {
                let channel = channel.map(|channel| format!(" channel {channel}"));
                let channel = channel.unwrap_or_default();
                writeln!(out, "{}{channel}\t{}", shown(path), c.text)?;
            }
            (Self::Text { out, .. }, Ok(c)) => writeln!(out, "{}", c.text)?,
            (Self::Jsonl(out), Ok(c)) => json_line(
                out,
                &Captioned {
                    file_name: &name,
                    channel,
                    caption: c,
                },
            )?,
            (Self::Jsonl(out), Err(error)) => {
                let file_name = &name;
                json_line(out, &Failed { file_name, error })?;
            }
            (Self::Csv { out, base }, Ok(c)) => {
                let last = path.file_name().map(|n| n.to_string_lossy());
                let name = if *base { last.unwrap_or(name) } else { name };
                out.write_record([&*name, &c.text])?;
            }
            (Self::Text { .. } | Self::Csv { .. }, Err(_)) => {}
        }
        Ok(())
    }

    /// Flushes what has been written so far.
    pub fn flush(&mut self) -> Result<()> {
        match self {
            Self::Text { out, .. } | Self::Jsonl(out) => out.flush()?,
            Self::Csv { out, .. } => out.flush()?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use wsac::bridge::Bridge;
    use wsac::captioner::Neighbour;
    use wsac::encoders::analysis::Sound;

    use super::*;

    fn rows(format: Format, names: bool) -> String {
        let caption = Caption {
            text: "A dog barks, then stops.".into(),
            logprob: Some(-3.5),
            score: None,
            strategy: Bridge::Nearest,
            duration: 5.0,
            sounds: vec![Sound {
                name: "Dog".into(),
                score: 0.75,
            }],
            neighbours: vec![Neighbour {
                caption: "a dog".into(),
                similarity: 0.5,
            }],
            confidence: 0.75,
            weak: false,
            model: "mini".into(),
            warnings: Vec::new(),
        };
        let mut out = Vec::new();
        let mut rows = Rows::new(format, names, &mut out).expect("a buffer");
        let bad = Err("is empty (0 bytes)".to_owned());
        rows.write(Path::new("a/b c.wav"), None, &Ok(caption))
            .expect("a buffer");
        rows.write(Path::new("x,y.wav"), None, &bad)
            .expect("a buffer");
        rows.flush().expect("a buffer");
        drop(rows);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn text_names_recordings_only_where_there_are_several() {
        assert_eq!(rows(Format::Text, false), "A dog barks, then stops.\n");
        let named = rows(Format::Text, true);
        assert_eq!(named, "a/b c.wav\tA dog barks, then stops.\n");
    }

    #[test]
    fn jsonl_keys_are_stable() {
        let want = concat!(
            r#"{"file_name":"a/b c.wav","caption":"A dog barks, then stops.","logprob":-3.5,"strategy":"nearest","#,
            r#""duration":5.0,"confidence":0.75,"weak":false,"sounds":[{"name":"Dog","score":0.75}],"#,
            r#""neighbours":[{"caption":"a dog","similarity":0.5}],"model":"mini"}"#,
            "\n",
            r#"{"file_name":"x,y.wav","error":"is empty (0 bytes)"}"#,
            "\n"
        );
        assert_eq!(rows(Format::Jsonl, false), want);
    }

    #[test]
    fn csv_and_dcase_differ_in_names_and_quotes() {
        let csv = "file_name,caption_predicted\na/b c.wav,\"A dog barks, then stops.\"\n";
        assert_eq!(rows(Format::Csv, true), csv);
        let dcase =
            "\"file_name\",\"caption_predicted\"\n\"b c.wav\",\"A dog barks, then stops.\"\n";
        assert_eq!(rows(Format::Dcase, true), dcase);
    }
}
