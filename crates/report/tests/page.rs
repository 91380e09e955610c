//! The page as people use it, in headless Chromium where there is one: sorting, finding, choosing a score, keys, themes.

#![allow(clippy::unwrap_used)]

use std::process::{Command, Stdio};

use wsac_report::page::{Clip, Page, Section, StrategyCaption};

/// Runs once the page stands; what it found goes where the test reads it.
const USE: &str = r##"<script>
const told = {};
const names = () => [...document.querySelectorAll("#index tbody tr")].filter((r) => !r.hidden).map((r) => r.cells[0].textContent).join(" ");
const click = (column) => document.querySelectorAll("#index thead button")[column].click();
const key = (key) => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
click(1); told.falling = names();
click(1); told.rising = names();
const score = document.getElementById("score");
score.value = "1"; score.dispatchEvent(new Event("change")); told.other = names();
told.shown = document.querySelector("#index tbody td.n").textContent;
click(0); told.named = names();
const find = document.getElementById("find");
key("/"); told.focus = document.activeElement.id;
find.value = "DOG"; find.dispatchEvent(new Event("input")); told.found = names() + " " + document.getElementById("found").textContent;
told.hidden = document.querySelectorAll("article[hidden]").length;
find.blur();
key("j"); told.first = document.activeElement.id;
key("j"); key("j"); told.third = document.activeElement.id;
key("k"); told.back = document.activeElement.id;
const paper = () => getComputedStyle(document.body).backgroundColor;
key("d"); const one = paper(); key("d"); told.themes = one !== paper();
told.wide = document.documentElement.scrollWidth <= innerWidth;
document.body.innerHTML = "<pre id=told>" + JSON.stringify(told) + "</pre>";
</script></body>"##;

fn page() -> Page {
    let clip = |name: &str, caption: &str, a: f64, b: f64| Clip {
        name: name.into(),
        captions: vec![StrategyCaption {
            strategy: "direct".into(),
            caption: caption.into(),
            scores: vec![("cider_d".into(), a), ("spice".into(), b)],
        }],
        ..Clip::default()
    };
    Page {
        title: "Report".into(),
        sections: vec![Section {
            title: "Results".into(),
            blocks: vec![],
        }],
        clips: vec![
            clip("b", "rain", 0.5, 0.1),
            clip("a", "a dog barks", f64::NAN, 0.3),
            clip("c", "a dog howls", 2.0, f64::NAN),
            clip("d", "wind", 0.05, 0.2),
        ],
        ..Page::default()
    }
}

#[test]
fn the_page_sorts_finds_and_obeys_keys() {
    let folder = std::env::temp_dir().join(format!("wsac-report-page-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("page.html");
    let html = page().html().replace("</body>", USE);
    std::fs::write(&file, html).unwrap();
    let profile = format!("--user-data-dir={}", folder.join("profile").display());
    let told = Command::new("chromium")
        .args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--dump-dom",
        ])
        .arg(profile)
        .arg(format!("file://{}", file.display()))
        .stderr(Stdio::null())
        .output();
    let dom = match told {
        Ok(told) if told.status.success() => String::from_utf8_lossy(&told.stdout).into_owned(),
        _ => return println!("no chromium that runs: the page is not used"),
    };
    let _ = std::fs::remove_dir_all(&folder);
    let json = dom
        .split("<pre id=\"told\">")
        .nth(1)
        .and_then(|rest| rest.split("</pre>").next());
    let told: serde_json::Value =
        serde_json::from_str(json.unwrap_or_else(|| panic!("the page's script failed: {dom}")))
            .unwrap();
    let expected = serde_json::json!({
        "falling": "c b d a",
        "rising": "d b c a",
        "other": "b d a c",
        "shown": "0.100",
        "named": "a b c d",
        "focus": "find",
        "found": "a c 2 of 4 clips",
        "hidden": 2,
        "first": "results",
        "third": "clip-a",
        "back": "clips",
        "themes": true,
        "wide": true,
    });
    assert_eq!(told, expected);
}
