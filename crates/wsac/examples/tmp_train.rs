//! tmp
use std::ops::ControlFlow;
use wsac::train::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let mut r = csv::Reader::from_path(&a[1]).unwrap();
    let clips: Vec<Vec<String>> = r.records().map(|x| vec![x.unwrap()[1].to_string()]).collect();
    let mut v = csv::Reader::from_path(&a[2]).unwrap();
    let val: Vec<Vec<String>> = v.records().map(|x| x.unwrap().iter().skip(1).map(String::from).collect()).collect();
    let config: TrainConfig = toml::from_str(&std::fs::read_to_string(&a[3]).unwrap()).unwrap();
    let text = wsac::bundled::text_tower().unwrap();
    let vocabulary = wsac::bundled::vocabulary().unwrap();
    let job = Job { clips: &clips, validation: Some(&val), text: &text, encoder: "mini", auto_noise: 0.025,
        bridge: wsac::bridge::Bridge::Project { tau: 0.05, top_k: None }, centred: true, vocabulary: &vocabulary, shift: None,
        out: a[4].clone().into(), cache: Some("/tmp/wsac-cache".into()), resume: true };
    let start = std::time::Instant::now();
    let (mut sum, mut n) = (0.0, 0);
    let r = run(config, &job, &mut |e| {
        match e {
            Event::Embedded { done, total } if done % 2048 < 64 => eprintln!("{done}/{total} {:?}", start.elapsed()),
            Event::Step(s) => { sum += s.loss; n += 1; if s.step % 100 == 0 { eprintln!("{} {:.3} {:?}", s.step, sum / n as f64, start.elapsed()); sum = 0.0; n = 0; } }
            Event::Embedded { .. } => {}
            e => eprintln!("{e:?}"),
        }
        ControlFlow::Continue(())
    });
    match r { Ok(o) => eprintln!("validation {}", o.validation), Err(e) => eprintln!("{e}") }
}
