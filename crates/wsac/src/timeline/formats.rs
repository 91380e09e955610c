//! The formats of timelines: a recording's segments -> text, JSONL, CSV, subtitles (SRT, WebVTT), Praat, Audacity.

use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::segment::Segment;
use crate::error::{Error, Result};

/// How a timeline is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Format {
    /// start<TAB>end<TAB>caption, with the recording's name before them where there are several
    Text,
    /// A JSON object a line: `file_name` and the [`Segment`]; at the end of a recording `file_name`, `duration`, `segments`
    /// (how many) and perhaps `summary`, or `file_name` and `error`
    Jsonl,
    /// file_name,start,end,caption
    Csv,
    /// Subtitles
    Srt,
    /// Subtitles for web pages
    Vtt,
    /// Praat's tiers
    Textgrid,
    /// Audacity's labels
    Labels,
}

impl Format {
    /// The first line of [`Format::Csv`].
    pub const CSV_HEADER: &str = "file_name,start,end,caption";

    /// The file name extension.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Text | Self::Labels => "txt",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Srt => "srt",
            Self::Vtt => "vtt",
            Self::Textgrid => "TextGrid",
        }
    }

    /// Whether the format can hold a sentence about the whole recording.
    pub fn holds_summary(self) -> bool {
        matches!(self, Self::Text | Self::Jsonl | Self::Vtt)
    }

    /// Whether the format can hold the timelines of several recordings.
    pub fn holds_many(self) -> bool {
        matches!(self, Self::Text | Self::Jsonl | Self::Csv)
    }
}

/// Writes timelines in one format.
pub struct Timelines<W: Write> {
    out: W,
    format: Format,
    /// Whether names are written where the format does not require them.
    names: bool,
    /// Number of segments of the current recording so far.
    count: usize,
    /// Segments that are written at the end of the recording.
    held: Vec<Segment>,
}

#[derive(Serialize)]
struct Told<'a> {
    file_name: &'a str,
    #[serde(flatten)]
    segment: &'a Segment,
}

/// The end of a recording.
#[derive(Serialize)]
struct Ended<'a> {
    file_name: &'a str,
    duration: f64,
    segments: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'a str>,
}

#[derive(Serialize)]
struct Failed<'a> {
    file_name: &'a str,
    error: &'a str,
}

impl<W: Write> Timelines<W> {
    /// Timelines of one recording or of `many`; `names` says whether to write the recordings' names.
    ///
    /// # Errors
    /// If there are many and the format can hold only one, or `out` cannot be written.
    pub fn new(format: Format, names: bool, out: W) -> Result<Self> {
        let mut timelines = Self::going_on(format, names, out)?;
        let begun = match format {
            Format::Csv => writeln!(timelines.out, "{}", Format::CSV_HEADER),
            Format::Vtt => writeln!(timelines.out, "WEBVTT"),
            _ => Ok(()),
        };
        begun.map_err(|e| Error::io("-", e))?;
        Ok(timelines)
    }

    /// [`Timelines::new`], for an `out` that already has its header.
    ///
    /// # Errors
    /// If there are many and the format can hold only one.
    pub fn going_on(format: Format, names: bool, out: W) -> Result<Self> {
        if names && !format.holds_many() {
            return Err(Error::Config(
                "this format holds the timeline of one recording: give one, or --out-dir for a file each".into(),
            ));
        }
        Ok(Self {
            out,
            format,
            names,
            count: 0,
            held: Vec::new(),
        })
    }

