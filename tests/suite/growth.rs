//! What is finished costs nothing: no job reads its way through it, however much of it there is.

use std::path::Path;

use tempfile::TempDir;

use crate::support::bin::{eventually, path, program};
use crate::support::db::Db;
use crate::support::seed::{Player, at};

/// Whatever looks at conversations, executions or audits.
pub const JOBS: [&str; 7] = ["process-conversations", "recover", "scan-stuck", "health", "stats", "status", "report"];

/// A command line that does its work whatever the window says.
fn arguments<'a>(job: &'a str, page: &'a str) -> Vec<&'a str> {
    match job {
        "process-conversations" | "recover" | "scan-stuck" => vec![job, "--force"],
        "report" => vec![job, "-o", page],
        _ => vec![job],
    }
}

/// A table is read from end to end only where no index serves; the server counts it.
#[test]
fn no_job_reads_through_what_is_finished() {
    const TABLES: &str = "relname in ('conversations', 'job_executions', 'audit_reports')";
    let db = Db::postgres();
    let player = Player::default().insert(&db);
    db.execute(&format!(
        "insert into conversations (user_id, status, started_at, last_message_at, processed_at, updated_at) \
         select '{player}', case when i % 20 = 0 then 'failed' else 'processed' end, t, t, t, t \
         from (select i, now() - interval '45 days' - i * interval '1 minute' as t from generate_series(1, 50000) i) it"
    ));
    db.execute(
        "insert into job_executions (job_name, started_at, completed_at, status, result, heartbeat_at) \
         select case when i % 10 = 0 then 'decay' else 'process-conversations' end, t, t, \
             case when i % 50 = 0 then 'failed' else 'completed' end, '{}', t \
         from (select i, now() - interval '45 days' - i * interval '1 minute' as t from generate_series(1, 50000) i) it",
    );
    db.execute(
        "insert into audit_reports (audit_type, status, audit_date, completed_at) \
         select 'daily', 'completed', now() - interval '90 days', now() from generate_series(1, 50000)",
    );
    db.execute("analyze");
    let folder = TempDir::new().expect("a temporary folder");
    let page = folder.path().join("page.html").display().to_string();
    for job in JOBS {
        db.execute("select pg_stat_reset()");
        db.run(&arguments(job, &page)).code(0);
        // A session's counts are there when it has gone.
        eventually("the job's sessions have ended", || {
            db.number(
                "select count(*) from pg_stat_activity \
                 where datname = current_database() and application_name = 'nikita-jobs'",
            ) == 0.0
        });
        let sum = |what: &str| db.number(&format!("select sum({what}) from pg_stat_user_tables where {TABLES}"));
        assert!(sum("idx_scan") > 0.0, "{job} looked at none of them");
        assert_eq!(sum("seq_tup_read"), 0.0, "{job} reads a table from end to end");
        assert!(sum("idx_tup_fetch") < 500.0, "{job} fetches {} rows by index", sum("idx_tup_fetch"));
    }
}

/// Rows of these tables that a command reads by index, and whole tables.
fn rows_read(db: &Db, args: &[&str]) -> (f64, f64) {
    db.execute("select pg_stat_reset()");
    db.run(args).code(0);
    // A session's counts are there when it has gone.
    eventually("the command's sessions have ended", || {
        db.number(
            "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'nikita-jobs'",
        ) == 0.0
    });
    let sum = |what: &str| {
        db.number(&format!(
            "select sum({what}) from pg_stat_user_tables where relname in ('conversations', 'job_executions', 'users')"
        ))
    };
    (sum("idx_tup_fetch"), sum("seq_tup_read"))
}

/// What an operator asks of one, or of the last hour, costs the same however much there is beside it.
#[test]
fn what_an_operator_asks_does_not_grow_with_what_is_finished() {
    let db = Db::postgres();
    let player = Player { last_interaction: at(-3600), ..Player::default() }.insert(&db);
    let hour_ago = "now() - interval '20 minutes'";
    db.execute(&format!(
        "insert into conversations (user_id, status, processing_attempts, last_error, started_at, last_message_at, updated_at) \
         select '{player}', 'failed', 3, 'extraction: status 401', {hour_ago}, {hour_ago}, {hour_ago} from generate_series(1, 50)"
    ));
    db.execute(&format!(
        "insert into job_executions (job_name, started_at, completed_at, status, result, heartbeat_at) \
         select 'decay', {hour_ago}, {hour_ago}, 'failed', '{{}}', {hour_ago} from generate_series(1, 20)"
    ));
    let failed = db.value("select cast(min(cast(id as text)) as text) from conversations");
    let asked = [
        &["status", "--since", "1h"][..],
        &["status", "--since", "1h", "--state", "failed", "--job", "decay"],
        &["failures"],
        &["failures", "--since", "1h", "--error", "401"],
        &["retry", "--failed", "--since", "1h", "--dry-run"],
        &["retry", &failed, "--dry-run"],
        &["why", &failed],
        &["why", &player.to_string()],
    ]
    .map(|args| args.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());
    let mut costs: Vec<Vec<f64>> = vec![Vec::new(); asked.len()];
    for more in [20_000, 60_000] {
        db.execute(&format!(
            "with made as (insert into users (id, game_status, onboarding_status, last_interaction_at) \
                 select gen_random_uuid(), 'active', 'completed', now() from generate_series(1, {more} / 10) returning id), \
             numbered as (select id, row_number() over () as n from made) \
             insert into conversations (user_id, status, started_at, last_message_at, processed_at, updated_at) \
             select p.id, 'processed', t, t, t, t \
             from (select i, now() - interval '2 days' - i * interval '1 second' as t from generate_series(1, {more}) i) it \
             join numbered p on p.n = it.i / 10 + 1"
        ));
        db.execute(&format!(
            "insert into job_executions (job_name, started_at, completed_at, status, result, heartbeat_at) \
             select 'decay', t, t, 'completed', '{{}}', t \
             from (select now() - interval '2 days' - i * interval '1 second' as t from generate_series(1, {more}) i) it"
        ));
        db.execute("vacuum analyze");
        for (args, costs) in asked.iter().zip(&mut costs) {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let (by_index, read_through) = rows_read(&db, &args);
            assert_eq!(read_through, 0.0, "{args:?} reads a table from end to end");
            costs.push(by_index);
        }
    }
    for (args, costs) in asked.iter().zip(costs) {
        assert!(costs[0] < 500.0 && costs[1] <= costs[0] + 20.0, "{args:?} fetches {costs:?} rows by index");
    }
}

