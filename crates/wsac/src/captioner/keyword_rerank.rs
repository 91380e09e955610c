//! Keyword re-ranking: of a beam's captions, prefer the one that names most of the detected sounds.
//!
//! A language model prefers common combinations: of a clock beside a crying baby it soon mentions only the baby. The tower's
//! own class names for each sound are evidence that costs no further forward pass.

use std::collections::HashSet;

use wsac_encoders::analysis::{AudioAnalysis, Sound};

/// How many of a sound's names count; lower-ranked names often belong to another sound.
const NAMES: usize = 3;

/// The score of a sound that is named by its first name.
pub(super) const BEST: usize = 2;

/// How well the text names the sounds in `heard`: 2 for each by its first name, 1 by another name.
pub(super) fn named(text: &str, analysis: &AudioAnalysis) -> usize {
    let said: HashSet<String> = stems(text).collect();
    let names = |sound: &Sound| stems(&sound.name).any(|stem| said.contains(&stem));
    let score = |sounds: &[Sound]| match sounds.iter().take(NAMES).position(names) {
        Some(0) => BEST,
        Some(_) => 1,
        None => 0,
    };
    match &analysis.parts[..] {
        [] | [_] => score(&analysis.sounds),
        parts => parts.iter().map(|part| score(&part.sounds)).sum(),
    }
}

/// The value of [`named`] if every sound is named by its first name.
pub(super) fn most(analysis: &AudioAnalysis) -> usize {
    BEST * analysis.parts.len().max(1)
}

/// The words of a text without their suffixes, so that "Sneeze" matches "a man is sneezing".
fn stems(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphabetic())
        .map(|word| stem(&word.to_lowercase()))
        .filter(|s| s.len() > 2)
}

fn stem(word: &str) -> String {
    let ending = ["ing", "ed", "es", "s", "e"]
        .iter()
        .find(|e| word.len() > e.len() + 2 && word.ends_with(**e));
    let stem = &word[..word.len() - ending.map_or(0, |e| e.len())];
    // "humming" matches "hum".
    let mut last = stem.chars().rev();
    match (last.next(), last.next()) {
        (Some(a), Some(b)) if ending.is_some() && a == b && !"lsz".contains(a) => {
            stem[..stem.len() - a.len_utf8()].into()
        }
        _ => stem.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_in_its_forms() {
        for (name, said) in [
            ("Sneeze", "sneezing"),
            ("Waves, surf", "waves"),
            ("Crowing, cock-a-doodle-doo", "crows"),
            ("Humming", "hums"),
            ("Bell", "bells"),
            ("Tick-tock", "ticking"),
        ] {
            assert!(stems(name).any(|s| s == stem(said)), "{name}: {said}");
        }
        assert_ne!(stem("car"), stem("carts"));
    }
}
