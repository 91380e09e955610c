//! A list of texts in one allocation: 4 bytes of overhead per text, so that millions are cheap.

use crate::error::{Error, Result};

/// Texts in order; text `i` is `text[ends[i - 1]..ends[i]]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Texts {
    text: String,
    ends: Vec<u32>,
}

impl Texts {
    /// No texts yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `text` at the end.
    ///
    /// # Errors
    /// If all texts together exceed 4 GB.
    pub fn push(&mut self, text: &str) -> Result<()> {
        let end = u32::try_from(self.text.len() + text.len())
            .map_err(|_| Error::Config("the captions exceed 4 GB; split them".into()))?;
        self.text.push_str(text);
        self.ends.push(end);
        Ok(())
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Text `i`.
    ///
    /// # Panics
    /// If `i` is not below `len()`.
    pub fn get(&self, i: usize) -> &str {
        let start = i.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start as usize..self.ends[i] as usize]
    }

    /// All texts in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        (0..self.len()).map(|i| self.get(i))
    }

    /// The texts one after the other and where each starts, then where the last ends ([N + 1]).
    pub fn to_parts(&self) -> (&str, Vec<u32>) {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        (&self.text, starts.collect())
    }

    /// The reverse of [`Texts::to_parts`]; `None` where the offsets do not fit the text.
    pub fn from_parts(text: String, offsets: &[u32]) -> Option<Self> {
        let (&first, ends) = offsets.split_first()?;
        let ascending = offsets.windows(2).all(|w| w[0] <= w[1]);
        let whole = first == 0
            && offsets
                .last()
                .is_some_and(|&end| end as usize == text.len());
        let between_chars = ends.iter().all(|&end| text.is_char_boundary(end as usize));
        let ends = ends.to_vec();
        (ascending && whole && between_chars).then_some(Self { text, ends })
    }
}

/// The words of a caption alone; a text without any is its own.
pub(crate) fn words(caption: &str) -> String {
    let words = caption.split(|c: char| !c.is_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    if words.is_empty() {
        return caption.trim().to_owned();
    }
    words.join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_and_wrong_offsets_do_not() {
        let mut texts = Texts::new();
        for text in ["a dog", "", "né"] {
            texts.push(text).expect("room");
        }
        assert!(texts.iter().eq(["a dog", "", "né"]));
        let (text, offsets) = texts.to_parts();
        assert_eq!(offsets, [0, 5, 5, 8]);
        assert_eq!(
            Texts::from_parts(text.into(), &offsets),
            Some(texts.clone())
        );
        for wrong in [&[][..], &[0], &[1, 8], &[0, 7, 8], &[0, 9, 8], &[0, 7]] {
            assert_eq!(Texts::from_parts(text.into(), wrong), None, "{wrong:?}");
        }
        assert_eq!(Texts::from_parts(String::new(), &[0]), Some(Texts::new()));
    }
}
