//! A list of all variants of an enum holds all of them: `ALL` is written by hand, and the compiler does not see what is left out.

use crate::{Source, none};

#[test]
fn lists_of_all_variants_are_whole() {
    none(left_out);
}

#[test]
fn a_variant_that_is_left_out_is_seen() {
    let text = "/// A.\n#[derive(Debug)]\npub enum Kind { /// B.\n #[serde(rename = \"b\")] First = 1, Second(u8, u8), Third { a: u8 } }\n\
                impl Kind { pub const ALL: [Self; 2] = [Self::First, Self::Third]; }";
    assert_eq!(left_out(&Source::new("src/a.rs", text)), ["src/a.rs: Kind::ALL lacks Second"]);
    let whole = text.replace("Self::First, ", "Self::First, Self::Second, ");
    assert!(left_out(&Source::new("src/a.rs", &whole)).is_empty());
    let listed = |name| {
        ["src/domain/exit.rs", "src/domain/job.rs", "src/domain/stage.rs", "src/providers/vendor.rs"].contains(&name)
    };
    assert_eq!(crate::tree().iter().filter(|it| listed(&it.name) && lists(it).count() == 1).count(), 4);
}

fn left_out(source: &Source) -> Vec<String> {
    let lacks = |(name, list): (&str, Vec<&str>)| {
        let absent = variants(source, name).into_iter().filter(move |it| !list.contains(it));
        absent.map(|it| format!("{}: {name}::ALL lacks {it}", source.name)).collect::<Vec<_>>()
    };
    lists(source).flat_map(lacks).collect()
}

/// Each `impl NAME { … const ALL: [Self; …] = […];`: the name, and what the list holds.
fn lists(source: &Source) -> impl Iterator<Item = (&str, Vec<&str>)> {
    let is_list = |at: &usize| {
        ["const", "ALL", ":", "[", "Self", ";"].iter().enumerate().all(|(step, it)| source.token(at + step) == *it)
    };
    (0..source.tokens.len()).filter(is_list).filter_map(|at| {
        let begins = (0..at).rev().find(|at| source.token(*at) == "impl")?;
        let list = (at + 6..source.tokens.len()).map(|at| source.token(at)).take_while(|it| *it != ";").collect();
        Some((source.token(begins + 1), list))
    })
}

fn variants<'a>(source: &'a Source, name: &str) -> Vec<&'a str> {
    let Some(at) = (0..source.tokens.len()).find(|at| source.token(*at) == "enum" && source.token(at + 1) == name)
    else {
        return vec![];
    };
    let (mut depth, mut found, mut expected) = (0, vec![], false);
    for token in (at + 2..source.tokens.len()).map(|at| source.token(at)) {
        match token {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth -= 1,
            _ => {}
        }
        match token {
            _ if depth == 0 => break,
            "{" | "," if depth == 1 => expected = true,
            _ if depth == 1 && expected && token.starts_with(char::is_uppercase) => {
                found.push(token);
                expected = false;
            }
            _ => {}
        }
    }
    found
}