/// SQLite counts nothing, but it reads its file with system calls, whose bytes the kernel adds up.
#[test]
fn no_job_reads_through_what_is_finished_on_sqlite() {
    const MOST: u64 = 5_000_000;
    let db = Db::sqlite();
    let (player, other) = (Player::default().insert(&db), Player::default().insert(&db));
    let time = |what: &str| format!("strftime('%Y-%m-%dT%H:%M:%S.000000Z', 'now', {what})");
    let counted = "with recursive counted (i) as (select 1 union all select i + 1 from counted where i < 50000)";
    let (long_ago, old) = (time("'-45 days', '-' || i || ' minutes'"), time("'-90 days'"));
    db.execute(&format!(
        "{counted} insert into conversations (user_id, status, started_at, last_message_at, processed_at, updated_at) \
         select '{player}', case when i % 20 = 0 then 'failed' else 'processed' end, t, t, t, t \
         from (select i, {long_ago} as t from counted)"
    ));
    db.execute(&format!(
        "{counted} insert into job_executions (job_name, started_at, completed_at, status, result, heartbeat_at) \
         select case when i % 10 = 0 then 'decay' else 'process-conversations' end, t, t, \
             case when i % 50 = 0 then 'failed' else 'completed' end, '{{}}', t from (select i, {long_ago} as t from counted)"
    ));
    db.execute(&format!(
        "{counted} insert into audit_reports (audit_type, status, audit_date, completed_at) \
         select 'daily', 'completed', {old}, {old} from counted"
    ));
    assert!(db.file().metadata().expect("a file").len() > 5 * MOST, "a third of it would be too much");
    let folder = TempDir::new().expect("a temporary folder");
    let page = folder.path().join("page.html").display().to_string();
    // Most files have never been analysed, and an analysed one is read by other plans.
    for (number, job) in JOBS.into_iter().chain(JOBS).enumerate() {
        if number == JOBS.len() {
            db.execute("analyze");
        }
        // One conversation to find: it is due, or stuck.
        let (silence, state) = if job == "recover" { ("'-2 hours'", "processing") } else { ("'-1 hour'", "active") };
        db.execute("delete from conversations where status in ('active', 'processing')");
        db.execute(&format!(
            "insert into conversations (user_id, status, messages, started_at, last_message_at, updated_at) \
             select '{other}', '{state}', '[{{\"role\": \"user\", \"content\": \"Hello!\"}}]', t, t, t from (select {} as t)",
            time(silence)
        ));
        let read = bytes_read(&db, &arguments(job, &page));
        assert!(read > 10_000, "{job} reads {read} bytes only");
        assert!(read < MOST, "{job} reads {read} bytes");
    }
}

/// What a command reads by system calls. A shell has the bytes of the children that it has waited for.
fn bytes_read(db: &Db, args: &[&str]) -> u64 {
    let binary = path().display().to_string();
    let script = "\"$@\" > /dev/null && grep rchar /proc/$$/io";
    let shell = program(Path::new("bash")).args(&["-c", script, "bash", &binary]).args(args);
    let said = shell.env("DATABASE_URL", &db.url).done().code(0).stdout();
    said.trim().strip_prefix("rchar: ").and_then(|it| it.parse().ok()).unwrap_or_else(|| panic!("no count: {said}"))
}

/// Compiling a statement takes the server a fifth of a second, whatever it reads. By its estimates it would do so for a few rows of
/// a large table; here it would for every row.
#[test]
fn what_only_looks_is_not_compiled() {
    let db = Db::postgres();
    db.run(&["decay"]).code(0);
    db.execute("create sequence compiled");
    db.execute("create sequence looked_at");
    db.execute(
        "create function look() returns boolean language plpgsql cost 0.0001 as $$ begin \
             perform nextval('looked_at'); \
             if current_setting('jit')::boolean then perform nextval('compiled'); end if; \
             return true; \
         end $$",
    );
    db.execute("alter table job_executions rename to executions");
    db.execute("create view job_executions as select * from executions where look()");
    let folder = TempDir::new().expect("a temporary folder");
    let page = folder.path().join("page.html").display().to_string();
    for look in [&["health"][..], &["stats"], &["status"], &["report", "-o", &page]] {
        let looks = db.number("select nextval('looked_at')");
        db.run(look).code(0);
        assert!(db.number("select nextval('looked_at')") > looks + 1.0, "{look:?} does not look");
        assert_eq!(db.number("select count(*) from compiled where is_called"), 0.0, "{look:?} leaves it to the server");
    }
}
