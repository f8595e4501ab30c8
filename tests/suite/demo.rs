//! The demo, from outside: what it says is so, and nothing but its own file is touched.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::bin::{self, Bin, eventually};
use crate::support::db::Db;

fn folder() -> TempDir {
    TempDir::new().expect("a temporary folder")
}

/// The demo as somebody would run it who has nothing set up.
fn at_home(home: &Path, args: &[&str]) -> Bin {
    let args: Vec<_> = ["demo"].into_iter().chain(args.iter().copied()).collect();
    bin::command(&args).env("HOME", home).dir(home)
}

fn at(path: &Path, args: &[&str]) -> Bin {
    let path = path.to_str().expect("UTF-8").to_owned();
    let args: Vec<_> = ["demo", "--path", &path].into_iter().chain(args.iter().copied()).collect();
    bin::command(&args)
}

/// Every file below a folder, with its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).expect("a file"));
        }
    }
    found
}

fn list<'a>(result: &'a Value, name: &str) -> &'a Vec<Value> {
    result[name].as_array().unwrap_or_else(|| panic!("{name} is a list"))
}

/// A query's whole number.
fn count(db: &Db, sql: &str) -> u64 {
    db.value(sql).parse().expect("a whole number")
}

fn len(list: &[Value]) -> u64 {
    list.len() as u64
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

fn number(text: &Value) -> f64 {
    text.as_str().expect("text").parse().expect("a number")
}

#[test]
fn needs_nothing_and_tells_what_is_so() {
    let home = folder();
    let result = at_home(home.path(), &[]).done().code(0).json();
    let file = home.path().join(".local/state/nikita-jobs/demo.sqlite");
    assert_eq!(result["database"], file.to_str().expect("UTF-8"));
    assert_eq!(files(home.path()).keys().collect::<Vec<_>>(), [&file]);
    let db = Db::at(&file);

    // Decay.
    let charged = list(&result, "charged");
    let sum: f64 = charged.iter().map(|it| number(&it["charged"])).sum();
    assert!((sum - number(&result["decay"]["points"])).abs() < 0.001, "{sum}");
    assert_eq!(result["decay"]["decayed"], charged.len());
    assert_eq!(count(&db, "select count(*) from score_history where event_type = 'decay'"), len(charged));
    let in_history = "select sum(event_details ->> 'decay_amount') from score_history where event_type = 'decay'";
    assert!((db.number(in_history) - sum).abs() < 0.001);
    for it in charged {
        assert!((number(&it["before"]) - number(&it["charged"]) - number(&it["after"])).abs() < 0.001, "{it}");
    }
    assert_eq!(len(charged) + len(list(&result, "spared")), count(&db, "select count(*) from users"));
    let said = |note: &str| charged.iter().filter(|it| it["notes"].to_string().contains(note)).count();
    assert_eq!((said("game over") as u64, said("warned") as u64), {
        let decay = &result["decay"];
        (decay["game_overs"].as_u64().expect("a count"), decay["warned"].as_u64().expect("a count"))
    });
    assert!(said("game over, goodbye queued") >= 1 && said("no goodbye") >= 1 && said("at the cap") >= 1);

    // What a crash left behind.
    assert_eq!(
        (&result["recover"]["recovered"], &result["recover"]["recoveries"][0]["to"]),
        (&1.into(), &"active".into())
    );
    let kinds: Vec<_> = list(&result["scan_stuck"], "recoveries").iter().map(|it| text(&it["kind"])).collect();
    assert_eq!(kinds, ["audit", "execution"]);
    assert_eq!(count(&db, "select count(*) from audit_reports where status = 'failed'"), 1);
    assert_eq!(count(&db, "select count(*) from job_executions where status <> 'completed'"), 1);
    let rescued = text(&result["recover"]["recoveries"][0]["conversation_id"]);
    assert_eq!(db.value(&format!("select status from conversations where id = '{rescued}'")), "processed");

    // Conversations.
    let runs = list(&result, "runs");
    assert!(runs[0]["detected"].as_u64() >= Some(25) && runs[0]["deferred"].as_u64() > Some(0));
    assert_eq!(runs.last().expect("a run")["deferred"], 0);
    let failed: u64 = runs.iter().filter_map(|run| run["failed"].as_u64()).sum();
    assert_eq!((failed, count(&db, "select count(*) from conversations where status = 'failed'")), (1, 1));
    let given_up = list(&result, "given_up");
    assert_eq!(given_up.len(), 1);
    assert!(given_up[0]["error"].as_str().expect("a reason").contains("invalid transcript"));
    assert_eq!(count(&db, "select count(*) from conversations where status = 'processing'"), 0);
    let processed: u64 = runs.iter().filter_map(|run| run["processed"].as_u64()).sum();
    assert_eq!(count(&db, "select count(*) from conversations where status = 'processed'"), processed);
    let again = db.run(&["process-conversations", "--dry-run"]).code(0).json();
    assert_eq!(again["detected"], 0, "nothing due is left");

    // What was learned.
    assert_eq!(
        result["sums"]["facts"].as_u64(),
        Some(count(&db, "select count(*) from memory_facts where source = 'pipeline_extraction'"))
    );
    let replaced: Vec<_> = list(&result, "known").iter().flat_map(|it| list(it, "replaced")).collect();
    assert!(!replaced.is_empty());
    for it in replaced {
        let fact = |name: &str| it[name].as_str().expect("a fact").replace('\'', "''");
        assert_eq!(
            count(
                &db,
                &format!(
                    "select count(*) from memory_facts o join memory_facts n on n.id = o.superseded_by \
                 where not o.is_active and o.fact = '{}' and n.fact = '{}'",
                    fact("was"),
                    fact("now")
                )
            ),
            1
        );
    }
    let processed_players = "select count(distinct user_id) from conversations where status = 'processed' and extracted_entities is not null";
    for platform in ["text", "voice"] {
        let current = format!("select count(*) from ready_prompts where is_current and platform = '{platform}'");
        assert_eq!(count(&db, &current), count(&db, processed_players), "{platform}");
    }
    let prompt = &list(&result, "prompts")[0];
    assert!(prompt["token_count"].as_u64() > Some(100) && prompt["text"].as_str().is_some_and(|text| text.len() > 400));
    let stages: Vec<_> = result["stage_timings"].as_object().expect("stages").keys().collect();
    assert_eq!(stages.len(), 9, "{stages:?}");
    assert_eq!(
        len(list(&result, "touchpoints")),
        count(&db, "select count(*) from scheduled_touchpoints where not delivered")
    );
}

#[test]
fn the_report_is_for_a_person() {
    let home = folder();
    let done = at_home(home.path(), &["--format", "human"]).done().code(0);
    let said = done.stdout();
    for part in [
        "Decay",
        "Not charged",
        "What a crash left behind",
        "Conversations",
        "Given up",
        "What was learned",
        "What each stage took",
        "What to try next",
    ] {
        assert!(said.contains(part), "{part} is missing in:\n{said}");
    }
    let path = home.path().to_str().expect("UTF-8");
    for line in said.lines().filter(|line| !line.contains(path)) {
        assert!(line.chars().count() <= 80, "too wide: {line}");
        assert_eq!(line, line.trim_end());
    }
    // Its commands run as they stand there.
    let commands: String = said.split("What to try next\n----------------\n").nth(1).expect("commands").to_owned();
    let script = format!("set -e\n{commands}\n");
    let ran = std::process::Command::new("sh").args(["-c", &script]).output();
    let ran = ran.expect("a shell");
    // Without sqlite3 on the machine, there is nothing to say.
    if ran.status.code() != Some(127) {
        assert!(ran.status.success(), "{}\n{}", String::from_utf8_lossy(&ran.stderr), script);
    }
}

#[test]
fn a_second_demo_starts_afresh_and_tells_the_same() {
    let home = folder();
    let first = at_home(home.path(), &[]).done().code(0).json();
    Db::at(Path::new(first["database"].as_str().expect("a path"))).execute("update users set relationship_score = 1");
    let second = at_home(home.path(), &[]).done().code(0).json();
    assert_eq!((&first["replaced_earlier_demo"], &second["replaced_earlier_demo"]), (&false.into(), &true.into()));
    for part in ["charged", "spared", "given_up", "planted"] {
        assert_eq!(first[part], second[part], "{part}");
    }
    assert_eq!(files(home.path()).len(), 1, "no -wal is left");
}

#[test]
fn other_files_are_refused_and_left_as_they_are() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let ours = Db::sqlite();
    fs::copy(ours.file(), path("real.sqlite")).expect("copies");
    fs::write(path("notes.txt"), "not a database").expect("writes");
    fs::write(path("empty"), "").expect("writes");
    fs::write(path("gone.sqlite-wal"), "somebody's").expect("writes");
    fs::create_dir(path("folder")).expect("a folder");
    let before = files(folder.path());
    for (name, why) in [
        ("real.sqlite", "is an SQLite database, but not a demo's"),
        ("notes.txt", "is not an SQLite database"),
        ("empty", "is an empty file"),
        ("folder", "is a folder"),
        ("gone.sqlite", "belongs to a database that is not there"),
        ("no/such/folder/demo.sqlite", "can't be created"),
    ] {
        let done = at(&path(name), &[]).done().code(78);
        assert!(done.error().contains(why), "{}", done.error());
        assert_eq!(files(folder.path()), before, "{name}");
    }
    std::os::unix::fs::symlink(path("real.sqlite"), path("link")).expect("a link");
    assert!(at(&path("link"), &[]).done().code(78).error().contains("is not a plain file"));

    at(&path("demo 'of mine'.sqlite"), &[]).done().code(0);
    at(&path("demo 'of mine'.sqlite"), &[]).done().code(0);
    let mut after = files(folder.path());
    after.remove(&path("demo 'of mine'.sqlite")).expect("the demo");
    after.remove(&path("link"));
    assert_eq!(after, before);
}

