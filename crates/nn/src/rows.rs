//! How work over rows is cut: into blocks of a fixed size, whatever the number of threads.

/// Rows in one block of parallel work. A constant, so that sums over blocks come out the same on any machine.
pub(crate) const BLOCK: usize = 64;
