//! How fast this machine reads memory.
//!
//! Each thread sums a piece of its own, eight sums at a time, so that no addition waits for another. Prints a JSON line a
//! number of threads and a size: MB megabytes (1024, which no cache holds) and 16 of them (which a large cache holds).

use std::convert::Infallible;
use std::hint::black_box;

use crate::timing::Times;

/// Timed passes over all memory.
const PASSES: usize = 7;

/// Time reading memory, with each number of threads
#[derive(clap::Args)]
pub struct Args {
    #[arg(value_name = "MB", default_value_t = 1024)]
    megabytes: usize,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    for megabytes in [args.megabytes, 16] {
        for threads in 1..=cores {
            let words = vec![1u64; megabytes * 1_000_000 / 8];
            // Small memory is read so often that starting threads does not count.
            let repeats = (1024 / megabytes).max(1);
            let pass = || {
                std::thread::scope(|scope| {
                    for piece in words.chunks(words.len().div_ceil(threads)) {
                        scope.spawn(move || {
                            (0..repeats).for_each(|_| _ = black_box(sum(black_box(piece))));
                        });
                    }
                });
            };
            let Ok(times) = Times::measure::<Infallible>(PASSES, || {
                pass();
                Ok(())
            });
            let rate = (megabytes * repeats) as f64 / times.median();
            println!(
                r#"{{"piece": "read", "megabytes": {megabytes}, "threads": {threads}, "gb_per_s": {rate:.1}}}"#
            );
        }
    }
    Ok(())
}

fn sum(words: &[u64]) -> u64 {
    let mut sums = [0u64; 64];
    for some in words.chunks_exact(64) {
        for (sum, word) in sums.iter_mut().zip(some) {
            *sum = sum.wrapping_add(*word);
        }
    }
    sums.iter().fold(0, |all, sum| all.wrapping_add(*sum))
}