#[test]
fn settings_and_databases_of_the_environment_are_not_its_business() {
    let home = folder();
    let other = Db::sqlite();
    let before = fs::read(other.file()).expect("a file");
    let done = at_home(home.path(), &[])
        .env("DATABASE_URL", &other.url)
        .env("NIKITA_DECAY_RATES", "9,9,9,9,9")
        .env("NIKITA_PROCESS_BATCH", "not a number")
        .env("UNIFIED_PIPELINE_ENABLED", "false")
        .done()
        .code(0);
    assert_eq!(done.json()["decay"]["points"], at_home(folder().path(), &[]).done().json()["decay"]["points"]);
    assert_eq!(fs::read(other.file()).expect("a file"), before);
}

#[test]
fn quiet_is_silent() {
    let home = folder();
    let done = at_home(home.path(), &["-q"]).done().code(0);
    assert_eq!((done.stdout(), done.stderr()), (String::new(), String::new()));
}

#[test]
fn an_earlier_demo_that_is_in_use_is_left_alone() {
    let home = folder();
    let first = at_home(home.path(), &[]).done().code(0).json();
    let file = PathBuf::from(first["database"].as_str().expect("a path"));
    let db = Db::at(&file);
    // Somebody who has only read, and has the file open still.
    let reader = db.hold("select count(*) from users");
    let done = at_home(home.path(), &[]).done().code(69);
    assert!(done.error().contains("another program has the earlier demo"), "{}", done.error());
    assert_eq!(count(&db, "select count(*) from job_executions where job_name = 'decay'"), 1);
    reader.commit();
    at_home(home.path(), &[]).done().code(0);
}

#[test]
fn a_signal_stops_it_between_runs() {
    let home = folder();
    let file = home.path().join(".local/state/nikita-jobs/demo.sqlite");
    let run = at_home(home.path(), &[]).start();
    // Decay is over when its first execution is.
    eventually("the conversations have begun", || {
        file.exists() && Db::at(&file).try_execute("select 1 / (select count(*) from job_leases)").is_ok()
    });
    run.signal("INT");
    let done = run.done().code(130);
    assert_eq!(done.json()["status"], "interrupted");
    let db = Db::at(&file);
    // But for what the sample's crash left, if the signal came before recover.
    let held = "select count(*) from conversations where status = 'processing' \
         and claimed_by not in (select id from job_executions where host = 'host-that-died')";
    assert_eq!(count(&db, held), 0);
    at_home(home.path(), &[]).done().code(0);
}
