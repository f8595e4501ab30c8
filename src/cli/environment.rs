//! The variables of a command: those that are set, then the env file's, then those of this host's services.

use super::{env_file, host};

/// Loads the file that `--env-file` or `NIKITA_ENV_FILE` names, else `.env` in the working directory; then what the services of
/// this host use, if nobody names a database. Returns warnings.
///
/// # Errors
/// What is wrong with the file that was named, without a word of its content.
pub fn load() -> Result<Vec<String>, String> {
    let (is_named, mut said) = env_file::load()?;
    said.extend(host::adopt(is_named));
    env_file::keep_remarks(&said);
    Ok(said)
}
