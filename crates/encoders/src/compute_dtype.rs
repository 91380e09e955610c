//! In which numbers networks multiply, as a user says it: f32, bf16, or whichever is faster on the machine at hand.

use serde::{Deserialize, Serialize};
pub use wsac_nn::matmul::Precision;

/// What products are computed in. Sums, weights in training and all that lies between products are f32 always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arithmetic {
    /// bf16 where the processor has arithmetic for it, else f32.
    Auto,
    /// f32: the same numbers on every machine, to the rounding of sums.
    #[default]
    F32,
    /// bf16: about twice as fast with AVX-512 bf16, more with AMX; slower than f32 where the processor has neither.
    Bf16,
}

impl Arithmetic {
    /// What this comes to on the machine at hand.
    pub fn precision(self) -> Precision {
        match self {
            Self::Auto => Precision::fastest(),
            Self::F32 => Precision::F32,
            Self::Bf16 => Precision::Bf16,
        }
    }

    /// The same choice, [`Arithmetic::Auto`] decided: what a run writes down.
    pub fn decided(self) -> Self {
        match self.precision() {
            Precision::F32 => Self::F32,
            Precision::Bf16 => Self::Bf16,
        }
    }

    /// `identity` of a space, for embeddings that were computed so: those in f32 keep it as it is.
    pub fn mark(self, identity: &str) -> String {
        match self.precision() {
            Precision::F32 => identity.to_owned(),
            Precision::Bf16 => format!("{identity}-bf16"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_auto_hangs_on_the_machine() {
        assert_eq!(Arithmetic::F32.precision(), Precision::F32);
        assert_eq!(Arithmetic::Bf16.precision(), Precision::Bf16);
        assert_eq!(Arithmetic::Auto.precision(), Precision::fastest());
        for choice in [Arithmetic::Auto, Arithmetic::F32, Arithmetic::Bf16] {
            assert_eq!(choice.decided().precision(), choice.precision());
            assert_ne!(choice.decided(), Arithmetic::Auto);
        }
    }
}
