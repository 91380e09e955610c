//! Progress bars: on standard error, and only where a person looks at it.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar over `total` things called `what`; hidden with `quiet`, for a single thing, or where stderr is no terminal.
pub fn bar(total: usize, what: &str, quiet: bool) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total as u64), target(quiet || total < 2));
    bar.set_style(style(
        "{prefix} {wide_bar} {human_pos}/{human_len}  {eta} left {msg}",
    ));
    bar.set_prefix(what.to_owned());
    bar
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
