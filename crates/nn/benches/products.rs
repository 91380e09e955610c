//! Matrix products at the decoder's shapes, in f32 and bf16, beside what the processor can do at most.
//!
//! `cargo bench -p wsac-nn --bench products` times each and prints its share of the peak: multiply-adds of registers alone
//! (f32) on all threads at once, measured in the same run; bf16 has twice that with AVX-512, more with AMX.

use std::hint::black_box;
use std::time::Instant;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rayon::prelude::*;
use wsac_nn::matmul::{Mat, Packed, ProductDtype, Store, matmul};

/// What a product is of: rows, depth and columns.
const SHAPES: [(&str, [usize; 3]); 5] = [
    ("qkv", [1472, 768, 2304]),
    ("fc", [1472, 768, 3072]),
    ("projection", [1472, 3072, 768]),
    ("head", [256, 768, 5000]),
    ("one row", [1, 768, 3072]),
];

/// Eight times as many sums as a register holds, so that no multiply-add waits for the one before.
const LANES: usize = 160;

/// Multiply-adds of registers: nothing is loaded.
#[inline(always)]
fn multiply_adds(rounds: usize) -> f32 {
    let mut sums = [[0f32; 16]; LANES / 16];
    let factor = [black_box(0.999f32); 16];
    for _ in 0..rounds {
        for sum in &mut sums {
            for (s, f) in sum.iter_mut().zip(factor) {
                *s = s.mul_add(f, f);
            }
        }
    }
    sums.iter().flatten().sum()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn multiply_adds_wide(rounds: usize) -> f32 {
    multiply_adds(rounds)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn multiply_adds_half(rounds: usize) -> f32 {
    multiply_adds(rounds)
}

/// f32 operations a second on all threads, the best of several tries.
fn peak() -> f64 {
    const ROUNDS: usize = 4_000_000;
    let work = || {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has the instructions, as is asked first.
        unsafe {
            if is_x86_feature_detected!("avx512f") {
                return multiply_adds_wide(ROUNDS);
            }
            if is_x86_feature_detected!("fma") {
                return multiply_adds_half(ROUNDS);
            }
        }
        multiply_adds(ROUNDS)
    };
    let threads = rayon::current_num_threads();
    let once = || {
        let start = Instant::now();
        (0..threads).into_par_iter().for_each(|_| {
            black_box(work());
        });
        (2 * LANES * ROUNDS * threads) as f64 / start.elapsed().as_secs_f64()
    };
    (0..5).map(|_| once()).fold(0.0, f64::max)
}

fn products(criterion: &mut Criterion) {
    let peak = peak();
    println!("f32 peak: {:.0} GFLOPS", peak / 1e9);
    let mut group = criterion.benchmark_group("products");
    group.sample_size(10);
    for (name, [m, k, n]) in SHAPES {
        let numbers = |n: usize| {
            (0..n)
                .map(|i| (i % 255) as f32 / 255.0 - 0.5)
                .collect::<Vec<_>>()
        };
        let (a, b) = (numbers(m * k), numbers(k * n));
        let (a, b) = (Mat::new(&a, m, k), Mat::new(&b, k, n));
        let mut out = vec![0.0; m * n];
        let (f32, bf16, int8) = (Packed::f32(b), Packed::bf16(b), Packed::int8(b));
        group.throughput(Throughput::Elements((2 * m * k * n) as u64));
        let mut time = |how: &str, product: &mut dyn FnMut(&mut [f32])| {
            let mut best = f64::INFINITY;
            group.bench_function(BenchmarkId::new(how, name), |bencher| {
                bencher.iter(|| {
                    let start = Instant::now();
                    product(&mut out);
                    best = best.min(start.elapsed().as_secs_f64());
                });
            });
            let share = (2 * m * k * n) as f64 / best / peak;
            println!("{name}, {how}: {:.0} % of the f32 peak", 100.0 * share);
        };
        time("f32", &mut |out| matmul(out, a, b, Store::Set));
        time("f32, packed before", &mut |out| {
            matmul(out, a, &f32, Store::Set)
        });
        time("bf16, packed before", &mut |out| {
            matmul(out, a, &bf16, Store::Set)
        });
        time("bf16", &mut |out| {
            matmul(out, a, ProductDtype::Bf16.of(b), Store::Set)
        });
        time("int8, packed before", &mut |out| {
            matmul(out, a, &int8, Store::Set)
        });
    }
    group.finish();
}

criterion_group!(benches, products);
criterion_main!(benches);
