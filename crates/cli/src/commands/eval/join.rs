//! Predictions and references of the same clips -> [`Items`], joined on the clips' names.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use anyhow::{Result, bail};
use wsac_metrics::Items;

use super::captions::Clips;

/// The items to score, in the order of the references.
pub struct Joined {
    /// The clips' names; their numbers, from 1, if the files have none.
    pub names: Vec<String>,
    /// Each file's candidates: `candidates[file][k]` are every clip's k-th candidates.
    pub candidates: Vec<Vec<Vec<String>>>,
    /// The references of each clip.
    pub references: Vec<Vec<String>>,
    /// What was left out, in sentences; only with `common`.
    pub left_out: Vec<String>,
}

impl Joined {
    /// The first candidates of the first file with the references.
    pub fn items(&self) -> Result<Items> {
        let candidates = self.candidates[0][0].clone();
        Ok(Items::new(candidates, self.references.clone())?)
    }
}

/// Joins each file of predictions with the references. Clips that not all files have are an error that names them, or
/// with `common` left out.
pub fn join(
    predictions: Vec<(&Path, Clips)>,
    references: (&Path, Clips),
    common: bool,
) -> Result<Joined> {
    let (reference_path, references) = references;
    let Some(names) = &references.names else {
        return by_place(predictions, reference_path, references);
    };
    let mut wrong = Vec::new();
    let mut places = Vec::new();
    for (path, clips) in &predictions {
        let Some(own) = &clips.names else {
            bail!(
                "{}: has no column of file names, which {} has; add file_name",
                path.display(),
                reference_path.display()
            );
        };
        let place = places_of(names, own);
        let used: HashSet<usize> = place.iter().flatten().copied().collect();
        let missing = names.iter().zip(&place).filter(|(_, p)| p.is_none());
        let missing = missing.map(|(name, _)| name.as_str()).collect();
        let foreign = own.iter().enumerate().filter(|(i, _)| !used.contains(i));
        let foreign = foreign.map(|(_, name)| name.as_str()).collect();
        tell(
            &mut wrong,
            path,
            "has no caption for",
            missing,
            reference_path,
        );
        tell(
            &mut wrong,
            reference_path,
            "has no references for",
            foreign,
            path,
        );
        places.push(place);
    }
    if !wrong.is_empty() && !common {
        bail!(
            "{}; give all files the same clips, or score those they share with --common",
            wrong.join("; ")
        );
    }
    let shared = |clip: &usize| places.iter().all(|place| place[*clip].is_some());
    let clips: Vec<usize> = (0..names.len()).filter(shared).collect();
    if clips.is_empty() {
        bail!("no clip is in all files: {}", wrong.join("; "));
    }
    let names: Vec<String> = clips.iter().map(|&clip| names[clip].clone()).collect();
    let chosen: Vec<_> = (clips.iter().map(|&clip| references.captions[clip].clone())).collect();
    with_references(&names, &chosen, reference_path)?;
    let candidates = predictions.iter().zip(&places).map(|((path, own), place)| {
        let rows = clips.iter().flat_map(|&clip| place[clip]);
        by_rank(rows.map(|row| &own.captions[row]).collect(), &names, path)
    });
    Ok(Joined {
        candidates: candidates.collect::<Result<_>>()?,
        references: chosen,
        names,
        left_out: wrong,
    })
}

/// Files without names: row by row.
fn by_place(
    predictions: Vec<(&Path, Clips)>,
    reference_path: &Path,
    references: Clips,
) -> Result<Joined> {
    let n = references.captions.len();
    let names: Vec<String> = (1..=n).map(|i| i.to_string()).collect();
    with_references(&names, &references.captions, reference_path)?;
    let mut candidates = Vec::new();
    for (path, clips) in &predictions {
        if clips.names.is_some() {
            bail!(
                "{}: has no column of file names, which {} has; add file_name",
                reference_path.display(),
                path.display()
            );
        }
        if clips.captions.len() != n {
            bail!(
                "{} has {} rows and {} has {n}, and neither has file names to tell which belong together; add a column file_name",
                path.display(),
                clips.captions.len(),
                reference_path.display()
            );
        }
        candidates.push(by_rank(clips.captions.iter().collect(), &names, path)?);
    }
    Ok(Joined {
        names,
        candidates,
        references: references.captions,
        left_out: Vec::new(),
    })
}

/// The index in `own` of each of the clips `wanted`. Names as written; if no name is in both, without
/// folders, and then without extensions too, if these are distinct on either side.
fn places_of(wanted: &[String], own: &[String]) -> Vec<Option<usize>> {
    let keys: [fn(&str) -> &str; 3] = [|name| name, base, stem];
    for key in keys {
        let place: HashMap<&str, usize> = own
            .iter()
            .enumerate()
            .map(|(i, name)| (key(name), i))
            .collect();
        let found: Vec<Option<usize>> = wanted
            .iter()
            .map(|name| place.get(key(name)).copied())
            .collect();
        let distinct: HashSet<&str> = wanted.iter().map(|name| key(name)).collect();
        let clear = place.len() == own.len() && distinct.len() == wanted.len();
        if clear && found.iter().any(Option::is_some) {
            return found;
        }
    }
    vec![None; wanted.len()]
}

/// A name without its folders.
fn base(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

/// A name without its folders and its extension, which is short: AudioCaps' names of clips have none, files have.
fn stem(name: &str) -> &str {
    match base(name).rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && ending.len() <= 4 => stem,
        _ => base(name),
    }
}

fn tell(wrong: &mut Vec<String>, path: &Path, lacks: &str, names: Vec<&str>, other: &Path) {
    if !names.is_empty() {
        let (path, other) = (path.display(), other.display());
        wrong.push(format!("{path} {lacks} {} of {other}", listed(&names)));
    }
}

/// `2 clips ("a.wav", "b.wav")`: how many, and the first of them.
fn listed(names: &[&str]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<String> = (names.iter().take(SHOWN))
        .map(|name| format!("{name:?}"))
        .collect();
    let more = match names.len().saturating_sub(SHOWN) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    let clips = if names.len() == 1 { "clip" } else { "clips" };
    format!("{} {clips} ({}{more})", names.len(), shown.join(", "))
}

/// An error if a clip has no reference at all.
fn with_references(names: &[String], references: &[Vec<String>], path: &Path) -> Result<()> {
    let bare = names.iter().zip(references).filter(|(_, r)| r.is_empty());
    let bare: Vec<&str> = bare.map(|(name, _)| name.as_str()).collect();
    if !bare.is_empty() {
        bail!(
            "{} has no reference for {}; give each one, or take the clip out of all files",
            path.display(),
            listed(&bare)
        );
    }
    Ok(())
}

/// Candidates by rank: `[k][clip]`. A clip without captions has an empty one.
fn by_rank(rows: Vec<&Vec<String>>, names: &[String], path: &Path) -> Result<Vec<Vec<String>>> {
    let ranks = rows.first().map_or(1, |row| row.len().max(1));
    if let Some((row, name)) = rows
        .iter()
        .zip(names)
        .find(|(row, _)| row.len().max(1) != ranks)
    {
        bail!(
            "{}: {name:?} has {} candidates where others have {ranks}; give each clip as many",
            path.display(),
            row.len()
        );
    }
    let caption = |row: &&Vec<String>, k: usize| row.get(k).cloned().unwrap_or_default();
    Ok((0..ranks)
        .map(|k| rows.iter().map(|row| caption(row, k)).collect())
        .collect())
}
