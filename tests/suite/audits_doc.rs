//! `docs/audits.md`: its statements, as they stand there, through the real `psql` and `sqlite3`. No other code of ours knows how
//! another program writes an audit.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use crate::on_every_database;
use crate::support::db::Db;
use crate::support::promises;

const ID: &str = "5f0c3f5e-2d0a-4f0b-9c7e-6b8f4a1d2e30";

/// The statements for one program, in the order of the page.
struct Page {
    start: String,
    renew: String,
    log: String,
    finish: String,
}

impl Page {
    fn read(program: &str) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/audits.md");
        let text = std::fs::read_to_string(file).unwrap();
        let fence = format!("```sql {program}\n");
        let blocks: Vec<_> = text.split(&fence).skip(1).map(|it| it.split("```").next().unwrap().to_owned()).collect();
        let [start, renew, log, finish] = blocks.try_into().expect("four blocks");
        Self { start, renew, log, finish }
    }

    fn of(db: &Db) -> Self {
        Self::read(if db.is_postgres() { "psql" } else { "sqlite3" })
    }
}

/// Beside the newest server, as scripts/lib/postgres.sh finds it, else on the PATH.
fn psql() -> PathBuf {
    let mut found: Vec<_> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .map(|version| version.unwrap().path().join("bin/psql"))
        .filter(|it| it.exists())
        .collect();
    found.sort();
    found.pop().unwrap_or_else(|| "psql".into())
}

/// Runs a block as another program would; what it answers.
fn foreign(db: &Db, sql: &str) -> String {
    let Output { status, stdout, stderr } = if db.is_postgres() {
        let quiet =
            ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", "--command", sql];
        Command::new(psql()).args(quiet).arg(db.direct_url()).output().expect("psql is installed: scripts/test does it")
    } else {
        let args = ["-batch", "-bail", "-cmd", ".timeout 10000"];
        Command::new("sqlite3")
            .args(args)
            .arg(db.file())
            .arg(sql)
            .output()
            .expect("sqlite3 is installed: scripts/test does it")
    };
    assert!(status.success(), "{}\nin: {sql}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap().trim().to_owned()
}

/// A scan so many minutes from now, on a clock of its own.
fn scan(db: &Db, minutes: i64) -> Value {
    let now = (Utc::now() + TimeDelta::minutes(minutes)).to_rfc3339();
    db.run(&["scan-stuck", "--force", "--now", &now]).code(0).json()
}

fn status(db: &Db) -> String {
    db.value("select status from audit_reports")
}

on_every_database! {
    fn an_audit_lives_while_it_is_renewed_and_ends_as_its_program_says(db) {
        let page = Page::of(db);
        foreign(db, &page.start);
        assert_eq!(scan(db, 0)["recoveries_count"], 0);
        assert_eq!(foreign(db, &page.renew), format!("audit:{ID}"));
        assert_eq!(foreign(db, &page.log), ID);
        assert_eq!((&scan(db, 1)["scanned"], status(db).as_str()), (&json!(1), "in_progress"));
        let look = db.run(&["scan-stuck", "--audit", ID]).code(0).json();
        assert_eq!((&look["is_healthy"], &look["task_running"], &look["pid"]), (&json!(true), &json!(true), &json!(4711)));
        assert_eq!(foreign(db, &page.finish), ID);
        assert_eq!((status(db).as_str(), db.value("select count(*) from job_leases").as_str()), ("completed", "0"));
        assert_eq!(scan(db, 60)["scanned"], 0);
        // A program that is late writes nothing.
        for late in [&page.renew, &page.log, &page.finish] {
            assert_eq!(foreign(db, late), "");
        }
        promises::kept(db);
    }

    fn an_audit_whose_lease_dies_is_recovered_and_its_program_is_told(db) {
        let page = Page::of(db);
        foreign(db, &page.start);
        foreign(db, &page.log);
        let result = scan(db, 2);
        assert_eq!((&result["recoveries"][0]["reason"], &result["recoveries"][0]["host"]), (&json!("Owner is not running"), &json!("auditor-1")));
        let row = || db.rows("select status, completed_at, summary, execution_logs from audit_reports");
        let recovered = row();
        assert_eq!(recovered[0][0], "failed");
        for late in [&page.renew, &page.log, &page.finish] {
            assert_eq!(foreign(db, late), "");
        }
        assert_eq!(row(), recovered);
        promises::kept(db);
    }

    fn without_a_lease_its_log_keeps_an_audit_alive_and_its_silence_does_not(db) {
        let page = Page::of(db);
        foreign(db, &page.start);
        db.execute("delete from job_leases");
        let old = (Utc::now() - TimeDelta::minutes(20)).format("%Y-%m-%dT%H:%M:%S%.6fZ");
        db.execute(&format!("update audit_reports set audit_date = '{old}'"));
        foreign(db, &page.log);
        assert_eq!(scan(db, 0)["recoveries_count"], 0);
        let reason = &scan(db, 16)["recoveries"][0]["reason"];
        assert!(["No activity for 16 minutes; Running for 36 minutes", "No activity for 15 minutes; Running for 35 minutes"].contains(&reason.as_str().unwrap()), "{reason}");
        promises::kept(db);
    }
}
