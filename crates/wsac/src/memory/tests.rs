#![allow(clippy::unwrap_used)]
use super::*;
use wsac_encoders::embedding::Embedding;
use wsac_nn::rng::Stream;
use wsac_tensors::safetensors::TensorFile;

fn embeddings(name: &str, n: usize, d: usize) -> Embeddings {
    let stream = Stream::new(name);
    // A common part, as text embeddings have, so that centring changes something.
    let number = |i: u64| stream.symmetric(i, 1.0) + if i.is_multiple_of(3) { 0.5 } else { 0.0 };
    Embeddings::new(d, (0..(n * d) as u64).map(number).collect()).unwrap()
}

fn memory(n: usize, d: usize) -> Memory {
    let captions: Vec<String> = (0..n).map(|i| format!("caption {i} à")).collect();
    Memory::new(&captions, embeddings("memory", n, d)).unwrap()
}

/// The definition, in f64.
fn cosine_from(centre: &[f32], a: &[f32], b: &[f32]) -> f64 {
    let part = |x: &[f32], i: usize| f64::from(x[i]) - f64::from(centre[i]);
    let sum = |x, y| -> f64 { (0..a.len()).map(|i| part(x, i) * part(y, i)).sum() };
    sum(a, b) / (sum(a, a) * sum(b, b)).sqrt()
}

#[test]
fn similarities_are_cosines_from_the_origin_or_the_mean() {
    let (mut memory, queries) = (memory(1300, 24), embeddings("queries", 3, 24));
    let mean = embeddings("memory", 1300, 24).mean();
    for centre in [Centre::None, Centre::MemoryMean] {
        memory.set_centre(centre);
        let from = match centre {
            Centre::None => vec![0.0; 24],
            Centre::MemoryMean => mean.clone(),
        };
        let all = memory.similarities(&queries);
        for (q, query) in queries.rows().enumerate() {
            for i in 0..1300 {
                let wanted = cosine_from(&from, query, &memory.embedding(i));
                assert!((f64::from(all[q * 1300 + i]) - wanted).abs() < 1e-6);
            }
        }
        let int8 = memory.kept_as(StorageDtype::Int8).unwrap();
        assert_eq!(int8.centre(), centre);
        let tolerance = if centre == Centre::None { 0.005 } else { 0.01 };
        wsac_golden::assert_close("int8", &int8.similarities(&queries), &all, tolerance);
    }
}

#[test]
fn of_equal_rows_the_lower_index_is_nearer() {
    let rows = [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.6, 0.8]].concat();
    let captions = ["a", "b", "c", "d"];
    let memory = Memory::new(&captions, Embeddings::new(2, rows).unwrap()).unwrap();
    let query = Embedding::new(vec![1.0, 0.0]).unwrap();
    let found = |k| -> Vec<usize> { memory.nearest(&query, k).iter().map(|h| h.index).collect() };
    assert_eq!(found(9), [0, 2, 3, 1]);
    assert_eq!(found(2), [0, 2]);
    assert_eq!(found(1), [0]);
    assert!(found(0).is_empty());
}

#[test]
fn a_batch_is_its_queries_one_by_one() {
    let (memory, queries) = (
        memory(1030, 16).kept_as(StorageDtype::Int8).unwrap(),
        embeddings("q", 5, 16),
    );
    for top_k in [None, Some(7), Some(5000)] {
        let all = memory.project_batch(&queries, 0.05, top_k).unwrap();
        let one_by_one: Vec<f32> = (0..5)
            .flat_map(|i| memory.project(&queries.get(i), 0.05, top_k).unwrap())
            .collect();
        wsac_golden::assert_close("projection", &all, &one_by_one, 1e-6);
    }
    for (i, hits) in memory.nearest_batch(&queries, 3).iter().enumerate() {
        let indices = |hits: &[Hit]| hits.iter().map(|h| h.index).collect::<Vec<_>>();
        assert_eq!(indices(hits), indices(&memory.nearest(&queries.get(i), 3)));
    }
    assert!(memory.project_batch(&queries, 0.0, None).is_err());
    assert!(memory.project_batch(&queries, 0.1, Some(0)).is_err());
}

