#![allow(clippy::unwrap_used)]

use super::*;

fn table() -> Table {
    let row = |training: &str, inference: &str, scores: [f64; 7]| {
        let mut row: Vec<Cell> = vec![training.into(), inference.into()];
        row.extend(scores.map(|s| {
            Cell::from(
                Number {
                    spread: Some(0.004),
                    runs: Some(3),
                    ..Number {
                        mean: s,
                        ..Number::default()
                    }
                }
                .between(s - 0.02, s + 0.02),
            )
        }));
        row
    };
    let mut table = Table::results("Clotho & friends");
    table.groups.push(Group {
        rows: vec![
            row("–", "direct", [0.41, 0.08, 0.12, 0.29, 0.152, 0.08, 0.116]),
            row(
                "noise",
                "direct | x",
                [0.51, 0.12, 0.15, 0.34, 0.302, 0.101, f64::NAN],
            ),
        ],
        ..Group::default()
    });
    table.groups.push(Group {
        title: "Published_1".into(),
        published: true,
        rows: vec![vec!["PD".into(), "".into(), 0.9.into()]],
    });
    table.notes.push("100 % text-only.".into());
    table
}

#[test]
fn markdown_has_the_best_bold_and_the_published_apart() {
    let told = table().markdown(false);
    let lines: Vec<&str> = told.lines().collect();
    assert!(
        lines[2].starts_with("| Training strategy | Inference strategy |"),
        "{told}"
    );
    assert!(lines[3].contains("---:"));
    assert!(
        lines[5].contains("**51.0** ± 0.4")
            && lines[5].contains("direct \\| x")
            && lines[5].contains("–")
    );
    assert!(lines[6].contains("**Published\\_1**") || lines[6].contains("**Published_1**"));
    assert!(lines[7].contains("*90.0*") && !lines[7].contains("**90"));
    let widths: Vec<usize> = lines[2..8].iter().map(|l| l.chars().count()).collect();
    assert!(widths.iter().all(|w| *w == widths[0]), "{told}");
    assert!(table().markdown(true).contains("[49.0, 53.0]"));
}

#[test]
fn latex_escapes_and_sets_rules() {
    let told = table().latex("tab:clotho");
    assert!(told.contains("\\caption{Clotho \\& friends}") && told.contains("\\label{tab:clotho}"));
    assert!(told.contains("\\textbf{51.0}{\\tiny$\\pm$0.4}") && told.contains("\\textit{90.0}"));
    assert_eq!(told.matches("\\midrule").count(), 2);
    assert!(told.contains("Published\\_1") && told.contains("100 \\% text-only"));
    assert!(told.contains("% BLEU-1 49.0..53.0"));
    assert_eq!(
        latex::escape("a_b\\^~"),
        "a\\_b\\textbackslash{}\\textasciicircum{}\\textasciitilde{}"
    );
}

#[test]
fn csv_and_json_have_the_numbers_as_they_are() {
    let told = table().csv();
    let mut lines = told.lines();
    assert!(lines.next().unwrap().starts_with("group,published,training,inference,bleu_1,bleu_1_spread,bleu_1_low,bleu_1_high,bleu_1_runs,bleu_4"));
    assert!(
        lines
            .next()
            .unwrap()
            .starts_with(",false,–,direct,0.41,0.004,0.3")
    );
    let json = table().json();
    assert_eq!(json["rows"][1]["bleu_1"]["mean"], 0.51);
    assert_eq!(json["rows"][1]["spider"], serde_json::Value::Null);
    assert_eq!(json["rows"][2]["published"], true);
}

#[test]
fn html_is_escaped_and_sortable() {
    let told = table().html();
    assert!(told.contains("Clotho &amp; friends") && told.contains("data-v=\"0.41\""));
    assert!(told.contains("<b>51.0</b>") && told.contains("class=\"published\""));
}

#[test]
fn equal_after_rounding_is_equally_best() {
    let mut table = Table {
        columns: vec![Column::number("loss", "", 1, Best::Lowest)],
        ..Table::default()
    };
    table.groups.push(Group {
        rows: vec![vec![2.04.into()], vec![2.01.into()], vec![(-0.001).into()]],
        ..Group::default()
    });
    assert!(table.markdown(false).contains("| **0.0** |"));
    table.groups[0].rows.pop();
    assert_eq!(table.markdown(false).matches("**2.0**").count(), 2);
}

#[test]
fn the_spread_is_over_runs() {
    let told = Number::of_runs(&[1.0, 2.0, 3.0]);
    assert_eq!(
        (told.mean, told.spread, told.runs),
        (2.0, Some(1.0), Some(3))
    );
    assert_eq!(Number::of_runs(&[1.0]).spread, None);
    assert_eq!(Cell::from(Number::of_runs(&[])), Cell::Empty);
}
