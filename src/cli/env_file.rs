//! `.env`: read before the arguments are, because every flag may stand in it. A variable that is already set wins.

use std::env;
use std::io::ErrorKind;
use std::path::PathBuf;

/// Loads the file that `--env-file` or `NIKITA_ENV_FILE` names, else `.env` in the working directory if there is one.
pub fn load() -> Result<(), String> {
    let named = named_on(env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()))
        .or_else(|| env::var("NIKITA_ENV_FILE").ok().filter(|path| !path.is_empty()));
    let path = named.as_ref().map_or_else(|| PathBuf::from(".env"), PathBuf::from);
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

fn named_on(mut args: impl Iterator<Item = String>) -> Option<String> {
    while let Some(arg) = args.next() {
        if arg == "--" {
            return None;
        }
        if arg == "--env-file" {
            return args.next();
        }
        if let Some(path) = arg.strip_prefix("--env-file=") {
            return Some(path.to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::named_on;

    #[test]
    fn finds_the_flag_in_both_spellings_and_not_behind_a_double_dash() {
        let named = |args: &[&str]| named_on(args.iter().map(ToString::to_string));
        assert_eq!(named(&["decay", "--env-file", "a"]), Some("a".into()));
        assert_eq!(named(&["decay", "--env-file=b", "-q"]), Some("b".into()));
        assert_eq!(named(&["decay", "--", "--env-file=b"]), None);
    }
}
