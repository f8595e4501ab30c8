//! What `--help` says below the flags.

use super::terminal::fit;
use crate::domain::exit::Exit;

/// Below the list of commands.
pub fn overview() -> String {
    format!(
        "Examples:\n  \
         nikita-jobs demo                              see all of it work at once\n  \
         nikita-jobs decay                             charge what is overdue\n  \
         nikita-jobs decay --dry-run                   say what that would be\n  \
         nikita-jobs process-conversations --batch 50  up to fifty stale conversations\n  \
         nikita-jobs health                            is all well?\n  \
         nikita-jobs doctor                            what is wrong, and what to do\n  \
         nikita-jobs decay -q || echo \"exit code $?\"   as cron runs it\n\n\
         Exit codes:\n{}",
        exit_codes()
    )
}

/// The table of [`Exit`], at most 80 columns wide.
fn exit_codes() -> String {
    let lines = Exit::ALL.map(|exit| {
        let meaning = fit(exit.meaning(), 73).replace("\n  ", "\n       ");
        format!("{:>5}  {meaning}\n", exit.code())
    });
    lines.concat()
}

pub const DECAY: &str = "Examples:\n  \
    nikita-jobs decay                      from cron or a timer, at any interval\n  \
    nikita-jobs decay --dry-run            say who would be charged, and how much\n  \
    nikita-jobs decay --force --batch 500  now, the 500 longest overdue\n\n\
    `nikita-jobs --help` lists the exit codes.";

pub const PROCESS: &str = "Examples:\n  \
    nikita-jobs process-conversations                        by cron, every minute\n  \
    nikita-jobs process-conversations --batch 100            clear a backlog\n  \
    nikita-jobs process-conversations --allow-overlap        on many hosts at once\n  \
    nikita-jobs process-conversations --id UUID --reprocess  one of them, anew\n  \
    NIKITA_REHEARSE=extraction=unavailable nikita-jobs process-conversations\n\n\
    `nikita-jobs --help` lists the exit codes.";

pub const RECOVER: &str = "Stuck is what has not moved for half an hour, or what a run claimed that is dead. In bulk it takes care \
    of conversations; scan-stuck does of audits and executions.\n\n\
    Examples:\n  \
    nikita-jobs recover --requeue               give the work of dead runs back\n  \
    nikita-jobs recover --dry-run               say what is stuck, by which rule\n  \
    nikita-jobs recover conversation ID         one, whatever the rules say\n  \
    nikita-jobs recover audit ID                fail an audit that is in progress\n  \
    nikita-jobs recover execution ID            fail a job's run, which then stops\n\n\
    `nikita-jobs --help` lists the exit codes.";

pub const PROMPT: &str = "It is rendered from the database as it is, as the pipeline would without a new conversation and without \
    enrichment.\n\n\
    Examples:\n  \
    nikita-jobs prompt render --user ID --format human\n  \
    nikita-jobs prompt render --user ID --template-dir .    try your own template\n\n\
    `nikita-jobs --help` lists the exit codes.";

pub const SCAN: &str = "Unhealthy is an audit in progress or a running execution whose owner's lease has run out, which shows no \
    activity, or which has run for too long. It becomes failed, with the reason. What has ended is never touched.\n\n\
    Then executions that ended longer ago than --retain are deleted, at most 50,000 a run. Each job keeps its latest one and its \
    latest completed one.\n\n\
    Examples:\n  \
    nikita-jobs scan-stuck                from cron or a timer, every five minutes\n  \
    nikita-jobs scan-stuck --dry-run      say what is unhealthy, and why\n  \
    nikita-jobs scan-stuck --audit ID     judge one: exit 1 if it is unhealthy\n\n\
    `nikita-jobs --help` lists the exit codes.";

/// Names of an earlier system, and the command that does it now.
pub const REPLACED: [(&str, &str); 2] = [("detect-stuck", "recover --dry-run"), ("recover-stuck", "recover")];

pub const HEALTH: &str = "Degraded: under 90 % of the last 100 conversations were processed, something is stuck, or the oldest \
    pending conversation has waited for over an hour. Unhealthy: under 50 %, or no run has completed in an hour while work is \
    pending.\n\n\
    Exit codes: 0 healthy, 3 degraded, 1 unhealthy; 69 and 78 as everywhere.\n\n\
    Examples:\n  \
    nikita-jobs health                      read by a person\n  \
    nikita-jobs health -q || alert \"$?\"      silent while all is well";

pub const STATS: &str = "Examples:\n  \
    nikita-jobs stats                                the last 24 hours\n  \
    nikita-jobs stats --since 7d\n  \
    nikita-jobs stats --format json | jq .p95_duration_ms";

