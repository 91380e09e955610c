//! What is said of a file that cannot be heard: what it is, and the command that makes a recording of it.

use std::path::Path;

use crate::ffmpeg;
use crate::kind::{Kind, Way};

/// The kinds that are read without help.
const KINDS: &str = "WAV, FLAC, MP3, Ogg, Opus, M4A, WebM, AIFF, CAF, MPEG-TS";

/// Why a file of this `kind` is not heard, for the reason `fault` where it should have been.
pub(super) fn refusal(name: &Path, kind: Option<Kind>, fault: &str) -> String {
    let way_out = way_out(name);
    match kind {
        None => format!("is no recording of a known kind ({KINDS}); {way_out}"),
        Some(Kind {
            name,
            way: Way::NoSound,
        }) => format!("is {name}, not a recording ({KINDS})"),
        Some(Kind {
            name,
            way: Way::Foreign,
        }) => format!("is {name}, which wsac does not decode itself; {way_out}"),
        Some(Kind { name, .. }) => format!("is {name}, but cannot be decoded ({fault}); {way_out}"),
    }
}

/// That a file is text.
pub(super) fn is_text() -> String {
    format!("is text, not a recording ({KINDS})")
}

/// What to do with a file that cannot be decoded here.
pub(super) fn way_out(name: &Path) -> String {
    let convert = convert(name);
    match (ffmpeg::is_forbidden(), ffmpeg::version()) {
        (true, _) => format!("allow ffmpeg, or convert it with `{convert}`"),
        (_, None) => {
            format!("install ffmpeg, and wsac reads it by that, or convert it with `{convert}`")
        }
        (_, Some(_)) => format!("ffmpeg cannot read it either; try `{convert}` to see why"),
    }
}

/// The command that makes a WAV file of it, for a shell.
fn convert(name: &Path) -> String {
    if name == Path::new("-") {
        return "ffmpeg -i - -f wav - | wsac caption -".to_owned();
    }
    let is_wav = name
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("wav"));
    let wav = name.with_extension(if is_wav { "new.wav" } else { "wav" });
    format!("ffmpeg -i {} {}", quoted(name), quoted(&wav))
}

/// The path as a single word of a shell, which no program takes for a flag.
fn quoted(path: &Path) -> String {
    let text: String = path
        .to_string_lossy()
        .chars()
        .filter(|c| !c.is_control())
        .collect();
    let text = if text.starts_with('-') {
        format!("./{text}")
    } else {
        text
    };
    let plain = |c: char| c.is_alphanumeric() || "_-./+,:@%".contains(c);
    match text.chars().all(plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_quoted_for_a_shell() {
        for (name, quoted) in [
            ("a.opus", "ffmpeg -i a.opus a.wav"),
            (
                "my song; rm -rf x.opus",
                "ffmpeg -i 'my song; rm -rf x.opus' 'my song; rm -rf x.wav'",
            ),
            ("it's.mp2", r"ffmpeg -i 'it'\''s.mp2' 'it'\''s.wav'"),
            ("-i.mp2", "ffmpeg -i ./-i.mp2 ./-i.wav"),
            ("a.wav", "ffmpeg -i a.wav a.new.wav"),
            ("-", "ffmpeg -i - -f wav - | wsac caption -"),
        ] {
            assert_eq!(convert(Path::new(name)), quoted);
        }
    }
}
