//! The checks of an SQLite file.

use std::fs;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rustix::fs::{Access, access, statfs};

use super::findings::{failed, schema, skipped};
use crate::config::database::Database;
use crate::core::doctor::judge::network_file_system;
use crate::core::doctor::{Check, Mark};
use crate::store::diagnostics::Soundness;
use crate::store::timeouts::Timeouts;
use crate::store::{Store, StoreError};

/// The timeout of the integrity check.
const LOOK: Duration = Duration::from_secs(5);

const LATER: [&str; 3] = ["database.integrity", "database.journal", "database.schema"];

/// The checks, and the database if its schema is this binary's. `unnamed` says whether a job would create the folder.
pub(super) async fn examine(
    path: &Path,
    unnamed: bool,
    timeouts: Timeouts,
    now: Option<DateTime<Utc>>,
) -> (Vec<Check>, Option<Store>) {
    let mut checks = vec![file(path, unnamed)];
    checks.extend(file_system(path));
    checks.extend(readers(path));
    let why = match checks[0].mark {
        Mark::Problem(_) => "the file can't be used",
        _ if !path.exists() => "the file does not exist yet",
        _ => match Store::look(&Database::Sqlite(path.to_owned().into()), timeouts, now).await {
            Ok(store) => {
                let (more, store) = inside(path, store).await;
                checks.extend(more);
                return (checks, store);
            }
            Err(error) => {
                checks.push(failed("database.connection", error));
                "the file can't be opened"
            }
        },
    };
    checks.extend(skipped(LATER, why));
    (checks, None)
}

async fn inside(path: &Path, store: Store) -> (Vec<Check>, Option<Store>) {
    let name = "database.integrity";
    let at = |error: StoreError| error.at(&path.display().to_string());
    let integrity = match store.quick_check(LOOK).await {
        Ok(Soundness::Sound) => Check::ok(name, "a quick check found no damage"),
        Ok(Soundness::Unfinished) => Check {
            remedy: Some("Run `pragma quick_check` in sqlite3 when there is time".to_owned()),
            ..Check::skipped(name, "the file is too large to be checked within 5 s")
        },
        Ok(Soundness::Damaged(said)) => Check::problem(
            name,
            format!("{} is damaged: {said}", path.display()),
            "Restore it from a backup, or save what can be read with sqlite3's .recover",
        ),
        Err(error) => failed(name, at(error)),
    };
    if let Mark::Problem(_) = integrity.mark {
        store.close().await;
        let mut checks = vec![integrity];
        checks.extend(skipped(["database.journal", "database.schema"], "the file can't be read"));
        return (checks, None);
    }
    let journal = match store.journal_mode().await {
        Ok(mode) if mode == "wal" => {
            Check::ok("database.journal", "readers and the writer do not block each other (WAL)")
        }
        Ok(mode) => Check::remark(
            "database.journal",
            format!("the journal mode is {mode}"),
            "Nothing: the next run of a job sets it to WAL",
        ),
        Err(error) => failed("database.journal", at(error)),
    };
    let schema = schema(&store, true).await;
    let ready = schema.mark == Mark::Ok;
    let checks = vec![integrity, journal, schema];
    if ready {
        return (checks, Some(store));
    }
    store.close().await;
    (checks, None)
}

/// Whether the file and its folder exist and are writable. The folder must be, because WAL creates two more files there.
fn file(path: &Path, unnamed: bool) -> Check {
    let (name, shown) = ("database.file", path.display());
    let permissions = "Check the permissions of the file and of its folder for the user that runs the jobs";
    let folder = folder(path);
    match fs::metadata(path) {
        Ok(of) if !of.is_file() => {
            Check::problem(name, format!("{shown} is not a file"), "Name a file in DATABASE_URL=sqlite:PATH")
        }
        Ok(_) if access(path, Access::READ_OK | Access::WRITE_OK).is_err() => {
            Check::problem(name, format!("{shown} can't be written"), permissions)
        }
        Ok(_) if access(folder, Access::WRITE_OK | Access::EXEC_OK).is_err() => Check::problem(
            name,
            format!("the folder of {shown} is not writable, but the journal must be created there"),
            permissions,
        ),
        Ok(_) => Check::ok(name, format!("{shown} can be read and written")),
        Err(_) if can_be_made(folder, unnamed) => Check::warning(
            name,
            format!("there is no database at {shown} yet"),
            "Nothing, if this is a new installation: the first run of a job creates it; else name another one in DATABASE_URL",
        ),
        Err(error) => Check::problem(
            name,
            format!("there is no database at {shown}, and it can't be created there ({error})"),
            "Check the path, and that its folder exists and is writable",
        ),
    }
}

/// Whether a file can be created in a folder; if a job would create the folder, too, whether that is possible.
fn can_be_made(folder: &Path, unnamed: bool) -> bool {
    if unnamed && !folder.exists() {
        return folder.parent().is_some_and(|parent| can_be_made(parent, unnamed));
    }
    folder.is_dir() && access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}

/// Whether others on this host can read the conversations.
fn readers(path: &Path) -> Option<Check> {
    let name = "database.readers";
    path.is_file().then(|| {
        if !super::files::is_open(path) {
            return Check::ok(name, "the file is not readable by every user of this host");
        }
        Check::warning(
            name,
            format!("every user of this host can read {}, and the conversations in it", path.display()),
            "Remove the permission with chmod o= from the file and from those beside it that begin with its name (-wal, -shm)",
        )
    })
}

/// Whether the file is on a local file system.
fn file_system(path: &Path) -> Option<Check> {
    let kind = u64::try_from(statfs(folder(path)).ok()?.f_type).ok()?;
    Some(match network_file_system(kind) {
        None => Check::ok("database.file_system", "the file is on a local file system"),
        Some(kind) => Check::warning(
            "database.file_system",
            format!("the file is on a network file system ({kind}), where SQLite's locks are unreliable"),
            "Move it to a local disk, or use PostgreSQL",
        ),
    })
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
