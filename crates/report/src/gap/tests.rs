#![allow(clippy::unwrap_used)]

use super::*;

/// `n` rows of independent normal numbers.
fn normal(n: usize, d: usize, name: &str) -> Vec<f32> {
    let mut random = Random::new(7, name);
    (0..n * d).map(|_| random.gauss() as f32).collect()
}

#[test]
fn two_kinds_a_known_way_apart_are_told_apart() {
    let (n, d) = (300, 12);
    let audio = normal(n, d, "audio");
    let mut text = audio.clone();
    text.chunks_exact_mut(d).for_each(|row| row[3] += 8.0);
    let gap = Gap::measure(&audio, &text, d, 0).unwrap();
    assert!((gap.centroid_distance - 8.0).abs() < 1e-5);
    assert!(gap.separability > 0.99, "{gap:?}");
}

#[test]
fn equal_kinds_have_no_gap() {
    let (n, d) = (400, 10);
    let (audio, text) = (normal(n, d, "one"), normal(n, d, "other"));
    let gap = Gap::measure(&audio, &text, d, 0).unwrap();
    assert!((gap.separability - 0.5).abs() < 0.08, "{gap:?}");
    assert!(
        gap.audio_to_text.at_1 < 0.02 && gap.text_to_audio.at_10 < 0.06,
        "{gap:?}"
    );
    assert_eq!(
        gap.chance,
        Recall {
            at_1: 1.0 / 400.0,
            at_10: 10.0 / 400.0
        }
    );
    assert!(gap.paired_cosine.abs() < 0.05 && gap.unpaired_cosine.abs() < 0.01);
}

#[test]
fn more_dimensions_than_rows_do_not_make_a_gap() {
    let (n, d) = (60, 200);
    let gap = Gap::measure(&normal(n, d, "one"), &normal(n, d, "other"), d, 0).unwrap();
    assert!((gap.separability - 0.5).abs() < 0.17, "{gap:?}");
}

#[test]
fn the_separability_is_that_of_the_best_plane() {
    // Unit variance, means 2 apart: the best plane is right in 84.13 % (the normal distribution at 1).
    let (n, d) = (4000, 3);
    let audio = normal(n, d, "one");
    let mut text = normal(n, d, "other");
    text.chunks_exact_mut(d).for_each(|row| row[0] += 2.0);
    let gap = Gap::measure(&audio, &text, d, 0).unwrap();
    assert!((gap.separability - 0.8413).abs() < 0.01, "{gap:?}");
}

#[test]
fn retrieval_counts_ranks() {
    // On a circle: text i is audio i turned by more than half a step, so its neighbour is nearer, and it is second.
    let n = 36;
    let at = |angle: f32| [angle.cos(), angle.sin()];
    let step = std::f32::consts::TAU / n as f32;
    let audio: Vec<f32> = (0..n).flat_map(|i| at(i as f32 * step)).collect();
    let text: Vec<f32> = (0..n).flat_map(|i| at((i as f32 + 0.6) * step)).collect();
    let gap = Gap::measure(&audio, &text, 2, 0).unwrap();
    assert_eq!(
        gap.audio_to_text,
        Recall {
            at_1: 0.0,
            at_10: 1.0
        }
    );
    assert_eq!(
        gap.text_to_audio,
        Recall {
            at_1: 0.0,
            at_10: 1.0
        }
    );
    assert!((gap.paired_cosine - f64::from((0.6 * step).cos())).abs() < 1e-6);
}

#[test]
fn ties_count_as_their_share() {
    // Twenty pairs that are all the same: guessing is all that is left.
    let rows = [0.6f32, 0.8].repeat(20);
    let gap = Gap::measure(&rows, &rows, 2, 0).unwrap();
    for told in [gap.audio_to_text, gap.text_to_audio, gap.chance] {
        assert!((told.at_1 - 0.05).abs() < 1e-12 && (told.at_10 - 0.5).abs() < 1e-12);
    }
    assert_eq!(gap.separability, 0.5);
    assert_eq!(hit([0, 1], 1), 0.5);
    assert_eq!(hit([9, 4], 10), 0.2);
    assert_eq!(hit([10, 0], 10), 0.0);
}

#[test]
fn equal_seeds_equal_bits_with_any_number_of_threads() {
    let (audio, text) = (normal(150, 33, "one"), normal(150, 33, "other"));
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| Gap::measure(&audio, &text, 33, 5).unwrap())
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn what_cannot_be_measured_is_told() {
    let told =
        |audio: &[f32], text: &[f32]| Gap::measure(audio, text, 2, 0).unwrap_err().to_string();
    assert!(told(&[1.0, 2.0], &[1.0]).contains("as many rows"));
    assert!(told(&[], &[]).contains("as many rows"));
    assert!(told(&[1.0, 2.0], &[1.0, f32::NAN]).contains("row 0 of the text"));
}
