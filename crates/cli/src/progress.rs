//! Progress bars: on standard error, and only on a terminal.

use std::cell::Cell;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{FormattedDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use wsac::audio::AudioStream;

use crate::process::say;

/// A bar over `total` things called `what`; hidden with `quiet`, for a single thing, or if stderr is not a terminal.
pub fn bar(total: usize, what: &str, quiet: bool) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total as u64), target(quiet || total < 2));
    bar.set_style(style(
        "{prefix} {wide_bar} {human_pos}/{human_len}  {eta} left {msg}",
    ));
    bar.set_prefix(what.to_owned());
    bar
}

/// A bar over recordings: how many are done, their total duration, and the throughput in audio per hour.
pub struct Listening {
    bar: ProgressBar,
    start: Instant,
    seconds: Mutex<f64>,
    /// Whether the throughput is printed at the end.
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

    /// Counts a recording of this many seconds.
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

    /// Removes the bar, and prints the throughput if there were several recordings.
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

/// A bar over recordings that may be long: while one is processed, how much audio is done and the throughput per hour. A
/// single recording has a bar over its seconds, with the remaining time.
pub struct Hearing {
    bar: ProgressBar,
    start: Instant,
    recordings: usize,
    /// The total of the recordings that have ended.
    seconds: Cell<f64>,
}

impl Hearing {
    /// A bar over `recordings`; hidden with `quiet`, or if stderr is not a terminal.
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

    /// Wraps `stream` so that reading it moves the bar.
    pub fn watch(&self, stream: AudioStream) -> AudioStream {
        let (bar, start, before) = (self.bar.clone(), self.start, self.seconds.get());
        let single = self.recordings == 1;
        // A header on standard input can state a wrong length.
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

    /// Counts a recording of this many seconds that has ended.
    pub fn analysis(&self, seconds: f64) {
        self.seconds.set(self.seconds.get() + seconds);
        self.failed();
    }

    /// Discards a recording that has ended without a result.
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

/// Standard error, or a hidden target if it is not a terminal.
fn target(hidden: bool) -> ProgressDrawTarget {
    if hidden || !std::io::stderr().is_terminal() {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr()
    }
}

/// The style of `template`; a plain bar if it cannot be parsed.
pub fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
