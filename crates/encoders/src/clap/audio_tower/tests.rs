#![allow(clippy::unwrap_used)]
use std::collections::HashMap;

use serde_json::Value;

use super::*;
use crate::compute_dtype::ProductDtype;
use crate::embedding::normalize;
use crate::golden::{assert_close, assert_stats, clap, clap_wave, json, numbers, shared};
use wsac_audio::Waveform;
use wsac_tensors::safetensors::Tensors;
use wsac_tensors::weights::WeightLoader;
use wsac_tensors::weights::synthetic::SyntheticWeights;

/// A model of golden/clap, its values, and our tower with the same weights.
struct Model {
    name: &'static str,
    golden: Value,
    values: HashMap<String, Vec<f32>>,
    tower: ClapAudio,
}

impl Model {
    fn load(name: &'static str) -> Option<Self> {
        Self::load_in(name, ProductDtype::F32)
    }

    fn load_in(name: &'static str, precision: ProductDtype) -> Option<Self> {
        let weights = clap(name)?;
        let family = Family::of(&weights).unwrap();
        let path = shared(&format!("golden/clap/dev/{name}.safetensors"))?;
        let bytes = std::fs::read(&path).unwrap();
        let file = Tensors::parse(&path, &bytes).unwrap();
        let value = |name: &str| {
            let shape = file.shape(name).unwrap();
            (name.to_owned(), file.get(name, &shape).unwrap().to_vec())
        };
        let windows = match name {
            "hf_clap_htsat_fused" => Windows::Mean,
            _ => Windows::First, // as the golden values were made
        };
        let reading = WeightLoader::new(&weights).in_precision(precision);
        let tower = ClapAudio::load(family, &reading, windows).unwrap();
        let left = reading.finish(|name| family.has_no_use_for(name)).unwrap();
        let forgotten = left.0.iter().find(|name| name.starts_with("audio"));
        assert_eq!(forgotten, None, "{name}");
        Some(Self {
            name,
            golden: json(&format!("golden/clap/dev/{name}.json"))?,
            values: file.names().into_iter().map(value).collect(),
            tower,
        })
    }

    fn wave(&self, item: &Value) -> Waveform {
        let rate = self.tower.rate();
        Waveform {
            samples: clap_wave(&item["descriptor"], rate),
            rate,
        }
    }

    fn encode(&self, waveform: &Waveform) -> AudioAnalysis {
        let mut audio = AudioStream::from_waveform(waveform, self.tower.rate()).unwrap();
        self.tower.encode(&mut audio).unwrap()
    }

    fn compare(&self, item: &Value, stage: &str, ours: &[f32]) {
        let id = id(item);
        let what = format!("{} {id} {stage}", self.name);
        let (golden_names, stored) = match stage {
            "bn0" => (vec!["bn0", "batch_norm"], None),
            "features" => (vec!["audio_enc", "embedding"], Some(["enc", "pool"])),
            "projected" => (
                vec!["audio_proj", "projection", "audio_projection"],
                Some(["proj", "proj"]),
            ),
            _ => (vec![stage], None),
        };
        if stage == "log-mel" {
            return self.compare_frames(item, ours);
        }
        let mut seen = false;
        for name in golden_names {
            let stats = &item["taps"][name];
            if stats.is_object() {
                assert_stats(&what, &laid_out(ours, stats), stats);
                seen = true;
            }
        }
        for kind in stored.into_iter().flatten() {
            let Some(golden) = self.values.get(&format!("{id}.{kind}")) else {
                continue;
            };
            let largest = golden.iter().fold(0f32, |m, x| m.max(x.abs()));
            assert_close(&what, ours, golden, 1e-5 * largest);
            seen = true;
        }
        // Only models with fusion have this stage in their golden data.
        let told = seen || stage == "patch_embed.proj";
        assert!(told, "{what}: nothing to compare with");
    }

    /// All golden frames within 3e-4 dB; those of an f32 transform are themselves off by up to 2.1e-4 dB.
    fn compare_frames(&self, item: &Value, ours: &[f32]) {
        let listed = match &item["logmel"] {
            Value::Array(list) => list.clone(),
            Value::Null => return,
            one => vec![one.clone()],
        };
        let channels = ours.chunks_exact(ours.len() / listed.len());
        for (channel, (ours, golden)) in channels.zip(&listed).enumerate() {
            let what = format!("{} {} log-mel {channel}", self.name, id(item));
            assert_stats(&what, ours, golden);
            for (at, golden) in golden["frames"].as_object().unwrap() {
                let frame = at.parse::<usize>().unwrap() * 64;
                assert_close(&what, &ours[frame..frame + 64], &numbers(golden), 3e-4);
            }
        }
    }

