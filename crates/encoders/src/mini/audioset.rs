//! YAMNet's 521 classes: their wording, their text vectors [521, d], and which of them are the same sound.
//!
//! Names and the tree behind `descendants` are AudioSet's (CC BY-SA 4.0); phrases, families and kinds are ours.

use std::path::Path;

use serde::Deserialize;
use wsac_nn::matmul::{Mat, Store, add_rows, matmul};

use crate::embedding::{Embedding, Embeddings};
use crate::error::{Error, Result};
use crate::models::yamnet::{CLASSES, WIDTH, Yamnet};
use wsac_tensors::safetensors::Tensors;

/// From this cosine of their text vectors two classes are worded alike.
const SAID_ALIKE: f32 = 0.65;

/// Captions name a class [`USUAL`] times on average; one that they never name counts as if named [`UNSAID`] times.
const USUAL: f32 = 150.0;
const UNSAID: f32 = 10.0;
/// How strongly caption frequencies enter [`Class::prior`], and its bounds: a nudge, not a vote.
const HABIT: f32 = 0.4;
const PRIOR: (f32, f32) = (0.3, 1.5);

/// A class with at most this many descendants is as specific as one with none.
const BASIC: u32 = 2;

/// One row of `classes.csv`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Class {
    /// AudioSet's name, e.g. `Crowing, cock-a-doodle-doo`.
    pub name: String,
    /// How a caption would say it, e.g. `a rooster crows`.
    pub phrase: String,
    /// Classes of one family are one sound, e.g. `rain`.
    pub family: String,
    /// What makes such sounds, e.g. `animal`: two sounds of one kind are taken for each other more easily.
    pub kind: String,
    /// How many captions of AudioCaps' training set are nearer to this phrase than to any other.
    pub prior_count: u32,
    /// How many classes are below it in AudioSet's tree.
    pub descendants: u32,
    /// Whether it is too vague for a caption, e.g. `Sound effect`.
    #[serde(deserialize_with = "zero_or_one")]
    pub dropped: bool,
}

impl Class {
    /// The classes of the table `bytes` in the order of YAMNet's outputs; `path` names it in messages.
    ///
    /// # Errors
    /// If a row is malformed, or there are not [`CLASSES`] of them.
    pub fn read_all(path: impl AsRef<Path>, bytes: &[u8]) -> Result<Vec<Self>> {
        let rows: Vec<Self> = csv::Reader::from_reader(bytes)
            .deserialize()
            .collect::<std::result::Result<_, _>>()
            .map_err(|e| Error::model(&path, format!("is no table of classes: {e}")))?;
        if rows.len() != CLASSES {
            let reason = format!("has {} classes instead of {CLASSES}", rows.len());
            return Err(Error::model(path, reason));
        }
        Ok(rows)
    }

    /// Whether it is speech.
    pub fn is_speech(&self) -> bool {
        self.family == "speech"
    }

    /// Whether it is music.
    pub fn is_music(&self) -> bool {
        self.family == "music"
    }

    /// Whether it is produced by a voice.
    pub fn is_voice(&self) -> bool {
        self.kind == "voice"
    }

    /// How likely captions are to name it, around 1.
    pub fn prior(&self) -> f32 {
        let said = (self.prior_count as f32 + UNSAID) / USUAL;
        said.powf(HABIT).clamp(PRIOR.0, PRIOR.1)
    }

    /// The weight of its score: a class with many descendants scores along with them and is less specific, one with
    /// at most `BASIC` (rain, fire) is the word that people use; a dropped class weighs nothing. Speech and music are
    /// captioned by these very names, and weigh two thirds.
    pub fn weight(&self) -> f32 {
        match self.name.as_str() {
            _ if self.dropped => 0.0,
            "Speech" | "Music" => 1.0 / 1.5,
            _ => 1.0 / (1.0 + self.descendants.saturating_sub(BASIC) as f32),
        }
    }
}

fn zero_or_one<'de, D: serde::Deserializer<'de>>(value: D) -> std::result::Result<bool, D::Error> {
    match u8::deserialize(value)? {
        0 => Ok(false),
        1 => Ok(true),
        n => Err(serde::de::Error::custom(format!("{n} is not 0 or 1"))),
    }
}

