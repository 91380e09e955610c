//! The requirements of an experiment besides its settings.

use std::path::Path;
use std::sync::Arc;

use wsac::encoders::encoder::Encoder;
use wsac::encoders::towers::TextTower;

use crate::scoring::Scorer;

/// The encoder, the metrics and the folders of an experiment.
pub struct Setup<'a> {
    /// The encoder that the settings name.
    pub encoder: &'a Encoder,
    /// Its text tower.
    pub text: Arc<dyn TextTower>,
    /// The scorer of the metrics.
    pub scorer: &'a dyn Scorer,
    /// The experiment's folder.
    pub out: &'a Path,
    /// A folder that caches embeddings of captions between experiments.
    pub cache: &'a Path,
    /// METEOR's word tables, if a training paraphrases with them.
    pub tables: Option<&'a Path>,
}
