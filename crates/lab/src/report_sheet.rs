//! Every picture, table and the page of `wsac-report`, drawn from made-up numbers: to look at, and an example of the API.

use std::path::PathBuf;

use wsac_report::bars::{Bar, Bars};
use wsac_report::clip::{ClipPicture, Sound};
use wsac_report::curves::{Curves, Run};
use wsac_report::histogram::{Histogram, System};
use wsac_report::page::{Block, Clip, Figure, Page, Section, StrategyCaption};
use wsac_report::sheet::{Layout, Panel, Set, Sheet};
use wsac_report::table::{Cell, Group, Number, Table};
use wsac_report::{Drawing, Result};

/// Draw every picture, table and the page of a report, from made-up numbers
#[derive(clap::Args)]
pub struct Args {
    #[arg(default_value = "report-example")]
    folder: PathBuf,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let folder = &args.folder;
    let random = &mut Random(1);
    let begun = std::time::Instant::now();
    let sheet = sheet(random);
    let together = sheet.draw()?;
    let numbers = sheet.table(&together.gaps);
    let alone = Sheet {
        layout: Layout::Alone,
        title: "The same, a map a panel".into(),
        joined: 12,
        ..sheet
    }
    .draw()?;
    println!(
        "two sheets in {:.1} s, divergences {:.2?} and {:.2?}",
        begun.elapsed().as_secs_f64(),
        together.divergences,
        alone.divergences
    );
    let pictures = [
        (
            "sheet",
            together.drawing,
            "Figures 2 and 3: audio and text before and after each strategy.",
        ),
        (
            "sheet-alone",
            alone.drawing,
            "The same, each panel with a map of its own.",
        ),
        (
            "curves",
            curves(random).draw()?,
            "Losses: the mean of three seeds, and their range.",
        ),
        (
            "histogram",
            histogram(random).draw()?,
            "How scores are spread over clips.",
        ),
        (
            "bars",
            bars().draw()?,
            "What each step adds to plain projection.",
        ),
    ];
    let mut blocks = vec![
        Block::Warning("All numbers here are made up.".into()),
        Block::Paragraph(
            "Mean and spread over three seeds; below each the 95 % bootstrap interval over clips."
                .into(),
        ),
        Block::Table(table()),
        Block::Command(
            "wsac experiment --config configs/table1.toml \\\n  --out runs/table1".into(),
        ),
    ];
    for (name, drawing, caption) in pictures {
        drawing.save(&folder.join(name))?;
        blocks.push(Block::Figure(Figure {
            caption: caption.into(),
            command: format!("wsac report runs/table1 --only {name}"),
            files: vec![
                (format!("{name}.svg"), format!("{name}.svg")),
                (format!("{name}.png"), format!("{name}.png")),
            ],
            ..drawing.into()
        }));
    }
    blocks.push(Block::Table(numbers));
    let results = blocks.drain(..4).collect();
    let page = Page {
        title: "An experiment that never was".into(),
        lead: vec!["Synthetic data, to show what a report looks like.".into()],
        sections: vec![
            Section {
                title: "Results".into(),
                blocks: results,
            },
            Section {
                title: "Figures".into(),
                blocks,
            },
        ],
        clips: (0..12).map(|i| clip(i, random)).collect::<Result<_>>()?,
        made_by: "wsac-lab report-sheet".into(),
    };
    if let Some(picture) = &page.clips[0].picture {
        picture.save(&folder.join("clip"))?;
    }
    page.save(&folder.join("index.html"))?;
    println!(
        "{}\n{}",
        table().markdown(true),
        table().latex("tab:results")
    );
    println!(
        "{} and its pictures are written",
        folder.join("index.html").display()
    );
    Ok(())
}

