//! What is stuck, and how things are: at a cost that must not grow with what is finished.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::lab::Lab;
use crate::programs::{program, run};
use crate::table::{Results, median, short};

/// What is looked at: its arguments, its exit code with ten of each stuck, and its rows.
struct Look {
    arguments: &'static [&'static str],
    code: i32,
    /// What its result must say, so that nobody is fast by finding nothing.
    finds: Option<(&'static str, u64)>,
    postgres: &'static str,
    sqlite: &'static str,
    dead: &'static str,
}

const LOOKS: [Look; 5] = [
    Look {
        arguments: &["recover", "--force"],
        code: 0,
        finds: Some(("recovered", 10)),
        postgres: "recover postgres",
        sqlite: "recover sqlite",
        dead: "recover dead",
    },
    Look {
        arguments: &["scan-stuck", "--force"],
        code: 0,
        finds: Some(("recoveries_count", 20)),
        postgres: "scan postgres",
        sqlite: "scan sqlite",
        dead: "scan dead",
    },
    Look {
        arguments: &["process-conversations", "--force"],
        code: 0,
        finds: Some(("detected", 0)),
        postgres: "idle postgres",
        sqlite: "idle sqlite",
        dead: "idle dead",
    },
    // With ten stuck it is degraded.
    Look {
        arguments: &["health"],
        code: 3,
        finds: Some(("stuck_conversations", 10)),
        postgres: "health postgres",
        sqlite: "health sqlite",
        dead: "health dead",
    },
    Look {
        arguments: &["stats"],
        code: 0,
        finds: None,
        postgres: "stats postgres",
        sqlite: "stats sqlite",
        dead: "stats dead",
    },
];

/// A database in which things are stuck.
enum Place {
    Postgres(&'static str),
    Sqlite(PathBuf),
}

impl Place {
    fn url(&self, lab: &Lab) -> String {
        match self {
            Self::Postgres(name) => lab.url(name),
            Self::Sqlite(file) => format!("sqlite:{}", file.display()),
        }
    }

    fn reset(&self, lab: &Lab) {
        match self {
            Self::Postgres(name) => lab.script(name, "stuck_reset_postgres.sql", &[]),
            Self::Sqlite(file) => lab.sqlite_script(file, "stuck_reset_sqlite.sql", &[]),
        };
    }

