//! A host's `/etc`, `/usr` and `/var`, as far as `doctor` looks at them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use tempfile::TempDir;

use crate::support::JOBS;
use crate::support::bin::{Bin, command};
use crate::support::db::Db;

pub struct Host(Rc<TempDir>);

impl Host {
    /// With nothing installed.
    pub fn bare() -> Self {
        Self(Rc::new(TempDir::new().unwrap()))
    }

    /// With the shipped units, their timers enabled.
    pub fn with_timers() -> Self {
        let host = Self::bare();
        for job in JOBS {
            host.enable(job);
        }
        host
    }

    /// As the package installs a timer, and `systemctl enable` enables it.
    pub fn enable(&self, job: &str) {
        self.enable_by(job, &format!("nikita-jobs-{job}.timer"));
    }

    /// With an instance of a job's timer, for one of several databases.
    pub fn enable_instance(&self, job: &str, name: &str) {
        self.enable_by(&format!("{job}@"), &format!("nikita-jobs-{job}@{name}.timer"));
    }

    fn enable_by(&self, job: &str, unit: &str) {
        let file = format!("nikita-jobs-{job}.timer");
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd").join(&file);
        self.file(&format!("usr/lib/systemd/system/{file}"), &fs::read_to_string(shipped).unwrap());
        let wants = self.path("etc/systemd/system/timers.target.wants");
        fs::create_dir_all(&wants).unwrap();
        // Absolute, so that it leads nowhere from here, as from a host's `/` it would.
        symlink(format!("/usr/lib/systemd/system/{file}"), wants.join(unit)).unwrap();
    }

    /// With the shipped crontab, with this replaced by that.
    pub fn crontab(&self, from: &str, to: &str) {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("crontab.example");
        self.file("var/spool/cron/crontabs/nikita-jobs", &fs::read_to_string(shipped).unwrap().replace(from, to));
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn file(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// `doctor` on this host, without a database that is named.
    pub fn alone(&self, args: &[&str]) -> Bin {
        let bin = command(&["doctor"]).args(args).env("NIKITA_HOST_ROOT", self.0.path()).dir(self.0.path());
        bin.keeping(&self.0).env("STATE_DIRECTORY", self.path("var/lib/nikita-jobs"))
    }

    /// `doctor` on this host and this database.
    pub fn doctor(&self, db: &Db, args: &[&str]) -> Bin {
        self.alone(args).env("DATABASE_URL", &db.url)
    }
}
