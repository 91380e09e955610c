//! Strategies by name, as users give them: a name, perhaps with a temperature -> a [`Bridge`].

use serde::{Deserialize, Serialize};

use super::Bridge;
use crate::error::{Error, Result};

/// The temperature of a projection if neither the user nor the model sets one.
const TAU: f32 = 0.02;

/// The strategies of the paper, section 3.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Strategy {
    /// None: the decoder takes the sound as if it were a text
    Direct,
    /// The nearest caption takes the sound's place
    Nearest,
    /// A mean of captions takes its place, weighted by softmax(similarity / tau)
    #[serde(alias = "project")]
    Projection,
}

impl Strategy {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Nearest => "nearest",
            Self::Projection => "projection",
        }
    }

    /// The bridge asked for, `None` if none is; settings of a projection that are not given are as in the model's `own`.
    ///
    /// # Errors
    /// If a projection's settings are given for another strategy, or are out of range.
    pub fn bridge(
        asked: Option<Self>,
        tau: Option<f32>,
        top_k: Option<usize>,
        own: Bridge,
    ) -> Result<Option<Bridge>> {
        let wrong = |what: &str| Err(Error::Config(what.into()));
        let own_k = match own {
            Bridge::Project { top_k, .. } => top_k,
            _ => None,
        };
        let projection = Bridge::Project {
            tau: tau.unwrap_or(own.tau()),
            top_k: top_k.or(own_k),
        };
        projection.check()?;
        match asked {
            None if tau.is_none() && top_k.is_none() => Ok(None),
            None | Some(Self::Projection) => Ok(Some(projection)),
            Some(_) if tau.is_some() || top_k.is_some() => {
                wrong("tau and top-k are for the strategy projection")
            }
            Some(Self::Direct) => Ok(Some(Bridge::Direct)),
            Some(Self::Nearest) => Ok(Some(Bridge::Nearest)),
        }
    }
}

impl Bridge {
    /// The temperature that captions are weighted with: its own if it is a projection, else the default.
    pub fn tau(&self) -> f32 {
        match self {
            Self::Project { tau, .. } => *tau,
            _ => TAU,
        }
    }

    /// Its strategy, without settings.
    pub fn strategy(&self) -> Strategy {
        match self {
            Self::Direct => Strategy::Direct,
            Self::Nearest => Strategy::Nearest,
            Self::Project { .. } => Strategy::Projection,
        }
    }
}
