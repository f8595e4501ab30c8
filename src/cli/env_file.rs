//! `.env`: read before the arguments are, because every flag may stand in it. A variable that is already set wins.

use std::env;
use std::io::ErrorKind;
use std::path::PathBuf;

use super::raw;

/// Loads the file that `--env-file` or `NIKITA_ENV_FILE` names, else `.env` in the working directory if there is one.
pub fn load() -> Result<(), String> {
    let named = named();
    let path = path();
    match dotenvy::from_path(&path) {
        Ok(()) => Ok(()),
        Err(dotenvy::Error::Io(error)) if error.kind() == ErrorKind::NotFound && named.is_none() => Ok(()),
        Err(dotenvy::Error::Io(error)) => Err(format!("the env file {} can't be read: {error}", path.display())),
        // The line itself may hold a secret; where it is says enough.
        Err(dotenvy::Error::LineParse(_, at)) => {
            Err(format!("the env file {} has a line that is not NAME=value (near its character {at})", path.display()))
        }
        Err(_) => Err(format!("the env file {} can't be understood", path.display())),
    }
}

/// The file that is read, if it is there.
pub fn path() -> PathBuf {
    named().map_or_else(|| PathBuf::from(".env"), PathBuf::from)
}

/// Which of these variables it sets to something.
pub fn sets<'a>(names: &[&'a str]) -> Vec<&'a str> {
    let Ok(entries) = dotenvy::from_path_iter(path()) else { return Vec::new() };
    let set: Vec<(String, String)> = entries.flatten().filter(|(_, value)| !value.is_empty()).collect();
    names.iter().filter(|name| set.iter().any(|(it, _)| it == *name)).copied().collect()
}

fn named() -> Option<String> {
    raw::early("--env-file").or_else(|| env::var("NIKITA_ENV_FILE").ok().filter(|path| !path.is_empty()))
}
