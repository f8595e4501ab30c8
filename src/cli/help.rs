//! The texts below the flags in `--help`.

use super::terminal::fit;
use crate::domain::exit::Exit;

/// Below the list of commands.
pub fn overview() -> String {
    format!(
        "Examples:\n  \
         nikita-jobs demo                              try all jobs on sample data\n  \
         nikita-jobs decay                             charge overdue decay\n  \
         nikita-jobs decay --dry-run                   report what that would charge\n  \
         nikita-jobs process-conversations --batch 50  up to 50 finished conversations\n  \
         nikita-jobs health                            is the pipeline healthy?\n  \
         nikita-jobs doctor                            what is wrong, and how to fix it\n  \
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
    nikita-jobs decay --dry-run            who would be charged, and how much\n  \
    nikita-jobs decay --force --batch 500  the 500 longest overdue, now\n\n\
    `nikita-jobs --help` lists the exit codes.";

pub const PROCESS: &str = "Examples:\n  \
    nikita-jobs process-conversations                        every minute\n  \
    nikita-jobs process-conversations --batch 100            clear a backlog\n  \
    nikita-jobs process-conversations --allow-overlap        on many hosts at once\n  \
    nikita-jobs process-conversations --id UUID --reprocess  one of them, again\n  \
    NIKITA_REHEARSE=extraction=unavailable nikita-jobs process-conversations\n\n\
    `nikita-jobs --help` lists the exit codes.";

pub const RECOVER: &str = "A conversation is stuck if it has been idle for half an hour, or if the run that claimed it is dead. \
    Without ids, only conversations are recovered; scan-stuck handles audits and executions.\n\n\
    Examples:\n  \
    nikita-jobs recover --requeue               retry what dead runs had claimed\n  \
    nikita-jobs recover --dry-run               list what is stuck, with the rule\n  \
    nikita-jobs recover conversation ID         one, whatever the rules say\n  \
    nikita-jobs recover audit ID                fail an audit that is in progress\n  \
    nikita-jobs recover execution ID            fail a job's run, which then stops\n\n\
    `nikita-jobs --help` lists the exit codes.";

pub const PROMPT: &str = "Renders the prompt as the pipeline would from the current database, without a new conversation and \
    without enrichment.\n\n\
    Examples:\n  \
    nikita-jobs prompt render --user ID --format human\n  \
    nikita-jobs prompt render --user ID --template-dir .    try your own template\n\n\
    `nikita-jobs --help` lists the exit codes.";

pub const SCAN: &str = "An audit in progress or a running execution is unhealthy if its owner's lease has expired, if it shows no \
    activity, or if it has run for too long. It becomes failed, with the reason. Ended records are never changed.\n\n\
    The run then deletes executions that ended longer ago than --retain, at most 50,000 per run. It keeps each job's latest execution \
    and its latest completed one.\n\n\
    Examples:\n  \
    nikita-jobs scan-stuck                from cron or a timer, every five minutes\n  \
    nikita-jobs scan-stuck --dry-run      list what is unhealthy, and why\n  \
    nikita-jobs scan-stuck --audit ID     judge one: exit 1 if it is unhealthy\n\n\
    `nikita-jobs --help` lists the exit codes.";

/// Command names of an earlier system, with their replacements.
pub const REPLACED: [(&str, &str); 2] = [("detect-stuck", "recover --dry-run"), ("recover-stuck", "recover")];

pub const HEALTH: &str = "Degraded: fewer than 90 % of the last 100 conversations were processed, something is stuck, or the oldest \
    pending conversation has waited for over an hour. Unhealthy: fewer than 50 %, or no run has completed for an hour while work \
    is pending.\n\n\
    Exit codes: 0 healthy, 3 degraded, 1 unhealthy; 69 and 78 as for every command.\n\n\
    Examples:\n  \
    nikita-jobs health                      for a person\n  \
    nikita-jobs health -q || alert \"$?\"      silent while healthy";

pub const STATS: &str = "Examples:\n  \
    nikita-jobs stats                                the last 24 hours\n  \
    nikita-jobs stats --since 7d\n  \
    nikita-jobs stats --format json | jq .p95_duration_ms";

pub const EXEC: &str = "The command runs in its own process group and receives SIGTERM and SIGINT. Its output goes to stderr, with \
    -q only if it fails. The result contains its exit code, not its output.\n\n\
    Exit codes: 0 it succeeded, 1 it failed or timed out, 78 it can't be started, 75 skipped because of another run.\n\n\
    Examples:\n  \
    nikita-jobs exec --job daily-letter --window 20h -- \\\n      \
    curl -fsS https://example.org/letter\n  \
    nikita-jobs exec --job nightly-audit --timeout 25m --audit nightly -- \\\n      \
    /opt/librarian/audit";

pub const FAILURES: &str = "Examples:\n  \
    nikita-jobs failures                      by error, then the latest\n  \
    nikita-jobs failures --since 1d --stage extraction\n  \
    nikita-jobs failures --error 'status 401' --format json | jq .total";

pub const RETRY: &str = "A conversation that failed, or is waiting for a retry, becomes active with all its attempts. Conversations \
    that a run holds, or that have been processed, stay as they are.\n\n\
    Exit codes: 0 success, even if nothing matched; 1 an id is unknown; 3 the database refused some.\n\n\
    Examples:\n  \
    nikita-jobs retry ID ID\n  \
    nikita-jobs retry --failed --error 'status 401' --dry-run    list them\n  \
    nikita-jobs retry --failed --since 1d";

pub const WHY: &str = "The rules are the conditions of the claim and of decay themselves. Of a player it also says what the next run of \
    decay charges, and which conversation is next.\n\n\
    Exit codes: 1 if an id is unknown.\n\n\
    Examples:\n  \
    nikita-jobs why ID\n  \
    nikita-jobs why ID --format json | jq '.entries[0].rule'\n  \
    nikita-jobs decay --dry-run                    who is not charged, by rule\n  \
    nikita-jobs process-conversations --dry-run    what is passed over, by rule";

pub const STATUS: &str = "Examples:\n  \
    nikita-jobs status                 live runs, and the latest run of each job\n  \
    nikita-jobs status --since 1d --job decay --state failed\n  \
    nikita-jobs status --watch         the same, every second, until Ctrl-C\n  \
    nikita-jobs status ID --watch      one run, until it ends";

pub const REPORT: &str = "The file needs no network and no scripts. It contains ids and figures, but no text of a conversation.\n\n\
    Examples:\n  \
    nikita-jobs report -o report.html\n  \
    nikita-jobs report -o /var/www/nikita.html --since 48h    hourly figures";

pub const CHECK: &str = "It only reads, but reads whole tables: about a minute for a million players. Each promise is one statement, so \
    the jobs can run meanwhile. Some promises hold only within limits, because of what other programs write; the result names them.\n\n\
    Exit codes: 0 every promise is kept, 1 one is broken; 69 and 78 as for every command.\n\n\
    Examples:\n  \
    nikita-jobs check                       after a restore or a failover\n  \
    nikita-jobs check --since 1d            only rows that changed in the last day\n  \
    nikita-jobs check -q || alert \"$?\"      silent while every promise is kept";

pub const DOCTOR: &str = "Checks the jobs' variables, the template, files with secrets, the models' keys, the database (pooler, \
    schema, pgvector, clocks; an SQLite file's permissions and integrity), the schedules of this host, and when each job last \
    completed a run. It only reads. Run it as the jobs run: with their variables, and as their user.\n\n\
    Exit codes: 0 no problem, even with warnings; 78 something is misconfigured; 69 the only problem is a database or a provider that \
    can't be reached.\n\n\
    Examples:\n  \
    nikita-jobs doctor\n  \
    nikita-jobs doctor --env-file FILE     with the settings of that file\n  \
    nikita-jobs doctor --online            send the models a request, too\n  \
    nikita-jobs doctor -q || alert \"$?\"   silent while the jobs can run";

pub const MIGRATE: &str = "Examples:\n  \
    nikita-jobs migrate --plan > plan.sql    read it first\n  \
    nikita-jobs migrate                      once per release, before the jobs run\n\n\
    The jobs migrate SQLite files themselves on first use; only this command migrates PostgreSQL. It connects to \
    MIGRATION_DATABASE_URL if that is set, also by MIGRATION_DATABASE_URL_FILE or a systemd credential; no other command reads it.";

pub const DEMO: &str = "The demo builds its own database, and starts afresh each time. It refuses to overwrite a file that is not \
    an earlier demo.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_fit_eighty_columns() {
        let pages = [
            DECAY, PROCESS, RECOVER, PROMPT, SCAN, HEALTH, STATS, STATUS, FAILURES, RETRY, WHY, REPORT, CHECK, EXEC,
            DOCTOR, MIGRATE, DEMO,
        ];
        let overview = overview();
        for page in pages.into_iter().chain([overview.as_str()]) {
            // clap wraps paragraphs; an indented line would lose its layout.
            for line in page.lines().filter(|line| line.starts_with("  ")) {
                assert!(line.chars().count() <= 80, "{line}");
            }
        }
    }
}
