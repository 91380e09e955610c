//! A [`Page`] -> its HTML: head, contents, sections; [`super::clips`] writes the clips.

use std::collections::HashSet;

use super::anchor::anchor;
use super::clips;
use super::parts::{Block, Figure, Page, Section};
use crate::font::{BOLD, REGULAR};
use crate::svg::data_uri::base64;
use crate::svg::escape;

pub(super) fn page(page: &Page) -> String {
    let mut names = Names::default();
    let sections: Vec<(String, &Section)> = page
        .sections
        .iter()
        .map(|s| (names.unique("", &s.title), s))
        .collect();
    let clips_at = names.unique("", "clips");
    let ids: Vec<String> = page
        .clips
        .iter()
        .map(|clip| names.unique("clip-", &clip.name))
        .collect();
    let title = escape(&page.title);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<style>\n{}{}</style>\n</head>\n\
         <body>\n<a class=\"skip\" href=\"#main\">Skip to the report</a>\n",
        fonts(),
        include_str!("style.css"),
    );
    out += "<header><nav aria-label=\"Contents\"><ul>";
    for (id, section) in &sections {
        out += &format!("<li><a href=\"#{id}\">{}</a></li>", escape(&section.title));
    }
    if !page.clips.is_empty() {
        out += &format!("<li><a href=\"#{clips_at}\">Clips</a></li>");
    }
    out += "</ul><button type=\"button\" id=\"theme\" title=\"Dark or light (d)\">Dark / light</button></nav></header>\n";
    out += &format!("<main id=\"main\">\n<h1>{title}</h1>\n");
    for text in &page.lead {
        out += &format!("<p class=\"lead\">{}</p>\n", escape(text));
    }
    for (id, section) in &sections {
        out += &format!(
            "<section id=\"{id}\" class=\"stop\" tabindex=\"-1\">\n<h2>{} {}</h2>\n",
            escape(&section.title),
            anchor(id)
        );
        section
            .blocks
            .iter()
            .for_each(|block| out += &self::block(block));
        out += "</section>\n";
    }
    if !page.clips.is_empty() {
        out += &clips::all(&page.clips, &ids, &clips_at);
    }
    out += "</main>\n<footer>";
    if !page.made_by.is_empty() {
        out += &format!("<p>{}</p>", escape(&page.made_by));
    }
    out += "<p>Keys: <kbd>j</kbd> <kbd>k</kbd> next and previous section or clip, ";
    if !page.clips.is_empty() {
        out += "<kbd>/</kbd> find a clip, ";
    }
    out += "<kbd>t</kbd> top, <kbd>d</kbd> dark or light. Heads of tables sort.</p></footer>\n<script>\n";
    out + include_str!("script.js") + "</script>\n</body>\n</html>\n"
}

/// The bundled font, so that drawings look as measured.
fn fonts() -> String {
    let face = |weight: u32, bytes: &[u8]| {
        format!(
            "@font-face{{font-family:Roboto;font-weight:{weight};src:url(data:font/ttf;base64,{}) format(\"truetype\")}}\n",
            base64(bytes)
        )
    };
    face(400, REGULAR) + &face(700, BOLD)
}

fn block(block: &Block) -> String {
    match block {
        Block::Paragraph(text) => format!("<p>{}</p>\n", escape(text)),
        Block::Warning(text) => format!("<p class=\"warning\"><b>Note.</b> {}</p>\n", escape(text)),
        Block::List(items) => {
            let items: String = items
                .iter()
                .map(|item| format!("<li>{}</li>", escape(item)))
                .collect();
            format!("<ul>{items}</ul>\n")
        }
        Block::Command(text) => command(text),
        Block::Table(table) => table.html(),
        Block::Figure(figure) => self::figure(figure),
    }
}

/// Line breaks stay.
fn command(text: &str) -> String {
    let lines: Vec<String> = text.trim().lines().map(escape).collect();
    format!(
        "<div class=\"command\"><pre tabindex=\"0\"><code>{}</code></pre><button type=\"button\" class=\"copy\">Copy</button></div>\n",
        lines.join("\n")
    )
}

fn figure(figure: &Figure) -> String {
    let mut out = format!(
        "<figure>\n<div class=\"scroll\">{}</div>\n",
        figure.drawing.inline()
    );
    if !figure.caption.is_empty() || !figure.files.is_empty() {
        out += &format!("<figcaption>{}", escape(&figure.caption));
        for (name, at) in &figure.files {
            out += &format!(" <a href=\"{}\">{}</a>", escape(at), escape(name));
        }
        out += "</figcaption>\n";
    }
    if !figure.command.is_empty() {
        out += &command(&figure.command);
    }
    out + "</figure>\n"
}

/// Addresses, each once.
#[derive(Default)]
struct Names(HashSet<String>);

impl Names {
    fn unique(&mut self, before: &str, name: &str) -> String {
        let mut slug = String::from(before);
        for c in name.chars().flat_map(char::to_lowercase) {
            if c.is_alphanumeric() {
                slug.push(c);
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        }
        let slug = match slug.trim_end_matches('-') {
            "" => "section".to_owned(),
            slug => slug.to_owned(),
        };
        let taken = &self.0;
        let mut more = (2..).map(|i| format!("{slug}-{i}"));
        let id = match taken.contains(&slug) || matches!(&slug[..], "main" | "theme" | "find") {
            true => more.find(|id| !taken.contains(id)).unwrap_or(slug),
            false => slug,
        };
        self.0.insert(id.clone());
        id
    }
}
