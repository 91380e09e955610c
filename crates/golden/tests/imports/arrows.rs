//! Which file names what another defines.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

use crate::modules::{Forest, Id, Import, Segments, is_test, leaves};
use crate::names::Target;

/// From file to file: the names that make the arrow.
pub type Arrows = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// All arrows between files.
pub fn arrows(forest: &Forest) -> Arrows {
    let mut arrows = Arrows::new();
    for (id, module) in forest.modules.iter().enumerate() {
        let mut named = Named::default();
        for item in &module.items {
            named.visit_item(item);
        }
        let mut add = |path: &[String], reexport: bool| {
            for target in forest.resolve(id, path) {
                let Target::Item(other) = target else {
                    continue;
                };
                let file = &forest.modules[other].file;
                // A parent may show what its children define under its own name.
                if *file != module.file && !(reexport && is_below(forest, other, id)) {
                    let leads = |n: &usize| forest.resolve(id, &path[..*n]).contains(&target);
                    let name = path[(1..path.len()).find(leads).unwrap_or(path.len()) - 1].clone();
                    let to = arrows.entry(module.file.clone()).or_default();
                    to.entry(file.clone()).or_default().insert(name);
                }
            }
        };
        for import in &module.imports {
            add(&import.path, import.public);
        }
        for import in &named.imports {
            add(&import.path, false);
        }
        for path in &named.paths {
            add(&named.aliased(path), false);
        }
        for import in module.imports.iter().chain(&named.imports) {
            if import.glob && !import.public {
                glob(&mut arrows, forest, id, &import.path);
            }
        }
    }
    arrows
}

/// A glob is an arrow to the module's file where that defines anything itself.
fn glob(arrows: &mut Arrows, forest: &Forest, id: Id, path: &[String]) {
    for target in forest.resolve(id, path) {
        if let Target::Module(other) = target {
            let (own, other) = (&forest.modules[id], &forest.modules[other]);
            if own.file != other.file && !other.items.is_empty() {
                let to = arrows.entry(own.file.clone()).or_default();
                let names = to.entry(other.file.clone()).or_default();
                names.insert("*".to_owned());
            }
        }
    }
}

/// Whether module `id` lies below `above`.
fn is_below(forest: &Forest, id: Id, above: Id) -> bool {
    let mut parent = forest.modules[id].parent;
    while let Some(module) = parent {
        if module == above {
            return true;
        }
        parent = forest.modules[module].parent;
    }
    false
}

/// What a module's code names.
#[derive(Default)]
struct Named {
    paths: BTreeSet<Segments>,
    /// The `use` lines inside functions.
    imports: Vec<Import>,
    /// What those bind.
    aliases: HashMap<String, Segments>,
    /// What patterns bind: a variable is not the function of the same name.
    variables: BTreeSet<String>,
}

impl Named {
    /// `path`, its first segment replaced where a `use` inside a function has bound it.
    fn aliased(&self, path: &Segments) -> Segments {
        if path.len() == 1 && self.variables.contains(&path[0]) {
            return Segments::new();
        }
        match self.aliases.get(&path[0]) {
            Some(start) => [start, &path[1..]].concat(),
            None => path.clone(),
        }
    }

    /// Takes the paths out of what stands between a macro's brackets.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path = Segments::new();
        // The punctuation since the last name: after `::` a path goes on, after `.` follows a method's name.
        let mut marks = String::new();
        for token in tokens {
            match token {
                TokenTree::Punct(mark) => marks.push(mark.as_char()),
                TokenTree::Ident(name) => {
                    if marks != "::" {
                        self.end(&mut path);
                    }
                    if !marks.ends_with(['.', '$', '\'']) || marks.ends_with("..") {
                        path.push(name.to_string());
                    }
                    marks.clear();
                }
                other => {
                    self.end(&mut path);
                    marks.clear();
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.end(&mut path);
    }

    fn end(&mut self, path: &mut Segments) {
        if !path.is_empty() {
            self.paths.insert(std::mem::take(path));
        }
    }
}

impl<'a> Visit<'a> for Named {
    fn visit_path(&mut self, path: &'a syn::Path) {
        let leading = path.leading_colon.iter().map(|_| String::new());
        let segments = path.segments.iter().map(|s| s.ident.to_string());
        self.paths.insert(leading.chain(segments).collect());
        visit::visit_path(self, path);
    }

    fn visit_pat_ident(&mut self, pattern: &'a syn::PatIdent) {
        self.variables.insert(pattern.ident.to_string());
        visit::visit_pat_ident(self, pattern);
    }

    fn visit_item_use(&mut self, import: &'a syn::ItemUse) {
        for (name, import) in leaves(import) {
            if let Some(name) = name {
                self.aliases.insert(name, import.path.clone());
            }
            self.imports.push(import);
        }
    }

    fn visit_macro(&mut self, call: &'a syn::Macro) {
        self.tokens(call.tokens.clone());
    }

    fn visit_item_macro(&mut self, item: &'a syn::ItemMacro) {
        // What a `macro_rules!` writes is named where it is called.
        if item.ident.is_none() {
            visit::visit_item_macro(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'a syn::ImplItemFn) {
        if !is_test(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_attribute(&mut self, _: &'a syn::Attribute) {}

    fn visit_visibility(&mut self, _: &'a syn::Visibility) {}
}
