//! Prompt templates from outside, and `prompt render`.

use std::fs;

use tempfile::TempDir;
use uuid::Uuid;

use crate::on_every_database;
use crate::support::db::Db;
use crate::support::seed::{NOW, Player, at, backlog, conversation, transcript};

const SHIPPED: &str = include_str!("../../src/core/prompt/prompt.j2");

fn folder(template: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("prompt.j2"), template).unwrap();
    folder
}

fn rows_of_all(db: &Db) -> Vec<Vec<String>> {
    ["users", "conversations", "ready_prompts", "job_executions"]
        .iter()
        .flat_map(|table| db.rows(&format!("select count(*) from {table}")))
        .collect()
}

on_every_database! {
    fn a_prompt_is_rendered_from_the_database_as_it_is_and_not_stored(db) {
        let user = Player { last_interaction: at(-3600), ..Player::default() }.insert(db);
        conversation(db, user, -9000, &transcript(&["I work as a nurse in Lisbon."]));
        // By the real clock, as `prompt render` is: today's life is in it.
        db.run(&["process-conversations", "--force"]).code(0);
        db.execute("update users set conflict_details = '{\"temperature\": 60.0, \"updated_at\": \"2026-11-18T12:00:00.000000Z\"}'");
        let before = rows_of_all(db);
        let user = user.to_string();
        let text = db.run(&["prompt", "render", "--user", &user]).code(0).json();
        let prompt = text["prompt"].as_str().unwrap();
        for part in ["# Identity", "# Immersion", "# Platform", "# State", "# Relationship", "# Memory", "# Continuity", "# Inner Life",
            "# Psychology", "# Chapter", "I work as a nurse in Lisbon."] {
            assert!(prompt.contains(part), "{part} is not in {prompt}");
        }
        assert!((100..=6_500).contains(&text["token_count"].as_u64().unwrap()));
        let voice = db.run(&["prompt", "render", "--user", &user, "--platform", "voice", "--format", "human"]).code(0).stdout();
        assert!(voice.starts_with("# Identity\n") && voice.contains("You are on a call."), "{voice}");
        assert_eq!(rows_of_all(db), before);
    }

    fn a_prompt_of_nobody_is_a_clear_error(db) {
        let ghost = Uuid::new_v4();
        let done = db.run(&["prompt", "render", "--user", &ghost.to_string()]).code(1);
        assert_eq!(done.error(), format!("there is no player {ghost}"));
        db.run(&["prompt", "render", "--user", "42"]).code(2);
        db.run(&["prompt", "render"]).code(2);
        db.run(&["prompt", "render", "--user", &ghost.to_string(), "--platform", "smoke"]).code(2);
        // Somebody with whom nothing has happened yet has a prompt too.
        let user = Player::default().insert(db);
        db.run(&["prompt", "render", "--user", &user.to_string()]).code(0);
    }
}

#[test]
fn a_template_of_ones_own_takes_the_shipped_ones_place() {
    let db = Db::sqlite();
    let user = Player { last_interaction: at(-3600), ..Player::default() }.insert(&db);
    conversation(&db, user, -9000, &transcript(&["I work as a nurse in Lisbon."]));
    let own = folder(&SHIPPED.replace("You are Nikita,", "You are Nikita of the north,"));
    let dir = own.path().to_str().unwrap();
    db.run(&["process-conversations", "--force", "--now", NOW, "--template-dir", dir]).code(0);
    assert_eq!(db.number("select count(*) from ready_prompts where prompt_text like '%Nikita of the north,%'"), 2.0);
    let rendered = db
        .command(&["prompt", "render", "--user", &user.to_string()])
        .env("NIKITA_TEMPLATE_DIR", dir)
        .done()
        .code(0)
        .json();
    assert!(rendered["prompt"].as_str().unwrap().contains("Nikita of the north,"));
}

/// What is wrong with a template is told with file, line and name, before anything is claimed.
#[test]
fn a_wrong_template_stops_the_run_before_it_begins() {
    let db = Db::sqlite();
    let all = backlog(&db, 1);
    let line = |needle: &str| SHIPPED.lines().position(|line| line.contains(needle)).unwrap() + 1;
    let days = "{{ player.days_played }}";
    let at_days = line(days);
    for (template, expected) in [
        (
            SHIPPED.replace(days, "{{ player.shoe_size }}"),
            format!("prompt.j2, line {at_days}: unknown variable `player.shoe_size`"),
        ),
        (SHIPPED.replace(days, "{{ player.days_played"), format!("prompt.j2, line {at_days}: syntax error: ")),
        (SHIPPED.replace("{% block vice %}", "{% block vices %}"), "prompt.j2: a section has no block: ".to_owned()),
        (format!("{SHIPPED}\nAnd so on."), "prompt.j2: text outside of the sections' blocks".to_owned()),
    ] {
        let own = folder(&template);
        let path = own.path().join("prompt.j2");
        for command in [&["process-conversations"][..], &["prompt", "render", "--user", &all[0].to_string()]] {
            let done = db.command(command).env("NIKITA_TEMPLATE_DIR", own.path()).done().code(78);
            let error = done.error();
            assert!(error.starts_with(&format!("template {}", path.display())), "{error}");
            assert!(error.contains(&expected), "{error}\nis not\n{expected}");
        }
    }
    let none = TempDir::new().unwrap();
    let error = db.command(&["process-conversations"]).env("NIKITA_TEMPLATE_DIR", none.path()).done().code(78).error();
    assert_eq!(
        error,
        format!(
            "template {}: No such file or directory (os error 2). --template-dir (NIKITA_TEMPLATE_DIR) names a folder with a prompt.j2",
            none.path().join("prompt.j2").display()
        )
    );
    assert_eq!(db.value("select status from conversations"), "active");
    assert_eq!(db.number("select count(*) from job_executions"), 0.0);
}
