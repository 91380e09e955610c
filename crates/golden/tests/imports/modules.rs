//! The modules of all crates, as their files' syntax says: which file each lies in and what each names.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use syn::punctuated::Punctuated;
use syn::{Attribute, Item, Meta, Token, UseTree, Visibility};

use crate::layers::Crate;

/// Where a module stands in [`Forest::modules`].
pub type Id = usize;

/// What a name stands for in a module.
#[derive(Clone, Debug)]
pub enum Binding {
    /// Something defined in the module itself.
    Item,
    /// A module below it.
    Module(Id),
    /// What a `use` brings in.
    Use(Segments),
}

/// The segments of a path; a leading `::` is the segment "".
pub type Segments = Vec<String>;

/// A `use`, one for each leaf of its tree.
pub struct Import {
    pub path: Segments,
    pub glob: bool,
    pub public: bool,
}

/// A module: a file, or a `mod x { .. }` in one.
pub struct Module {
    pub parent: Option<Id>,
    /// Its crate's root.
    pub root: Id,
    /// The file, from the repository's root: crates/nn/src/conv.rs
    pub file: String,
    pub names: HashMap<String, Vec<Binding>>,
    pub imports: Vec<Import>,
    /// What it holds outside tests, but for the modules below it.
    pub items: Vec<Item>,
}

/// All modules of all crates.
#[derive(Default)]
pub struct Forest {
    pub modules: Vec<Module>,
    /// The library roots by the name that code calls them by: `wsac_nn`.
    pub libraries: HashMap<String, Id>,
}

impl Forest {
    /// Reads every file that the libraries and binaries of `crates` reach outside tests.
    pub fn read(crates: &[Crate]) -> Self {
        let mut forest = Self::default();
        for package in crates {
            let source = package.folder.join("src");
            for root in ["lib.rs", "main.rs"] {
                if source.join(root).is_file() {
                    let id = forest.file(&source.join(root), &source, None);
                    if root == "lib.rs" {
                        let name = package.name.replace('-', "_");
                        forest.libraries.insert(name, id);
                    }
                }
            }
        }
        forest
    }

    /// Reads a file and the modules below it, which lie in `folder`.
    fn file(&mut self, path: &Path, folder: &Path, parent: Option<Id>) -> Id {
        let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let file = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let path = path.to_str().expect("a name in UTF-8");
        let short = path.rfind("/crates/").map_or(path, |at| &path[at + 1..]);
        self.module(short.to_owned(), file.items, folder, parent)
    }

    fn module(&mut self, file: String, items: Vec<Item>, folder: &Path, parent: Option<Id>) -> Id {
        let id = self.modules.len();
        self.modules.push(Module {
            parent,
            root: parent.map_or(id, |p| self.modules[p].root),
            file,
            names: HashMap::new(),
            imports: Vec::new(),
            items: Vec::new(),
        });
        for item in items {
            if !is_test(attributes(&item)) {
                self.item(id, item, folder);
            }
        }
        id
    }

    fn item(&mut self, id: Id, item: Item, folder: &Path) {
        let name = match &item {
            // A file from elsewhere, as measurements take them from tests.
            Item::Mod(module) if module.attrs.iter().any(|a| a.path().is_ident("path")) => return,
            Item::Mod(module) => {
                let name = module.ident.to_string();
                let below = folder.join(&name);
                let file = self.modules[id].file.clone();
                let inner = match &module.content {
                    Some((_, items)) => self.module(file, items.clone(), &below, Some(id)),
                    None => self.file(&file_of(module, folder), &below, Some(id)),
                };
                return self.bind(id, name, Binding::Module(inner));
            }
            Item::Use(import) => {
                for (name, import) in leaves(import) {
                    if let Some(name) = name {
                        self.bind(id, name, Binding::Use(import.path.clone()));
                    }
                    self.modules[id].imports.push(import);
                }
                return;
            }
            Item::Const(x) => Some(&x.ident),
            Item::Enum(x) => Some(&x.ident),
            Item::Fn(x) => Some(&x.sig.ident),
            Item::Macro(x) => x.ident.as_ref(),
            Item::Static(x) => Some(&x.ident),
            Item::Struct(x) => Some(&x.ident),
            Item::Trait(x) => Some(&x.ident),
            Item::Type(x) => Some(&x.ident),
            Item::Union(x) => Some(&x.ident),
            _ => None,
        };
        if let Some(name) = name {
            self.bind(id, name.to_string(), Binding::Item);
        }
        self.modules[id].items.push(item);
    }

    fn bind(&mut self, id: Id, name: String, binding: Binding) {
        let names = &mut self.modules[id].names;
        names.entry(name).or_default().push(binding);
    }
}

/// What a `use` brings in, and the name each is known by from then on; none for a glob or `_`.
pub fn leaves(import: &syn::ItemUse) -> Vec<(Option<String>, Import)> {
    let start = import.leading_colon.iter().map(|_| String::new());
    let public = !matches!(import.vis, Visibility::Inherited);
    let mut leaves = Vec::new();
    leaves_of(&import.tree, start.collect(), &mut leaves);
    let leaf = |(name, path, glob)| (name, Import { path, glob, public });
    leaves.into_iter().map(leaf).collect()
}

fn leaves_of(tree: &UseTree, mut path: Segments, into: &mut Vec<(Option<String>, Segments, bool)>) {
    let (name, known_as) = match tree {
        UseTree::Path(tree) => {
            path.push(tree.ident.to_string());
            return leaves_of(&tree.tree, path, into);
        }
        UseTree::Group(group) => {
            return (group.items.iter()).for_each(|tree| leaves_of(tree, path.clone(), into));
        }
        UseTree::Glob(_) => return into.push((None, path, true)),
        UseTree::Name(leaf) => (leaf.ident.to_string(), None),
        UseTree::Rename(leaf) => (leaf.ident.to_string(), Some(leaf.rename.to_string())),
    };
    // `use a::{self}` names `a`.
    if name != "self" || path.is_empty() {
        path.push(name);
    }
    let known_as = known_as.or(path.last().cloned()).filter(|name| name != "_");
    into.push((known_as, path, false));
}

/// The file of `mod x;` in `folder`.
fn file_of(module: &syn::ItemMod, folder: &Path) -> PathBuf {
    let flat = folder.join(format!("{}.rs", module.ident));
    if flat.is_file() {
        return flat;
    }
    folder.join(module.ident.to_string()).join("mod.rs")
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(x) => &x.attrs,
        Item::Enum(x) => &x.attrs,
        Item::Fn(x) => &x.attrs,
        Item::Impl(x) => &x.attrs,
        Item::Macro(x) => &x.attrs,
        Item::Mod(x) => &x.attrs,
        Item::Static(x) => &x.attrs,
        Item::Struct(x) => &x.attrs,
        Item::Trait(x) => &x.attrs,
        Item::Type(x) => &x.attrs,
        Item::Use(x) => &x.attrs,
        _ => &[],
    }
}

/// Whether what carries these attributes is there in tests only.
pub fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || attribute.path().is_ident("cfg")
                && attribute
                    .parse_args::<Meta>()
                    .is_ok_and(|cfg| needs_test(&cfg))
    })
}

fn needs_test(cfg: &Meta) -> bool {
    let parts = |list: &syn::MetaList| {
        let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
        parts.expect("the parts of a cfg")
    };
    match cfg {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("all") => parts(list).iter().any(needs_test),
        Meta::List(list) if list.path.is_ident("any") => parts(list).iter().all(needs_test),
        _ => false,
    }
}
