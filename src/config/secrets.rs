//! Secrets: from the environment, from `*_FILE` variables, or from systemd's `$CREDENTIALS_DIRECTORY`; never from a flag.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

/// The secret called `name`, such as `DATABASE_URL`: the variable, else the file that `NAME_FILE` names, else
/// `$CREDENTIALS_DIRECTORY/NAME`. `None` where none of them is there.
///
/// # Errors
/// A sentence naming the variable and the file that can't be read; never the secret.
pub fn find(name: &str) -> Result<Option<SecretString>, String> {
    if let Some(value) = env::var(name).ok().filter(|value| !value.is_empty()) {
        return Ok(Some(value.into()));
    }
    let variable = format!("{name}_FILE");
    if let Some(path) = env::var_os(&variable).filter(|path| !path.is_empty()) {
        return read(Path::new(&path))
            .map(Some)
            .map_err(|why| format!("{variable} names {}: {why}", Path::new(&path).display()));
    }
    let credential = env::var_os("CREDENTIALS_DIRECTORY").map(|folder| PathBuf::from(folder).join(name));
    match credential {
        Some(path) if path.exists() => {
            read(&path).map(Some).map_err(|why| format!("the credential {}: {why}", path.display()))
        }
        _ => Ok(None),
    }
}

/// The file that the secret called `name` is read from, be it there or not; none where it stands in a variable or is not set.
#[must_use]
pub fn file(name: &str) -> Option<PathBuf> {
    if env::var(name).is_ok_and(|value| !value.is_empty()) {
        return None;
    }
    if let Some(path) = env::var_os(format!("{name}_FILE")).filter(|path| !path.is_empty()) {
        return Some(path.into());
    }
    let credential = env::var_os("CREDENTIALS_DIRECTORY").map(|folder| PathBuf::from(folder).join(name));
    credential.filter(|path| path.exists())
}

fn read(path: &Path) -> Result<SecretString, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("it can't be read ({error})"))?;
    match text.trim_end_matches(['\n', '\r']) {
        "" => Err("it is empty".to_owned()),
        secret => Ok(secret.into()),
    }
}
