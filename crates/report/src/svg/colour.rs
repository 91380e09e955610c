//! The colours: Okabe & Ito's, which people of every kind of colour vision can tell apart, and greys for the rest.

/// What a shape is, which says its colour, in the light and in the dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Text and axes.
    Ink,
    /// Text that may stand back.
    Soft,
    /// Frames and ticks.
    Frame,
    /// Lines behind the data.
    Grid,
    /// The background.
    Paper,
    /// Series 0, 1, 2, ...: six colours and ink; from the eighth on they come again.
    Series(usize),
}

/// Blue, vermillion, bluish green, reddish purple, orange, sky blue, dark grey. Okabe & Ito's yellow is too light for
/// white paper.
const SERIES: [&str; 7] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555",
];

impl Colour {
    /// On white paper, as `#rrggbb`.
    pub fn hex(self) -> &'static str {
        match self {
            Self::Ink => "#1c1e21",
            Self::Soft => "#5a6068",
            Self::Frame => "#8c929a",
            Self::Grid => "#e3e6ea",
            Self::Paper => "#ffffff",
            Self::Series(i) => SERIES[i % SERIES.len()],
        }
    }

    /// [`Self::hex`] as three bytes.
    pub(crate) fn rgb(self) -> [u8; 3] {
        let value = u32::from_str_radix(&self.hex()[1..], 16).unwrap_or_default();
        let [_, r, g, b] = value.to_be_bytes();
        [r, g, b]
    }

    fn class(self) -> String {
        match self {
            Self::Ink => "ink".into(),
            Self::Soft => "soft".into(),
            Self::Frame => "frame".into(),
            Self::Grid => "grid".into(),
            Self::Paper => "paper".into(),
            Self::Series(i) => format!("c{}", i % SERIES.len()),
        }
    }

    pub(crate) fn fill(self) -> String {
        format!("fill=\"{}\" class=\"f-{}\"", self.hex(), self.class())
    }

    /// Filled, with a thin edge of paper.
    pub(crate) fn edged(self) -> String {
        let (hex, class) = (self.hex(), self.class());
        format!(
            "fill=\"{hex}\" stroke=\"{}\" stroke-width=\".7\" class=\"f-{class} s-paper\"",
            Self::Paper.hex()
        )
    }

    pub(crate) fn stroke(self) -> String {
        format!("stroke=\"{}\" class=\"s-{}\"", self.hex(), self.class())
    }
}