    /// The unit embedding within 3e-6.
    fn compare_unit(&self, item: &Value, ours: &[f32]) -> f32 {
        let golden = &self.values[&format!("{}.norm", id(item))];
        let what = format!("{} {} embedding", self.name, id(item));
        assert_close(&what, ours, golden, 3e-6);
        (ours.iter().zip(golden)).fold(0.0, |m, (a, b)| m.max((a - b).abs()))
    }

    fn compare_all(&self) {
        let mut worst = 0f32;
        for item in self.golden["audio"].as_array().unwrap() {
            let waveform = self.wave(item);
            let what = format!("{} {} wave", self.name, id(item));
            assert_stats(&what, &waveform.samples, &item["wave"]);
            let unit = if item["mode"] == "direct" {
                self.direct(item, &waveform.samples)
            } else if id(item).ends_with("forced_longer") {
                self.forced_longer(item, &waveform.samples)
            } else {
                let mut audio = AudioStream::from_waveform(&waveform, waveform.rate).unwrap();
                let mut compare = |stage: &str, ours: &[f32]| self.compare(item, stage, ours);
                let analysis = self
                    .tower
                    .hear(&mut audio, &mut ForwardHook::new(&mut compare))
                    .unwrap();
                assert_eq!((analysis.confidence, analysis.parts.len()), (1.0, 1));
                analysis.embedding.into_vec()
            };
            worst = worst.max(self.compare_unit(item, &unit));
        }
        eprintln!("{}: embeddings off by at most {worst:.1e}", self.name);
    }

    /// MS-CLAP 2023's other way with a long clip: crops of 689 frames every 344, averaged before the projection.
    fn direct(&self, item: &Value, samples: &[f32]) -> Vec<f32> {
        let Tower::Htsat(network) = &self.tower.tower else {
            panic!()
        };
        let frames = self.tower.front.frames(samples);
        self.compare_frames(item, &frames);
        let mut sum = vec![0f64; network.width()];
        let starts: Vec<usize> = (0..frames.len() / 64 - 690).step_by(344).collect();
        for (k, start) in starts.iter().enumerate() {
            let crop = frames[start * 64..(start + 689) * 64].to_vec();
            let mut compare = |stage: &str, ours: &[f32]| {
                let name = if k == 0 {
                    stage.to_owned()
                } else {
                    format!("{stage}#{}", k + 1)
                };
                if stage != "bn0" && item["taps"][&name].is_object() {
                    self.compare(item, &name, ours);
                }
            };
            let features = network.forward(vec![crop], &mut ForwardHook::new(&mut compare));
            sum.iter_mut()
                .zip(&features)
                .for_each(|(s, x)| *s += f64::from(*x));
        }
        assert_eq!(starts.len(), 4);
        self.unit(item, sum.iter().map(|s| (s / 4.0) as f32).collect())
    }

    /// A short clip that is treated as a long one: four times the same channel.
    fn forced_longer(&self, item: &Value, samples: &[f32]) -> Vec<f32> {
        let Tower::Htsat(network) = &self.tower.tower else {
            panic!()
        };
        let frames = self
            .tower
            .front
            .frames(&self.tower.extractor.fitted(samples));
        let mut compare = |stage: &str, ours: &[f32]| self.compare(item, stage, ours);
        let features = network.forward(vec![frames; 4], &mut ForwardHook::new(&mut compare));
        self.unit(item, features)
    }

    fn unit(&self, item: &Value, features: Vec<f32>) -> Vec<f32> {
        let mut compare = |stage: &str, ours: &[f32]| self.compare(item, stage, ours);
        let mut unit = self
            .tower
            .finish(features, &mut ForwardHook::new(&mut compare));
        normalize(&mut unit);
        unit
    }

