//! Sentences that show each rule, and the splits of 49,274 captions held fast by their hash.

use sha2::{Digest, Sha256};

use super::*;
use wsac_golden::shared;

/// "First | + together | > then | < after".
fn told(caption: &str) -> String {
    let clauses = split(caption, 3).into_iter().map(|clause| {
        let mark = match clause.relation {
            First => "",
            Together => "+ ",
            Then => "> ",
            After => "< ",
        };
        mark.to_owned() + &clause.text
    });
    clauses.collect::<Vec<_>>().join(" | ")
}

#[test]
fn connectors_part_sounds_and_tell_their_order() {
    for (caption, clauses) in [
        ("An owl hoots", "an owl hoots"),
        (
            "An owl hoots as leaves rustle",
            "an owl hoots | + leaves rustle",
        ),
        (
            "A kettle whistles while someone hums.",
            "a kettle whistles | + someone hums",
        ),
        (
            "The sea roars, a gull cries",
            "the sea roars | + a gull cries",
        ),
        (
            "The sea roars; a gull cries",
            "the sea roars | + a gull cries",
        ),
        (
            "A fiddle plays and many hands clap",
            "a fiddle plays | + many hands clap",
        ),
        (
            "A drill whines, and a worker shouts",
            "a drill whines | + a worker shouts",
        ),
        (
            "A monk chants, but a bell tolls",
            "a monk chants | + a bell tolls",
        ),
        (
            "A match is struck followed by hissing",
            "a match is struck | > hissing",
        ),
        (
            "A door slams, and is followed by a sob",
            "a door slams | > a sob",
        ),
        (
            "A goose honks and then flapping",
            "a goose honks | > flapping",
        ),
        (
            "A choir sings before loud applause",
            "a choir sings | > loud applause",
        ),
        (
            "A choir sings and finally a gong rings",
            "a choir sings | > a gong rings",
        ),
        (
            "A baby giggles after a toy squeaks",
            "a baby giggles | < a toy squeaks",
        ),
        ("Surf accompanied by a flute", "surf | + a flute"),
    ] {
        assert_eq!(told(caption), clauses, "{caption}");
    }
}

#[test]
fn what_cannot_stand_alone_stays_with_its_left() {
    for (caption, clauses) in [
        // Two things that one does, two that do one thing, one sound's two names.
        ("A fox yelps and snarls", "a fox yelps and snarls"),
        ("A tenor and a soprano sing", "a tenor and a soprano sing"),
        ("Sawing and hammering", "sawing and hammering"),
        (
            "A nun and a monk chant as bells toll",
            "a nun and a monk chant | + bells toll",
        ),
        // It, they, who: the sound of the clause before.
        ("A tram squeals as it brakes", "a tram squeals as it brakes"),
        // With and over: sounds, but no tools and no devices.
        (
            "A girl hums with rain falling",
            "a girl hums | + rain falling",
        ),
        ("A girl hums with joy", "a girl hums with joy"),
        ("A pilot talks over static", "a pilot talks | + static"),
        (
            "A pilot talks over a crackling radio",
            "a pilot talks over a crackling radio",
        ),
        // Other uses of as.
        (
            "Machines such as mixers whir",
            "machines such as mixers whir",
        ),
        (
            "A hinge creaks as if it weeps",
            "a hinge creaks as if it weeps",
        ),
        // A change of the sound, not another one.
        ("A mower drones then fading", "a mower drones then fading"),
        // Nouns that look like verbs, and words in -ing that are none.
        (
            "A drum is hit and the beat of it",
            "a drum is hit and the beat of it",
        ),
        (
            "Wind howls and something in the building",
            "wind howls and something in the building",
        ),
        // Inflections: flies, splashes, hissing.
        (
            "A fly flies, a frog splashes, a pan hissing",
            "a fly flies | + a frog splashes | + a pan hissing",
        ),
    ] {
        assert_eq!(told(caption), clauses, "{caption}");
    }
}

#[test]
fn surplus_clauses_stay_with_the_last_one() {
    let caption = "Rain falls while dogs bark, cats meow, then a horn honks";
    assert_eq!(
        told(caption),
        "rain falls | + dogs bark | + cats meow followed by a horn honks"
    );
    let counts = [0, 1, 2, 3, 4, 5].map(|most| split(caption, most).len());
    assert_eq!(counts, [1, 1, 2, 3, 4, 4]);
    assert_eq!(
        split(caption, 1)[0].text,
        "rain falls, dogs bark, cats meow followed by a horn honks"
    );
}

#[test]
fn clauses_are_tidy_whatever_the_caption() {
    for (caption, clauses) in [
        ("", ""),
        (" ,. ; and,", ""),
        ("And then", ""),
        ("as", "as"),
        (
            "  BELLS   Ring ,, and , a dog’s whine is heard with a",
            "bells ring | + a dog's whine is heard",
        ),
        ("“Ωμέγα” 🐸 ing then éing", "“ωμέγα” 🐸 ing then éing"),
    ] {
        assert_eq!(told(caption), clauses, "{caption}");
    }
}

/// The hash is that of the prototype's splits, so a change of any rule or word shows here.
#[test]
#[cfg_attr(no_golden, ignore = "needs the shared golden values")]
fn audiocaps_is_split_as_before() -> csv::Result<()> {
    let Some(path) = shared("captions/audiocaps_train.csv") else {
        return Ok(());
    };
    let mut hash = Sha256::new();
    for row in csv::Reader::from_path(path)?.records() {
        for Clause { relation, text } in split(&row?[1], 3) {
            hash.update(format!("{relation:?}: {text}\n"));
        }
        hash.update("\n");
    }
    assert_eq!(
        format!("{:x}", hash.finalize()),
        "d2c4b27480e039fd8317cd2b33d8d8828db3a9bae28f83b8eb4436c6f47d904a"
    );
    Ok(())
}