pub const EXEC: &str = "The command runs in a process group of its own; SIGTERM and SIGINT are passed on to it. Its lines go to stderr, with -q \
    only if it fails. The result has its exit code, not its output.\n\n\
    Exit codes: 0 it succeeded, 1 it failed or took too long, 78 it can't be started, 75 another run is in the way.\n\n\
    Examples:\n  \
    nikita-jobs exec --job daily-letter --window 20h -- \\\n      \
    curl -fsS https://example.org/letter\n  \
    nikita-jobs exec --job nightly-audit --timeout 25m --audit nightly -- \\\n      \
    /opt/librarian/audit";

pub const FAILURES: &str = "Examples:\n  \
    nikita-jobs failures                      by error, the most frequent first, then the latest ones\n  \
    nikita-jobs failures --since 1d --stage extraction\n  \
    nikita-jobs failures --error 'status 401' --format json | jq .total";

pub const RETRY: &str = "A conversation that failed, or waits after a failure, becomes active with all its attempts. What a run holds, \
    and what has been processed, is left alone.\n\n\
    Exit codes: 0 also where nothing matched, 1 where an id is unknown, 3 where the database refused one.\n\n\
    Examples:\n  \
    nikita-jobs retry ID ID\n  \
    nikita-jobs retry --failed --error 'status 401' --dry-run    which would it be?\n  \
    nikita-jobs retry --failed --since 1d";

pub const WHY: &str = "An id is of a conversation or of a player. The rule comes from the conditions of the claim and of decay themselves. For a \
    player it also says what the next run of decay takes, and which of their conversations is next.\n\n\
    Exit codes: 1 where an id is unknown.\n\n\
    Examples:\n  \
    nikita-jobs why ID\n  \
    nikita-jobs why ID --format json | jq '.entries[0].rule'\n  \
    nikita-jobs decay --dry-run                    how many players are not charged, by rule\n  \
    nikita-jobs process-conversations --dry-run    how many conversations are passed over, by rule";

pub const STATUS: &str = "Examples:\n  \
    nikita-jobs status                 every live run, and the latest of each job\n  \
    nikita-jobs status --since 1d --job decay --state failed\n  \
    nikita-jobs status --watch         the same, every second, until Ctrl-C\n  \
    nikita-jobs status ID --watch      one run, until it has ended";

pub const REPORT: &str = "The page needs no network and no script. It holds ids and figures, and no text of a conversation.\n\n\
    Examples:\n  \
    nikita-jobs report -o report.html\n  \
    nikita-jobs report -o /var/www/nikita.html --since 48h    by hours";

pub const CHECK: &str = "It only reads, and reads whole tables: a minute for a million players. Each promise is one statement, so the \
    jobs may go on meanwhile. What other programs write limits some promises; the result says which, and how.\n\n\
    Exit codes: 0 every promise is kept, 1 one is broken; 69 and 78 as everywhere.\n\n\
    Examples:\n  \
    nikita-jobs check                       after a restore, a failover or a doubt\n  \
    nikita-jobs check --since 1d            what changed in the last day\n  \
    nikita-jobs check -q || alert \"$?\"      silent while every promise is kept";

pub const DOCTOR: &str = "It looks at the jobs' variables, the template, files with secrets, the models' keys, the database (pooler, \
    schema, pgvector, clocks; an SQLite file's permissions and soundness), the schedules of this host, and when each job last \
    completed a run. It only reads. Run it as the jobs run: with their variables, and as their user.\n\n\
    Exit codes: 0 all is well, warnings included; 78 something is configured wrongly; 69 the only trouble is a database or a \
    provider that can't be reached.\n\n\
    Examples:\n  \
    nikita-jobs doctor\n  \
    nikita-jobs doctor --env-file FILE     with the settings of that file\n  \
    nikita-jobs doctor --online            ask the models, too\n  \
    nikita-jobs doctor -q || alert \"$?\"   silent while the jobs can run";

pub const MIGRATE: &str = "Examples:\n  \
    nikita-jobs migrate --plan > plan.sql    read it first\n  \
    nikita-jobs migrate                      once per release, before the jobs run\n\n\
    SQLite files migrate themselves on first use; PostgreSQL only by this command. Where MIGRATION_DATABASE_URL is set, also by \
    MIGRATION_DATABASE_URL_FILE or a systemd credential, it is this command's way to the database; no other looks at it.";

pub const DEMO: &str = "The demo builds its own database, and starts afresh each time. It never touches another file: a file \
    that is not a demo of ours is left alone, with an error.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_fit_eighty_columns() {
        let pages =
            [DECAY, PROCESS, RECOVER, PROMPT, SCAN, HEALTH, STATS, STATUS, REPORT, CHECK, DOCTOR, MIGRATE, DEMO];
        let overview = overview();
        for page in pages.into_iter().chain([overview.as_str()]) {
            // A paragraph is broken by clap; a line that is indented would lose its place.
            for line in page.lines().filter(|line| line.starts_with("  ")) {
                assert!(line.chars().count() <= 80, "{line}");
            }
        }
    }
}
