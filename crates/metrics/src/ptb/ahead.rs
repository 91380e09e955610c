//! What rules remember of the text ahead.
//!
//! A rule that may read far and find nothing would read the same run again from each of its tokens, so that a long caption
//! without spaces took time with the square of its length. It asks [`Once`] instead.

use std::ops::Range;

/// What lies ahead in a run of characters, found once for all places of the run, so that a long run costs no more than
/// its length.
#[derive(Default)]
pub(super) struct Once {
    run: Range<usize>,
    found: Option<usize>,
}

impl Once {
    /// What `look` found from `at` or from an earlier place of the same run; `look` answers with the run's end, too.
    pub fn find(
        &mut self,
        at: usize,
        look: impl FnOnce() -> (usize, Option<usize>),
    ) -> Option<usize> {
        if !self.run.contains(&at) {
            let (end, found) = look();
            self.run = at..end.max(at + 1);
            self.found = found;
        }
        self.found
    }
}

/// What some rules know of the text ahead.
#[derive(Default)]
pub(super) struct Ahead {
    /// The end of the letters, digits, dots and commas.
    pub dots: Once,
    /// The last @ with something after it.
    pub mail: Once,
    /// The dot before the last .com, .net, .org or .edu.
    pub domain: Once,
    /// The dot before the last part of a name that begins with www.
    pub www: Once,
    /// The dot before the last extension of a file.
    pub file: Once,
    /// The next >.
    pub angle: Once,
}