    /// Twice the same, with one thread as with three; clips of any length, and silence.
    fn is_steady(&self) {
        let item = &self.golden["audio"][0];
        let waveform = self.wave(item);
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.unwrap().install(|| self.encode(&waveform))
        };
        let analysis = run(1);
        assert!(analysis == run(1) && analysis == run(3));
        let rate = waveform.rate;
        for n in [0, 1, rate as usize / 100] {
            let samples = waveform.samples[..n].to_vec();
            let analysis = self.encode(&Waveform { samples, rate });
            assert_eq!(analysis.confidence, if n == 0 { 0.0 } else { 1.0 });
            assert_eq!(analysis.duration, n as f64 / f64::from(rate));
            let norm: f32 = analysis.embedding.as_slice().iter().map(|x| x * x).sum();
            assert!((norm - 1.0).abs() < 1e-5);
        }
        let wrong = AudioStream::from_waveform(&waveform, 8000);
        assert!(self.tower.encode(&mut wrong.unwrap()).is_err());
    }
}

fn id(item: &Value) -> &str {
    item["id"]
        .as_str()
        .or(item["descriptor"]["id"].as_str())
        .unwrap()
}

/// A stage as the golden ones lie: images with the channels first, mel before time. One channel that stands for four
/// is repeated.
fn laid_out(x: &[f32], stats: &Value) -> Vec<f32> {
    let shape: Vec<usize> = numbers(&stats["shape"])
        .iter()
        .map(|&n| n as usize)
        .collect();
    let turned = |x: &[f32], c: usize| -> Vec<f32> {
        (0..c)
            .flat_map(|c0| x[c0..].iter().step_by(c).copied())
            .collect()
    };
    match *shape.as_slice() {
        // bn0: ours [channels, T, 64], golden [1, 64, T, channels].
        [1, 64, t, channels] if x.len() == 64 * t || x.len() == 64 * t * channels => {
            let own = x.len() / 64 / t;
            let at = |i: usize| {
                let (mel, t0, c) = (i / channels / t, i / channels % t, i % channels % own);
                x[(c * t + t0) * 64 + mel]
            };
            (0..64 * t * channels).map(at).collect()
        }
        [1, channels, 256, 256] => x.repeat(channels * 256 * 256 / x.len()),
        // Tokens: ours [64 * w, c], golden [n, c, 64, w].
        [n, c, 64, w] if w == 64 || w == 21 => x
            .chunks_exact(x.len() / n)
            .flat_map(|x| turned(x, c))
            .collect(),
        // CNN14: ours [mel, time, c], golden [1, c, time, mel].
        [1, c, time, mel] => {
            let at = |i: usize| x[((i % mel) * time + i / mel % time) * c + i / mel / time];
            (0..c * time * mel).map(at).collect()
        }
        _ => x.to_vec(),
    }
}

macro_rules! golden_tests {
    ($($name:ident: $model:literal),*) => {$(
        #[test]
        #[cfg_attr(no_golden, ignore = "needs the shared golden values")]
        fn $name() {
            if let Some(model) = Model::load($model) {
                model.compare_all();
                model.is_steady();
            }
        }
    )*};
}

golden_tests!(
    wavcaps_cnn14_equals_the_golden_values: "ase_cnn14_bert",
    wavcaps_htsat_equals_the_golden_values: "ase_htsat_bert",
    laion_unfused_equals_the_golden_values: "hf_clap_htsat_unfused",
    laion_fused_equals_the_golden_values: "hf_clap_htsat_fused",
    laion_larger_equals_the_golden_values: "hf_larger_clap_general",
    msclap_2022_equals_the_golden_values: "msclap_2022",
    msclap_2023_equals_the_golden_values: "msclap_2023"
);

/// What the packages of LAION-CLAP and PANNs give for generated sounds, with generated weights under the names of their
/// own checkpoints; reference/clap_ears.py made it. Tolerance as above.
fn assert_package(family: Family, json: &str, rate: u32) {
    let golden: Value = serde_json::from_str(json).unwrap();
    let weights = SyntheticWeights::parse("generated", json.as_bytes()).unwrap();
    let bank = MelBank::slaney(rate, 1024, 64, 50.0, 14_000.0);
    let mut matrix = vec![0.0; 513 * 64];
    for (bin, row) in matrix.chunks_exact_mut(64).enumerate() {
        let mut unit = [0.0; 513];
        unit[bin] = 1.0;
        bank.apply(&unit, row);
    }
    let weights = weights.with(".melW", &matrix);
    assert_eq!(Family::of(&weights).unwrap(), family);
    let reading = WeightLoader::new(&weights);
    let tower = ClapAudio::load(family, &reading, Windows::Mean).unwrap();
    let left = reading.finish(|name| family.has_no_use_for(name)).unwrap();
    assert!(left.0.is_empty(), "{left}");
    for item in golden["items"].as_array().unwrap() {
        let samples = clap_wave(&item["descriptor"], rate);
        let mut audio = AudioStream::from_waveform(&Waveform { samples, rate }, rate).unwrap();
        let analysis = tower.encode(&mut audio).unwrap();
        let golden = numbers(&item["embedding"]);
        assert_eq!(tower.dim(), golden.len());
        let what = format!("{family} {}", id(item));
        assert_close(&what, analysis.embedding.as_slice(), &golden, 3e-6);
    }
}

