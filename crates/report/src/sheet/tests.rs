#![allow(clippy::unwrap_used)]

use super::*;
use crate::tsne::Tsne;

fn sheet(n: usize) -> Sheet {
    let d = 8;
    let mut random = Random::new(0, "sheet/test");
    let audio: Vec<f32> = (0..n * d).map(|_| random.gauss() as f32).collect();
    let text = audio
        .iter()
        .enumerate()
        .map(|(i, x)| x + if i % d == 0 { 9.0 } else { 0.1 })
        .collect();
    let closer = audio.iter().map(|x| x + 0.2).collect();
    let set = |name: &str, rows| Set {
        name: name.into(),
        rows,
    };
    let panel = |title: &str, b| Panel {
        title: title.into(),
        sets: [0, b],
    };
    Sheet {
        d,
        sets: vec![
            set("audio", audio),
            set("text & more", text),
            set("shifted", closer),
        ],
        panels: vec![panel("Paired", 1), panel("Shift", 2)],
        tsne: Tsne {
            iterations: 50,
            ..Tsne::default()
        },
        drawn: 20,
        joined: 3,
        ..Sheet::default()
    }
}

#[test]
fn both_layouts_draw_and_repeat() {
    for layout in [Layout::Together, Layout::Alone] {
        let sheet = Sheet {
            layout,
            ..sheet(30)
        };
        let drawn = sheet.draw().unwrap();
        assert_eq!(drawn, sheet.draw().unwrap());
        assert_eq!(drawn.gaps.len(), 2);
        assert_eq!(
            drawn.divergences.len(),
            if layout == Layout::Alone { 2 } else { 1 }
        );
        let svg = drawn.drawing.svg();
        assert!(svg.contains("text &amp; more finds audio") && svg.contains("30 pairs, 20 drawn"));
        assert!(drawn.drawing.png(0.5).unwrap().len() > 1000);
    }
}

#[test]
fn the_numbers_make_a_table() {
    let sheet = sheet(30);
    let told = sheet.table(&sheet.measure().unwrap()).markdown(false);
    assert!(
        told.contains("| Paired | audio, text & more | ") && told.contains(" 33.3 |"),
        "{told}"
    );
}

#[test]
fn a_set_is_at_one_place_in_all_panels_of_a_map() {
    let svg = sheet(30).draw().unwrap().drawing.svg();
    // Panels are 348 pixels apart; discs are the audio's.
    let discs: Vec<(f64, f64)> = svg
        .lines()
        .filter(|l| l.starts_with("<circle") && !l.contains("r=\"4.5\""))
        .map(|l| {
            let value = |key: &str| {
                l.split(&format!("{key}=\""))
                    .nth(1)
                    .unwrap()
                    .split('"')
                    .next()
                    .unwrap()
                    .parse()
                    .unwrap()
            };
            (value("cx"), value("cy"))
        })
        .collect();
    assert_eq!(discs.len(), 40);
    let close = |a: f64, b: f64| (a - b).abs() < 0.02;
    assert!(
        discs[..20]
            .iter()
            .zip(&discs[20..])
            .all(|(a, b)| close(a.0 + 348.0, b.0) && close(a.1, b.1))
    );
}

#[test]
fn panels_that_compare_nothing_are_told() {
    let told = |change: &dyn Fn(&mut Sheet)| {
        let mut sheet = sheet(10);
        change(&mut sheet);
        sheet.draw().unwrap_err().to_string()
    };
    assert!(told(&|s| s.panels.clear()).contains("at least one panel"));
    assert!(told(&|s| s.panels[0].sets = [0, 9]).contains("must name two of the 3 sets"));
    assert!(told(&|s| s.sets[1].rows.truncate(8)).contains("as many rows"));
}
