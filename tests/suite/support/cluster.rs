//! A PostgreSQL of a test's own: it may be frozen, stopped, and followed by a standby.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::bin::eventually;

/// A server, and its data.
pub struct Cluster {
    folder: TempDir,
    pub port: u16,
}

/// The newest installed server's programs.
fn program(name: &str) -> PathBuf {
    let mut found: Vec<_> = fs::read_dir("/usr/lib/postgresql")
        .expect("a PostgreSQL server is installed")
        .map(|entry| entry.expect("an entry").path().join("bin").join(name))
        .filter(|program| program.exists())
        .collect();
    found.sort();
    found.pop().unwrap_or_else(|| panic!("{name} is installed"))
}

/// Servers refuse to run as root.
fn as_server(program: &Path) -> Command {
    let is_root = fs::metadata("/proc/self").is_ok_and(|it| std::os::unix::fs::MetadataExt::uid(&it) == 0);
    let mut command = if is_root { Command::new("runuser") } else { Command::new(program) };
    if is_root {
        let user = if fs::read_to_string("/etc/passwd").unwrap_or_default().contains("\npostgres:") {
            "postgres"
        } else {
            "nobody"
        };
        command.args(["-u", user, "--"]).arg(program);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/");
    command
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address").port()
}

impl Cluster {
    fn empty() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).expect("its mode");
        Self { folder, port: free_port() }
    }

    /// A new one, with these lines in its settings.
    pub fn start(settings: &str) -> Self {
        let cluster = Self::empty();
        let made = as_server(&program("initdb"))
            .args(["-U", "nikita", "-E", "UTF8", "--locale=C.UTF-8", "--auth=trust", "-N", "-D"])
            .arg(cluster.data())
            .status();
        assert!(made.expect("initdb runs").success());
        cluster.run(settings);
        cluster
    }

    /// A standby that follows this one.
    pub fn standby(&self) -> Self {
        let standby = Self::empty();
        let copied = as_server(&program("pg_basebackup"))
            .args([
                "-h",
                "127.0.0.1",
                "-U",
                "nikita",
                "-R",
                "-c",
                "fast",
                "-X",
                "stream",
                "-p",
                &self.port.to_string(),
                "-D",
            ])
            .arg(standby.data())
            .status();
        assert!(copied.expect("pg_basebackup runs").success());
        standby.run("");
        standby
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Where its socket is.
    pub fn socket(&self) -> &Path {
        self.folder.path()
    }

    fn run(&self, settings: &str) {
        let own = format!(
            "\nport = {}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{}'\nfsync = off\n\
             max_connections = 40\nshared_buffers = '16MB'\nwal_level = replica\nmax_wal_senders = 4\nhot_standby = on\n\
             hot_standby_feedback = off\n{settings}\n",
            self.port,
            self.socket().display()
        );
        let file = self.data().join("postgresql.conf");
        let before = fs::read_to_string(&file).expect("its settings");
        fs::write(&file, before + &own).expect("its settings");
        self.control(&["-w", "-t", "60", "start"]);
    }

    /// Runs `pg_ctl`.
    pub fn control(&self, args: &[&str]) {
        let done = as_server(&program("pg_ctl"))
            .arg("-D")
            .arg(self.data())
            .arg("-l")
            .arg(self.folder.path().join("log"))
            .args(args)
            .status();
        assert!(done.expect("pg_ctl runs").success(), "pg_ctl {args:?}");
    }

    /// The process and its children, stopped or let go on.
    pub fn signal(&self, name: &str) {
        // One that was stopped has none.
        let Ok(pid) = fs::read_to_string(self.data().join("postmaster.pid")) else { return };
        let pid = pid.lines().next().expect("a pid").to_owned();
        let children = Command::new("ps").args(["-o", "pid=", "--ppid", &pid]).output().expect("ps runs");
        let children = String::from_utf8(children.stdout).expect("numbers");
        let all = [pid.as_str()].into_iter().chain(children.split_whitespace());
        let all: Vec<_> = all.map(str::to_owned).collect();
        let _ = Command::new("kill").arg(format!("-{name}")).args(&all).stderr(Stdio::null()).status();
    }

    /// Host and port.
    pub fn place(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The URL of a database there.
    pub fn url(&self) -> String {
        format!("postgres://nikita@{}/postgres", self.place())
    }

    /// What a statement says, as `psql` writes it.
    pub fn ask(&self, sql: &str) -> String {
        let asked =
            Command::new(program("psql")).args(["-XAtq", "-d", &self.url(), "-c", sql]).output().expect("psql runs");
        String::from_utf8(asked.stdout).expect("UTF-8").trim().to_owned()
    }

    /// Waits until the standby shows what this one has.
    pub fn wait_for(&self, standby: &Self) {
        let here = self.ask("select pg_current_wal_lsn()");
        eventually("the standby has caught up", || {
            standby.ask(&format!("select pg_last_wal_replay_lsn() >= '{here}'")) == "t"
        });
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.signal("CONT");
        let _ = as_server(&program("pg_ctl")).arg("-D").arg(self.data()).args(["-m", "immediate", "stop"]).status();
        if let Ok(is_root) = Command::new("id").arg("-u").output() {
            // What the server wrote is its own.
            let _ = (is_root, fs::remove_dir_all(self.data()));
        }
    }
}
