//! Progress bars: on standard error, and only where a person looks at it.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar over `total` things called `what`; hidden with `quiet`, for a single thing, or where stderr is no terminal.
pub fn bar(total: usize, what: &str, quiet: bool) -> ProgressBar {
    let hidden = quiet || total < 2 || !std::io::stderr().is_terminal();
    let target = if hidden {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr()
    };
    let bar = ProgressBar::with_draw_target(Some(total as u64), target);
    bar.set_style(style(
        "{prefix} {wide_bar} {human_pos}/{human_len}  {eta} left {msg}",
    ));
    bar.set_prefix(what.to_owned());
    bar
}

/// The style of `template`; a plain bar where it cannot be parsed.
pub fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
