//! Checks the graph of stages (spec 04) at start-up, before any conversation is claimed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

/// An error in a table of stages. It is a bug of ours, so the message is for a developer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// Two rows have the same name.
    #[error("stage `{0}` is declared twice")]
    DeclaredTwice(String),
    /// A stage needs one that does not exist.
    #[error("stage `{stage}` needs `{need}`, which does not exist")]
    MissingNeed {
        /// The stage.
        stage: String,
        /// The missing stage.
        need: String,
    },
    /// A row lists a need twice.
    #[error("stage `{stage}` lists its need `{need}` twice")]
    NeedTwice {
        /// The stage.
        stage: String,
        /// The need.
        need: String,
    },
    /// Stages wait for each other. They and all stages that need them can never start.
    #[error("stages wait for each other: {}; never reached: {}", .cycle.join(" needs "), .never_reached.join(", "))]
    Cycle {
        /// One cycle; its first stage is repeated at the end.
        cycle: Vec<String>,
        /// Every stage that could never start, in the table's order.
        never_reached: Vec<String>,
    },
}

/// Checks that no name is declared twice, that every need exists, and that every stage can start, given that a stage starts when
/// its needs have ended.
///
/// # Errors
/// The first error found, in the order of [`GraphError`]. A stage that can't start is always in a cycle or behind one.
pub fn check<N: Copy + Ord + Display>(stages: &[(N, &[N])]) -> Result<(), GraphError> {
    let mut needs_of = BTreeMap::new();
    for (name, needs) in stages {
        if needs_of.insert(*name, *needs).is_some() {
            return Err(GraphError::DeclaredTwice(name.to_string()));
        }
    }
    for (name, needs) in stages {
        check_needs(*name, needs, &needs_of)?;
    }

    // Each round reaches at least one stage or is the last, so n stages take at most n + 1 rounds.
    let mut reached = BTreeSet::new();
    loop {
        let before = reached.len();
        for (name, needs) in stages {
            if needs.iter().all(|need| reached.contains(need)) {
                reached.insert(*name);
            }
        }
        if reached.len() == before {
            break;
        }
    }
    let Some((stuck, _)) = stages.iter().find(|(name, _)| !reached.contains(name)) else {
        return Ok(());
    };
    Err(GraphError::Cycle {
        cycle: cycle_behind(*stuck, &needs_of, &reached).iter().map(N::to_string).collect(),
        never_reached: stages
            .iter()
            .filter(|(name, _)| !reached.contains(name))
            .map(|(name, _)| name.to_string())
            .collect(),
    })
}

fn check_needs<N: Copy + Ord + Display>(name: N, needs: &[N], table: &BTreeMap<N, &[N]>) -> Result<(), GraphError> {
    let mut seen = BTreeSet::new();
    for need in needs {
        if !table.contains_key(need) {
            return Err(GraphError::MissingNeed { stage: name.to_string(), need: need.to_string() });
        }
        if !seen.insert(*need) {
            return Err(GraphError::NeedTwice { stage: name.to_string(), need: need.to_string() });
        }
    }
    Ok(())
}

/// Follows unreached needs from an unreached stage until one repeats. There always is a next one, because a stage whose needs
/// are all reached is reached itself.
fn cycle_behind<N: Copy + Ord>(stuck: N, needs_of: &BTreeMap<N, &[N]>, reached: &BTreeSet<N>) -> Vec<N> {
    let mut path = vec![stuck];
    let mut at = stuck;
    while let Some(next) = needs_of.get(&at).and_then(|needs| needs.iter().find(|need| !reached.contains(need))) {
        if let Some(start) = path.iter().position(|name| name == next) {
            path.drain(..start);
            path.push(*next);
            break;
        }
        path.push(*next);
        at = *next;
    }
    path
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::check;
    use crate::core::stages::{STAGES, StageName};

    #[test]
    fn the_pipeline_is_sound() {
        let table: Vec<(StageName, &[StageName])> = STAGES.iter().map(|stage| (stage.name, stage.needs)).collect();
        assert_eq!(check(&table), Ok(()));
    }

    #[rstest]
    #[case::nothing(&[])]
    #[case::needs_may_be_declared_later(&[("b", &["a"][..]), ("a", &[])])]
    #[case::diamond(&[("a", &[][..]), ("b", &["a"]), ("c", &["a"]), ("d", &["b", "c"])])]
    fn sound_tables_pass(#[case] table: &[(&str, &[&str])]) {
        assert_eq!(check(table), Ok(()));
    }

    #[rstest]
    #[case::twice(&[("a", &[][..]), ("b", &[]), ("a", &[])], "stage `a` is declared twice")]
    #[case::missing(&[("a", &["ghost"][..])], "stage `a` needs `ghost`, which does not exist")]
    #[case::need_twice(&[("a", &[][..]), ("b", &["a", "a"])], "stage `b` lists its need `a` twice")]
    #[case::itself(&[("a", &["a"][..])], "stages wait for each other: a needs a; never reached: a")]
    #[case::no_root(
        &[("a", &["b"][..]), ("b", &["a"])],
        "stages wait for each other: a needs b needs a; never reached: a, b"
    )]
    #[case::behind_a_cycle(
        &[("root", &[][..]), ("late", &["root", "b"]), ("b", &["c"]), ("c", &["b", "root"])],
        "stages wait for each other: b needs c needs b; never reached: late, b, c"
    )]
    fn faults_are_named(#[case] table: &[(&str, &[&str])], #[case] expected: &str) {
        assert_eq!(check(table).unwrap_err().to_string(), expected);
    }

    /// A table in which every need has a smaller number than its stage has no cycle, in whatever order it is declared.
    fn acyclic() -> impl Strategy<Value = Vec<(usize, Vec<usize>)>> {
        proptest::collection::vec(proptest::collection::btree_set(0_usize..12, 0..5), 1..12)
            .prop_map(|rows| {
                let row = |(name, needs): (usize, std::collections::BTreeSet<usize>)| {
                    (name, needs.into_iter().filter(|need| *need < name).collect())
                };
                rows.into_iter().enumerate().map(row).collect::<Vec<(usize, Vec<usize>)>>()
            })
            .prop_shuffle()
    }

    fn borrowed(table: &[(usize, Vec<usize>)]) -> Vec<(usize, &[usize])> {
        table.iter().map(|(name, needs)| (*name, needs.as_slice())).collect()
    }

    proptest! {
        #[test]
        fn acyclic_tables_pass_and_an_edge_back_fails(table in acyclic()) {
            prop_assert_eq!(check(&borrowed(&table)), Ok(()));
            let closed = table.iter().find_map(|(name, needs)| needs.first().map(|need| (*need, *name)));
            if let Some((need, name)) = closed {
                let mut table = table.clone();
                table.iter_mut().filter(|(other, _)| *other == need).for_each(|(_, needs)| needs.push(name));
                prop_assert!(check(&borrowed(&table)).is_err());
            }
        }
    }
}
