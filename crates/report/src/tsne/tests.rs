#![allow(clippy::unwrap_used)]

use super::*;
use crate::random::Random;

/// `clusters` of `each` rows in `d` dimensions, `far` apart.
fn clusters(clusters: usize, each: usize, d: usize, far: f64) -> Vec<f32> {
    let mut random = Random::new(3, "tsne/test");
    let centres: Vec<f64> = (0..clusters * d).map(|_| far * random.gauss()).collect();
    let mut rows = Vec::new();
    for i in 0..clusters * each {
        let c = i % clusters;
        rows.extend((0..d).map(|k| (centres[c * d + k] + random.gauss()) as f32));
    }
    rows
}

fn far(a: [f32; 2], b: [f32; 2]) -> f32 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

#[test]
fn clusters_stay_apart() {
    let rows = clusters(4, 40, 20, 4.0);
    let map = Tsne {
        perplexity: 15.0,
        ..Tsne::default()
    }
    .run(&rows, 20)
    .unwrap();
    for (i, &p) in map.points.iter().enumerate() {
        let others = (0..160).filter(|&j| j != i);
        let nearest = others
            .min_by(|&a, &b| far(p, map.points[a]).total_cmp(&far(p, map.points[b])))
            .unwrap();
        assert_eq!(nearest % 4, i % 4, "point {i} has strayed");
    }
    assert!(
        map.divergence > 0.0 && map.divergence < 1.0,
        "{}",
        map.divergence
    );
}

#[test]
fn equal_seeds_equal_bits_with_any_number_of_threads() {
    let rows = clusters(3, 50, 17, 2.0);
    let with = |threads, seed| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            Tsne {
                seed,
                iterations: 300,
                ..Tsne::default()
            }
            .run(&rows, 17)
            .unwrap()
        })
    };
    assert_eq!(with(1, 5), with(3, 5));
    assert_ne!(with(1, 5).points, with(1, 6).points);
}

#[test]
fn the_gradient_is_that_of_the_divergence() {
    let (n, d) = (30, 5);
    let rows = clusters(3, 10, d, 1.5);
    let affinities = neighbours::Affinities::of(&rows, d, 8.0);
    let mut random = Random::new(1, "tsne/gradient");
    let points: Vec<[f32; 2]> = (0..n)
        .map(|_| [random.gauss() as f32, random.gauss() as f32])
        .collect();
    let slopes = descent::gradient(&affinities, &points, 1.0);
    for i in 0..n {
        for k in 0..2 {
            let at = |step: f32| {
                let mut moved = points.clone();
                moved[i][k] += step;
                (
                    descent::divergence(&affinities, &moved),
                    f64::from(moved[i][k]),
                )
            };
            let ((up, a), (down, b)) = (at(0.01), at(-0.01));
            let measured = (up - down) / (a - b);
            let told = f64::from(slopes[i][k]);
            assert!(
                (measured - told).abs() < 1e-5 + 1e-3 * told.abs(),
                "{i},{k}: {measured} {told}"
            );
        }
    }
}

#[test]
fn affinities_are_symmetric_and_have_the_perplexity() {
    let rows = clusters(2, 30, 6, 1.0);
    let affinities = neighbours::Affinities::of(&rows, 6, 10.0);
    let total: f64 = affinities.pairs.iter().map(|p| f64::from(p.1)).sum();
    assert!((total - 1.0).abs() < 1e-6);
    for i in 0..60 {
        for &(j, p) in affinities.row(i) {
            let back = affinities
                .row(j as usize)
                .iter()
                .find(|pair| pair.0 as usize == i);
            assert_eq!(back.unwrap().1.to_bits(), p.to_bits());
        }
    }
    let near: Vec<(u32, f32)> = (0..59).map(|j| (j, 0.3 + 0.1 * j as f32)).collect();
    let p = neighbours::choice(&near, 10.0);
    let entropy: f64 = p.iter().map(|p| -p * p.max(1e-300).ln()).sum();
    assert!((entropy.exp() - 10.0).abs() < 1e-3);
}

/// Venna & Kaski 2001: 1 minus how far strangers were brought near, 0.5 for a random layout.
fn trustworthiness(rows: &[f32], d: usize, points: &[[f32; 2]], k: usize) -> f64 {
    let n = points.len();
    let mut wrong = 0.0;
    for i in 0..n {
        let order = |key: &dyn Fn(usize) -> f32| {
            let mut order: Vec<usize> = (0..n).filter(|&j| j != i).collect();
            order.sort_by(|&a, &b| key(a).total_cmp(&key(b)));
            order
        };
        let of = |j: usize| &rows[j * d..(j + 1) * d];
        let real = order(&|j| neighbours::squared(of(i), of(j)));
        for j in &order(&|j| far(points[i], points[j]))[..k] {
            let rank = real.iter().position(|r| r == j).unwrap() + 1;
            wrong += rank.saturating_sub(k) as f64;
        }
    }
    1.0 - 2.0 * wrong / (n * k * (2 * n - 3 * k - 1)) as f64
}

#[test]
fn neighbours_stay_neighbours() {
    // A curve that winds through ten dimensions.
    let (n, d) = (300, 10);
    let at = |i: usize, k: usize| ((0.05 + 0.01 * k as f64) * i as f64 + k as f64).sin() as f32;
    let rows: Vec<f32> = (0..n).flat_map(|i| (0..d).map(move |k| at(i, k))).collect();
    let map = Tsne::default().run(&rows, d).unwrap();
    let mut random = Random::new(1, "tsne/random");
    let layout: Vec<[f32; 2]> = (0..n)
        .map(|_| [random.gauss() as f32, random.gauss() as f32])
        .collect();
    let (ours, chance) = (
        trustworthiness(&rows, d, &map.points, 10),
        trustworthiness(&rows, d, &layout, 10),
    );
    assert!(ours > 0.97 && chance < 0.6, "{ours} {chance}");
}

#[test]
fn rows_that_are_all_the_same_are_laid_out_too() {
    let map = Tsne {
        iterations: 100,
        ..Tsne::default()
    }
    .run(&[1.0; 40], 4)
    .unwrap();
    assert!(map.points.iter().flatten().all(|x| x.is_finite()));
}

#[test]
fn captions_that_many_clips_share_are_laid_out_together() {
    // Sixty copies each of three rows, and sixty rows that differ.
    let mut rows = [[1.0f32, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
        .concat()
        .repeat(60);
    let mut random = Random::new(2, "tsne/copies");
    rows.extend((0..180).map(|_| random.gauss() as f32));
    let map = Tsne::default().run(&rows, 3).unwrap();
    assert!(map.points.iter().flatten().all(|x| x.is_finite()) && map.divergence.is_finite());
    let nearest = |i: usize| {
        let others = (0..180).filter(|&j| j != i);
        others.min_by(|&a, &b| {
            far(map.points[i], map.points[a]).total_cmp(&far(map.points[i], map.points[b]))
        })
    };
    assert!((0..180).all(|i| nearest(i).unwrap() % 3 == i % 3));
}

#[test]
fn what_cannot_be_laid_out_is_told() {
    let told = |rows: &[f32]| Tsne::default().run(rows, 2).unwrap_err().to_string();
    assert!(told(&[0.0; 6]).contains("at least four rows"));
    assert!(told(&[0.0, 1.0, 2.0, 3.0, 4.0, f32::INFINITY, 6.0, 7.0]).contains("row 2"));
}
