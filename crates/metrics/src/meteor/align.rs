//! The alignment: which of all matches are chosen, so that each word stands in one at most.
//!
//! METEOR's search: from the first word of the reference to the last, keeping the [`WIDTH`] best beginnings: those that
//! match more words, then those in fewer chunks, then those whose matches lie closer together. A match that no other one
//! competes with is fixed beforehand.

use std::cmp::Reverse;

use super::matches::Matches;
use super::span::{Match, Matcher, Span};

/// How many beginnings are kept.
const WIDTH: usize = 40;
/// How many beginnings are collected before the best are kept: reached only where a word is repeated very often.
const COLLECTED: usize = 100 * WIDTH;

/// A beginning of an alignment.
#[derive(Debug, Clone, Copy, Default)]
struct Beginning {
    /// Words matched on both sides together; those of a match that is not exact count half, rounded down.
    matched: u32,
    chunks: u32,
    /// How far apart the two sides of its matches lie, in words.
    distance: u64,
    /// The word of the reference to go on with.
    next: u32,
    /// Where the chunk that is still open ends in the candidate.
    open: Option<u32>,
    /// The last of its matches, in the list of links.
    chain: Option<u32>,
}

impl Beginning {
    /// Better ones are less.
    fn rank(&self) -> impl Ord + use<> {
        (Reverse(self.matched), self.chunks, self.distance)
    }

    /// With one more match, all but its distance.
    fn with(mut self, m: &Match) -> Self {
        let words = |span: Span| match m.matcher {
            Matcher::Exact => span.words,
            _ => span.words / 2,
        };
        self.matched += words(m.candidate) + words(m.reference);
        self.chunks += u32::from(self.open.is_some_and(|end| end != m.candidate.start));
        self.next = m.reference.end();
        self.open = Some(m.candidate.end());
        self
    }

    /// With the next word left out.
    fn skipping(mut self) -> Self {
        self.close_chunk();
        self.next += 1;
        self
    }

    fn close_chunk(&mut self) {
        self.chunks += u32::from(self.open.take().is_some());
    }
}

/// A beginning, one step further than its parent.
struct Step<'a> {
    to: Beginning,
    /// The place of its parent among those kept.
    parent: usize,
    took: Option<&'a Match>,
}

impl<'a> Step<'a> {
    fn without_match(to: Beginning, parent: usize) -> Self {
        let took = None;
        Self { to, parent, took }
    }

    fn taking(m: &'a Match, from: Beginning, parent: usize) -> Self {
        let (to, took) = (from.with(m), Some(m));
        Self { to, parent, took }
    }
}

/// A match, and the link before it.
struct Link<'a> {
    took: &'a Match,
    before: Option<u32>,
}

/// The best alignment: its matches in the order of the reference.
pub(super) fn align(matches: &Matches) -> Vec<Match> {
    let fixed = Fixed::of(matches);
    let mut used = UsedWords::new(matches.candidate_coverage.len());
    for m in fixed.from.iter().flatten() {
        used.mark(0, m.candidate);
    }
    let mut links: Vec<Link> = Vec::new();
    let mut kept = vec![Beginning::default()];
    let mut steps: Vec<Step> = Vec::new();
    for (word, from) in (0..).zip(&matches.from) {
        for (parent, &beginning) in kept.iter().enumerate() {
            go_on(beginning, parent, word, from, &fixed, &used, &mut steps);
            if steps.len() > COLLECTED {
                keep_best(&mut steps);
            }
        }
        if steps.is_empty() {
            steps.push(Step::without_match(kept[0], 0));
        }
        keep_best(&mut steps);
        used.inherit(&steps);
        kept.clear();
        for Step { mut to, took, .. } in steps.drain(..) {
            if let Some(took) = took {
                let before = to.chain.replace(links.len() as u32);
                links.push(Link { took, before });
            }
            kept.push(to);
        }
    }
    kept.iter_mut().for_each(Beginning::close_chunk);
    let best = kept.iter().min_by_key(|beginning| beginning.rank());
    let last = best.and_then(|best| best.chain);
    let chain = std::iter::successors(last, |&link| links[link as usize].before);
    let mut chosen: Vec<Match> = chain.map(|link| *links[link as usize].took).collect();
    chosen.reverse();
    chosen
}

