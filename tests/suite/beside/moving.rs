//! docs/moving-from-endpoints.md, step by step: each of its command blocks is run on the application's database, beside a stand-in for its
//! cron, with a `systemctl` that runs what a timer would.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::application::{App, Place, SERVICE, Schema};
use crate::support::bin;

const GUIDE: &str = include_str!("../../../docs/moving-from-endpoints.md");

/// The application's cron: a table of lines, and what schedules and unschedules one.
const CRON: &str = "
create schema cron;
create table cron.job (jobid bigint generated always as identity, jobname text, schedule text, command text, active boolean default true);
create function cron.schedule(text, text, text) returns bigint language sql as
    'insert into cron.job (jobname, schedule, command) values ($1, $2, $3) returning jobid';
create function cron.unschedule(bigint) returns boolean language sql as 'delete from cron.job where jobid = $1 returning true';
select cron.schedule('decay', '0 * * * *', 'select net.http_post(''https://game.example/api/v1/tasks/decay'')');
select cron.schedule('process', '* * * * *', 'select net.http_post(''https://game.example/api/v1/tasks/process-conversations'')');
select cron.schedule('deliver', '* * * * *', 'select net.http_post(''https://game.example/api/v1/tasks/deliver'')');
";

/// What its endpoints do, in short: all overdue hours are charged again, the oldest conversation is processed.
const DECAY: &str = "
update users set relationship_score = relationship_score - 1 where last_interaction_at < now() - interval '24 hours';
insert into job_executions (job_name, started_at, completed_at, status) values ('decay', now(), now(), 'completed')";
const PROCESS: &str = "
update conversations set status = 'processed', processed_at = now() where id = (select id from conversations where status = 'active' \
    order by last_message_at, id limit 1);
insert into job_executions (job_name, started_at, completed_at, status) values ('process-conversations', now(), now(), 'completed')";

const SYSTEMCTL: &str = r#"#!/bin/sh
for last; do :; done
case "$1" in
enable) touch "$TIMERS/$last" ;;
disable) rm "$TIMERS/$last" ;;
*) exit 1 ;;
esac
"#;

/// The blocks under a heading, each with its language.
fn blocks(heading: &str) -> Vec<(String, String)> {
    let (_, rest) = GUIDE.split_once(&format!("\n## {heading}")).unwrap_or_else(|| panic!("no heading {heading:?}"));
    let section = rest.split("\n## ").next().unwrap_or_default();
    let block = |it: &str| {
        let (language, text) = it.split_once('\n').expect("a block has lines");
        (language.trim().to_owned(), text.to_owned())
    };
    section.split("```").skip(1).step_by(2).map(block).collect()
}

struct Host {
    app: App,
    folder: TempDir,
}

impl Host {
    fn new() -> Self {
        let app = App::new(Schema::Current, Place::Plain);
        app.db.execute(CRON);
        app.db.execute(&format!(
            "grant usage on schema cron to {SERVICE}; grant all on all tables in schema cron to {SERVICE}"
        ));
        // The guide goes by the clock of today.
        app.db.execute(
            "update users set last_interaction_at = now() - interval '90 hours'; \
             update conversations set started_at = now() - interval '3 hours', last_message_at = now() - interval '2 hours' where status = 'active'",
        );
        let folder = TempDir::new().unwrap();
        let program = |name: &str, text: &str| {
            let file = folder.path().join(name);
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        };
        program("systemctl", SYSTEMCTL);
        program("nikita-jobs", &format!("#!/bin/sh\nexec '{}' \"$@\"\n", bin::path().display()));
        fs::create_dir(folder.path().join("timers")).unwrap();
        Self { app, folder }
    }

