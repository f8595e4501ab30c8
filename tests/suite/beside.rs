//! The application beside us (spec 09): its own schema, as its baseline was published and with its later migrations. `beside/*.sql` are
//! made in our own words from facts about it.

pub mod accepts;
mod adopting;
mod conflict;
mod migrating;
mod moving;

use serde_json::json;

use crate::support::application::{App, Place, Schema};

/// Everything that a person or a schedule does with a database that was just adopted.
fn works(app: &App) {
    let columns = app.columns();
    let before = app.values(&columns);
    app.migrate(&["--plan"]).code(0);
    assert_eq!((app.columns(), app.values(&columns)), (columns.clone(), before.clone()), "a plan changes nothing");
    app.migrate(&[]).code(0);
    assert_eq!(app.values(&columns), before, "every value is kept");
    let again = app.migrate(&[]).code(0).json();
    assert_eq!((&again["migrations"], &again["additions"]), (&json!([]), &json!([])));

    let doctor = app.run(&["doctor"]).json();
    let schema = |it: &&serde_json::Value| it["name"] == "database.schema";
    let schema = doctor["checks"].as_array().unwrap().iter().find(schema).unwrap_or_else(|| panic!("{doctor}"));
    assert_eq!(schema["status"], "ok", "{schema}");

    let decay = app.job(&["decay"]).done().code(0).json();
    assert_eq!((&decay["decayed"], &decay["unreadable"]), (&json!(6), &json!(0)), "{decay}");
    let processed = app.job(&["process-conversations"]).done().code(0).json();
    assert_eq!((&processed["processed"], &processed["partial"]), (&json!(6), &json!(0)), "{processed}");
    // The application goes on as before: its inserts know nothing of our columns.
    app.insert_rows("1111");
    assert_eq!(app.job(&["process-conversations"]).done().code(0).json()["processed"], 6);
    for job in [&["recover"][..], &["scan-stuck"]] {
        app.job(job).done().code(0);
    }
    for look in [&["stats"][..], &["status"], &["migrate", "--plan"]] {
        app.run(look).code(0);
    }
    assert_eq!(app.run(&["health"]).json()["stuck_conversations"], 0);
    app.run(&["prompt", "render", "--user", "00000000-0000-4000-8000-000000000001"]).code(0);
    let folder = tempfile::TempDir::new().unwrap();
    app.run(&["report", "-o", folder.path().join("report.html").to_str().unwrap()]).code(0);
    accepts::every_row(&app.db);
}

/// The prompt knows what the application knows: profile, backstory, psyche, and since when.
#[test]
fn the_prompt_reads_what_the_application_knows_of_a_player() {
    let app = App::new(Schema::Current, Place::Plain);
    app.migrate(&[]).code(0);
    app.db.execute("update user_profiles set name = 'Tiago', occupation = 'carpenter'");
    app.job(&["process-conversations"]).done().code(0);
    let prompt = app.db.value(
        "select prompt_text from ready_prompts where is_current and platform = 'text' and user_id = '00000000-0000-4000-8000-000000000001'",
    );
    for known in [
        "Tiago",
        "carpenter",
        "Lisbon",
        "climbing",
        "Musicbox",
        "By the bar",
        "never gave her number",
        "guarded",
        "40 days",
    ] {
        assert!(prompt.contains(known), "{known} is not in {prompt}");
    }
}

macro_rules! on_every_application {
    ($($name:ident: $schema:ident, $place:ident;)*) => {$(
        #[test]
        fn $name() {
            works(&App::new(Schema::$schema, Place::$place));
        }
    )*};
}

on_every_application! {
    every_job_works_on_the_baseline_plain: Baseline, Plain;
    every_job_works_on_the_baseline_pgvector: Baseline, Pgvector;
    every_job_works_on_the_current_schema_plain: Current, Plain;
    every_job_works_on_the_current_schema_pgvector: Current, Pgvector;
}
