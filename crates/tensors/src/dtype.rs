//! How numbers are stored: f32, f16 or int8.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// How the numbers of a tensor are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StorageDtype {
    /// 4 bytes a number, exact; used in place, without being read into memory, where the file is mapped.
    #[default]
    F32,
    /// 2 bytes: off by at most 1/2048 of itself.
    F16,
    /// 1 byte: off by at most 1/254 of the largest number of its row. For matrices alone, whose rows have a scale each.
    Int8,
}

impl StorageDtype {
    /// `f32`, `f16` or `int8`.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Int8 => "int8",
        }
    }

    /// Whether `weights` of a network can be stored so.
    ///
    /// # Errors
    /// Where they cannot.
    pub fn check_weights(self, weights: &str) -> Result<()> {
        match self {
            Self::F32 | Self::F16 => Ok(()),
            Self::Int8 => Err(Error::Config(format!(
                "{weights} are stored as f32 or f16, not as int8"
            ))),
        }
    }
}

impl FromStr for StorageDtype {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "f32" => Ok(Self::F32),
            "f16" => Ok(Self::F16),
            "int8" => Ok(Self::Int8),
            _ => Err(Error::Config(format!(
                "numbers are stored as f32, f16 or int8, not as {name:?}"
            ))),
        }
    }
}
