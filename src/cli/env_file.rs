//! The env file: read before the arguments are, because every flag may stand in it. A variable that is already set wins.
//!
//! One that is named must be there and in order. One that nobody named, `.env` in the working directory, is passed over with a
//! warning where it can't be read, is no env file, or is not to be trusted: whoever may write in a folder must not choose
//! what another user's, or root's, runs do.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::raw;
use crate::config::env_file::{EnvFile, parse};

/// The most that is read of a file, in bytes: far more than any holds.
const MOST: u64 = 1024 * 1024;

/// Loads the file that was named, or else `.env`. Returns whether one was named, and warnings.
///
/// # Errors
/// What is wrong with the file that was named, without a word of its content.
pub fn load() -> Result<(bool, Vec<String>), String> {
    let Some(path) = named() else { return Ok((false, pass_over(Path::new(".env")))) };
    let shown = format!("the env file {}", path.display());
    let bytes = read(File::open(&path)).map_err(|error| format!("{shown} can't be read: {error}"))?;
    let file = parse(&bytes).map_err(|why| format!("{shown} {why}"))?;
    Ok((true, set(&shown, file)))
}

/// Keeps what was said about the files, for [`remarks`].
pub fn keep_remarks(said: &[String]) {
    said.clone_into(&mut REMARKS.lock().unwrap_or_else(PoisonError::into_inner));
}

/// Loads a file that nobody named, or says why not.
pub fn pass_over(path: &Path) -> Vec<String> {
    let shown = format!("the env file {}", path.display());
    match open_unnamed(path).and_then(|file| file.map(|file| read(Ok(file))).transpose()) {
        Ok(None) => Vec::new(),
        Ok(Some(bytes)) => match parse(&bytes) {
            Ok(file) => set(&shown, file),
            Err(why) => vec![format!("{shown} is passed over: it {why}")],
        },
        Err(error) => vec![format!("{shown} is passed over: {error}")],
    }
}

/// The file, if there is one and it may be trusted. Looked at before it is opened: a pipe would hold us up.
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

/// Why a file, or a link to it, is not to be read by this user unless it is named.
fn distrust(user: u32, of: &Metadata) -> Option<&'static str> {
    let (owner, group, mode) = (of.uid(), of.gid(), of.mode());
    let others_write = mode & 0o002 != 0 || (mode & 0o020 != 0 && group != 0);
    if owner != user && owner != 0 {
        Some("another user owns it; name it with --env-file to have it read")
    } else if user == 0 && others_write && !of.is_symlink() {
        Some("others than root may write it; name it with --env-file to have it read")
    } else {
        None
    }
}

fn read(file: io::Result<File>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file?.take(MOST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST { Err(io::Error::other("it is larger than 1 MiB")) } else { Ok(bytes) }
}

/// Sets the variables that are not set yet, and returns what there is to say about the file.
pub fn set(shown: &str, file: EnvFile) -> Vec<String> {
    let lines: Vec<_> = file.variables.iter().map(|(name, value)| format!("{name}=\"{}\"\n", escaped(value))).collect();
    note_origins(shown, &file);
    let mut said: Vec<_> = file.remarks.into_iter().map(|remark| format!("{shown}, {remark}")).collect();
    // Setting a variable is unsafe beside other threads. There is none yet, and dotenvy does it for us.
    if dotenvy::from_read(lines.concat().as_bytes()).is_err() {
        said.push(format!("{shown} can't be taken over whole"));
    }
    said
}

/// Which variables came from a file, and from which: set once, before there is another thread.
static ORIGINS: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());

/// What was said about the files.
static REMARKS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// What [`load`] has said.
pub fn remarks() -> Vec<String> {
    REMARKS.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Remembers what is about to be set.
fn note_origins(shown: &str, file: &EnvFile) {
    let mut origins = ORIGINS.lock().unwrap_or_else(PoisonError::into_inner);
    let unset = file.variables.iter().filter(|(name, _)| env::var_os(name).is_none());
    origins.extend(unset.map(|(name, _)| (name.clone(), shown.to_owned())));
}

/// Where a variable that is set came from, such as `the env file .env`.
pub fn origin(variable: &str) -> String {
    let origins = ORIGINS.lock().unwrap_or_else(PoisonError::into_inner);
    origins.get(variable).cloned().unwrap_or_else(|| "the environment".to_owned())
}

/// A value as dotenvy reads it back in double quotes.
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

/// The file that is read, if it is there.
pub fn path() -> PathBuf {
    named().unwrap_or_else(|| PathBuf::from(".env"))
}

/// Which of these variables it sets to something.
pub fn sets<'a>(names: &[&'a str]) -> Vec<&'a str> {
    let file = read(File::open(path())).ok().and_then(|bytes| parse(&bytes).ok()).unwrap_or_default();
    let is_set = |name: &&&str| file.variables.iter().any(|(it, value)| it == **name && !value.is_empty());
    names.iter().filter(is_set).copied().collect()
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
