//! Which of several tracks of sound is heard.

use wsac_audio::{Hearing, Source};

use crate::heard::{fixture, hear};

fn track(name: &str, track: Option<usize>) -> Result<(bool, Vec<String>), String> {
    let hearing = Hearing {
        track,
        ..Hearing::default()
    };
    let heard = hear(&Source::from(fixture(name)), &hearing)?;
    let sounds = heard.samples.iter().any(|x| x.abs() > 0.1);
    Ok((sounds, heard.warnings))
}

#[test]
fn a_silent_first_track_is_not_taken() {
    for name in ["two-tracks.m4a", "two-tracks.mka"] {
        let (sounds, warnings) = track(name, None).unwrap();
        assert!(sounds, "{name}");
        let said = "has 2 tracks of sound; track 2 is heard (--track chooses another)";
        assert!(
            warnings.len() == 1 && warnings[0].ends_with(said),
            "{warnings:?}"
        );
    }
}

#[test]
fn the_track_that_is_asked_for_is_heard() {
    for name in ["two-tracks.m4a", "two-tracks.mka"] {
        assert_eq!(track(name, Some(1)).unwrap(), (false, Vec::new()), "{name}");
        assert_eq!(track(name, Some(2)).unwrap(), (true, Vec::new()), "{name}");
        let error = track(name, Some(3)).unwrap_err();
        assert!(
            error.ends_with("has 2 tracks of sound; there is no track 3"),
            "{error}"
        );
    }
    assert!(
        track("sine.m4a", Some(0))
            .unwrap_err()
            .contains("counted from 1")
    );
}

#[test]
fn a_file_of_one_track_has_no_second() {
    let error = track("sine.mp3", Some(2)).unwrap_err();
    assert!(
        error.ends_with("has 1 track of sound; there is no track 2"),
        "{error}"
    );
}