    /// Writes one segment of the recording `path`.
    ///
    /// # Errors
    /// If that fails.
    pub fn write(&mut self, path: &Path, s: &Segment) -> io::Result<()> {
        self.count += 1;
        let (out, name) = (&mut self.out, path.to_string_lossy());
        match self.format {
            Format::Text => {
                let times = format!("{}\t{}", clock(s.start, ':', '.'), clock(s.end, ':', '.'));
                if self.names {
                    write!(out, "{}\t", on_one_line(&name))?;
                }
                writeln!(out, "{times}\t{}", s.caption)?;
            }
            Format::Jsonl => {
                let file_name = &name;
                json_line(
                    out,
                    &Told {
                        file_name,
                        segment: s,
                    },
                )?;
            }
            Format::Csv => {
                let mut row = csv::Writer::from_writer(out);
                let times = [s.start, s.end].map(|t| format!("{t:.3}"));
                row.write_record([&*name, &times[0], &times[1], &s.caption])
                    .map_err(io::Error::from)?;
                row.flush()?;
            }
            Format::Srt => {
                let (start, end) = (clock(s.start, ':', ','), clock(s.end, ':', ','));
                writeln!(out, "{}\n{start} --> {end}\n{}\n", self.count, s.caption)?;
            }
            Format::Vtt => {
                let (start, end) = (clock(s.start, ':', '.'), clock(s.end, ':', '.'));
                writeln!(out, "\n{start} --> {end}\n{}", escaped(&s.caption))?;
            }
            Format::Labels => writeln!(out, "{:.6}\t{:.6}\t{}", s.start, s.end, s.caption)?,
            Format::Textgrid => self.held.push(s.clone()),
        }
        Ok(())
    }

    /// The recording `path` of `duration` seconds has ended; `summary` is a sentence about it, which is left out where the
    /// format has no room ([`Format::holds_summary`]).
    ///
    /// # Errors
    /// If writing fails.
    pub fn end(&mut self, path: &Path, duration: f64, summary: Option<&str>) -> io::Result<()> {
        let name = path.to_string_lossy();
        if self.format == Format::Textgrid {
            text_grid(&mut self.out, duration, &self.held)?;
        }
        if self.format == Format::Jsonl {
            let ended = Ended {
                file_name: &name,
                duration,
                segments: self.count,
                summary,
            };
            json_line(&mut self.out, &ended)?;
        }
        if let Some(text) = summary {
            match self.format {
                Format::Text if self.names => {
                    writeln!(self.out, "{}\t\t\t{text}", on_one_line(&name))?;
                }
                Format::Text => writeln!(self.out, "\n{text}")?,
                Format::Vtt => writeln!(self.out, "\nNOTE {}", escaped(text))?,
                _ => {}
            }
        }
        (self.count, self.held) = (0, Vec::new());
        self.out.flush()
    }

    /// The recording `path` failed; what was written of it before stays.
    ///
    /// # Errors
    /// If writing fails.
    pub fn fail(&mut self, path: &Path, error: &str) -> io::Result<()> {
        if self.format == Format::Jsonl {
            let file_name = &path.to_string_lossy();
            json_line(&mut self.out, &Failed { file_name, error })?;
        }
        (self.count, self.held) = (0, Vec::new());
        self.out.flush()
    }

