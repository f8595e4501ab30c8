//! Decay of many players: next to the best hand-written SQL, as it grows, and beside a busy application.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::lab::{Lab, sql_file};
use crate::programs::{Used, metered, program, run};
use crate::table::{Results, p99, short};

/// The time of the seed.
const NOW: &str = "2026-11-18T12:00:00.000000Z";

/// What decay leaves behind, as one number.
const POSTGRES_SCORES: &str = "select md5(string_agg(concat_ws('|', id, relationship_score, decayed_through, game_status), ',' order by id)) \
    || (select count(*) || '/' || sum(score) from score_history) || (select count(*) from scheduled_touchpoints) \
    || (select count(*) from scheduled_events) from users";
const SQLITE_SCORES: &str = "select sum(round(relationship_score * 100) * (rowid % 997)), sum(unixepoch(decayed_through) * (rowid % 997)), \
    sum(game_status = 'game_over'), (select count(*) || '/' || sum(round(score * 100)) from score_history), \
    (select count(*) from scheduled_touchpoints), (select count(*) from scheduled_events) from users";

pub fn measure(lab: &Lab, results: &mut Results) {
    let (many, few) = (lab.size(1_000_000, 20_000), lab.size(10_000, 2_000));
    prepare(lab, "decay_many", many);
    prepare(lab, "decay_few", few);
    for number in 0..lab.runs {
        lab.progress(&format!("decay: {many} players on PostgreSQL"));
        let url = lab.copy("decay", "decay_many");
        let ours = decay(lab, &url);
        let our_scores = if number == 0 { lab.sql("decay", POSTGRES_SCORES) } else { String::new() };
        lab.copy("decay", "decay_many");
        let theirs = lab.script("decay", "decay_postgres.sql", &[("now", NOW)]).seconds;
        if number == 0 {
            assert_eq!(our_scores, lab.sql("decay", POSTGRES_SCORES), "both sides leave the same");
        }
        results.pair("decay postgres", ours.ran.seconds, theirs);
        let url = lab.copy("decay", "decay_few");
        let small = decay(lab, &url);
        results.pair("decay grows postgres", ours.ran.seconds, small.ran.seconds * times(many, few));
        results.pair("memory decay", ours.peak, small.peak);
    }
    beside_the_simplest(lab, results, many / 5);
    beside_an_application(lab, results);
    for name in ["decay", "decay_few", "decay_many"] {
        lab.drop(name);
    }
    on_sqlite(lab, results, many, few);
}

/// Next to a decay that keeps no record of how far each player has been charged, and tells nobody.
fn beside_the_simplest(lab: &Lab, results: &mut Results, players: usize) {
    prepare(lab, "decay_some", players);
    for _ in 0..lab.runs {
        lab.progress(&format!("decay: {players} players, and the simplest statement"));
        let ours = decay(lab, &lab.copy("decay", "decay_some")).ran.seconds;
        lab.copy("decay", "decay_some");
        let theirs = lab.script("decay", "decay_simplest.sql", &[("now", NOW)]).seconds;
        results.pair("decay simplest", ours, theirs);
    }
    lab.drop("decay_some");
}

fn on_sqlite(lab: &Lab, results: &mut Results, many: usize, few: usize) {
    let large = prepare_sqlite(lab, "decay_many", many);
    let middle = prepare_sqlite(lab, "decay_middle", many / 10);
    let small = prepare_sqlite(lab, "decay_few", few);
    let by_hand = |file: &Path| lab.sqlite_script(file, "decay_sqlite.sql", &[("now", &format!("'{NOW}'"))]).seconds;
    for number in 0..lab.runs {
        lab.progress(&format!("decay: {many} players on SQLite"));
        let (file, url) = lab.copy_sqlite("decay", &large);
        let ours = decay(lab, &url);
        let our_scores = if number == 0 { lab.sqlite_sql(&file, SQLITE_SCORES) } else { String::new() };
        let (file, _) = lab.copy_sqlite("decay", &large);
        let theirs = by_hand(&file);
        if number == 0 {
            assert_eq!(our_scores, lab.sqlite_sql(&file, SQLITE_SCORES), "both sides leave the same");
        }
        results.pair("decay sqlite", ours.ran.seconds, theirs);
        let (_, url) = lab.copy_sqlite("decay", &middle);
        results.pair("memory decay sqlite", ours.peak, decay(lab, &url).peak);
        let (_, url) = lab.copy_sqlite("decay", &small);
        let ours_on_few = decay(lab, &url).ran.seconds;
        results.pair("decay grows sqlite", ours.ran.seconds, ours_on_few * times(many, few));
        let (file, _) = lab.copy_sqlite("decay", &small);
        let theirs_on_few = by_hand(&file);
        results.pair("decay grows sqlite by hand", theirs, theirs_on_few * times(many, few));
    }
    for name in ["decay", "decay_few", "decay_middle", "decay_many"] {
        lab.remove_sqlite(name);
    }
}

