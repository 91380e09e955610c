//! A slot: the right to be worked on, one of a bounded number.

use tokio::sync::OwnedSemaphorePermit;

/// The right to be worked on.
pub struct Slot {
    pub(super) _permit: OwnedSemaphorePermit,
}
