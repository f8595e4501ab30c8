//! No file needs, by whatever way, one that needs it: each can be read with those below it alone.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Source, tree};

#[test]
fn no_file_needs_one_that_needs_it() {
    let found = circles(&tree());
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn a_circle_is_seen() {
    let source = |name: &str, text: &str| Source::new(&format!("src/{name}"), text);
    let parent = source("a/mod.rs", "mod b; mod c; mod tests; pub fn f() { b::g() }");
    let through = |text: &str| {
        circles(&[
            source("lib.rs", "pub mod a;"),
            source("a/mod.rs", "mod b; mod c; #[cfg(test)] mod tests; pub fn f() { b::g() }"),
            source("a/b.rs", "use super::c::C;"),
            source("a/c.rs", text),
            source("a/tests.rs", "use super::f;"),
        ])
    };
    assert_eq!(through("use super::f;"), ["a needs a::b needs a::c needs a"]);
    assert_eq!(through("use crate::a::{b::G, d};").len(), 1);
    assert!(through("mod tests { use super::super::f; } use crate::z; use self::x;").is_empty());
    assert!(circles(&[parent]).is_empty());
}

type Module<'a> = &'a [String];

/// The circles, the shortest way around each.
fn circles(sources: &[Source]) -> Vec<String> {
    let tests: BTreeSet<Vec<String>> = sources.iter().flat_map(test_modules).collect();
    let is_test = |module: Module| (1..=module.len()).any(|end| tests.contains(&module[..end]));
    let modules: BTreeMap<Module, &Source> = sources
        .iter()
        .filter(|it| it.name != "src/main.rs" && !is_test(&it.module))
        .map(|it| (&it.module[..], it))
        .collect();
    let needs: BTreeMap<Module, BTreeSet<Module>> =
        modules.iter().map(|(module, source)| (*module, needs(source, &modules))).collect();
    let mut told: BTreeSet<Module> = BTreeSet::new();
    let mut found = Vec::new();
    for module in modules.keys() {
        if !told.contains(module)
            && let Some(way) = way_back(module, &needs)
        {
            told.extend(&way);
            let names = way.iter().chain([module]).map(|it| it.join("::")).collect::<Vec<_>>();
            found.push(names.join(" needs "));
        }
    }
    found
}

/// The modules that are there for tests alone.
fn test_modules(source: &Source) -> Vec<Vec<String>> {
    let words: Vec<&str> = source.tokens.iter().map(|(_, token)| &**token).collect();
    let mut found = Vec::new();
    for (at, _) in words.windows(3).enumerate().filter(|(_, it)| *it == ["cfg", "(", "test"]) {
        let after = &words[at..(at + 16).min(words.len())];
        let declared = after.iter().position(|it| *it == "mod").filter(|it| after.get(it + 2) == Some(&";"));
        let before = after.iter().position(|it| ["fn", "use", "impl", "struct"].contains(it));
        if let Some(declared) = declared.filter(|it| before.is_none_or(|before| *it < before)) {
            found.push(source.module.iter().cloned().chain([after[declared + 1].to_owned()]).collect());
        }
    }
    found
}

/// The files that a file's paths lead to. Those in a module within the file are its tests'.
fn needs<'a>(source: &Source, modules: &BTreeMap<Module<'a>, &'a Source>) -> BTreeSet<Module<'a>> {
    let mut found = BTreeSet::new();
    for (_, path, _) in source.paths().into_iter().filter(|(_, _, within)| !within) {
        let mut full: Vec<String> = path.split("::").map(Into::into).collect();
        if full[0] == "crate" {
            full.remove(0);
        } else {
            // A path may begin with a module of its own.
            full.splice(0..0, source.module.iter().cloned());
            if full.len() < source.module.len() + 2 || !modules.contains_key(&full[..=source.module.len()]) {
                continue;
            }
        }
        let target = (0..=full.len()).rev().find_map(|end| modules.get_key_value(&full[..end]));
        found.extend(target.map(|(module, _)| *module).filter(|it| *it != source.module));
    }
    found
}

/// The shortest way from a module to itself, without its end.
fn way_back<'a>(from: Module<'a>, needs: &BTreeMap<Module<'a>, BTreeSet<Module<'a>>>) -> Option<Vec<Module<'a>>> {
    let mut ways = vec![vec![from]];
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            for next in &needs[way[way.len() - 1]] {
                if *next == from {
                    return Some(way);
                }
                if seen.insert(*next) {
                    longer.push(way.iter().copied().chain([*next]).collect());
                }
            }
        }
        ways = longer;
    }
    None
}
