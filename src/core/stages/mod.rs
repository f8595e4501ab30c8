//! The nine stages (spec 04), as one static table.
//!
//! A stage is a function from [`Snapshot`](crate::domain::snapshot::Snapshot) and [`Findings`](outputs::Findings) to an output and a
//! list of [`Effect`](crate::domain::effect::Effect)s, the changes to commit. It has no I/O: if it needs a model or the store, it
//! returns [`Step::Ask`] with a closure that continues with the answers.

use std::time::Duration;

use step::{Context, StageError, Step};

pub use crate::domain::stage::StageName;

pub mod conflict;
pub mod emotional;
pub mod extraction;
#[cfg(test)]
pub(crate) mod fixture;
pub mod game_state;
pub mod life_sim;
pub mod memory_update;
pub mod outputs;
pub mod prompt_builder;
pub mod step;
pub mod summary;
pub mod touchpoint;

/// One row of the table.
pub struct Stage {
    /// Its name.
    pub name: StageName,
    /// The stages whose outputs it reads. It starts when all of them have ended, with success or not.
    pub needs: &'static [StageName],
    /// Whether its failure fails the conversation.
    pub critical: bool,
    /// Its timeout, including its questions.
    pub timeout: Duration,
    /// The most retries after a failure of its own.
    pub retries: u32,
    /// The function that begins it.
    pub begin: fn(&Context) -> Result<Step, StageError>,
}

use StageName::{
    Conflict, Emotional, Extraction, GameState, LifeSim, MemoryUpdate, PromptBuilder, Summary, Touchpoint,
};

const SECONDS_10: Duration = Duration::from_secs(10);
const SECONDS_20: Duration = Duration::from_secs(20);

/// The pipeline. Names, needs and criticality are spec 04's.
pub static STAGES: [Stage; StageName::ALL.len()] = [
    Stage { name: Extraction, needs: &[], critical: true, timeout: SECONDS_20, retries: 0, begin: extraction::begin },
    Stage {
        name: MemoryUpdate,
        needs: &[Extraction],
        critical: true,
        timeout: SECONDS_20,
        retries: 0,
        begin: memory_update::begin,
    },
    Stage { name: LifeSim, needs: &[], critical: false, timeout: SECONDS_10, retries: 1, begin: life_sim::begin },
    Stage {
        name: Emotional,
        needs: &[Extraction, LifeSim],
        critical: false,
        timeout: SECONDS_10,
        retries: 1,
        begin: emotional::begin,
    },
    Stage { name: GameState, needs: &[], critical: false, timeout: SECONDS_10, retries: 1, begin: game_state::begin },
    Stage {
        name: Conflict,
        needs: &[Emotional, GameState],
        critical: false,
        timeout: SECONDS_10,
        retries: 1,
        begin: conflict::begin,
    },
    Stage {
        name: Touchpoint,
        needs: &[LifeSim, Conflict],
        critical: false,
        timeout: SECONDS_10,
        retries: 1,
        begin: touchpoint::begin,
    },
    Stage {
        name: Summary,
        needs: &[Extraction],
        critical: false,
        timeout: SECONDS_10,
        retries: 1,
        begin: summary::begin,
    },
    Stage {
        name: PromptBuilder,
        needs: &[Extraction, MemoryUpdate, LifeSim, Emotional, GameState, Conflict, Touchpoint, Summary],
        critical: false,
        timeout: SECONDS_10,
        retries: 1,
        begin: prompt_builder::begin,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_about_the_jobs_has_the_table() {
        let page = include_str!("../../../docs/jobs.md");
        assert!(STAGES.iter().map(|it| it.name).eq(StageName::ALL), "each name has its row");
        for Stage { name, needs, critical, .. } in &STAGES {
            let needs = match needs.iter().map(|it| it.as_str()).collect::<Vec<_>>() {
                none if none.is_empty() => "–".to_owned(),
                all if all.len() == STAGES.len() - 1 => "all others".to_owned(),
                some => some.join(", "),
            };
            let row = format!("| `{name}` | {} | {needs} | ", if *critical { "yes" } else { "no" });
            assert!(page.contains(&row), "docs/jobs.md has no {row}");
        }
    }
}
