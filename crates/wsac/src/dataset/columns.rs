//! Which columns of a table, or keys of a JSON object, hold captions and which say whose they are: by name, never by place.

/// The places of the columns that are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// Where the captions are, in the order of the table.
    pub captions: Vec<usize>,
    /// What together names the clip; empty where nothing does.
    pub clip: Vec<usize>,
}

/// What a table may call its captions, for messages.
pub const ACCEPTED: &str = "caption, caption_1 .. caption_5, caption_reference_01 .., captions, \
     references, text, sentence, caption_predicted, preds or cands";

/// What captions are wanted for: where a table has several kinds, this decides which are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// To learn from: captions by people before texts of any kind before predictions.
    Training,
    /// To be scored: predictions before captions before texts.
    Predictions,
    /// References: captions by people before texts; never predictions.
    References,
}

const PEOPLE: &[&str] = &[
    "caption",
    "captions",
    "caption_reference",
    "reference",
    "references",
    "refs",
];
const TEXTS: &[&str] = &["text", "texts", "sentence", "sentences"];
const PREDICTED: &[&str] = &[
    "caption_predicted",
    "predicted",
    "prediction",
    "pred",
    "preds",
    "cand",
    "cands",
    "candidate",
    "candidates",
];

impl Role {
    /// The kinds of names, the first that a table has is read.
    fn kinds(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Training => &[PEOPLE, TEXTS, PREDICTED],
            Self::Predictions => &[PREDICTED, PEOPLE, TEXTS],
            Self::References => &[PEOPLE, TEXTS],
        }
    }
}

/// What names a clip, the likeliest first.
const CLIPS: &[(&str, Names)] = &[
    ("file_name", Names::File),
    ("filename", Names::File),
    ("fname", Names::File),
    ("file", Names::File),
    ("audio_file", Names::File),
    ("audio_path", Names::File),
    ("audio", Names::File),
    ("path", Names::File),
    ("wav", Names::File),
    ("youtube_id", Names::Video),
    ("clip_id", Names::Clip),
    ("audio_id", Names::Clip),
    ("sound_id", Names::Clip),
    // COCO's annotations have an `id` of their own beside it.
    ("image_id", Names::Clip),
    ("id", Names::Record),
    ("audiocap_id", Names::Caption),
];

/// How many columns may name clips.
pub(super) const KINDS: usize = CLIPS.len();

/// The meaning of the values of a name column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// A recording's file.
    File,
    /// AudioCaps' video; with `start_time` it identifies the clip.
    Video,
    /// A clip.
    Clip,
    /// A record of the file.
    Record,
    /// A caption.
    Caption,
}

/// A column that may name clips.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NameColumn {
    /// Which one it is, `0..KINDS`.
    pub kind: usize,
    /// Its place; behind that of a video the place of its time.
    pub places: Vec<usize>,
}

impl NameColumn {
    /// The meaning of the values of column `kind`.
    pub fn names(kind: usize) -> Names {
        CLIPS[kind].1
    }

    /// What column `kind` is called.
    pub fn title(kind: usize) -> &'static str {
        CLIPS[kind].0
    }

    /// All name columns among those called `names`, the most likely first.
    pub fn all<S: AsRef<str>>(names: &[S]) -> Vec<Self> {
        let names: Vec<String> = names.iter().map(|n| plain(n.as_ref())).collect();
        let place = |wanted: &str| names.iter().position(|name| name == wanted);
        let column = |(kind, (name, stands_for)): (usize, &(&str, Names))| {
            let mut places = vec![place(name)?];
            if *stands_for == Names::Video {
                places.extend(place("start_time"));
            }
            Some(Self { kind, places })
        };
        CLIPS.iter().enumerate().filter_map(column).collect()
    }
}

impl Columns {
    /// The columns to read among those called `names`; `None` where none is known to hold captions of that role.
    pub fn find<S: AsRef<str>>(names: &[S], role: Role) -> Option<Self> {
        let plain: Vec<String> = names.iter().map(|n| plain(n.as_ref())).collect();
        let places = |wanted: &[&str]| -> Vec<usize> {
            let is = |i: &usize| wanted.contains(&without_number(&plain[*i]));
            (0..plain.len()).filter(is).collect()
        };
        let captions = (role.kinds().iter())
            .map(|kind| places(kind))
            .find(|found| !found.is_empty())?;
        let clip = NameColumn::all(names).into_iter().next();
        let clip = clip.map_or(Vec::new(), |column| column.places);
        Some(Self { captions, clip })
    }
}

/// Lower case, `_` between words.
fn plain(name: &str) -> String {
    name.trim()
        .trim_matches('"')
        .to_lowercase()
        .replace([' ', '-'], "_")
}

/// `caption_1`, `caption_reference_05` -> `caption`, `caption_reference`.
fn without_number(name: &str) -> &str {
    name.trim_end_matches(|c: char| c.is_ascii_digit())
        .trim_end_matches('_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name() {
        for (header, captions, clip) in [
            (
                "file_name,caption_1,caption_2,caption_3,caption_4,caption_5",
                vec![1, 2, 3, 4, 5],
                vec![0],
            ),
            (
                "audiocap_id,youtube_id,start_time,caption",
                vec![3],
                vec![1, 2],
            ),
            ("caption,file_name", vec![0], vec![1]),
            (
                "file_name,caption_reference_01,caption_reference_05",
                vec![1, 2],
                vec![0],
            ),
            ("file_name,caption_predicted", vec![1], vec![0]),
            ("caption_predicted,caption_1,caption_2", vec![1, 2], vec![]),
            ("preds", vec![0], vec![]),
            ("id,image_id,caption", vec![2], vec![1]),
            ("start_time,caption", vec![1], vec![]),
            ("ID,Text", vec![1], vec![0]),
            ("\"File Name\", \"Caption 1\"", vec![1], vec![0]),
        ] {
            let names: Vec<&str> = header.split(',').collect();
            assert_eq!(
                Columns::find(&names, Role::Training),
                Some(Columns { captions, clip }),
                "{header}"
            );
        }
        assert_eq!(
            Columns::find(&["file_name", "keywords"], Role::Training),
            None
        );
    }

    #[test]
    fn the_role_decides_which_captions_of_a_table_are_read() {
        let both = ["caption_predicted", "caption_1", "caption_2"];
        let read = |role| Columns::find(&both, role).expect("captions").captions;
        assert_eq!(read(Role::Training), [1, 2]);
        assert_eq!(read(Role::References), [1, 2]);
        assert_eq!(read(Role::Predictions), [0]);
        let named = Columns::find(&["file_name", "caption"], Role::Predictions);
        assert_eq!(named.expect("captions").captions, [1]);
        assert_eq!(
            Columns::find(&["file_name", "preds"], Role::References),
            None
        );
    }
}