    /// The median of some looks, in milliseconds.
    fn look(&self, lab: &Lab, look: &Look) -> f64 {
        let url = self.url(lab);
        let once = || {
            self.reset(lab);
            let ran = run(&mut lab.nikita(&url, look.arguments), look.code);
            if let Some((field, count)) = look.finds {
                let result: serde_json::Value = serde_json::from_str(&ran.stdout).expect("a result");
                assert_eq!(result[field], count, "{}", ran.stdout);
            }
            ran.seconds * 1000.0
        };
        median(&(0..3).map(|_| once()).collect::<Vec<_>>())
    }
}

pub fn measure(lab: &Lab, results: &mut Results) {
    let many = lab.size(10_000_000, 100_000);
    let sizes = [("stuck_many", many), ("stuck_middle", many / 10), ("stuck_few", 10_000)];
    for (name, rows) in sizes {
        lab.progress(&format!("stuck: {rows} rows on PostgreSQL"));
        lab.migrated(name);
        lab.script(name, "stuck_seed_postgres.sql", &[("rows", &rows.to_string())]);
    }
    lab.sql("postgres", "checkpoint");
    compare(lab, results, "PostgreSQL", &sizes.map(|(name, _)| Place::Postgres(name)), |look| look.postgres);
    plans(lab, results, many);
    dead_rows(lab, results);
    for (name, _) in sizes {
        lab.drop(name);
    }
    let files = sizes.map(|(name, rows)| {
        lab.progress(&format!("stuck: {rows} rows on SQLite"));
        let (file, _) = lab.sqlite(name);
        lab.sqlite_script(&file, "stuck_seed_sqlite.sql", &[("rows", &rows.to_string())]);
        Place::Sqlite(file)
    });
    compare(lab, results, "SQLite", &files, |look| look.sqlite);
    for (name, _) in sizes {
        lab.remove_sqlite(name);
    }
}

fn compare(
    lab: &Lab,
    results: &mut Results,
    database: &str,
    [many, middle, few]: &[Place; 3],
    row: fn(&Look) -> &'static str,
) {
    for look in &LOOKS {
        lab.progress(&format!("stuck: {}", look.arguments[0]));
        // No side shall be the first to read its pages.
        for place in [many, middle, few] {
            place.look(lab, look);
        }
        let pairs: Vec<_> = (0..lab.runs).map(|_| (many.look(lab, look), few.look(lab, look))).collect();
        for &(many, few) in &pairs {
            results.pair(row(look), many, few);
        }
        let (large, small): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        let times = [median(&small), middle.look(lab, look), median(&large)].map(short);
        results.figure(
            "Cost as it grows, start to exit, ms (medians)",
            &["command", "database", "10 thousand rows", "1 million", "10 million"],
            [look.arguments[0].to_owned(), database.to_owned()].into_iter().chain(times).collect(),
        );
    }
}

/// A million dead rows that an old snapshot keeps.
fn dead_rows(lab: &Lab, results: &mut Results) {
    let place = Place::Postgres("stuck_many");
    let rows = lab.size(350_000, 5_000).to_string();
    let before: Vec<Vec<f64>> =
        LOOKS.iter().map(|look| (0..lab.runs).map(|_| place.look(lab, look)).collect()).collect();
    lab.progress("stuck: dead rows under a pinned snapshot");
    let mut pin = pin(lab, "stuck_many", 3600);
    lab.script("stuck_many", "stuck_dead_rows.sql", &[("rows", &rows)]);
    for (look, before) in LOOKS.iter().zip(&before) {
        place.look(lab, look);
        for before in before {
            results.pair(look.dead, place.look(lab, look), *before);
        }
    }
    unpin(lab, &mut pin);
}

/// Which indexes are used, by the plans that the server itself logs.
fn plans(lab: &Lab, results: &mut Results, rows: usize) {
    let options = "?options=-c%20session_preload_libraries=auto_explain%20-c%20auto_explain.log_min_duration=0";
    let url = lab.url("stuck_many") + options;
    for look in &LOOKS {
        lab.script("stuck_many", "stuck_reset_postgres.sql", &[]);
        let before = lab.server_log().len();
        run(&mut lab.nikita(&url, look.arguments), look.code);
        let mut used: Vec<String> = Vec::new();
        for line in lab.server_log()[before..].lines().filter(|line| line.contains("(cost=")) {
            let index = scanned(line);
            used.extend(index.filter(|it| !used.contains(it)));
        }
        assert!(!used.is_empty(), "the server has logged no plan");
        let head = &["command", "indexes used; whole tables in bold"];
        let title = "How the large tables are read, PostgreSQL, by the plans that the server logged";
        results.figure(title, head, vec![look.arguments[0].to_owned(), used.join(", ")]);
    }
    lab.progress(&format!("stuck: plans on {rows} rows"));
}

/// The index of a line of a plan that reads one of the large tables, or the table where it is read as a whole.
fn scanned(line: &str) -> Option<String> {
    const LARGE: [&str; 3] = ["conversations", "job_executions", "audit_reports"];
    let (_, what) = line.split_once("Scan ")?;
    let words: Vec<&str> = what.split_whitespace().collect();
    let name = match words[..] {
        ["on", name, ..] => name,
        ["using", index, ..] | ["Backward", "using", index, ..] => index,
        _ => return None,
    };
    if line.contains("Seq Scan") {
        return LARGE.contains(&name).then(|| format!("**{name}**"));
    }
    let large = LARGE.iter().any(|table| name.starts_with(&format!("{table}_")));
    large.then(|| format!("`{name}`"))
}

/// Holds a snapshot in another session, until it is told to stop.
pub fn pin(lab: &Lab, database: &str, seconds: u32) -> std::process::Child {
    let sql = format!("begin isolation level repeatable read; select count(*) from users; select pg_sleep({seconds})");
    let mut psql: Command = program("psql");
    psql.args(["-XAtq", "-d", &lab.url(database), "-c", &sql]).stdout(Stdio::null()).stderr(Stdio::null());
    let child = psql.spawn().expect("psql starts");
    let sleeping =
        format!("select count(*) from pg_stat_activity where datname = '{database}' and wait_event = 'PgSleep'");
    lab.eventually("the snapshot is held", &sleeping, "1");
    child
}

pub fn unpin(lab: &Lab, pin: &mut std::process::Child) {
    lab.sql("postgres", "select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'");
    pin.wait().expect("psql ends");
}