#[test]
fn a_saved_memory_is_the_same_when_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.safetensors");
    let mut whole = memory(20, 8);
    whole.set_centre(Centre::MemoryMean);
    whole.describe("minilm");
    for kind in [StorageDtype::F32, StorageDtype::F16, StorageDtype::Int8] {
        let memory = whole.kept_as(kind).unwrap();
        assert_eq!(memory.rows().kind(), kind);
        memory.save(&path).unwrap();
        let loaded = Memory::load(&path).unwrap();
        let read = Memory::from_bytes("m", &std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(read.rows(), loaded.rows());
        assert!(loaded.captions().eq(memory.captions()));
        assert_eq!(loaded.to_bytes().unwrap(), memory.to_bytes().unwrap());
        assert_eq!(loaded.description(), Some("minilm"));
        let query = embeddings("q", 1, 8);
        assert_eq!(loaded.similarities(&query), memory.similarities(&query));
        let part = loaded.subset(&[3, 1]).unwrap();
        assert_eq!(part.caption(0), "caption 3 à");
        wsac_golden::assert_close("row", &part.embedding(1), &loaded.embedding(1), 1e-7);
    }
}

#[test]
fn lying_files_are_told() {
    let parts = |captions: &[u8], offsets: &[u32], rows: &[f32]| {
        let mut file = TensorFile::new();
        file.bytes("captions", captions);
        file.u32("offsets", offsets);
        file.f32("embeddings", &[rows.len() / 2, 2], rows);
        let bytes = file.to_bytes().unwrap();
        Memory::from_bytes("m.safetensors", &bytes).map_err(|e| e.to_string())
    };
    let unit = [1.0, 0.0, 0.0, 1.0];
    assert!(parts(b"ab", &[0, 1, 2], &unit).is_ok());
    for (captions, offsets, rows, why) in [
        (
            &b"ab"[..],
            &[0, 2][..],
            &unit[..],
            "1 captions but 2 embeddings",
        ),
        (b"ab", &[0, 2, 1], &unit, "do not fit"),
        (b"ab", &[0, 1, 9], &unit, "do not fit"),
        (b"ab", &[1, 1, 2], &unit, "do not fit"),
        ("é".as_bytes(), &[0, 1, 2], &unit, "do not fit"),
        (b"\xff\xfe", &[0, 1, 2], &unit, "not UTF-8"),
        (b"ab", &[0, 1, 2], &[1.0, 0.0, 0.0, 0.0], "row 1 is zero"),
        (
            b"ab",
            &[0, 1, 2],
            &[1.0, 0.0, f32::NAN, 0.0],
            "row 1 is zero or not finite",
        ),
        (b"", &[0], &[], "at least one"),
        (b"", &[], &[], "do not fit"),
    ] {
        let error = parts(captions, offsets, rows).unwrap_err();
        assert!(
            error.starts_with("m.safetensors: ") && error.contains(why),
            "{error}"
        );
    }
    let mut file = TensorFile::new();
    file.i8("embeddings", &[3, 0], &[]);
    file.f32("embeddings.scale", &[3], &[1.0; 3]);
    let error = Memory::from_bytes("m", &file.to_bytes().unwrap()).unwrap_err();
    assert!(error.to_string().contains("no matrix"), "{error}");
    let error = Memory::new(&["a"], embeddings("e", 2, 2))
        .unwrap_err()
        .to_string();
    assert!(error.contains("1 captions but 2"), "{error}");
}