    fn shell(&self, script: &str) -> Output {
        let path = format!("{}:{}", self.folder.path().display(), std::env::var("PATH").unwrap_or_default());
        Command::new("sh")
            .args(["-ec", script])
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.folder.path())
            .env("TIMERS", self.folder.path().join("timers"))
            .env("DATABASE_URL", &self.app.service)
            .env("MIGRATION_DATABASE_URL", &self.app.owner)
            .env("NIKITA_HOST_ROOT", "/nowhere")
            .output()
            .expect("sh runs")
    }

    /// Runs the blocks under a heading; what they have written.
    fn follow(&self, heading: &str) -> String {
        let blocks = blocks(heading);
        assert!(!blocks.is_empty(), "{heading} has no command");
        let mut said = String::new();
        for (language, text) in blocks {
            if language == "sql" {
                self.app.db.execute(&text);
                continue;
            }
            assert_eq!(language, "sh", "{heading}: {text}");
            let output = self.shell(&text);
            // A verdict is no failure of the guide.
            let judges = ["nikita-jobs doctor", "nikita-jobs health"].iter().any(|it| text.trim().starts_with(it));
            let all = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() || judges, "{text}: {all}");
            said.push_str(&all);
        }
        said
    }

    /// The application's cron calls its endpoints.
    fn cron_fires(&self) {
        for line in self.app.db.rows("select command from cron.job where active order by jobid") {
            let sql = match line[0].rsplit('/').next().unwrap_or_default().trim_end_matches("')") {
                "decay" => DECAY,
                "process-conversations" => PROCESS,
                "deliver" => {
                    "insert into job_executions (job_name, started_at, completed_at, status) values ('deliver', now(), now(), 'completed')"
                }
                other => panic!("an endpoint {other:?}"),
            };
            self.app.db.execute(sql);
        }
    }

    /// The enabled timers start their services.
    fn timers_fire(&self) -> Vec<Value> {
        let mut timers: Vec<_> =
            fs::read_dir(self.folder.path().join("timers")).unwrap().map(|it| it.unwrap().file_name()).collect();
        timers.sort();
        let run = |timer: &std::ffi::OsString| {
            let unit = timer.to_str().unwrap().replace(".timer", ".service");
            let unit = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd").join(unit)).unwrap();
            let start = unit.lines().find_map(|it| it.strip_prefix("ExecStart=/usr/bin/")).unwrap();
            let output = self.shell(start);
            let result: Value = serde_json::from_slice(&output.stdout)
                .unwrap_or_else(|error| panic!("{start}: {error}: {}", String::from_utf8_lossy(&output.stderr)));
            assert!(output.status.success() || result["status"] == "skipped", "{start}: {result}");
            result
        };
        timers.iter().map(run).collect()
    }

    /// So much time goes by for what has run.
    fn later(&self, hours: u32) {
        self.app.db.execute(&format!(
            "update job_executions set started_at = started_at - interval '{hours} hours', completed_at = completed_at - interval '{hours} hours'"
        ));
    }

    fn foreign_runs(&self, job: &str) -> String {
        let sql = format!("select count(*) from job_executions where job_name = '{job}' and heartbeat_at is null");
        self.app.text(&sql)
    }
}

#[test]
fn the_guide_is_followed_step_by_step() {
    let host = Host::new();
    host.cron_fires();
    let said = host.follow("Before");
    assert!(said.contains("migration 0001"), "the plan is printed: {said}");
    for line in ["cron.unschedule(1)", "cron.unschedule(2)"] {
        assert!(said.contains(line), "doctor names the other runner: {said}");
    }
    assert!(!said.contains("cron.unschedule(3)"), "{said}");

    // Decay. The endpoint has run a moment ago: nobody pays for those hours again.
    host.follow("Switch decay");
    assert_eq!(host.app.text("select count(*) from cron.job where command like '%decay%'"), "0");
    let skipped = host.timers_fire();
    assert_eq!((&skipped[0]["status"], &skipped[0]["foreign"]), (&"skipped".into(), &true.into()), "{skipped:?}");
    let before: f64 = host.app.db.number("select cast(sum(relationship_score) as double precision) from users");
    host.later(2);
    host.cron_fires();
    let charged = host.timers_fire();
    assert_eq!(charged[0]["decayed"], 6, "{charged:?}");
    let most = "select count(*) from score_history where event_type = 'decay' and (event_details ->> 'hours_charged')::numeric > 2.1";
    assert_eq!(host.app.text(most), "0", "two hours went by since the endpoint's run, and 90 since the player spoke");
    let after: f64 = host.app.db.number("select cast(sum(relationship_score) as double precision) from users");
    assert!(after < before && host.foreign_runs("decay") == "1", "{before} {after}");

    // Conversations: those that the endpoint has left.
    host.follow("Switch process-conversations");
    let (theirs, left) =
        (host.foreign_runs("process-conversations"), "select count(*) from conversations where status = 'active'");
    host.later(2);
    host.cron_fires();
    let processed = host.timers_fire();
    let processed = processed.iter().find(|it| it["job"] == "process-conversations").unwrap();
    assert_eq!(processed["processed"], 4, "{processed}");
    assert_eq!((host.app.text(left), host.foreign_runs("process-conversations")), ("0".to_owned(), theirs));
    assert_ne!(host.foreign_runs("deliver"), "0", "what stays with the application goes on");
    super::accepts::every_row(&host.app.db);

    // And back: the endpoint runs again, ours does not, and the application writes as before.
    host.follow("Back");
    host.cron_fires();
    assert_eq!(host.foreign_runs("decay"), "2");
    assert!(host.timers_fire().iter().all(|it| it["job"] != "decay"));
    host.app.insert_rows("1111");
}
