//! The env file, read before the arguments because it can set any of them. A variable that is already set wins.
//!
//! A file that was named must exist and be valid. A file that nobody named, `.env` in the working directory, is passed over with a
//! warning if it can't be read, is invalid, or is not trusted: write access to a folder must not control what the runs of
//! another user, or of root, do.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::raw;
use crate::config::env_file::{EnvFile, parse};

/// The largest file that is read, in bytes.
const MOST: u64 = 1024 * 1024;

/// Loads the named file, or else `.env`. Returns whether one was named, and warnings.
///
/// # Errors
/// If the named file is missing or invalid. The error quotes nothing from the file.
pub fn load() -> Result<(bool, Vec<String>), String> {
    let Some(path) = named() else { return Ok((false, pass_over(Path::new(".env")))) };
    let shown = format!("the env file {}", path.display());
    let bytes = read(File::open(&path)).map_err(|error| format!("{shown} can't be read: {error}"))?;
    let file = parse(&bytes).map_err(|why| format!("{shown} {why}"))?;
    Ok((true, set(&shown, Some(&path), file)))
}

/// Keeps the warnings about the files, for [`remarks`].
pub fn keep_remarks(said: &[String]) {
    said.clone_into(&mut REMARKS.lock().unwrap_or_else(PoisonError::into_inner));
}

/// Loads a file that nobody named, if it exists and is trusted. Returns warnings.
pub fn pass_over(path: &Path) -> Vec<String> {
    let shown = format!("the env file {}", path.display());
    match open_unnamed(path).and_then(|file| file.map(|file| read(Ok(file))).transpose()) {
        Ok(None) => Vec::new(),
        Ok(Some(bytes)) => match parse(&bytes) {
            Ok(file) => set(&shown, Some(path), file),
            Err(why) => vec![format!("{shown} is passed over: it {why}")],
        },
        Err(error) => vec![format!("{shown} is passed over: {error}")],
    }
}

/// Opens the file, if it exists and is trusted. It is checked before it is opened, because opening a pipe would block.
fn open_unnamed(path: &Path) -> io::Result<Option<File>> {
    let (link, there) = match (fs::symlink_metadata(path), fs::metadata(path)) {
        (Err(error), _) if error.kind() == ErrorKind::NotFound => return Ok(None),
        (link, there) => (link?, there?),
    };
    let file = if there.is_file() { File::open(path)? } else { return Err(io::Error::other("it is not a file")) };
    let user = rustix::process::geteuid().as_raw();
    match [link, file.metadata()?].iter().find_map(|of| distrust(user, of)) {
        Some(why) => Err(io::Error::other(why)),
        None => Ok(Some(file)),
    }
}

/// Why this user should not read a file, or a link to it, unless it is named.
fn distrust(user: u32, of: &Metadata) -> Option<&'static str> {
    let (owner, group, mode) = (of.uid(), of.gid(), of.mode());
    let others_write = mode & 0o002 != 0 || (mode & 0o020 != 0 && group != 0);
    if owner != user && owner != 0 {
        Some("another user owns it; name it with --env-file to have it read")
    } else if user == 0 && others_write && !of.is_symlink() {
        Some("users other than root can write it; name it with --env-file to have it read")
    } else {
        None
    }
}

fn read(file: io::Result<File>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file?.take(MOST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST { Err(io::Error::other("it is larger than 1 MiB")) } else { Ok(bytes) }
}

/// Sets the variables that are not set yet; one whose value is no text is set. Returns warnings about the file.
pub fn set(shown: &str, path: Option<&Path>, file: EnvFile) -> Vec<String> {
    let is_unset = |(name, _): &&(String, String)| env::var_os(name).is_none();
    let unset: Vec<_> = file.variables.iter().filter(is_unset).collect();
    let lines: Vec<_> = unset.iter().map(|(name, value)| format!("{name}=\"{}\"\n", escaped(value))).collect();
    let holds = file.variables.iter().filter(|(_, value)| !value.is_empty()).map(|(name, _)| name.clone()).collect();
    let sets = unset.iter().map(|(name, _)| name.clone()).collect();
    let source = Source { shown: shown.to_owned(), path: path.map(Path::to_owned), holds, sets };
    SOURCES.lock().unwrap_or_else(PoisonError::into_inner).push(source);
    let mut said: Vec<_> = file.remarks.into_iter().map(|remark| format!("{shown}, {remark}")).collect();
    // Setting a variable is unsafe while other threads run. There are none yet, and dotenvy wraps the unsafe call.
    if dotenvy::from_read(lines.concat().as_bytes()).is_err() {
        said.push(format!("{shown} was only partly applied"));
    }
    said
}

/// What has been applied, a file in most cases.
struct Source {
    shown: String,
    /// None if it is no env file.
    path: Option<PathBuf>,
    /// The variables that it gives a value that is not empty.
    holds: BTreeSet<String>,
    /// The variables that were not set before.
    sets: BTreeSet<String>,
}

static SOURCES: Mutex<Vec<Source>> = Mutex::new(Vec::new());

/// The warnings about the files.
static REMARKS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The warnings that [`keep_remarks`] kept.
pub fn remarks() -> Vec<String> {
    REMARKS.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// The source of a variable that is set, such as `the env file .env`.
pub fn origin(variable: &str) -> String {
    let sources = SOURCES.lock().unwrap_or_else(PoisonError::into_inner);
    let source = sources.iter().find(|source| source.sets.contains(variable));
    source.map_or_else(|| "the environment".to_owned(), |source| source.shown.clone())
}

/// The files that were read and hold one of these variables.
pub fn with_any(names: &[&str]) -> Vec<PathBuf> {
    let sources = SOURCES.lock().unwrap_or_else(PoisonError::into_inner);
    let holding = sources.iter().filter(|source| names.iter().any(|name| source.holds.contains(*name)));
    holding.filter_map(|source| source.path.clone()).collect()
}

/// Escapes a value for dotenvy's double quotes.
fn escaped(value: &str) -> String {
    value.chars().fold(String::with_capacity(value.len()), |mut text, char| {
        match char {
            '\n' => text.push_str("\\n"),
            '\\' | '"' | '$' => text.extend(['\\', char]),
            other => text.push(other),
        }
        text
    })
}

fn named() -> Option<PathBuf> {
    let given = |path: &OsString| !path.is_empty();
    raw::early("--env-file").or_else(|| env::var_os("NIKITA_ENV_FILE").filter(given)).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::escaped;

    proptest! {
        #[test]
        fn a_value_survives_the_way_through_dotenvy(value in "[^\0]{0,40}") {
            let text = format!("A=\"{}\"\n", escaped(&value));
            let read: Result<Vec<_>, _> = dotenvy::from_read_iter(text.as_bytes()).collect();
            prop_assert_eq!(read.unwrap(), [("A".to_owned(), value)]);
        }
    }
}
