//! Calls into the decoding libraries. They are not ours, and a hostile file may find a panic in them: that is an error of
//! this file, not the end of the program.

use std::panic::{AssertUnwindSafe, catch_unwind};

use symphonia::core::errors::Error as Fault;

/// What `call` gives; a panic is a fault.
pub(super) fn guarded<T>(call: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(call))
        .unwrap_or(Err(Fault::Unsupported("the decoder gave up on it")))
}
