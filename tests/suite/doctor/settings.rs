//! Variables, the template, and files that hold secrets.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{Host, look, named, of, says};
use crate::support::JOBS;
use crate::support::bin::command;
use crate::support::db::Db;

/// What no job refuses here: a path that is written to at the end, and addresses that only a model of their vendor reads.
const FREE: [&str; 3] = ["NIKITA_METRICS_FILE", "ANTHROPIC_BASE_URL", "OPENAI_BASE_URL"];

#[test]
fn every_wrong_variable_is_named_and_not_only_the_first() {
    let db = Db::sqlite();
    let wrong = [
        ("NIKITA_LEASE", "1s"),
        ("NIKITA_DECAY_WINDOW", "soon"),
        ("NIKITA_DECAY_RATES", "1"),
        ("NIKITA_PROCESS_BATCH", "0"),
        ("NIKITA_ENRICH", "perhaps"),
        ("NIKITA_LLM_RPM", "0"),
        ("NIKITA_RECOVER_IDLE", "-1m"),
        ("AUDIT_STUCK_TIMEOUT_MINUTES", "0"),
        ("NIKITA_SCAN_PING_URL", "hunter2"),
        ("NIKITA_SKIP_EXIT_CODE", "256"),
    ];
    let bin = wrong.iter().fold(Host::bare().doctor(&db, &[]), |bin, (name, value)| bin.env(name, value));
    let result = look(bin, "error", 78);
    assert!(!result.to_string().contains("hunter2"), "a ping's address is a secret: {result}");
    let said: Vec<_> = of(&result, "settings.variables").into_iter().map(|[_, message, _]| message).collect();
    for (name, _) in wrong {
        assert_eq!(said.iter().filter(|message| message.starts_with(name)).count(), 1, "{name} in {said:#?}");
    }
    assert_eq!(said.len(), wrong.len(), "{said:#?}");
}

/// Whatever a job refuses, `doctor` reports, so that no setting is read in the job alone.
#[test]
fn every_variable_that_a_job_refuses_is_named() {
    const WRONG: &str = "no § value";
    let (db, host) = (Db::sqlite(), Host::bare());
    // Where a wrong value is a file's name, the job makes that file.
    let elsewhere = tempfile::TempDir::new().unwrap();
    let reference = command(&["reference"]).done().code(0).stdout();
    let mut tried = BTreeSet::new();
    for job in JOBS {
        let (_, section) = reference.split_once(&format!("\n### {job}\n")).expect("each job has a section");
        let section = section.split("\n### ").next().unwrap_or_default();
        let variables = section.lines().filter_map(|line| line.split("` | `").nth(1)?.split('`').next());
        // Neither is a setting of the job: one names the database, the other is read before any setting.
        for variable in variables.filter(|it| !["DATABASE_URL", "NIKITA_ENV_FILE"].contains(it)) {
            let done = db.command(&[job]).dir(elsewhere.path()).env(variable, WRONG).done();
            let refused = done.exit() == Some(78);
            assert!(
                refused || FREE.contains(&variable),
                "{job} takes any {variable}, or reads it nowhere: {}",
                done.all()
            );
            // Jobs share settings.
            if refused && tried.insert(variable) {
                let result = host.doctor(&db, &[]).env(variable, WRONG).done().code(78).json();
                assert!(
                    result.to_string().contains(variable),
                    "{job} refuses {variable}, and doctor does not: {result}"
                );
            }
        }
    }
    assert!(tried.len() > 50, "{tried:?}");
}

#[test]
fn a_variable_that_makes_no_sense_without_another_is_named() {
    let result = look(Host::bare().doctor(&Db::sqlite(), &[]).env("NIKITA_REPROCESS", "1"), "error", 78);
    says(&result, "settings.variables", "problem", &["NIKITA_REPROCESS needs --id"]);
}

#[test]
fn a_wrong_template_is_told_with_its_place() {
    let (db, host) = (Db::sqlite(), Host::bare());
    let shipped = include_str!("../../../src/core/prompt/prompt.j2");
    host.file("good/prompt.j2", shipped);
    host.file("bad/prompt.j2", &format!("{shipped}\n{{{{ no_such }}}}\n"));
    says(&look(host.doctor(&db, &["--template-dir", "good"]), "warning", 0), "settings.template", "ok", &["good"]);
    let bad = host.doctor(&db, &[]).env("NIKITA_TEMPLATE_DIR", "bad");
    says(&look(bad, "error", 78), "settings.template", "problem", &["bad/prompt.j2", "no_such"]);
    let gone = host.doctor(&db, &["--template-dir", "gone"]);
    says(&look(gone, "error", 78), "settings.template", "problem", &["gone/prompt.j2", "NIKITA_TEMPLATE_DIR"]);
}

#[test]
fn a_secret_that_everyone_can_read_is_told() {
    let host = Host::bare();
    let mode = |file: &str, mode| fs::set_permissions(host.path(file), fs::Permissions::from_mode(mode)).unwrap();
    mode("", 0o755);
    host.file("key", "sk-hunter2\n");
    host.file("env", "OPENAI_API_KEY=sk-hunter2\n");
    host.file("harmless", "NIKITA_LEASE=90s\nOPENAI_API_KEY=\n");
    let with_file =
        || host.alone(&["--llm", "openai:m", "--embeddings", "local"]).env("OPENAI_API_KEY_FILE", host.path("key"));
    let with_env = || host.alone(&["--env-file", "env"]);
    for (open, name) in [(0o644, "key"), (0o604, "env")] {
        mode(name, open);
        let result = look(if name == "key" { with_file() } else { with_env() }, "warning", 0);
        says(&result, "settings.secret_files", "warning", &[&host.path(name).display().to_string(), "chmod"]);
        assert!(!result.to_string().contains("hunter2"), "{result}");
        mode(name, 0o640);
        let result = look(if name == "key" { with_file() } else { with_env() }, "warning", 0);
        says(&result, "settings.secret_files", "ok", &[]);
        mode(name, open);
    }
    mode("harmless", 0o644);
    says(&look(host.alone(&["--env-file", "harmless"]), "warning", 0), "settings.secret_files", "ok", &[]);
    // Nobody else gets to it through a folder that is closed.
    mode("", 0o700);
    says(&look(with_file(), "warning", 0), "settings.secret_files", "ok", &[]);
}

#[test]
fn a_budget_that_can_not_be_kept_is_a_problem() {
    let bin = Host::bare()
        .alone(&[])
        .env("NIKITA_BUDGET_USD", "1")
        .env("OPENAI_API_KEY", "k")
        .env("NIKITA_LLM", "openai:unheard-of");
    let result = look(bin, "error", 78);
    says(&result, "settings.variables", "problem", &["NIKITA_BUDGET_USD can't be kept", "unheard-of"]);
    assert_eq!(named(&result, "problem"), ["settings.variables"]);
}
