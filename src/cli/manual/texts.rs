//! What the manual pages say beside the command line's own texts.

/// Variables that no flag stands for, where a command works on the database.
pub(super) const VARIABLES: [(&str, &str); 5] = [
    (
        "DATABASE_URL_FILE",
        "A file that holds what DATABASE_URL would. Each secret has such a variable, named with _FILE.",
    ),
    ("CREDENTIALS_DIRECTORY", "Set by systemd: a secret is the file of its name in there."),
    ("STATE_DIRECTORY", "Where the SQLite file is, if no database is named; set by systemd."),
    ("XDG_STATE_HOME", "Where its folder nikita-jobs is, without STATE_DIRECTORY; else it is ~/.local/state."),
    ("NO_COLOR", "With any value: no colours."),
];

/// Files that a command reads or makes.
pub(super) const FILES: [(&str, &str); 6] = [
    (
        ".env",
        "Variables, one a line, as NAME=value. Read where --env-file names no other file. A variable that is set already wins.",
    ),
    ("/etc/nikita-jobs/env", "The same for the services. Commands read it, too, where nothing names a database."),
    (
        "/etc/nikita-jobs/NAME.env",
        "The same for the services of one of several databases, nikita-jobs-decay@NAME.timer and its kin.",
    ),
    (
        "/etc/credstore/nikita-jobs.DATABASE_URL",
        "A secret that systemd hands to the services; ANTHROPIC_API_KEY and OPENAI_API_KEY likewise.",
    ),
    ("/var/lib/nikita-jobs/nikita-jobs.sqlite", "The services' database, where none is named."),
    ("~/.local/state/nikita-jobs/nikita-jobs.sqlite", "A user's, likewise."),
];

/// What the first page says of the whole.
pub(super) const ABOUT: [&str; 3] = [
    "nikita-jobs does the background work of a game on its SQLite or PostgreSQL database: it lowers the scores of inactive players, turns \
     finished conversations into memories and prompts, and recovers the work of runs that died. A timer or cron starts each job; \
     leases in the database keep two runs of one job apart, on any number of hosts.",
    "The result goes to stdout: one JSON value, or a table on a terminal (--format). The log goes to stderr.",
    "A setting is a flag or a variable; the flag wins. Durations look like 90s, 50m or \"1h 30m\".",
];
