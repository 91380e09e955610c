//! Which columns of a table, or keys of a JSON object, hold captions and which say whose they are: by name, never by place.

/// The places of the columns that are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    /// Where the captions are, in the order of the table.
    pub captions: Vec<usize>,
    /// What together names the clip; empty where nothing does.
    pub clip: Vec<usize>,
}

/// What a table may call its captions, for messages.
pub(super) const ACCEPTED: &str = "caption, caption_1 .. caption_5, caption_reference_01 .., captions, \
     references, text, sentence, caption_predicted, preds or cands";

/// Captions by people before texts of any kind before predictions: the first kind found is read.
const CAPTIONS: [&[&str]; 3] = [
    &[
        "caption",
        "captions",
        "caption_reference",
        "reference",
        "references",
        "refs",
    ],
    &["text", "texts", "sentence", "sentences"],
    &[
        "caption_predicted",
        "predicted",
        "prediction",
        "pred",
        "preds",
        "cand",
        "cands",
        "candidate",
        "candidates",
    ],
];

/// What names a clip. AudioCaps has a number for each caption and names the clip by video and time.
const CLIPS: [&[&str]; 3] = [
    &[
        "file_name",
        "filename",
        "fname",
        "file",
        "audio_file",
        "audio_path",
        "audio",
        "path",
        "wav",
    ],
    &["youtube_id", "start_time"],
    &["clip_id", "audio_id", "sound_id", "id", "audiocap_id"],
];

impl Columns {
    /// The columns to read among those called `names`; `None` where none is known to hold captions.
    pub fn find<S: AsRef<str>>(names: &[S]) -> Option<Self> {
        let names: Vec<String> = names.iter().map(|n| plain(n.as_ref())).collect();
        let places = |wanted: &dyn Fn(&str) -> bool| -> Vec<usize> {
            (0..names.len()).filter(|&i| wanted(&names[i])).collect()
        };
        let captions = CAPTIONS
            .iter()
            .map(|kind| places(&|name| kind.contains(&without_number(name))))
            .find(|found| !found.is_empty())?;
        let clip = match CLIPS
            .iter()
            .find_map(|kind| kind.iter().find_map(|k| names.iter().position(|n| n == k)))
        {
            Some(i) if names[i] == "youtube_id" => places(&|name| CLIPS[1].contains(&name)),
            found => found.into_iter().collect(),
        };
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
            ("ID,Text", vec![1], vec![0]),
            ("\"File Name\", \"Caption 1\"", vec![1], vec![0]),
        ] {
            let names: Vec<&str> = header.split(',').collect();
            assert_eq!(
                Columns::find(&names),
                Some(Columns { captions, clip }),
                "{header}"
            );
        }
        assert_eq!(Columns::find(&["file_name", "keywords"]), None);
    }
}
