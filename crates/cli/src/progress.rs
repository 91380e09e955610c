//! Progress bars: on standard error, and only where a person looks at it.

use std::cell::Cell;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{FormattedDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use wsac::audio::AudioStream;

use crate::process::say;

/// A bar over `total` things called `what`; hidden with `quiet`, for a single thing, or where stderr is no terminal.
pub fn bar(total: usize, what: &str, quiet: bool) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total as u64), target(quiet || total < 2));
    bar.set_style(style(
        "{prefix} {wide_bar} {human_pos}/{human_len}  {eta} left {msg}",
    ));
    bar.set_prefix(what.to_owned());
    bar
}

/// A bar over recordings: how many were heard, how much sound that was, and how much of it an hour.
pub struct Listening {
    bar: ProgressBar,
    start: Instant,
    seconds: Mutex<f64>,
    /// Whether the throughput is told in the end.
    told: bool,
}

impl Listening {
    /// A bar over `total` recordings; hidden as [`bar`] is.
    pub fn new(total: usize, quiet: bool) -> Self {
        Self {
            bar: bar(total, "captions", quiet),
            start: Instant::now(),
            seconds: Mutex::new(0.0),
            told: total > 1 && !quiet,
        }
    }

    /// One more recording of so many seconds was heard.
    pub fn analysis(&self, seconds: f64) {
        if let Ok(mut sum) = self.seconds.lock() {
            *sum += seconds;
            self.bar.set_message(self.throughput(*sum));
        }
        self.bar.inc(1);
    }

    /// Hides the bar while `f` prints.
    pub fn suspend(&self, f: impl FnOnce()) {
        self.bar.suspend(f);
    }

    /// Removes the bar, and tells the throughput of several recordings.
    pub fn finish(self) {
        self.bar.finish_and_clear();
        let seconds = self.seconds.lock().map_or(0.0, |sum| *sum);
        if self.told && seconds > 0.0 {
            let (count, took) = (self.bar.position(), self.start.elapsed().as_secs_f64());
            let throughput = self.throughput(seconds);
            say!("wsac: {count} recordings in {took:.1} s: {throughput}");
        }
    }

    fn throughput(&self, seconds: f64) -> String {
        let rate = seconds / self.start.elapsed().as_secs_f64().max(1e-3);
        format!("{:.2} h of sound, {rate:.0} h an hour", seconds / 3600.0)
    }
}

/// A bar over recordings that may be long: while one is worked on, how much sound was heard and how much of it an hour. A
/// single recording has a bar of its seconds, and the time that is left.
pub struct Hearing {
    bar: ProgressBar,
    start: Instant,
    recordings: usize,
    /// Of the recordings that ended.
    seconds: Cell<f64>,
}

impl Hearing {
    /// A bar over so many `recordings`; hidden with `quiet`, or where stderr is no terminal.
    pub fn new(recordings: usize, quiet: bool) -> Self {
        let total = (recordings > 1).then_some(recordings as u64);
        let bar = ProgressBar::with_draw_target(total, target(quiet));
        bar.set_style(style(match recordings {
            0 | 1 => "{wide_bar} {msg}",
            _ => "recordings {wide_bar} {human_pos}/{human_len}  {eta} left  {msg}",
        }));
        Self {
            bar,
            start: Instant::now(),
            recordings,
            seconds: Cell::new(0.0),
        }
    }

    /// `stream`, while it is read told by the bar.
    pub fn watch(&self, stream: AudioStream) -> AudioStream {
        let (bar, start, before) = (self.bar.clone(), self.start, self.seconds.get());
        let single = self.recordings == 1;
        // Standard input's header promises what it cannot know.
        let known = stream
            .promised()
            .filter(|_| stream.name() != Path::new("-"));
        if let (true, Some(all)) = (single, known) {
            bar.set_length(all as u64);
        }
        stream.watched(move |seconds| {
            let analysis = before + seconds;
            let rate = analysis / start.elapsed().as_secs_f64().max(1e-3);
            let all = known.filter(|all| single && *all >= seconds);
            if single {
                bar.set_position(seconds as u64);
            }
            bar.set_message(match all {
                Some(all) => {
                    let left = Duration::from_secs_f64((all - seconds) / rate.max(1e-3));
                    let [analysis, all] = [analysis, all].map(|s| Duration::from_secs(s as u64));
                    let [analysis, all] = [analysis, all].map(FormattedDuration);
                    let left = FormattedDuration(Duration::from_secs(left.as_secs()));
                    format!("{analysis} of {all}, {rate:.0} h an hour, {left} left")
                }
                None => format!("{:.2} h of sound, {rate:.0} h an hour", analysis / 3600.0),
            });
        })
    }

    /// A recording of so many seconds has ended.
    pub fn analysis(&self, seconds: f64) {
        self.seconds.set(self.seconds.get() + seconds);
        self.failed();
    }

    /// A recording has ended, of which nothing counts.
    pub fn failed(&self) {
        if self.recordings > 1 {
            self.bar.inc(1);
        }
    }

    /// Hides the bar while `f` prints.
    pub fn suspend(&self, f: impl FnOnce()) {
        self.bar.suspend(f);
    }

    /// Removes the bar; returns how much was encoded, as text.
    pub fn finish(self) -> String {
        self.bar.finish_and_clear();
        let (analysis, took) = (self.seconds.get(), self.start.elapsed().as_secs_f64());
        let (hours, rate) = (analysis / 3600.0, analysis / took.max(1e-3));
        format!("{hours:.2} h of sound, {rate:.0} h an hour")
    }
}

/// A bar over `total` bytes; its prefix is the file.
pub fn bytes(total: u64, quiet: bool) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), target(quiet));
    bar.set_style(style(
        "{prefix} {wide_bar} {decimal_bytes}/{decimal_total_bytes}  {decimal_bytes_per_sec}  {eta} left",
    ));
    bar
}

/// Standard error, or nowhere where that is no terminal.
fn target(hidden: bool) -> ProgressDrawTarget {
    if hidden || !std::io::stderr().is_terminal() {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr()
    }
}

/// The style of `template`; a plain bar where it cannot be parsed.
pub fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