/// Audio and text that share a meaning in a few dimensions; text is moved by a gap; then what each strategy would do.
fn sheet(random: &mut Random) -> Sheet {
    let (n, d, few) = (300, 64, 8);
    let axes: Vec<f64> = (0..few * d).map(|_| 0.5 * random.gauss()).collect();
    let gap: Vec<f64> = (0..d).map(|_| 1.5 * random.gauss()).collect();
    let mut rows = [vec![], vec![], vec![], vec![], vec![], vec![]];
    for _ in 0..n {
        let meaning: Vec<f64> = (0..few).map(|_| random.gauss()).collect();
        let of: Vec<f64> = (0..d)
            .map(|k| (0..few).map(|f| meaning[f] * axes[f * d + k]).sum())
            .collect();
        let kinds: Vec<[f64; 6]> = (0..d)
            .map(|k| {
                let audio = of[k] + 0.5 * random.gauss();
                let text = of[k] + 0.4 * random.gauss() + gap[k];
                let noisy = text + 0.9 * random.gauss();
                let nearest = of[k] + 0.3 * random.gauss() + gap[k];
                [
                    audio,
                    text,
                    noisy,
                    text - gap[k],
                    nearest,
                    of[k] + 0.1 * random.gauss() + gap[k],
                ]
            })
            .collect();
        for (kind, rows) in rows.iter_mut().enumerate() {
            let length = kinds.iter().map(|x| x[kind] * x[kind]).sum::<f64>().sqrt();
            rows.extend(kinds.iter().map(|x| (x[kind] / length) as f32));
        }
    }
    let names = [
        "audio",
        "text",
        "text + noise",
        "text + shift",
        "nearest text",
        "projection",
    ];
    let panel = |title: &str, sets| Panel {
        title: title.into(),
        sets,
    };
    Sheet {
        title: "The modality gap before and after".into(),
        d,
        sets: names
            .into_iter()
            .zip(rows)
            .map(|(name, rows)| Set {
                name: name.into(),
                rows,
            })
            .collect(),
        panels: vec![
            panel("2: paired audio and text", [0, 1]),
            panel("3a: noise injection", [0, 2]),
            panel("3b: embedding shift", [0, 3]),
            panel("3c: nearest neighbours of the audio", [1, 4]),
            panel("3d: projections of the audio", [1, 5]),
        ],
        ..Sheet::default()
    }
}

fn curves(random: &mut Random) -> Curves {
    let names = ["baseline", "noise injection", "embedding shift"];
    let mut curve = |steps: usize, floor: f64, rough: f64| -> Vec<(f64, f64)> {
        let off = 0.05 * random.gauss();
        let at = |i: usize| 30.0 * i as f64 / steps as f64;
        (1..=steps)
            .map(|i| {
                (
                    at(i),
                    floor + off + 3.0 * (-at(i) / 6.0).exp() + rough * random.gauss(),
                )
            })
            .collect()
    };
    let run = |(k, name): (usize, &str)| Run {
        name: name.into(),
        training: (0..3)
            .map(|_| curve(3000, 1.9 + 0.2 * k as f64, 0.2))
            .collect(),
        validation: (0..3)
            .map(|_| curve(30, 2.6 - 0.12 * k as f64, 0.015))
            .collect(),
    };
    Curves {
        title: "Training and validation loss".into(),
        runs: names.into_iter().enumerate().map(run).collect(),
        ..Curves::default()
    }
}

fn histogram(random: &mut Random) -> Histogram {
    let system = |(k, name): (usize, &str)| System {
        name: name.into(),
        scores: (0..1045)
            .map(|_| (0.25 + 0.1 * k as f64) * (0.8 * random.gauss()).exp() - 0.1)
            .map(|x| x.max(0.0))
            .collect(),
    };
    let systems = ["direct", "nearest", "projection"]
        .into_iter()
        .enumerate()
        .map(system)
        .collect();
    Histogram {
        title: "Scores of clips".into(),
        label: "CIDEr-D of a clip".into(),
        systems,
        bins: 0,
    }
}

fn bars() -> Bars {
    let steps = [
        ("memory without duplicates", 0.4, -0.3, 1.1),
        ("centring", 2.1, 1.2, 3.1),
        ("top-k of 30", 1.3, 0.5, 2.2),
        ("beam search, re-ranked by CLAP", 3.4, 2.3, 4.6),
        (
            "retrieved captions before the prefix, trained on similar ones",
            2.0,
            0.6,
            3.5,
        ),
        ("keyword prompt", -0.7, -1.6, 0.1),
        ("longer prefix", -1.2, -2.0, -0.4),
    ];
    let bar = |(name, value, low, high): (&str, f64, f64, f64)| Bar {
        name: name.into(),
        value,
        interval: Some([low, high]),
    };
    Bars {
        title: "What each step adds".into(),
        label: "CIDEr-D x 100, against plain projection".into(),
        bars: steps.map(bar).into(),
        decimals: 1,
    }
}

