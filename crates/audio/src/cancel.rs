//! Cancellation: a flag that one thread sets and the work on another looks at, block by block.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};

/// Ends work that nobody waits for any more; its clones are one flag. See [`AudioStream::cancelled_by`].
///
/// [`AudioStream::cancelled_by`]: crate::AudioStream::cancelled_by
#[derive(Debug, Clone, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// From now on the work ends with an error at its next block.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether [`CancelToken::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Ends the work on the recording `name` if it was cancelled.
    ///
    /// # Errors
    /// An [`Error::Audio`] if it was.
    pub fn check(&self, name: &Path) -> Result<()> {
        if self.is_cancelled() {
            let reason = "was not read to its end: the work on it was cancelled";
            return Err(Error::audio(name, reason));
        }
        Ok(())
    }
}
