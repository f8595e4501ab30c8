//! SQLite: no file, a damaged one, one that can't be written.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use super::{Host, look, named, of, says};
use crate::bad_input::unprivileged;
use crate::support::db::Db;

#[test]
fn a_file_that_is_not_there_is_told_and_not_made() {
    let host = Host::bare();
    let result = look(host.alone(&[]), "warning", 0);
    says(&result, "database.file", "warning", &["there is no database at ", "nikita-jobs.sqlite yet", "creates it"]);
    says(&result, "database.schema", "skipped", &["the file does not exist yet"]);
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite:{}", folder.path().join("none.sqlite").display());
    says(
        &look(host.alone(&[]).env("DATABASE_URL", url), "warning", 0),
        "database.file",
        "warning",
        &["none.sqlite yet"],
    );
    assert_eq!((folder.path().read_dir().unwrap().count(), host.path("var").exists()), (0, false));
    // Only the state folder is made by a job.
    for path in [
        "/dev/null/x.sqlite",
        &format!("{}/no/folder.sqlite", folder.path().display()),
        &folder.path().display().to_string(),
    ] {
        let result = look(host.alone(&[]).env("DATABASE_URL", format!("sqlite:{path}")), "error", 78);
        assert_eq!(named(&result, "problem"), ["database.file"], "{result}");
        assert!(of(&result, "database.file")[0][1].contains(path), "{result}");
    }
}

#[test]
fn a_damaged_file_is_a_problem_and_left_as_it_is() {
    let db = Db::sqlite();
    let whole = fs::read(db.file()).unwrap();
    let mut torn = whole.clone();
    // Deep in the file, where only a look through all of it finds anything.
    let at = whole.len() - 3 * 4096;
    torn[at..at + 4096].fill(0xAA);
    for bytes in [torn, b"This is a letter to my aunt, and no database at all.\n".repeat(100)] {
        fs::write(db.file(), &bytes).unwrap();
        let result = look(Host::bare().doctor(&db, &[]), "error", 78);
        says(
            &result,
            "database.integrity",
            "problem",
            &[&db.file().display().to_string(), "damaged", "Restore it from a backup"],
        );
        says(&result, "database.schema", "skipped", &["can't be read"]);
        assert!(fs::read(db.file()).unwrap() == bytes, "nothing was written");
    }
}

#[test]
fn a_file_that_the_user_can_not_write_is_a_problem() {
    let db = Db::sqlite();
    let tools = TempDir::new().unwrap();
    fs::set_permissions(tools.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let folder = db.file().parent().unwrap().to_owned();
    for (file, of_folder, said) in [(0o444, 0o777, "can't be written"), (0o666, 0o555, "the folder of ")] {
        fs::set_permissions(db.file(), fs::Permissions::from_mode(file)).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(of_folder)).unwrap();
        let doctor = unprivileged(tools.path(), &["doctor"]).env("DATABASE_URL", &db.url).dir(tools.path());
        let result = look(doctor.env("NIKITA_HOST_ROOT", tools.path()), "error", 78);
        says(&result, "database.file", "problem", &[said, "Check the permissions"]);
    }
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn another_journal_mode_is_told_and_not_changed() {
    let db = Db::sqlite();
    db.execute("pragma journal_mode = delete");
    let result = look(Host::bare().doctor(&db, &[]), "warning", 0);
    says(&result, "database.journal", "ok", &["the journal mode is delete", "sets it to WAL"]);
    assert_eq!(db.value("pragma journal_mode"), "delete");
}