#[test]
fn laion_equals_its_package() {
    let json = include_str!("../../../tests/golden/laion.json");
    assert_package(Family::Laion, json, 48_000);
}

#[test]
fn panns_equals_its_package() {
    let json = include_str!("../../../tests/golden/panns.json");
    assert_package(Family::Panns, json, 32_000);
}

/// The reference refuses clips of more than 1024 frames; ours are covered by windows.
#[test]
#[cfg_attr(no_golden, ignore = "needs the shared golden values")]
fn long_clips_are_the_mean_of_their_windows() {
    let Some(mut model) = Model::load("ase_htsat_bert") else {
        return;
    };
    let refused = model.golden["errors"][0].clone();
    let waveform = model.wave(&refused);
    let part = |model: &Model, range: std::ops::Range<usize>| {
        let samples = waveform.samples[range].to_vec();
        model
            .encode(&Waveform {
                samples,
                rate: waveform.rate,
            })
            .embedding
    };
    let (n, length) = (waveform.samples.len(), model.tower.length());
    assert!(length < n && n < 2 * length);
    let first = part(&model, 0..length);
    assert_eq!(model.encode(&waveform).embedding, first);
    let last = part(&model, n - length..n);
    let middle = part(&model, (n - length) / 2..(n - length) / 2 + length);
    model.tower.windows = Windows::Centre;
    assert_eq!(model.encode(&waveform).embedding, middle);
    model.tower.windows = Windows::Mean;
    let mut mean = Mean::default();
    mean.add(first, length);
    mean.add(last, n - length);
    assert_eq!(model.encode(&waveform).embedding, mean.finish().unwrap());
}

#[test]
fn other_checkpoints_are_errors() {
    let weights = |json: &str| SyntheticWeights::parse("m", json.as_bytes()).unwrap();
    let empty = weights(r#"{"keys": []}"#);
    for family in Family::ALL {
        let error = ClapAudio::load(family, &empty, Windows::Mean)
            .err()
            .unwrap();
        assert!(
            error.to_string().contains("is missing"),
            "{family}: {error}"
        );
    }
    let name = "audio_branch.patch_embed.proj.weight";
    for shape in ["[]", "[0,1,4,4]", "[96,4,4,4]", "[96]"] {
        let odd = weights(&format!(r#"{{"keys": [["{name}", "float32", {shape}]]}}"#));
        let error = ClapAudio::load(Family::Laion, &odd, Windows::Mean)
            .err()
            .unwrap();
        assert!(error.to_string().contains("has shape"), "{shape}: {error}");
    }
}

/// In bf16 every tower agrees with itself in f32: unit embeddings with a cosine of at least 0.999.
#[test]
#[cfg_attr(no_golden, ignore = "needs the shared golden values")]
fn bf16_hears_the_same() {
    for name in [
        "ase_cnn14_bert",
        "msclap_2022",
        "ase_htsat_bert",
        "hf_clap_htsat_fused",
    ] {
        let load = |precision| Model::load_in(name, precision);
        let (Some(exact), Some(rounded)) = (load(ProductDtype::F32), load(ProductDtype::Bf16))
        else {
            return;
        };
        for item in exact.golden["audio"].as_array().unwrap() {
            let [a, b] = [&exact, &rounded].map(|m| m.encode(&m.wave(item)).embedding);
            let cosine = crate::embedding::dot(a.as_slice(), b.as_slice());
            assert!(cosine >= 0.999, "{name} {}: {cosine}", id(item));
            println!("{name} {}: {cosine}", id(item));
            assert!(cosine < 1.0, "{name}: nothing was rounded");
        }
    }
}