/// Search over many blocks and segments against f64 and a full sort: all kinds of rows, one query and several, with a
/// centre and without, equal rows among them, softmax weights of a few rows and of all.
#[test]
fn search_over_many_blocks_equals_the_definitions() {
    let (n, d) = (9000, 96);
    let stream = wsac_nn::rng::Stream::new("many blocks");
    let mut rows: Vec<f32> = (0..(n * d) as u64)
        .map(|i| stream.symmetric(i, 1.0))
        .collect();
    // Row 17 stands three more times, in other blocks and segments.
    for copy in [1400, 5000, 8999] {
        rows.copy_within(17 * d..18 * d, copy * d);
    }
    let captions = vec![""; n];
    let exact = Memory::new(&captions, Embeddings::new(d, rows).unwrap()).unwrap();
    let draw = |i: usize, j: usize| stream.symmetric((n * d + 1 + i * d + j) as u64, 1.0);
    let mut queries: Vec<f32> = (0..70)
        .flat_map(|i| (0..d).map(move |j| draw(i, j)))
        .collect();
    queries[..d].copy_from_slice(&exact.embedding(17));
    let queries = Embeddings::new(d, queries).unwrap();
    for kind in [StorageDtype::F32, StorageDtype::F16, StorageDtype::Int8] {
        let mut memory = exact.kept_as(kind).unwrap();
        for centre in [Centre::None, Centre::MemoryMean] {
            memory.set_centre(centre);
            let all = memory.similarities(&queries);
            let found = memory.nearest_batch(&queries, 5);
            assert_eq!(
                found[0].iter().map(|h| h.index).take(4).collect::<Vec<_>>(),
                [17, 1400, 5000, 8999]
            );
            for (q, found) in found.iter().enumerate() {
                let sims = &all[q * n..][..n];
                let mut order: Vec<usize> = (0..n).collect();
                order.sort_by(|&a, &b| sims[b].total_cmp(&sims[a]));
                assert_eq!(
                    found.iter().map(|h| h.index).collect::<Vec<_>>(),
                    order[..5],
                    "query {q}"
                );
            }
            for tau in [0.01, 1.0] {
                let together = memory.project_batch(&queries, tau, None).unwrap();
                for q in [0, 1, 69] {
                    let sims = all[q * n..][..n]
                        .iter()
                        .map(|&s| f64::from(s) / f64::from(tau));
                    let most = sims.clone().fold(f64::MIN, f64::max);
                    let weights: Vec<f64> = sims.map(|s| (s - most).exp()).collect();
                    let total: f64 = weights.iter().sum();
                    let mut wanted = vec![0f64; d];
                    for (i, weight) in weights.iter().enumerate() {
                        let row = memory.embedding(i);
                        wanted
                            .iter_mut()
                            .zip(row)
                            .for_each(|(w, x)| *w += weight / total * f64::from(x));
                    }
                    let alone = Embedding::new(queries.row(q).to_vec()).unwrap();
                    let alone = memory.project(&alone, tau, None).unwrap();
                    for j in 0..d {
                        assert!(
                            (f64::from(together[q * d + j]) - wanted[j]).abs() < 1e-5,
                            "{q} {tau}"
                        );
                        assert!(
                            (f64::from(alone[j]) - wanted[j]).abs() < 1e-5,
                            "{q} {tau} alone"
                        );
                    }
                }
            }
            let run = |threads| {
                let pool = rayon::ThreadPoolBuilder::new()
                    .num_threads(threads)
                    .build()
                    .unwrap();
                pool.install(|| {
                    (
                        memory.project_batch(&queries, 0.1, None).unwrap(),
                        memory.nearest_batch(&queries, 3),
                    )
                })
            };
            assert!(run(1) == run(2) && run(1) == run(5));
        }
    }
}

#[test]
fn sounds_can_be_measured_from_their_own_mean() {
    let (mut memory, queries) = (memory(50, 24), embeddings("sounds", 3, 24));
    let gap: Vec<f32> = embeddings("gap", 1, 24).into_vec();
    memory.centre_each(&gap).unwrap();
    let mean = memory.origin().unwrap().to_vec();
    let sounds: Vec<f32> = mean.iter().zip(&gap).map(|(m, g)| m + g).collect();
    assert_eq!(memory.origin_of_queries().unwrap(), sounds);
    // The definition: a sound from the mean of sounds, a text from the mean of texts.
    let moved = |row: &[f32]| -> Vec<f32> { row.iter().zip(&gap).map(|(x, g)| x - g).collect() };
    for (q, sims) in memory.similarities(&queries).chunks(50).enumerate() {
        for (i, sim) in sims.iter().enumerate() {
            let want = cosine_from(&mean, &moved(queries.row(q)), &memory.embedding(i));
            assert!((f64::from(*sim) - want).abs() < 1e-5, "{sim} {want}");
        }
    }
    // It is saved, goes into parts, and is left again.
    let again = Memory::from_bytes("memory", &memory.to_bytes().unwrap()).unwrap();
    assert_eq!(again.origin_of_queries(), memory.origin_of_queries());
    let part = memory.subset(&[1, 2]).unwrap();
    assert_eq!(part.origin_of_queries(), memory.origin_of_queries());
    memory.set_centre(Centre::MemoryMean);
    assert_eq!(memory.origin_of_queries(), memory.origin());
    assert!(memory.centre_each(&gap[1..]).is_err());
}
