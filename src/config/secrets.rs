//! Secrets: from the environment, from `*_FILE` variables, or from systemd's `$CREDENTIALS_DIRECTORY`; never from a flag.

use std::env::{self, VarError};
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use secrecy::SecretString;

/// The largest file in bytes: a larger one is no secret.
const MOST: u64 = 64 * 1024;

/// The secret `name`, such as `DATABASE_URL`: from the variable, or else the file that `NAME_FILE` names, or else
/// `$CREDENTIALS_DIRECTORY/NAME`. `None` if none of them exists.
///
/// # Errors
/// If the secret can't be read. The error names the variable and the file, never the secret.
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

/// The file of the secret `name`, whether it exists or not; `None` if the secret is in a variable or not set.
#[must_use]
pub fn path(name: &str) -> Option<PathBuf> {
    if env::var_os(name).is_some_and(|value| !value.is_empty()) {
        return None;
    }
    file(name).ok().flatten().map(|named| named.path)
}

/// The file of a secret, and the setting that names it, for errors.
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
    // Checked first, because a missing directory is an error but a missing credential is not.
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
        long if long.len() as u64 > MOST => Err("it is larger than 64 KiB".to_owned()),
        secret if secret.contains('\0') => Err("it contains a NUL byte".to_owned()),
        secret => Ok(secret.into()),
    }
}
