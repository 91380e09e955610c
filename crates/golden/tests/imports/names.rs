//! What a path means: the file that defines it, through re-exports and globs.

use std::collections::BTreeSet;

use crate::modules::{Binding, Forest, Id};

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// Something defined in this module.
    Item(Id),
    /// This module itself.
    Module(Id),
}

impl Forest {
    /// What `path`, written in module `from`, leads to: nothing where it leaves the workspace.
    pub fn resolve(&self, from: Id, path: &[String]) -> BTreeSet<Target> {
        self.walk(from, path, &mut BTreeSet::new())
    }

    /// `seen` holds what is being looked up, as re-exports may go round.
    fn walk(&self, from: Id, path: &[String], seen: &mut Seen) -> BTreeSet<Target> {
        let Some((first, mut rest)) = path.split_first() else {
            return BTreeSet::new();
        };
        let mut here = match first.as_str() {
            "crate" => BTreeSet::from([Target::Module(self.modules[from].root)]),
            "self" => BTreeSet::from([Target::Module(from)]),
            "super" => (self.modules[from].parent.map(Target::Module).into_iter()).collect(),
            "" => {
                rest = rest.get(1..).unwrap_or_default();
                self.library(path.get(1))
            }
            _ => {
                let local = self.name(from, first, seen);
                if local.is_empty() {
                    self.library(Some(first))
                } else {
                    local
                }
            }
        };
        for segment in rest {
            // A module and a function may share a name; only the module goes on.
            if here
                .iter()
                .any(|target| matches!(target, Target::Module(_)))
            {
                here.retain(|target| matches!(target, Target::Module(_)));
            }
            // The parts of an item (a variant, a method) lie where the item lies.
            here = (here.iter())
                .flat_map(|target| match *target {
                    Target::Item(id) => BTreeSet::from([Target::Item(id)]),
                    Target::Module(id) if segment == "super" => {
                        (self.modules[id].parent.map(Target::Module).into_iter()).collect()
                    }
                    Target::Module(id) => self.name(id, segment, seen),
                })
                .collect();
        }
        here
    }

    fn library(&self, name: Option<&String>) -> BTreeSet<Target> {
        let root = name.and_then(|name| self.libraries.get(name));
        (root.copied().map(Target::Module).into_iter()).collect()
    }

    /// What `name` stands for in module `id`.
    fn name(&self, id: Id, name: &str, seen: &mut Seen) -> BTreeSet<Target> {
        let mut found = BTreeSet::new();
        let module = &self.modules[id];
        for binding in module.names.get(name).into_iter().flatten() {
            match binding {
                Binding::Item => drop(found.insert(Target::Item(id))),
                Binding::Module(below) => drop(found.insert(Target::Module(*below))),
                Binding::Use(path) => found.extend(self.follow(id, name, path, seen)),
            }
        }
        if found.is_empty() {
            for glob in module.imports.iter().filter(|import| import.glob) {
                found.extend(self.follow(
                    id,
                    name,
                    &[&glob.path[..], &[name.to_owned()]].concat(),
                    seen,
                ));
            }
        }
        found
    }

    /// What `name` stands for in module `id` by a `use` of `path` there.
    fn follow(&self, id: Id, name: &str, path: &[String], seen: &mut Seen) -> BTreeSet<Target> {
        let step = (id, name.to_owned(), path.to_vec());
        if !seen.insert(step.clone()) {
            return BTreeSet::new();
        }
        let found = self.walk(id, path, seen);
        seen.remove(&step);
        found
    }
}

/// The steps that are being taken: module, name, and the path it is imported by.
type Seen = BTreeSet<(Id, String, Vec<String>)>;
