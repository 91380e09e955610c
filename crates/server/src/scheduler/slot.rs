//! A slot: permission to process one request, out of a bounded number.

use tokio::sync::OwnedSemaphorePermit;

/// Permission to process one request.
pub struct Slot {
    pub(super) _permit: OwnedSemaphorePermit,
}