#[expect(clippy::cast_precision_loss, reason = "at most a million")]
fn times(many: usize, few: usize) -> f64 {
    many as f64 / few as f64
}

/// A PostgreSQL database with so many players.
fn prepare(lab: &Lab, name: &str, players: usize) {
    lab.progress(&format!("{players} players on PostgreSQL"));
    lab.migrated(name);
    lab.script(name, "decay_seed_postgres.sql", &[("n", &players.to_string())]);
}

/// An SQLite file with so many players.
fn prepare_sqlite(lab: &Lab, name: &str, players: usize) -> std::path::PathBuf {
    lab.progress(&format!("{players} players on SQLite"));
    let (file, _) = lab.sqlite(name);
    lab.sqlite_script(&file, "decay_seed_sqlite.sql", &[("n", &players.to_string())]);
    file
}

/// The run that is measured.
fn command(lab: &Lab, url: &str) -> Command {
    lab.nikita(url, &["decay", "--force", "--now", NOW])
}

fn decay(lab: &Lab, url: &str) -> Used {
    let used = metered(&command(lab, url), 0, &lab.work);
    let result: serde_json::Value = serde_json::from_str(&used.ran.stdout).expect("a result");
    assert!(result["decayed"].as_u64() > Some(0), "{}", used.ran.stdout);
    used
}

/// The application updates random players, 500 times a second, with and without a decay beside it.
fn beside_an_application(lab: &Lab, results: &mut Results) {
    for _ in 0..lab.runs.min(3) {
        lab.progress("decay: beside an application that updates random players");
        let url = lab.copy("decay", "decay_many");
        let seconds = lab.size(10, 2);
        let alone = application(lab, seconds);
        let mut busy = run_application(lab, 600);
        let at_work =
            "select count(*) from pg_stat_activity where application_name = 'pgbench' and query like '%update users%'";
        lab.eventually("both clients of the application write", at_work, "2");
        run(&mut command(lab, &url), 0);
        // A signal would end it before it has written its log; without its sessions it ends by itself.
        lab.sql(
            "postgres",
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pgbench'",
        );
        busy.wait().expect("pgbench ends");
        let beside = latencies(&lab.work);
        results.pair("decay p99", p99(&beside), p99(&alone));
        let slowest = |all: &[f64]| short(all.iter().copied().fold(0.0, f64::max));
        results.figure(
            "An application beside decay: 500 updates of random players a second, 2 clients",
            &["", "updates", "p99, ms", "slowest, ms"],
            vec!["alone".to_owned(), alone.len().to_string(), short(p99(&alone)), slowest(&alone)],
        );
        results.figure(
            "An application beside decay: 500 updates of random players a second, 2 clients",
            &["", "updates", "p99, ms", "slowest, ms"],
            vec!["beside".to_owned(), beside.len().to_string(), short(p99(&beside)), slowest(&beside)],
        );
    }
}

fn application(lab: &Lab, seconds: usize) -> Vec<f64> {
    let ended = run_application(lab, seconds).wait().expect("pgbench ends");
    assert!(ended.success(), "pgbench: {ended}");
    latencies(&lab.work)
}

fn run_application(lab: &Lab, seconds: usize) -> Child {
    for old in logs(&lab.work) {
        std::fs::remove_file(old).expect("an old log goes");
    }
    let mut pgbench = program("pgbench");
    pgbench.args(["-n", "-M", "prepared", "-c", "2", "-j", "1", "-R", "500", "-l", "-T", &seconds.to_string()]);
    let largest = lab.sql("decay", "select count(*) from users");
    pgbench
        .args(["-D", &format!("players={largest}")])
        .arg("-f")
        .arg(sql_file("decay_application.sql"))
        .arg(lab.url("decay"));
    pgbench.current_dir(&lab.work).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("pgbench starts")
}

fn logs(folder: &Path) -> Vec<std::path::PathBuf> {
    let all = std::fs::read_dir(folder).expect("the folder can be read").flatten().map(|it| it.path());
    all.filter(|it| it.file_name().is_some_and(|name| name.to_string_lossy().starts_with("pgbench_log."))).collect()
}

/// In milliseconds, the wait for its turn not included. Third in a line of pgbench's log.
fn latencies(folder: &Path) -> Vec<f64> {
    let mut all = Vec::new();
    for log in logs(folder) {
        let text = std::fs::read_to_string(log).expect("pgbench's log can be read");
        for line in text.lines() {
            let fields: Vec<f64> = line.split(' ').filter_map(|it| it.parse().ok()).collect();
            // With a rate, the sixth is how late it began.
            if let [_, _, micros, _, _, _, late, ..] = fields[..] {
                all.push((micros - late) / 1000.0);
            }
        }
    }
    assert!(!all.is_empty(), "pgbench has logged nothing");
    all
}