/// Adds to `steps` every way on from `beginning` at `word` of the reference, whose matches are `from`.
fn go_on<'a>(
    beginning: Beginning,
    parent: usize,
    word: u32,
    from: &'a [Match],
    fixed: &Fixed<'a>,
    used: &UsedWords,
    steps: &mut Vec<Step<'a>>,
) {
    if word < beginning.next {
        // Inside a match already.
        steps.push(Step::without_match(beginning, parent));
    } else if fixed.words[word as usize] {
        if let Some(m) = fixed.from.get(beginning.next as usize).copied().flatten() {
            let mut step = Step::taking(m, beginning, parent);
            step.to.distance += m.distance();
            steps.push(step);
        }
    } else {
        // The distance of a match counts from its next sister on, and for the beginning without it: so the original does
        // it, and it decides between equals.
        let mut beginning = beginning;
        for m in from {
            if !m.reference.of(&fixed.words).contains(&true) && used.free(parent, m.candidate) {
                steps.push(Step::taking(m, beginning, parent));
                beginning.distance += m.distance();
            }
        }
        steps.push(Step::without_match(beginning.skipping(), parent));
    }
}

/// The matches that are fixed beforehand: of words of the reference that have one only, with words that stand in no
/// other match.
struct Fixed<'a> {
    /// By the word of the reference where they begin.
    from: Vec<Option<&'a Match>>,
    /// Whether a word of the reference stands in one.
    words: Vec<bool>,
}

impl<'a> Fixed<'a> {
    fn of(matches: &'a Matches) -> Self {
        let alone =
            |span: Span, coverage: &[u32]| span.of(coverage).iter().all(|&count| count == 1);
        let fixed = |from: &'a Vec<Match>| match &from[..] {
            [m] => (alone(m.candidate, &matches.candidate_coverage)
                && alone(m.reference, &matches.reference_coverage))
            .then_some(m),
            _ => None,
        };
        let from: Vec<Option<&Match>> = matches.from.iter().map(fixed).collect();
        let mut words = vec![false; from.len()];
        for m in from.iter().flatten() {
            m.reference.of_mut(&mut words).fill(true);
        }
        Self { from, words }
    }
}

/// Keeps the best beginnings; of equals those that came first.
fn keep_best(steps: &mut Vec<Step>) {
    steps.sort_by_key(|step| step.to.rank());
    steps.truncate(WIDTH);
}

/// The words of the candidate that each beginning uses: a row of bits for each one kept.
struct UsedWords {
    row: usize,
    kept: Vec<u64>,
    next: Vec<u64>,
}

impl UsedWords {
    /// One row, none used.
    fn new(words: usize) -> Self {
        let row = words.div_ceil(64);
        Self {
            row,
            kept: vec![0; row],
            next: Vec::new(),
        }
    }

    fn mark(&mut self, row: usize, span: Span) {
        for word in span.range() {
            self.kept[row * self.row + word / 64] |= 1 << (word % 64);
        }
    }

    fn free(&self, row: usize, span: Span) -> bool {
        span.range()
            .all(|word| self.kept[row * self.row + word / 64] >> (word % 64) & 1 == 0)
    }

    /// The rows of `steps`, in their order: their parents' words and their own.
    fn inherit(&mut self, steps: &[Step]) {
        self.next.clear();
        for step in steps {
            self.next
                .extend_from_slice(&self.kept[step.parent * self.row..][..self.row]);
        }
        std::mem::swap(&mut self.kept, &mut self.next);
        for (row, step) in steps.iter().enumerate() {
            if let Some(m) = step.took {
                self.mark(row, m.candidate);
            }
        }
    }
}
