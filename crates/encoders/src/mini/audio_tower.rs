//! The audio tower of `mini`: a recording at 16 kHz -> its analysis, with embeddings [384] among MiniLM's.
//!
//! ```text
//! samples -views-> YAMNet scores [6, T, 521] -scene-> whole and parts, each a unit sum of class text vectors
//! ```
//!
//! No pair of audio and text was used in training, so it can express no more than AudioSet's classes do.

use std::path::Path;

use crate::analysis::{AudioAnalysis, Sound, SoundEvent};
use crate::assets;
use crate::embedding::normalize;
use crate::error::{Error, Result};
use crate::frames::FrameEmbeddings;
use crate::mini::audioset::{Class, Classes};
use crate::mini::class_scores::ClassScores;
use crate::mini::scene::{Scene, SceneOptions, ScenePart, scene};
use crate::mini::sound_events::{ActivationTrack, Activations};
use crate::models::yamnet::{CLASSES, Yamnet};
use crate::towers::AudioTower;
use wsac_audio::AudioStream;
use wsac_audio::mel::YamnetFrontEnd;
use wsac_tensors::safetensors::Tensors;

/// Its files: YAMNet, the class table, and the classes' text vectors.
const FILES: [&str; 3] = ["yamnet.safetensors", "classes.csv", "classes.safetensors"];

/// How many classes are listed for a recording, and for a part.
const NAMED: usize = 5;
const NAMED_OF_PART: usize = 3;

/// YAMNet, and its classes as text.
pub struct Mini {
    yamnet: Yamnet,
    classes: Classes,
    options: SceneOptions,
}

impl Mini {
    /// The built-in tower.
    ///
    /// # Errors
    /// If this build has none.
    pub fn bundled() -> Result<Self> {
        let [yamnet, table, vectors] = FILES.map(|name| assets::file(&format!("mini/{name}")));
        Self::parse(FILES, [yamnet?, table?, vectors?])
    }

    /// The tower in `folder`: `yamnet.safetensors`, `classes.csv`, `classes.safetensors`.
    ///
    /// # Errors
    /// If a file is missing or damaged.
    pub fn load(folder: impl AsRef<Path>) -> Result<Self> {
        let paths = FILES.map(|name| folder.as_ref().join(name));
        let read = |path: &Path| std::fs::read(path).map_err(|e| Error::io(path, e));
        let bytes = [read(&paths[0])?, read(&paths[1])?, read(&paths[2])?];
        Self::parse(paths.each_ref(), bytes.each_ref().map(Vec::as_slice))
    }

    fn parse<P: AsRef<Path>>(paths: [P; 3], bytes: [&[u8]; 3]) -> Result<Self> {
        let yamnet = Yamnet::load(&Tensors::parse(&paths[0], bytes[0])?)?;
        let rows = Class::read_all(&paths[1], bytes[1])?;
        let classes = Classes::new(rows, &Tensors::parse(&paths[2], bytes[2])?, &yamnet)?;
        Ok(Self {
            yamnet,
            classes,
            options: SceneOptions::default(),
        })
    }

    /// Replaces the rules that decide when a further sound is accepted.
    pub fn with_options(self, options: SceneOptions) -> Self {
        Self { options, ..self }
    }

    /// The network.
    pub fn yamnet(&self) -> &Yamnet {
        &self.yamnet
    }

    /// What is known about the classes.
    pub fn classes(&self) -> &Classes {
        &self.classes
    }

    /// The class scores of a recording: the first step of [`AudioTower::encode`].
    ///
    /// # Errors
    /// As [`AudioTower::encode`].
    pub fn evidence(&self, audio: &mut AudioStream) -> Result<ClassScores> {
        ClassScores::gather(&self.yamnet, audio)
    }

    /// The scene behind class scores; `None` for silence. The second step.
    pub fn scene(&self, evidence: &ClassScores) -> Option<Scene> {
        scene(evidence, &self.classes, &self.options)
    }

    /// Class scores -> analysis: the second and the third step.
    pub fn understand(&self, evidence: &ClassScores) -> AudioAnalysis {
        let mut analysis = match self.scene(evidence) {
            Some(scene) => self.tell(scene, evidence.duration()),
            None => self.silence(evidence.duration()),
        };
        if !evidence.is_audible() {
            analysis.confidence = 0.0;
        }
        analysis
    }

