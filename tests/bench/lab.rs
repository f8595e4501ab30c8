//! The laboratory: the private server of `scripts/bench`, databases on it and SQLite files, and the programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::programs::{Ran, program, run};
use crate::wait;

pub struct Lab {
    /// Small sizes.
    pub quick: bool,
    /// How many pairs a ratio is the median of.
    pub runs: usize,
    /// For files; it goes with the server.
    pub work: PathBuf,
    /// The server's settings.
    pub settings: String,
    /// Where the released programs are.
    release: PathBuf,
    /// The server's URL without a database, over TCP with SCRAM.
    server: String,
    /// The folder of the server's socket.
    socket: PathBuf,
}

fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: scripts/bench sets it"))
}

impl Lab {
    pub fn open(quick: bool, runs: usize) -> Self {
        let server = setting("NIKITA_BENCH_SERVER");
        let (server, _) = server.rsplit_once('/').expect("a URL with a database");
        Self {
            quick,
            runs,
            work: setting("NIKITA_BENCH_WORK").into(),
            settings: setting("NIKITA_BENCH_SETTINGS"),
            release: setting("NIKITA_BENCH_RELEASE").into(),
            server: server.to_owned(),
            socket: setting("NIKITA_BENCH_SOCKET").into(),
        }
    }

    /// A size: the first is for real.
    pub const fn size(&self, full: usize, quick: usize) -> usize {
        if self.quick { quick } else { full }
    }

    /// Says on stderr what is being measured.
    #[expect(clippy::unused_self, reason = "reads as what it is")]
    pub fn progress(&self, what: &str) {
        eprintln!("bench: {what}");
    }

    /// A released program: the binary or an example.
    pub fn released(&self, name: &str) -> PathBuf {
        let example = self.release.join("examples").join(name);
        if example.is_file() { example } else { self.release.join(name) }
    }

    /// The binary on a database.
    pub fn nikita(&self, url: &str, arguments: &[&str]) -> Command {
        let mut command = program(self.released("nikita-jobs"));
        command.args(arguments).env("DATABASE_URL", url).current_dir(&self.work);
        command
    }

    /// A database's URL over TCP with SCRAM.
    pub fn url(&self, database: &str) -> String {
        format!("{}/{database}", self.server)
    }

    /// A database's URL over the Unix socket, where the server trusts.
    pub fn socket_url(&self, database: &str) -> String {
        let port = self.server.rsplit_once(':').expect("a port").1;
        format!("postgres://nikita@localhost:{port}/{database}?host={}", self.socket.display())
    }

    /// A new database with our schema; its URL.
    pub fn migrated(&self, name: &str) -> String {
        self.sql("postgres", &format!("drop database if exists {name} with (force)"));
        self.sql("postgres", &format!("create database {name}"));
        let url = self.url(name);
        run(&mut self.nikita(&url, &["migrate"]), 0);
        url
    }

    /// A copy of a database, with nothing left for a checkpoint to do; its URL.
    pub fn copy(&self, name: &str, template: &str) -> String {
        self.sql("postgres", &format!("drop database if exists {name} with (force)"));
        self.sql("postgres", &format!("create database {name} template {template} strategy file_copy"));
        self.sql("postgres", "checkpoint");
        // The first reader of a fresh copy pays for reading it from the files: neither side shall.
        let warm = "select count(pg_relation_size(oid)) from pg_class; \
            select sum(length(t::text)) from (select id, user_id from conversations order by last_message_at limit 20000) t";
        self.sql(name, warm);
        self.url(name)
    }

    /// Drops a database that is in nobody's way but takes space.
    pub fn drop(&self, name: &str) {
        self.sql("postgres", &format!("drop database if exists {name} with (force)"));
    }

