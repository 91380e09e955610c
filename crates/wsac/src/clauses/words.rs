//! What the words of a caption are, as far as lists can tell: verbs, sounds, pronouns. Lower-case words in, yes or no out.
//!
//! The lists are in `words.txt`, each with a remark on what it is for.

use std::collections::HashSet;
use std::sync::LazyLock;

pub(super) type Words = LazyLock<HashSet<&'static str>>;
static VERBS: Words = Words::new(|| list("verbs"));
static AUXILIARIES: Words = Words::new(|| list("auxiliaries"));
static NOUNS_IN_ING: Words = Words::new(|| list("nouns in -ing"));
static CHANGES: Words = Words::new(|| list("changes"));
static BEFORE_NOUNS: Words = Words::new(|| list("before nouns"));
pub(super) static PRONOUNS: Words = Words::new(|| list("pronouns"));
static SOUNDS: Words = Words::new(|| list("sounds"));
pub(super) static DEVICES: Words = Words::new(|| list("devices"));
pub(super) static NOT_BEFORE_AS: Words = Words::new(|| list("not before as"));
pub(super) static NOT_AFTER_AS: Words = Words::new(|| list("not after as"));
pub(super) static LOOSE_FIRST: Words = Words::new(|| list("loose first"));
pub(super) static LOOSE_LAST: Words = Words::new(|| list("loose last"));

/// The words below the line `[name] remark` of `words.txt`.
fn list(name: &str) -> HashSet<&'static str> {
    let mut sections = include_str!("words.txt")
        .split('[')
        .filter_map(|s| s.split_once(']'));
    let section = sections.find(|(heading, _)| *heading == name);
    let lines = section.and_then(|(_, text)| text.split_once('\n'));
    lines
        .map(|(_, words)| words.split_whitespace().collect())
        .unwrap_or_default()
}

/// Is there a subject with its verb: a verb behind another word, which does not make a noun of it?
pub(super) fn has_verb(words: &[&str]) -> bool {
    words
        .windows(2)
        .any(|pair| is_verb(pair[1]) && !BEFORE_NOUNS.contains(pair[0]))
}

/// Do they begin with a participle that is a sound: "barking in the distance"?
pub(super) fn begins_sounding(words: &[&str]) -> bool {
    words
        .first()
        .is_some_and(|first| is_participle(first) && !CHANGES.contains(first))
}

/// Is one of them a sound by itself?
pub(super) fn names_sound(words: &[&str]) -> bool {
    words.iter().any(|word| SOUNDS.contains(word))
}

/// May it be a verb? (Nouns that look like one are recognised by the word before them.)
pub(super) fn is_verb(word: &str) -> bool {
    let known = |stem: &str| VERBS.contains(stem);
    is_participle(word)
        || known(word)
        || AUXILIARIES.contains(word)
        || word.strip_suffix("s").is_some_and(known)
        || word.strip_suffix("es").is_some_and(known)
        || word
            .strip_suffix("ies")
            .is_some_and(|stem| known(&format!("{stem}y")))
}

/// Does it end in -ing, and is neither a short word ("sing") nor a noun ("morning")?
fn is_participle(word: &str) -> bool {
    word.strip_suffix("ing")
        .is_some_and(|stem| stem.chars().nth(1).is_some())
        && !NOUNS_IN_ING.contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_has_words() {
        let words = include_str!("words.txt");
        let names = words
            .lines()
            .filter_map(|line| Some(line.strip_prefix('[')?.split_once(']')?.0));
        assert_eq!(names.clone().count(), 12);
        assert!(names.into_iter().all(|name| !list(name).is_empty()));
        assert!(list("no such list").is_empty());
    }

    #[test]
    fn inflected_verbs_are_verbs_and_nouns_are_not() {
        let verbs = [
            "bark",
            "barks",
            "splashes",
            "flies",
            "cries",
            "barking",
            "is",
            "sing",
            "yodelling",
        ];
        assert_eq!(verbs.map(is_verb), [true; 9]);
        let others = [
            "dog", "morning", "ceiling", "ing", "bus", "éing", "", "s", "es", "ies",
        ];
        assert_eq!(others.map(is_verb), [false; 10]);
    }
}