    /// The scene as an analysis. The third step.
    fn tell(&self, scene: Scene, duration: f64) -> AudioAnalysis {
        let part = |part: &ScenePart| SoundEvent {
            embedding: match scene.parts.len() {
                1 => scene.whole.clone(),
                _ => part.embedding.clone(),
            },
            start: part.start().min(duration),
            end: part.end().min(duration),
            sounds: self.sounds(&part.classes, NAMED_OF_PART, &scene.evidence),
        };
        let order = scene.order();
        let ordered = order.is_some();
        let order = order.unwrap_or_else(|| (0..scene.parts.len()).collect());
        let kept = scene.evidence.iter().zip(self.classes.iter());
        let kept = kept.filter(|(_, class)| !class.dropped);
        AudioAnalysis {
            parts: order.iter().map(|&j| part(&scene.parts[j])).collect(),
            sounds: self.sounds(&scene.whole_classes, NAMED, &scene.evidence),
            confidence: kept.map(|(p, _)| *p).fold(0.0, f32::max),
            embedding: scene.whole,
            duration,
            ordered,
        }
    }

    /// Digital silence: the result is certain, but there is nothing to describe.
    fn silence(&self, duration: f64) -> AudioAnalysis {
        let silence = self.classes.silence();
        let embedding = self.classes.embedding(silence);
        let sounds = vec![Sound {
            name: self.classes.class(silence).name.clone(),
            score: 1.0,
        }];
        AudioAnalysis {
            parts: vec![SoundEvent {
                embedding: embedding.clone(),
                start: 0.0,
                end: duration,
                sounds: sounds.clone(),
            }],
            embedding,
            sounds,
            duration,
            confidence: 0.0,
            ordered: false,
        }
    }

    /// The first `most` of `classes` by name.
    fn sounds(&self, classes: &[usize], most: usize, evidence: &[f32]) -> Vec<Sound> {
        let sound = |&c: &usize| Sound {
            name: self.classes.class(c).name.clone(),
            score: evidence[c],
        };
        classes.iter().take(most).map(sound).collect()
    }
}

impl AudioTower for Mini {
    fn dim(&self) -> usize {
        self.classes.dim()
    }

    fn rate(&self) -> u32 {
        YamnetFrontEnd::RATE
    }

    fn encode(&self, audio: &mut AudioStream) -> Result<AudioAnalysis> {
        Ok(self.understand(&self.evidence(audio)?))
    }

    /// YAMNet's scores, for all classes except those that captions never name.
    fn activations(&self, audio: &mut AudioStream) -> Result<Option<Activations>> {
        let class_scores = self.evidence(audio)?;
        let kept = (self.classes.iter().enumerate()).filter(|(_, class)| !class.dropped);
        let sounds = kept.map(|(c, class)| ActivationTrack {
            name: class.name.clone(),
            scores: (0..class_scores.len())
                .map(|t| class_scores.as_it_is(t, c))
                .collect(),
        });
        let hop = YamnetFrontEnd::PATCH_SECONDS / 2.0;
        let merged = class_scores.stride() as f64;
        Ok(Some(Activations {
            hop: hop * merged,
            width: hop * (merged + 1.0),
            sounds: sounds.collect(),
        }))
    }

    /// The square roots of YAMNet's scores in one view, every quarter of a window.
    fn frame_embeddings(&self, samples: &[f32]) -> Result<FrameEmbeddings> {
        let hop = YamnetFrontEnd::FRAMES / 4;
        let mut front_end = YamnetFrontEnd::new();
        let mut mel = front_end.mel(samples);
        let frames = (samples.len() / YamnetFrontEnd::FRAME_HOP).max(YamnetFrontEnd::FRAMES);
        let windows = 1 + (frames - YamnetFrontEnd::FRAMES).div_ceil(hop);
        let covered = (windows - 1) * hop + YamnetFrontEnd::FRAMES;
        mel.resize(covered * YamnetFrontEnd::MELS, 0.0);
        let patches: Vec<f32> = (0..windows)
            .flat_map(|t| {
                let first = t * hop * YamnetFrontEnd::MELS;
                front_end.patches(&mel[first..first + YamnetFrontEnd::PATCH])
            })
            .collect();
        let mut rows = self.yamnet.scores(&patches);
        rows.iter_mut().for_each(|x| *x = x.sqrt());
        rows.chunks_exact_mut(CLASSES).for_each(|row| {
            normalize(row);
        });
        Ok(FrameEmbeddings {
            hop: YamnetFrontEnd::PATCH_SECONDS / 4.0,
            width: YamnetFrontEnd::PATCH_SECONDS,
            dim: CLASSES,
            rows,
        })
    }
}

#[cfg(test)]
mod tests;