    /// Runs SQL in a database; what it prints, unaligned.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let mut psql = program("psql");
        psql.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", &self.url(database), "-c", sql]);
        run(&mut psql, 0).stdout.trim_end().to_owned()
    }

    /// Waits until SQL in the server's own database prints this; fails after a minute.
    pub fn eventually(&self, what: &str, sql: &str, expected: &str) {
        wait::eventually(what, || self.sql("postgres", sql) == expected);
    }

    /// psql with a script of `benches/sql` and its variables.
    pub fn script(&self, database: &str, script: &str, variables: &[(&str, &str)]) -> Ran {
        let mut psql = program("psql");
        psql.args(["-Xq", "-v", "ON_ERROR_STOP=1", "-d", &self.url(database)]);
        for (name, value) in variables {
            psql.args(["-v", &format!("{name}={value}")]);
        }
        run(psql.arg("-f").arg(sql_file(script)), 0)
    }

    /// pgbench with a script of `benches/sql`: so many transactions by so many clients; transactions a second.
    pub fn pgbench(&self, database: &str, script: &str, clients: usize, transactions: usize) -> f64 {
        let each = (transactions / clients).to_string();
        let mut pgbench = program("pgbench");
        pgbench.args([
            "-n",
            "-M",
            "prepared",
            "-c",
            &clients.to_string(),
            "-j",
            &clients.min(2).to_string(),
            "-t",
            &each,
        ]);
        let ran = run(pgbench.arg("-f").arg(sql_file(script)).arg(self.url(database)), 0);
        assert!(!ran.stdout.contains("aborted"), "{}{}", ran.stdout, ran.stderr);
        crate::programs::number_behind(&ran.stdout, "tps =")
    }

    /// A new SQLite file with our schema; its path and URL.
    pub fn sqlite(&self, name: &str) -> (PathBuf, String) {
        let file = self.work.join(format!("{name}.sqlite"));
        self.remove_sqlite(name);
        let url = format!("sqlite:{}", file.display());
        run(&mut self.nikita(&url, &["migrate"]), 0);
        (file, url)
    }

    /// A copy of an SQLite file; its path and URL.
    pub fn copy_sqlite(&self, name: &str, template: &Path) -> (PathBuf, String) {
        let file = self.work.join(format!("{name}.sqlite"));
        self.remove_sqlite(name);
        fs::copy(template, &file).expect("the file is copied");
        // What is still to be written to the disk is not the next one's to wait for.
        run(&mut program("sync"), 0);
        let url = format!("sqlite:{}", file.display());
        (file, url)
    }

    pub fn remove_sqlite(&self, name: &str) {
        for end in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(self.work.join(format!("{name}.sqlite{end}")));
        }
    }

    /// sqlite3 with a script of `benches/sql` and its parameters.
    #[expect(clippy::unused_self, reason = "as the other databases")]
    pub fn sqlite_script(&self, file: &Path, script: &str, parameters: &[(&str, &str)]) -> Ran {
        let mut sqlite = program("sqlite3");
        sqlite.arg("-bail").arg(file).args(["-cmd", ".parameter init"]);
        for (name, value) in parameters {
            sqlite.args(["-cmd", &format!(".parameter set :{name} {value}")]);
        }
        sqlite.stdin(fs::File::open(sql_file(script)).expect("the script is there"));
        run(&mut sqlite, 0)
    }

    /// Runs SQL on an SQLite file; what it prints.
    #[expect(clippy::unused_self, reason = "as the other databases")]
    pub fn sqlite_sql(&self, file: &Path, sql: &str) -> String {
        run(program("sqlite3").arg("-bail").arg(file).arg(sql), 0).stdout.trim_end().to_owned()
    }

    /// What the server has logged so far.
    pub fn server_log(&self) -> String {
        fs::read_to_string(self.socket.join("log")).expect("the server's log can be read")
    }

    /// The server's first process, which starts all others.
    fn postmaster(&self) -> u32 {
        let pid_file = self.socket.join("data/postmaster.pid");
        let pid_file = fs::read_to_string(pid_file).expect("the server's process id can be read");
        pid_file.lines().next().and_then(|it| it.parse().ok()).expect("a process id")
    }

    /// Sessions from now on run on these processors only.
    pub fn keep_server_on(&self, processors: &str) {
        run(program("taskset").args(["-p", "-c", processors, &self.postmaster().to_string()]), 0);
    }

    /// Processor seconds of the server so far: of its processes, and of those that have ended.
    pub fn server_cpu(&self) -> f64 {
        let postmaster = self.postmaster();
        let mut ticks = 0;
        for entry in fs::read_dir("/proc").expect("/proc").flatten() {
            let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
            // Behind the name, which may hold anything: state, parent, …, user, system, children's user and system.
            let Some((head, rest)) = stat.rsplit_once(") ") else { continue };
            let fields: Vec<&str> = rest.split_whitespace().collect();
            let tick = |at: usize| fields[at].parse::<u64>().unwrap_or_default();
            let is_postmaster = head.split(' ').next() == Some(&postmaster.to_string());
            if is_postmaster {
                ticks += tick(13) + tick(14);
            }
            if is_postmaster || fields[1] == postmaster.to_string() {
                ticks += tick(11) + tick(12);
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a few million")]
        let seconds = ticks as f64 / 100.0;
        seconds
    }
}

/// A script of `benches/sql`.
pub fn sql_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/sql").join(name)
}
