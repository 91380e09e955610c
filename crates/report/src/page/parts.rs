//! What a page is made of.

use crate::Drawing;
use crate::table::Table;

/// The report.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// Its title.
    pub title: String,
    /// Paragraphs below it.
    pub lead: Vec<String>,
    /// The sections before the clips.
    pub sections: Vec<Section>,
    /// The clips; their order is the page's until one sorts.
    pub clips: Vec<Clip>,
    /// The last line: which program made it, of what.
    pub made_by: String,
}

/// A section.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Section {
    /// Its head; its address follows from it.
    pub title: String,
    /// What it holds.
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// Words.
    Paragraph(String),
    /// Words that must not be missed, e.g. that a number stands for something else.
    Warning(String),
    /// A list.
    List(Vec<String>),
    /// A command, to be copied.
    Command(String),
    /// A table.
    Table(Table),
    /// A picture.
    Figure(Figure),
}

/// A picture with its words.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// The picture.
    pub drawing: Drawing,
    /// What it shows.
    pub caption: String,
    /// The command that makes it; none where empty.
    pub command: String,
    /// Files of it beside the page, e.g. `sheet.svg`, `sheet.png`: (name, relative address).
    pub files: Vec<(String, String)>,
}

/// A clip.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Clip {
    /// Its name; its address follows from it.
    pub name: String,
    /// Its picture (see [`crate::clip::ClipPicture`]): about 20 to 60 kB a clip.
    pub picture: Option<Drawing>,
    /// Where its recording lies, relative to the page: then it can be played.
    pub audio: Option<String>,
    /// What people wrote.
    pub references: Vec<String>,
    /// What each strategy wrote.
    pub captions: Vec<StrategyCaption>,
    /// The nearest captions of the memory with their similarities.
    pub nearest: Vec<(String, f64)>,
    /// The sounds heard, with their scores; not needed where the picture has them.
    pub sounds: Vec<(String, f64)>,
}

/// A strategy's caption of a clip.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StrategyCaption {
    /// The strategy's name: the same in every clip.
    pub strategy: String,
    /// The caption.
    pub caption: String,
    /// Scores of this caption by name, the one to sort by first; NaN where there is none.
    pub scores: Vec<(String, f64)>,
}

impl From<Drawing> for Figure {
    fn from(drawing: Drawing) -> Self {
        Self {
            drawing,
            caption: String::new(),
            command: String::new(),
            files: Vec::new(),
        }
    }
}
