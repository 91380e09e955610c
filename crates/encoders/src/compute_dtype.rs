//! In which numbers networks multiply, as a user says it: f32, bf16, or whichever is faster on the machine at hand.

use serde::{Deserialize, Serialize};
pub use wsac_nn::matmul::ProductDtype;

/// What products are computed in. Sums, weights in training and all that lies between products are f32 always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ComputeDtype {
    /// bf16 where the processor has arithmetic for it, else f32.
    Auto,
    /// f32: the same numbers on every machine, to the rounding of sums.
    #[default]
    F32,
    /// bf16: about twice as fast with AVX-512 bf16, more with AMX; slower than f32 where the processor has neither.
    Bf16,
}

impl ComputeDtype {
    /// What this comes to on the machine at hand.
    pub fn precision(self) -> ProductDtype {
        match self {
            Self::Auto => ProductDtype::fastest(),
            Self::F32 => ProductDtype::F32,
            Self::Bf16 => ProductDtype::Bf16,
        }
    }

    /// The same choice, [`ComputeDtype::Auto`] decided: what a run writes down.
    pub fn decided(self) -> Self {
        match self.precision() {
            ProductDtype::F32 => Self::F32,
            ProductDtype::Bf16 => Self::Bf16,
        }
    }

    /// `identity` of a space, for embeddings that were computed so: those in f32 keep it as it is.
    pub fn mark(self, identity: &str) -> String {
        match self.precision() {
            ProductDtype::F32 => identity.to_owned(),
            ProductDtype::Bf16 => format!("{identity}-bf16"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_auto_hangs_on_the_machine() {
        assert_eq!(ComputeDtype::F32.precision(), ProductDtype::F32);
        assert_eq!(ComputeDtype::Bf16.precision(), ProductDtype::Bf16);
        assert_eq!(ComputeDtype::Auto.precision(), ProductDtype::fastest());
        for choice in [ComputeDtype::Auto, ComputeDtype::F32, ComputeDtype::Bf16] {
            assert_eq!(choice.decided().precision(), choice.precision());
            assert_ne!(choice.decided(), ComputeDtype::Auto);
        }
    }
}
