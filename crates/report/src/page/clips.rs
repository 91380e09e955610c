//! The clips of a page: a table of all of them by the strategies' scores, and a section a clip.

use super::anchor::anchor;
use super::parts::{Clip, StrategyCaption};
use crate::svg::escape;

pub(super) fn all(clips: &[Clip], ids: &[String], at: &str) -> String {
    let strategies = union(
        clips
            .iter()
            .flat_map(|c| &c.captions)
            .map(|told| &told.strategy),
    );
    let scores = union(
        clips
            .iter()
            .flat_map(|c| &c.captions)
            .flat_map(|told| told.scores.iter().map(|s| &s.0)),
    );
    let mut out = format!(
        "<section id=\"{at}\" class=\"stop\" tabindex=\"-1\">\n<h2>Clips {}</h2>\n<p class=\"tools\">",
        anchor(at)
    );
    out += "<label>Find <input id=\"find\" type=\"search\" placeholder=\"a name or a word of a caption\"></label> ";
    if scores.len() > 1 {
        out += "<label>Score <select id=\"score\">";
        for (i, score) in scores.iter().enumerate() {
            out += &format!("<option value=\"{i}\">{}</option>", escape(score));
        }
        out += "</select></label> ";
    } else if let Some(score) = scores.first() {
        out += &format!("<span>Score: {}</span> ", escape(score));
    }
    out += &format!("<output id=\"found\">{} clips</output></p>\n", clips.len());
    out += "<div class=\"scroll tall\" tabindex=\"0\" role=\"region\" aria-label=\"All clips\"><table class=\"sortable\" id=\"index\">\n<thead><tr><th scope=\"col\"><button type=\"button\">Clip</button></th>";
    for strategy in &strategies {
        out += &format!(
            "<th scope=\"col\" class=\"n\"><button type=\"button\">{}</button></th>",
            escape(strategy)
        );
    }
    out += "</tr></thead>\n<tbody>\n";
    for (clip, id) in clips.iter().zip(ids) {
        out += &format!("<tr><td><a href=\"#{id}\">{}</a></td>", escape(&clip.name));
        for strategy in &strategies {
            let told = clip
                .captions
                .iter()
                .find(|told| told.strategy == **strategy);
            out += &cell(told, &scores);
        }
        out += "</tr>\n";
    }
    out += "</tbody>\n</table></div>\n</section>\n";
    clips
        .iter()
        .zip(ids)
        .for_each(|(clip, id)| out += &one(clip, id));
    out
}

/// The first score shown; all of them for the choice of score, in order, parted by `|`.
fn cell(told: Option<&StrategyCaption>, scores: &[&String]) -> String {
    let value = |name: &String| {
        let score = told
            .and_then(|t| t.scores.iter().find(|s| s.0 == *name))
            .map(|s| s.1);
        score.filter(|s| s.is_finite())
    };
    let all: Vec<String> = scores
        .iter()
        .map(|name| value(name).map_or(String::new(), |v| round(v, 6)))
        .collect();
    let first = scores.first().and_then(|name| value(name));
    let (v, shown) = match first {
        Some(x) => (
            format!(" data-v=\"{}\"", round(x, 6)),
            round(x, 3).replace('-', "−"),
        ),
        None => (String::new(), "–".to_owned()),
    };
    let all = if scores.len() > 1 {
        format!(" data-all=\"{}\"", all.join("|"))
    } else {
        String::new()
    };
    format!("<td class=\"n\"{v}{all}>{shown}</td>")
}

fn one(clip: &Clip, id: &str) -> String {
    let mut out = format!(
        "<article id=\"{id}\" class=\"clip stop\" tabindex=\"-1\">\n<h3>{} {}</h3>\n",
        escape(&clip.name),
        anchor(id)
    );
    if let Some(at) = &clip.audio {
        out += &format!(
            "<audio controls preload=\"none\" src=\"{}\"></audio>\n",
            escape(at)
        );
    }
    if let Some(picture) = &clip.picture {
        out += &format!("<div class=\"scroll\">{}</div>\n", picture.inline());
    }
    if !clip.captions.is_empty() {
        let scores = union(
            clip.captions
                .iter()
                .flat_map(|told| told.scores.iter().map(|s| &s.0)),
        );
        out += "<div class=\"scroll\"><table class=\"captions\"><thead><tr><th scope=\"col\">Strategy</th><th scope=\"col\">Caption</th>";
        scores.iter().for_each(|name| {
            out += &format!("<th scope=\"col\" class=\"n\">{}</th>", escape(name))
        });
        out += "</tr></thead><tbody>\n";
        for told in &clip.captions {
            let caption = match told.caption.trim() {
                "" => "<i>(nothing)</i>".to_owned(),
                caption => escape(caption),
            };
            out += &format!(
                "<tr><th scope=\"row\">{}</th><td>{caption}</td>",
                escape(&told.strategy)
            );
            for name in &scores {
                let score = told
                    .scores
                    .iter()
                    .find(|s| s.0 == **name)
                    .map(|s| s.1)
                    .filter(|s| s.is_finite());
                let shown = score.map_or("–".to_owned(), |s| round(s, 3).replace('-', "−"));
                out += &format!("<td class=\"n\">{shown}</td>");
            }
            out += "</tr>\n";
        }
        out += "</tbody></table></div>\n";
    }
    out += "<div class=\"lists\">\n";
    if !clip.references.is_empty() {
        let items: String = clip
            .references
            .iter()
            .map(|text| format!("<li>{}</li>", escape(text)))
            .collect();
        out += &format!("<div><h4>References</h4><ul>{items}</ul></div>\n");
    }
    for (title, list) in [
        ("Nearest captions", &clip.nearest),
        ("Sounds", &clip.sounds),
    ] {
        if !list.is_empty() {
            let item = |(text, score): &(String, f64)| {
                format!(
                    "<li><span class=\"n\">{}</span> {}</li>",
                    round(*score, 3),
                    escape(text)
                )
            };
            let items: String = list.iter().map(item).collect();
            out += &format!("<div><h4>{title}</h4><ul class=\"scored\">{items}</ul></div>\n");
        }
    }
    out + "</div>\n</article>\n"
}

/// Each once, in order of appearance.
fn union<'a>(names: impl Iterator<Item = &'a String>) -> Vec<&'a String> {
    let mut seen: Vec<&String> = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}

fn round(x: f64, decimals: usize) -> String {
    format!("{x:.decimals$}")
}
