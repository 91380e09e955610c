//! How long work takes: the median and the minimum of several runs, after one that is not counted.

use std::time::Instant;

/// Milliseconds since `start`.
pub fn since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}

/// The times of several runs of one piece of work, in milliseconds.
pub struct Times(Vec<f64>);

impl Times {
    /// Runs `work` once, then `runs` times (at least once) on the clock.
    ///
    /// # Errors
    /// The first error of `work`.
    pub fn measure<E>(runs: usize, mut work: impl FnMut() -> Result<(), E>) -> Result<Self, E> {
        work()?;
        let timed = (0..runs.max(1)).map(|_| {
            let start = Instant::now();
            work()?;
            Ok(since(start))
        });
        Ok(Self::new(timed.collect::<Result<_, E>>()?))
    }

    /// Of times that were taken elsewhere: at least one.
    pub fn new(mut milliseconds: Vec<f64>) -> Self {
        milliseconds.sort_by(f64::total_cmp);
        Self(milliseconds)
    }

    /// The median: of an even number of runs, the slower of the middle two.
    pub fn median(&self) -> f64 {
        self.0[self.0.len() / 2]
    }

    /// The fastest run.
    pub fn min(&self) -> f64 {
        self.0[0]
    }
}
