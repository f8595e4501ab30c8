//! The promises of docs/reliability.md as queries: each finds the rows that break it. `check` and the tests run them.
//!
//! Each is one statement, so that it sees the database at one instant while the jobs run.

use chrono::{DateTime, Utc};

use super::codec::DbTime;
use super::read::{Read, row};
use super::session::fetch_all;
use super::sql::{self, Statement};
use super::{Result, Store};
use crate::core::text::first_chars;

/// The most characters of an id and of what is wrong, which can quote numbers of thousands of digits.
const MOST_SHOWN: usize = 300;

/// One promise.
#[derive(Clone, Copy, Debug)]
pub struct Promise {
    /// Its name in results and in docs/reliability.md. The statement is `check_NAME.sql`.
    pub name: &'static str,
    /// What is promised.
    pub sentence: &'static str,
    /// Which rows it can't judge, because other programs write them as well.
    pub limits: Option<&'static str>,
    sql: Statement,
}

/// A row that breaks a promise.
#[derive(Clone, Debug)]
pub struct Breach {
    /// The row, or the player or key where several rows break it together.
    pub id: String,
    /// What is wrong with it; no conversation text.
    pub found: String,
}

row! {
    struct BreachRow {
        id: Read<String>,
        found: Read<String>,
    }
}

macro_rules! promises {
    ($($name:ident $statement:ident: $sentence:literal $(, except $limits:literal)?;)*) => {
        /// All promises, in the order in which they are checked.
        pub const PROMISES: &[Promise] = &[$(Promise {
            name: stringify!($name),
            sentence: $sentence,
            limits: promises!(@ $($limits)?),
            sql: sql::$statement,
        }),*];
    };
    (@) => { None };
    (@ $limits:literal) => { Some($limits) };
}

promises! {
    state CHECK_STATE: "A conversation is in exactly one of `active`, `processing`, `processed`, `failed`",
        except "a NULL status is the application's";
    token CHECK_TOKEN: "A claim is complete: a run, and a token that only this run knows",
        except "`processing` without either is the application's, and a token whose status the application has changed is void";
    claim_owner CHECK_CLAIM_OWNER: "A claim names the run that made it";
    one_claim CHECK_ONE_CLAIM: "A player has at most one claimed conversation";
    attempts CHECK_ATTEMPTS: "A conversation has used three attempts at most",
        except "where another program's runs of process-conversations are recorded, only what we have claimed is judged";
    unstarted CHECK_UNSTARTED: "A conversation that was never started has used no attempt",
        except "not judged where another program's runs of process-conversations are recorded, because it counts attempts as well";
    effects_whole CHECK_EFFECTS_WHOLE: "A processed conversation has all its prompts, once each",
        except "a prompt that the application has replaced does not count as missing";
    effects_early CHECK_EFFECTS_EARLY: "A conversation that was never processed has no effects",
        except "facts, threads and thoughts with ids of other programs are not judged, nor is a conversation that the application has reset";
    said CHECK_SAID: "A conversation that a run reported as processed is processed and has its prompts",
        except "a conversation that the application has reset or deleted is not judged, nor are prompts if the application makes its own";
    signed CHECK_SIGNED: "A conversation that our commit has closed is processed and no longer claimed",
        except "a conversation whose status or times the application has reset is listed here";
    memo CHECK_MEMO: "Paid answers are kept until their conversation is processed, no longer",
        except "conversations that the application has closed are not judged";
    superseded CHECK_SUPERSEDED: "A replaced fact is inactive, and the fact that replaced it exists",
        except "only facts that one of our facts replaced; if the application has deleted that one, the replaced one is listed here";
    life_day CHECK_LIFE_DAY: "The life events of a day are created once", except "only our events count";
    one_prompt CHECK_ONE_PROMPT: "A player has at most one current prompt for a platform";
    decay_sum CHECK_DECAY_SUM: "The score after a charge plus the charge is the score before",
        except "only our charges, which record their hours";
    decay_twice CHECK_DECAY_TWICE: "No hour is charged twice", except "only our charges, which record their hours";
    watermark CHECK_WATERMARK: "The watermark is where the last charge left it",
        except "players without a charge of ours are not judged; one whose last charge the application has deleted is listed here";
    one_lease CHECK_ONE_LEASE: "A lease has one holder";
    lease_owner CHECK_LEASE_OWNER: "A job's lease belongs to a running execution";
    run_lease CHECK_RUN_LEASE: "A running execution has a lease, live or expired",
        except "runs of other programs, which never had a heartbeat, are not judged";
    run_end CHECK_RUN_END: "An execution has an end if and only if it is closed",
        except "runs of other programs, which never had a heartbeat, are not judged";
    run_twice CHECK_RUN_TWICE: "A run is closed once: completed, or failed by a recovery",
        except "runs of other programs, which never had a heartbeat, are not judged";
    runs_alone CHECK_RUNS_ALONE: "decay and scan-stuck run one at a time",
        except "runs of other jobs can overlap; an end in the future is not believed; after a clock that jumped back between two runs, the later one is listed here";
    audit_recovered CHECK_AUDIT_RECOVERED: "A recovered audit is failed, has an end, and its log records the recovery once",
        except "only recoveries that the Recovery Service has signed";
    audit_twice CHECK_AUDIT_TWICE: "No audit is both finished and recovered", except "only recoveries that the Recovery Service has signed";
    audit_lease CHECK_AUDIT_LEASE: "The owner of a recovered audit holds no lease",
        except "a program that takes its lease again after the recovery is listed here";
}

impl Store {
    /// The first `most` rows that break a promise; with `since`, only rows that have changed after it.
    pub async fn breaches(&self, promise: &Promise, since: Option<DateTime<Utc>>, most: i64) -> Result<Vec<Breach>> {
        let mut tx = self.begin_read().await?;
        let rows: Vec<BreachRow> = fetch_all!(&mut tx, _, promise.sql, since.map(DbTime), most);
        tx.rollback().await?;
        let shown = |text: Read<String>| match text.0 {
            Ok(text) => first_chars(&text, MOST_SHOWN).to_owned(),
            Err(oddity) => oddity.as_str().to_owned(),
        };
        Ok(rows.into_iter().map(|it| Breach { id: shown(it.id), found: shown(it.found) }).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::PROMISES;

    #[test]
    fn each_promise_has_its_own_statement_and_every_statement_its_promise() {
        let named: BTreeSet<_> = PROMISES.iter().map(|it| format!("check_{}.sql", it.name)).collect();
        assert_eq!(named.len(), PROMISES.len());
        for it in PROMISES {
            assert!(it.sql.postgres.starts_with(&format!("-- check_{}\n", it.name)), "{}", it.name);
        }
        for dialect in ["postgres", "sqlite"] {
            let files = |folder: &str| {
                let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/sql").join(folder);
                std::fs::read_dir(folder)
                    .unwrap()
                    .map(|it| it.unwrap().file_name().into_string().unwrap())
                    .collect::<Vec<_>>()
            };
            let files: BTreeSet<_> =
                files(dialect).into_iter().chain(files("common")).filter(|it| it.starts_with("check_")).collect();
            assert_eq!(files, named, "{dialect}");
        }
    }
}
