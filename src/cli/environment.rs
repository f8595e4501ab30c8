//! A command's variables: first those already set, then the env file's, then those of this host's services.

use super::{env_file, host};

/// Loads the file that `--env-file` or `NIKITA_ENV_FILE` names, else `.env` in the working directory; then the settings of this
/// host's services, if nothing names a database. Returns warnings.
///
/// # Errors
/// If the named file is missing or invalid. The error quotes nothing from the file.
pub fn load() -> Result<Vec<String>, String> {
    let (is_named, mut said) = env_file::load()?;
    said.extend(host::adopt(is_named));
    env_file::keep_remarks(&said);
    Ok(said)
}
