//! The signals of the golden values, by formula, and the models they were encoded with.

use wsac_nn::rng::Stream;

/// The models of golden/clap.
pub const CLAPS: [&str; 7] = [
    "ase_cnn14_bert",
    "ase_htsat_bert",
    "hf_clap_htsat_unfused",
    "hf_clap_htsat_fused",
    "hf_larger_clap_general",
    "msclap_2022",
    "msclap_2023",
];

/// The 3 s signal at 16 kHz of golden/yamnet/synthetic.json, by its formula.
pub fn yamnet_signal() -> Vec<f32> {
    let sine = |cycles: f64, phase: f64| (std::f64::consts::TAU * cycles + phase).sin();
    let at = |t: f64| {
        0.3 * sine(440.0 * t, 0.0)
            + 0.2 * sine(1730.0 * t, 0.5)
            + 0.1 * sine(5000.0 * t * (1.0 + 0.05 * t), 0.0)
    };
    (0..48_000)
        .map(|n| at(f64::from(n) / 16_000.0) as f32)
        .collect()
}

/// The waveform that a descriptor of golden/clap tells of, at `rate` Hz.
pub fn clap_wave(descriptor: &serde_json::Value, rate: u32) -> Vec<f32> {
    let rate = f64::from(rate);
    let seconds = |v: &serde_json::Value| v.as_f64().expect("seconds");
    let count = match descriptor["samples"].as_u64() {
        Some(n) => n as usize,
        None => (seconds(&descriptor["seconds"]) * rate).round() as usize,
    };
    let list = |v: &serde_json::Value| -> Vec<f64> {
        let list = v.as_array().expect("a list");
        list.iter().map(seconds).collect()
    };
    let partials: Vec<Vec<f64>> = (descriptor["partials"].as_array().expect("a list").iter())
        .map(list)
        .collect();
    let am = list(&descriptor["am"]);
    let noise = seconds(&descriptor["noise"]);
    let id = descriptor["id"].as_str().expect("an id");
    let stream = Stream::new(&format!("wave:{id}"));
    let silence = descriptor["silence"]
        .as_array()
        .map(|s| (seconds(&s[0]), seconds(&s[1])));
    let turn = std::f64::consts::TAU;
    let at = |n: usize| {
        let t = n as f64 / rate;
        if silence.is_some_and(|(from, to)| from <= t && t < to) {
            return 0.0;
        }
        let tone = |p: &Vec<f64>| p[0] * (turn * (p[1] * t + 0.5 * p[2] * t * t) + p[3]).sin();
        let gain = 1.0 + am[0] * (turn * am[1] * t).sin();
        let tones: f64 = partials.iter().map(tone).sum();
        (gain * tones + noise * (2.0 * stream.uniform(n as u64) - 1.0)) as f32
    };
    (0..count).map(at).collect()
}
