//! The metrics against their originals, and SPICE by the user's jars: one binary, so that it is linked once.

mod ngram_metrics;
mod spice_golden;
mod spice_jars;
