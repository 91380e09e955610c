//! The circles among files: the strongly connected components of more than one.

use std::collections::{BTreeMap, BTreeSet};

use crate::arrows::Arrows;

/// Each circle in words, its arrows with it, the largest first.
pub fn circles(arrows: &Arrows) -> Vec<String> {
    let mut circles = components(arrows);
    circles.retain(|files| files.len() > 1);
    circles.sort_by_key(|files| std::cmp::Reverse(files.len()));
    circles.iter().map(|files| words(files, arrows)).collect()
}

fn words(files: &BTreeSet<&str>, arrows: &Arrows) -> String {
    let mut words = format!("{} files import each other:\n", files.len());
    for from in files {
        for (to, names) in &arrows[*from] {
            if files.contains(to.as_str()) {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                words += &format!("  {from} -> {to}: {}\n", names.join(", "));
            }
        }
    }
    words
}

/// Tarjan's strongly connected components.
fn components(arrows: &Arrows) -> Vec<BTreeSet<&str>> {
    let mut search = Search {
        arrows,
        met: BTreeMap::new(),
        stack: Vec::new(),
        found: Vec::new(),
    };
    for file in arrows.keys() {
        if !search.met.contains_key(file.as_str()) {
            search.visit(file);
        }
    }
    search.found
}

struct Search<'a> {
    arrows: &'a Arrows,
    /// When a file was met.
    met: BTreeMap<&'a str, usize>,
    stack: Vec<&'a str>,
    found: Vec<BTreeSet<&'a str>>,
}

impl<'a> Search<'a> {
    fn visit(&mut self, file: &'a str) -> usize {
        let index = self.met.len();
        let mut low = index;
        self.met.insert(file, index);
        self.stack.push(file);
        for to in self.arrows.get(file).into_iter().flat_map(|to| to.keys()) {
            low = match self.met.get(to.as_str()) {
                None => low.min(self.visit(to)),
                Some(met) if self.stack.contains(&to.as_str()) => low.min(*met),
                Some(_) => low,
            };
        }
        if low == index {
            let at = self.stack.iter().position(|f| *f == file);
            let files = self.stack.split_off(at.expect("it is on the stack"));
            self.found.push(files.into_iter().collect());
        }
        low
    }
}

#[test]
fn a_circle_is_found_and_what_leads_to_it_is_not_part_of_it() {
    let arrow = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    let mut arrows = Arrows::new();
    for (from, to) in [
        arrow("a", "b"),
        arrow("b", "c"),
        arrow("c", "b"),
        arrow("c", "d"),
    ] {
        let names = BTreeSet::from(["x".to_owned()]);
        arrows.entry(from).or_default().insert(to, names);
    }
    let wanted = "2 files import each other:\n  b -> c: x\n  c -> b: x\n";
    assert_eq!(circles(&arrows), [wanted]);
}