/// All classes and their relations.
#[derive(Debug)]
pub struct Classes {
    rows: Vec<Class>,
    vectors: Embeddings,
    /// [521, 521]
    similarity: Vec<f32>,
    speech: usize,
    music: usize,
    silence: usize,
}

impl Classes {
    /// `rows` of the table, their `vectors` of the tensor file, and the similarity given by the weights of `yamnet`.
    ///
    /// # Errors
    /// Where the vectors are not `[521, d]`, or one of the classes that are treated by name is missing.
    pub fn new(rows: Vec<Class>, vectors: &Tensors, yamnet: &Yamnet) -> Result<Self> {
        let shape = vectors.shape("vectors").unwrap_or_default();
        let dim = shape.get(1).copied().unwrap_or_default();
        let vectors = Embeddings::new(dim, vectors.get("vectors", &[CLASSES, dim])?)?;
        let place = |name: &str| {
            (rows.iter().position(|c| c.name == name))
                .ok_or_else(|| Error::Config(format!("the table of classes has no {name:?}")))
        };
        Ok(Self {
            speech: place("Speech")?,
            music: place("Music")?,
            silence: place("Silence")?,
            similarity: similarity(&rows, &vectors, yamnet)?,
            vectors,
            rows,
        })
    }

    /// Class `c`.
    pub fn class(&self, c: usize) -> &Class {
        &self.rows[c]
    }

    /// All classes in the order of YAMNet's outputs.
    pub fn iter(&self) -> std::slice::Iter<'_, Class> {
        self.rows.iter()
    }

    /// The width `d` of a vector.
    pub fn dim(&self) -> usize {
        self.vectors.dim()
    }

    /// The text vector of class `c`, [d].
    pub fn vector(&self, c: usize) -> &[f32] {
        self.vectors.row(c)
    }

    /// The text vector of class `c` as an embedding.
    pub fn embedding(&self, c: usize) -> Embedding {
        self.vectors.get(c)
    }

    /// How much class `c` is the same sound as each other one: [521], 1 for itself and its family.
    pub fn similar(&self, c: usize) -> &[f32] {
        &self.similarity[c * CLASSES..][..CLASSES]
    }

    /// The class `Speech`.
    pub fn speech(&self) -> usize {
        self.speech
    }

    /// The class `Music`.
    pub fn music(&self) -> usize {
        self.music
    }

    /// The class `Silence`.
    pub fn silence(&self) -> usize {
        self.silence
    }
}

/// Classes are similar as far as YAMNet's classifier weighs the same features (the cosine of its centred rows);
/// fully within one family; and where their text vectors nearly coincide. [521, 521]
fn similarity(rows: &[Class], vectors: &Embeddings, yamnet: &Yamnet) -> Result<Vec<f32>> {
    let mut similarity = cosines(&about_mean(yamnet.classifier())?);
    let said = cosines(vectors);
    for (i, a) in rows.iter().enumerate() {
        for (j, b) in rows.iter().enumerate() {
            let at = i * CLASSES + j;
            let family = f32::from(a.family == b.family);
            let text = if said[at] > SAID_ALIKE { said[at] } else { 0.0 };
            similarity[at] = similarity[at].max(family).max(text);
        }
    }
    Ok(similarity)
}

/// The rows, mean-centred and of unit length.
fn about_mean(rows: &[f32]) -> Result<Embeddings> {
    let mut mean = vec![0.0; WIDTH];
    add_rows(&mut mean, rows);
    let n = (rows.len() / WIDTH) as f32;
    let centred = rows.chunks_exact(WIDTH);
    let centred = centred.flat_map(|row| row.iter().zip(&mean).map(move |(x, m)| x - m / n));
    Embeddings::new(WIDTH, centred.collect())
}

/// The cosine of each row to each: [N, d] -> [N, N].
fn cosines(rows: &Embeddings) -> Vec<f32> {
    let (n, matrix) = (rows.len(), rows.as_slice());
    let matrix = Mat::new(matrix, n, rows.dim());
    let mut cosines = vec![0.0; n * n];
    matmul(&mut cosines, matrix, matrix.t(), Store::Set);
    cosines
}
