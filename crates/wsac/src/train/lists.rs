//! Ragged lists: a list of numbers for each caption, in one allocation.

/// A list of numbers for each caption; list `i` is `items[ends[i - 1]..ends[i]]`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RaggedLists {
    ends: Vec<u32>,
    items: Vec<u32>,
}

impl RaggedLists {
    /// Adds the list of the next caption.
    pub fn push(&mut self, items: impl IntoIterator<Item = u32>) {
        self.items.extend(items);
        self.ends.push(self.items.len() as u32);
    }

    /// The list of caption `i`; empty if it has none.
    pub fn of(&self, i: usize) -> &[u32] {
        let Some(&end) = self.ends.get(i) else {
            return &[];
        };
        let start = i.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.items[start as usize..end as usize]
    }

    /// Its two arrays, for a file.
    pub(super) fn parts(&self) -> (&[u32], &[u32]) {
        (&self.ends, &self.items)
    }

    /// From [`RaggedLists::parts`], if they fit `n` lists.
    pub(super) fn from_parts(ends: Vec<u32>, items: Vec<u32>, n: usize) -> Option<Self> {
        let whole = ends.len() == n
            && ends.is_sorted()
            && ends.last().map_or(0, |&end| end as usize) == items.len();
        whole.then_some(Self { ends, items })
    }
}