fn table() -> Table {
    let mut table = Table::results("Clotho evaluation");
    let mut ours = Group {
        title: "Ours, 3 seeds".into(),
        ..Group::default()
    };
    let rows = [
        ("none", "direct", 0.8),
        ("noise", "direct", 1.0),
        ("shift", "direct", 1.02),
        ("none", "nearest", 1.03),
        ("none", "projection", 1.1),
    ];
    let scores = [0.51, 0.13, 0.155, 0.35, 0.36, 0.108, 0.234];
    for (training, inference, better) in rows {
        let mut row: Vec<Cell> = vec![training.into(), inference.into()];
        row.extend(scores.map(|s| {
            let s = s * better;
            Number::of_runs(&[s - 0.004, s, s + 0.005])
                .between(s - 0.02, s + 0.02)
                .into()
        }));
        ours.rows.push(row);
    }
    let mut published = Group {
        title: "Published".into(),
        published: true,
        ..Group::default()
    };
    let mut row: Vec<Cell> = vec!["a paper".into(), "projection".into()];
    row.extend(scores.map(|s| Cell::from(1.1 * s)));
    row[7] = Cell::Empty;
    published.rows.push(row);
    table.groups = vec![ours, published];
    table
        .notes
        .push("Scores times 100; ± is the standard deviation over seeds.".into());
    table
}

fn clip(i: usize, random: &mut Random) -> Result<Clip> {
    let name = format!("Clip no. {i} & its friends.wav");
    let frame_embeddings = |random: &mut Random, at: f64| -> Vec<f32> {
        (0..40)
            .map(|w| {
                ((-(w as f64 / 40.0 - at).powi(2) * 60.0).exp() + 0.05 * random.gauss().abs())
                    as f32
            })
            .collect()
    };
    let sounds = [
        ("Dog barking", 0.93, 0.3),
        ("Vehicle passing by on a wet road", 0.41, 0.7),
        ("Rain", 0.12, 0.5),
    ];
    let sounds: Vec<Sound> = sounds
        .map(|(name, score, at)| Sound {
            name: name.into(),
            score,
            course: frame_embeddings(random, at)
                .iter()
                .map(|x| x * score as f32)
                .collect(),
        })
        .into();
    let loud = |t: f64| (-(t - 0.3).powi(2) * 60.0).exp() + 0.2;
    let picture = ClipPicture {
        name: name.clone(),
        seconds: 10.0,
        samples: (0..20_000)
            .map(|k| (0.4 * loud(k as f64 / 20_000.0) * random.gauss()) as f32)
            .collect(),
        log_mel: (0..1000 * 64)
            .map(|k| {
                let (t, band) = ((k / 64) as f64 / 1000.0, (k % 64) as f64);
                let line = (-(band - 20.0 - 8.0 * (t * 12.0).sin()).powi(2) / 12.0).exp();
                (-70.0 + 45.0 * line * loud(t) + 5.0 * random.gauss()) as f32
            })
            .collect(),
        bands: 64,
        hertz: (50.0, 14_000.0),
        sounds,
    };
    let drawing: Drawing = picture.draw()?;
    let mut told = |strategy: &str, caption: &str| StrategyCaption {
        strategy: strategy.into(),
        caption: caption.into(),
        scores: vec![
            ("cider_d".into(), random.gauss().abs()),
            ("spice".into(), 0.2 * random.gauss().abs()),
        ],
    };
    Ok(Clip {
        name,
        picture: Some(drawing),
        references: vec![
            "a dog barks while cars pass by in the rain".into(),
            "a dog is barking near a busy road".into(),
        ],
        captions: vec![
            told("direct", "a person is walking"),
            told("nearest", "a dog barks loudly"),
            told("projection", "a dog barks while a car drives by"),
        ],
        nearest: vec![
            ("a dog barking by the street".into(), 0.71),
            ("cars driving past in the rain".into(), 0.64),
        ],
        ..Clip::default()
    })
}

/// SplitMix64 and Box-Muller.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ z >> 31) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn gauss(&mut self) -> f64 {
        let (a, b) = (1.0 - self.uniform(), self.uniform());
        (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
    }
}
