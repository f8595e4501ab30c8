//! Secrets: from the environment, from `*_FILE` variables, or from systemd's `$CREDENTIALS_DIRECTORY`; never from a flag.

use std::env::{self, VarError};
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use secrecy::SecretString;

/// The most that a file may hold, in bytes: more is no secret.
const MOST: u64 = 64 * 1024;

/// The secret called `name`, such as `DATABASE_URL`: the variable, else the file that `NAME_FILE` names, else
/// `$CREDENTIALS_DIRECTORY/NAME`. `None` where none of them is there.
///
/// # Errors
/// A sentence naming the variable and the file that can't be read; never the secret. What is named and can't be read is never
/// as if it were not named.
pub fn find(name: &str) -> Result<Option<SecretString>, String> {
    match env::var(name) {
        Ok(value) if !value.is_empty() => return Ok(Some(value.into())),
        Err(VarError::NotUnicode(_)) => return Err(format!("{name} is not UTF-8 text")),
        Ok(_) | Err(VarError::NotPresent) => {}
    }
    match file(name)? {
        None => Ok(None),
        Some(named) => {
            read(&named.path).map(Some).map_err(|why| format!("{} {}: {why}", named.by, named.path.display()))
        }
    }
}

/// The file that the secret called `name` is read from, be it there or not; none where it stands in a variable or is not set.
#[must_use]
pub fn path(name: &str) -> Option<PathBuf> {
    if env::var_os(name).is_some_and(|value| !value.is_empty()) {
        return None;
    }
    file(name).ok().flatten().map(|named| named.path)
}

/// A file that is named, and by what.
struct Named {
    by: String,
    path: PathBuf,
}

fn file(name: &str) -> Result<Option<Named>, String> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let variable = format!("{name}_FILE");
    if let Some(path) = set(&variable) {
        return Ok(Some(Named { by: format!("{variable} names"), path }));
    }
    let Some(folder) = set("CREDENTIALS_DIRECTORY") else { return Ok(None) };
    let cant = |error| format!("CREDENTIALS_DIRECTORY names {}: it can't be entered ({error})", folder.display());
    // Entered before it is asked for one file: a folder that is not there holds no credential, but was meant to.
    fs::metadata(folder.join(".")).map_err(cant)?;
    let path = folder.join(name);
    match fs::symlink_metadata(&path) {
        Ok(_) => Ok(Some(Named { by: "the credential".to_owned(), path })),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(cant(error)),
    }
}

fn read(path: &Path) -> Result<SecretString, String> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(MOST + 1).read_to_string(&mut text));
    read.map_err(|error| format!("it can't be read ({error})"))?;
    match text.trim_end_matches(['\n', '\r']) {
        "" => Err("it is empty".to_owned()),
        long if long.len() as u64 > MOST => Err("it is over 64 KiB, and so no secret".to_owned()),
        secret if secret.contains('\0') => Err("it holds a NUL byte, and so no secret".to_owned()),
        secret => Ok(secret.into()),
    }
}
