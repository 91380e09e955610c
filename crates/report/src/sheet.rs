//! Figures 2 and 3 of the paper (arXiv 2309.12242) in one sheet: t-SNE of two kinds of embeddings a panel, the modality
//! gap in numbers under each.
//!
//! Sets of rows `[N, d]`, panels that name two sets each -> a drawing, and the numbers. Which layout is right:
//! [`Layout::Together`] lays all sets out in one map, so that a set is at one place in every panel and panels can be
//! compared: use it to see where noise, shift, nearest or projection bring the points. [`Layout::Alone`] gives each
//! panel a map of its own, as the paper's figures have it: whether two kinds mix can be seen, panels can not be compared.
//! In neither do distances between clusters mean anything; that is what the numbers are for.

mod draw;
mod parts;

pub use parts::{Layout, Panel, Set, Sheet};

use crate::Drawing;
use crate::error::{Error, Result};
use crate::gap::Gap;
use crate::random::Random;
use crate::table::{Best, Cell, Column, Group, Table};
use parts::Points;

/// A drawn sheet, and what it shows in numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    /// The picture.
    pub drawing: Drawing,
    /// The gap of each panel, of all rows: the first set in the place of audio, the second in that of text.
    pub gaps: Vec<Gap>,
    /// What is left of the divergence in each map (one of all, or one a panel), in nats.
    pub divergences: Vec<f64>,
}

impl Sheet {
    /// The gap of each panel, without a picture.
    pub fn measure(&self) -> Result<Vec<Gap>> {
        self.check()?;
        let measure = |panel: &Panel| {
            let [a, b] = panel.sets.map(|s| &self.sets[s].rows);
            Gap::measure(a, b, self.d, self.tsne.seed)
        };
        self.panels.iter().map(measure).collect()
    }

    /// The numbers below the panels as a table.
    pub fn table(&self, gaps: &[Gap]) -> Table {
        let columns = vec![
            Column::words("Panel", "panel"),
            Column::words("Sets", "sets"),
            Column::number("Pairs", "pairs", 0, Best::None),
            Column::number("Distance of centroids", "centroid_distance", 3, Best::None),
            Column::share("Told apart by a plane, %", "separability"),
            Column::number("Cosine of pairs", "paired_cosine", 3, Best::None),
            Column::number("Cosine of others", "unpaired_cosine", 3, Best::None),
            Column::share("First finds second, R@1 %", "first_to_second_r_at_1"),
            Column::share("R@10 %", "first_to_second_r_at_10"),
            Column::share("Second finds first, R@1 %", "second_to_first_r_at_1"),
            Column::share("R@10 %", "second_to_first_r_at_10"),
            Column::share("By chance, R@10 %", "chance_r_at_10"),
        ];
        let row = |(panel, gap): (&Panel, &Gap)| -> Vec<Cell> {
            let [a, b] = panel
                .sets
                .map(|s| self.sets.get(s).map_or("", |set| &*set.name));
            let numbers = [
                gap.pairs as f64,
                gap.centroid_distance,
                gap.separability,
                gap.paired_cosine,
                gap.unpaired_cosine,
                gap.audio_to_text.at_1,
                gap.audio_to_text.at_10,
                gap.text_to_audio.at_1,
                gap.text_to_audio.at_10,
                gap.chance.at_10,
            ];
            let mut row: Vec<Cell> = vec![panel.title.as_str().into(), format!("{a}, {b}").into()];
            row.extend(numbers.map(Cell::from));
            row
        };
        Table {
            title: "The gap in numbers".into(),
            columns,
            groups: vec![Group {
                rows: self.panels.iter().zip(gaps).map(row).collect(),
                ..Group::default()
            }],
            notes: vec![
                "50 % told apart by a plane is guessing: no gap that a plane could find.".into(),
            ],
        }
    }

    /// Draws it. Equal seeds give equal files.
    pub fn draw(&self) -> Result<Drawn> {
        let gaps = self.measure()?;
        let chosen: Vec<Vec<usize>> = self
            .sets
            .iter()
            .map(|set| self.choose(set.rows.len() / self.d))
            .collect();
        let used: Vec<usize> = (0..self.sets.len())
            .filter(|s| self.panels.iter().any(|p| p.sets.contains(s)))
            .collect();
        let (maps, divergences): (Vec<[Points; 2]>, Vec<f64>) = match self.layout {
            Layout::Together => {
                let (points, divergence) = self.map(&used, &chosen)?;
                let of =
                    |set: usize| points[used.iter().position(|&u| u == set).unwrap_or(0)].clone();
                (
                    self.panels.iter().map(|panel| panel.sets.map(of)).collect(),
                    vec![divergence],
                )
            }
            Layout::Alone => {
                let mut maps = Vec::new();
                for panel in &self.panels {
                    let (points, divergence) = self.map(&panel.sets, &chosen)?;
                    let [a, b] = [points[0].clone(), points[1].clone()];
                    maps.push(([a, b], divergence));
                }
                maps.into_iter().unzip()
            }
        };
        Ok(Drawn {
            drawing: draw::draw(self, &maps, &gaps, &divergences),
            gaps,
            divergences,
        })
    }

    /// Lays out the chosen rows of `sets` in one map: the points of each set, and the divergence left.
    fn map(&self, sets: &[usize], chosen: &[Vec<usize>]) -> Result<(Vec<Points>, f64)> {
        let mut rows = Vec::new();
        for &set in sets {
            for &i in &chosen[set] {
                rows.extend_from_slice(&self.sets[set].rows[i * self.d..(i + 1) * self.d]);
            }
        }
        let map = self.tsne.run(&rows, self.d)?;
        let mut from = 0;
        let mut cut = |&set: &usize| {
            let points = map.points[from..from + chosen[set].len()].to_vec();
            from += chosen[set].len();
            points
        };
        let points = sets.iter().map(&mut cut).collect();
        Ok((points, map.divergence))
    }

    /// Which of `n` rows are drawn: the same for every set of as many rows.
    fn choose(&self, n: usize) -> Vec<usize> {
        let mut order = Random::new(self.tsne.seed, "sheet/pairs").shuffle(n);
        order.truncate(self.drawn.max(2));
        order
    }

    fn check(&self) -> Result<()> {
        if self.panels.is_empty() {
            return Err(Error::input("a sheet needs at least one panel"));
        }
        for panel in &self.panels {
            let [a, b] = panel.sets;
            if a == b || a.max(b) >= self.sets.len() {
                return Err(Error::input(format!(
                    "the panel \"{}\" must name two of the {} sets; it names {a} and {b}",
                    panel.title,
                    self.sets.len()
                )));
            }
            let [a, b] = panel.sets.map(|s| &self.sets[s]);
            if self.d == 0
                || a.rows.len() != b.rows.len()
                || a.rows.len() < 2 * self.d
                || a.rows.len() % self.d != 0
            {
                return Err(Error::input(format!(
                    "the panel \"{}\" compares pairs: {} and {} must have as many rows, two or more, of {} numbers; they have \
                     {} and {} numbers",
                    panel.title,
                    a.name,
                    b.name,
                    self.d,
                    a.rows.len(),
                    b.rows.len()
                )));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
