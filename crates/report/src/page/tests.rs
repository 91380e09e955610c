#![allow(clippy::unwrap_used)]

use super::*;
use crate::Drawing;
use crate::svg::Colour;
use crate::table::Table;

fn page() -> Page {
    let mut drawing = Drawing::new("A \"drawing\"", 10.0, 10.0);
    drawing.line((0.0, 0.0), (5.0, 5.0), Colour::Series(0), 1.0);
    let told = |strategy: &str, score| StrategyCaption {
        strategy: strategy.into(),
        caption: "<script>alert(1)</script>".into(),
        scores: vec![("cider_d".into(), score), ("spice".into(), 0.1)],
    };
    let clip = |name: &str| Clip {
        name: name.into(),
        picture: Some(drawing.clone()),
        audio: Some("a\"b.wav".into()),
        references: vec!["a & b".into()],
        captions: vec![told("direct", 0.5), told("project", f64::NAN)],
        nearest: vec![("near".into(), 0.71)],
        sounds: vec![("Dog".into(), 0.9)],
    };
    let figure = Figure {
        caption: "What it <b>shows</b>".into(),
        command: "wsac report \\\n  RUN".into(),
        ..drawing.clone().into()
    };
    let blocks = vec![
        Block::Paragraph("x < y".into()),
        Block::Warning("text probe".into()),
        Block::List(vec!["one".into()]),
        Block::Command("wsac eval".into()),
        Block::Table(Table::results("T")),
        Block::Figure(figure),
    ];
    let section = |title: &str, blocks| Section {
        title: title.into(),
        blocks,
    };
    Page {
        title: "Report & more".into(),
        lead: vec!["Lead".into()],
        sections: vec![
            section("Results", blocks),
            section("Results", vec![]),
            section("…", vec![]),
        ],
        clips: vec![clip("Dog bark.wav"), clip("dog_bark.wav"), clip("ünï.wav")],
        made_by: "wsac".into(),
    }
}

#[test]
fn all_text_is_escaped() {
    let html = page().html();
    assert!(
        !html.contains("<script>alert") && html.contains("&lt;script&gt;alert(1)&lt;/script&gt;")
    );
    assert!(
        html.contains("<title>Report &amp; more</title>")
            && html.contains("a&quot;b.wav")
            && html.contains("x &lt; y")
    );
    assert!(
        html.contains("aria-label=\"A &quot;drawing&quot;\"") && html.contains("What it &lt;b&gt;")
    );
}

#[test]
fn addresses_are_each_once() {
    let html = page().html();
    let mut ids: Vec<&str> = html
        .split(" id=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    for wanted in [
        "results",
        "results-2",
        "section",
        "clips",
        "clip-dog-bark-wav",
        "clip-dog-bark-wav-2",
        "clip-ünï-wav",
    ] {
        assert!(ids.contains(&wanted), "{wanted} is not in {ids:?}");
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[test]
fn nothing_is_fetched() {
    let html = page().html();
    let addresses = html
        .split(&["src=\"", "href=\""][..][0])
        .chain(html.split("href=\""))
        .skip(1);
    for address in addresses {
        assert!(
            !address.starts_with("http") && !address.starts_with("//"),
            "{}",
            &address[..40]
        );
    }
    assert!(!html.contains("@import") && !html.contains("url(http"));
}

#[test]
fn scores_sort_and_missing_ones_have_no_value() {
    let html = page().html();
    assert!(
        html.contains(
            "<td class=\"n\" data-v=\"0.500000\" data-all=\"0.500000|0.100000\">0.500</td>"
        )
    );
    assert!(html.contains("<td class=\"n\" data-all=\"|0.100000\">–</td>"));
}

#[test]
fn a_page_without_clips_says_nothing_of_them() {
    let html = Page {
        title: "T".into(),
        ..Page::default()
    }
    .html();
    assert!(!html.contains("id=\"find\"") && !html.contains("find a clip"));
}