    /// Flushes what has been written so far.
    ///
    /// # Errors
    /// If writing fails.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// One JSON object a line, written in a single call, so that a file has whole rows only.
fn json_line(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    out.write_all(&line)
}

/// Hours, minutes, seconds and thousandths.
pub fn clock(seconds: f64, colon: char, point: char) -> String {
    let all = (seconds * 1000.0).round() as u64;
    let (hours, minutes) = (all / 3_600_000, all / 60_000 % 60);
    let (seconds, thousandths) = (all / 1000 % 60, all % 1000);
    format!("{hours:02}{colon}{minutes:02}{colon}{seconds:02}{point}{thousandths:03}")
}

/// A name with control characters (line breaks, tabs, ESC) written as escapes, so that it stays one field of one line.
fn on_one_line(name: &str) -> String {
    let escape = |c: char| match c.is_control() {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    name.chars().map(escape).collect()
}

/// A caption for formats in which `&`, `<` and `>` are markup.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}

/// Praat's TextGrid: one tier of intervals without gaps.
fn text_grid(out: &mut impl Write, duration: f64, segments: &[Segment]) -> io::Result<()> {
    let mut intervals: Vec<(f64, f64, &str)> = Vec::new();
    let mut at = 0.0;
    for s in segments {
        if s.start > at {
            intervals.push((at, s.start, ""));
        }
        intervals.push((s.start.max(at), s.end, &s.caption));
        at = s.end;
    }
    let end = duration.max(at);
    if end > at || intervals.is_empty() {
        intervals.push((at, end, ""));
    }
    writeln!(
        out,
        "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n"
    )?;
    writeln!(
        out,
        "xmin = 0\nxmax = {end}\ntiers? <exists>\nsize = 1\nitem []:\n    item [1]:"
    )?;
    writeln!(
        out,
        "        class = \"IntervalTier\"\n        name = \"captions\""
    )?;
    writeln!(out, "        xmin = 0\n        xmax = {end}")?;
    writeln!(out, "        intervals: size = {}", intervals.len())?;
    for (i, (start, end, text)) in intervals.iter().enumerate() {
        // A quotation mark is written twice.
        let text = text.replace('"', "\"\"");
        writeln!(out, "        intervals [{}]:", i + 1)?;
        writeln!(out, "            xmin = {start}\n            xmax = {end}")?;
        writeln!(out, "            text = \"{text}\"")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: Format, names: bool) -> String {
        let segment = |start, end, caption: &str| Segment {
            start,
            end,
            caption: caption.into(),
            sounds: Vec::new(),
            logprob: Some(-2.5),
            confidence: 0.5,
            weak: false,
        };
        let mut out = Vec::new();
        let mut timelines = Timelines::new(format, names, &mut out).expect("a buffer");
        let path = Path::new("a,b.wav");
        for s in [
            segment(0.5, 3.25, "A dog barks, <loud>."),
            segment(3661.0, 3662.0005, "Rain \"falls\"."),
        ] {
            timelines.write(path, &s).expect("a buffer");
        }
        timelines
            .end(path, 4000.0, Some("A day."))
            .expect("a buffer");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn subtitles_are_numbered_and_timed() {
        let srt = "1\n00:00:00,500 --> 00:00:03,250\nA dog barks, <loud>.\n\n\
                   2\n01:01:01,000 --> 01:01:02,001\nRain \"falls\".\n\n";
        assert_eq!(written(Format::Srt, false), srt);
        let vtt = "WEBVTT\n\n00:00:00.500 --> 00:00:03.250\nA dog barks, &lt;loud&gt;.\n\n\
                   01:01:01.000 --> 01:01:02.001\nRain \"falls\".\n\nNOTE A day.\n";
        assert_eq!(written(Format::Vtt, false), vtt);
    }

    #[test]
    fn tables_have_a_row_a_segment() {
        let text = written(Format::Text, true);
        assert!(
            text.starts_with("a,b.wav\t00:00:00.500\t00:00:03.250\tA dog barks"),
            "{text}"
        );
        let csv = "file_name,start,end,caption\n\"a,b.wav\",0.500,3.250,\"A dog barks, <loud>.\"\n\
                   \"a,b.wav\",3661.000,3662.001,\"Rain \"\"falls\"\".\"\n";
        assert_eq!(written(Format::Csv, true), csv);
        assert!(written(Format::Labels, false).starts_with("0.500000\t3.250000\tA dog"));
        let jsonl = written(Format::Jsonl, false);
        let rows: Vec<serde_json::Value> = jsonl
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        assert_eq!(rows[0]["end"], 3.25);
        assert_eq!(rows[2]["summary"], "A day.");
        assert_eq!(rows[2]["segments"], 2);
        assert_eq!(rows[2]["duration"], 4000.0);
    }

    #[test]
    fn a_text_grid_leaves_no_gap() {
        let grid = written(Format::Textgrid, false);
        let value = |line: &str, key: &str| -> Option<f64> {
            line.trim().strip_prefix(key)?.trim().parse().ok()
        };
        let inside = grid.split("intervals [1]").nth(1).expect("intervals");
        let starts: Vec<f64> = inside.lines().filter_map(|l| value(l, "xmin =")).collect();
        let ends: Vec<f64> = inside.lines().filter_map(|l| value(l, "xmax =")).collect();
        assert_eq!(starts, [0.0, 0.5, 3.25, 3661.0, 3662.0005]);
        assert_eq!(ends, [0.5, 3.25, 3661.0, 3662.0005, 4000.0]);
        assert!(grid.contains("intervals: size = 5") && grid.contains("Rain \"\"falls\"\"."));
    }

    #[test]
    fn formats_without_names_hold_one_recording() {
        for format in [Format::Srt, Format::Vtt, Format::Textgrid, Format::Labels] {
            assert!(Timelines::new(format, true, Vec::new()).is_err());
        }
    }
}
