//! The settings of this host's services. Commands adopt them where nothing names a database, so that an operator works on the services'
//! database and not on a second one by mistake (spec 06).

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::iter;
use std::path::{Path, PathBuf};

use super::env_file::{pass_over, set};
use super::raw;
use crate::config::env_file::EnvFile;
use crate::providers::vendor::Vendor;

/// The env file of the units in `systemd/*.service`.
const ENV_FILE: &str = "etc/nikita-jobs/env";
const CREDSTORE: &str = "etc/credstore";
const STATE: &str = "var/lib/nikita-jobs";

/// The secrets that the units load from the credstore: the database's URL, and each vendor's key. Each can be in a file of its own, which
/// others must not be able to read.
pub(super) fn secrets() -> impl Iterator<Item = &'static str> {
    iter::once("DATABASE_URL").chain(Vendor::ALL.map(Vendor::key_variable))
}

/// Adopts the services' settings, unless a database is named. Returns warnings.
pub fn adopt(env_file_is_named: bool) -> Vec<String> {
    // The demo has its own database.
    if names_a_database() || env::args_os().nth(1).is_some_and(|command| command == "demo") {
        return Vec::new();
    }
    let root = root();
    let mut said = if env_file_is_named { Vec::new() } else { pass_over(&root.join(ENV_FILE)) };
    said.extend(credentials(&root));
    let state = root.join(STATE);
    // A link into a folder that only root can enter counts as well: opening it fails with an error, which is better than a silent second
    // database.
    if !names_a_database() && fs::symlink_metadata(&state).is_ok() {
        said.extend(set_one("STATE_DIRECTORY", &state));
    }
    said
}

/// The SQLite database of this host's services, if it exists. For a dynamic user, systemd keeps it below `private`.
pub fn database_of_services(file: &str) -> Option<PathBuf> {
    let state = root().join(STATE);
    let private = root().join("var/lib/private/nikita-jobs");
    [state, private].into_iter().map(|folder| folder.join(file)).find(|path| path.is_file())
}

/// The root of the host's files: `/`, except in tests.
fn root() -> PathBuf {
    env::var_os("NIKITA_HOST_ROOT").map_or_else(|| PathBuf::from("/"), PathBuf::from)
}

fn is_set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty())
}

fn names_a_database() -> bool {
    raw::early("--database-url").is_some()
        || ["DATABASE_URL", "DATABASE_URL_FILE", "CREDENTIALS_DIRECTORY", "STATE_DIRECTORY"].into_iter().any(is_set)
}

/// Adopts the services' credentials that are not set otherwise.
fn credentials(root: &Path) -> Vec<String> {
    let mut said = Vec::new();
    for name in secrets() {
        let path = root.join(CREDSTORE).join(format!("nikita-jobs.{name}"));
        let variable = format!("{name}_FILE");
        if is_set(name) || is_set(&variable) {
            continue;
        }
        match fs::symlink_metadata(&path) {
            Ok(_) => said.extend(set_one(&variable, &path)),
            // Every host with systemd has this folder, for root alone. The warning matters only where our services are installed.
            Err(error) if error.kind() == ErrorKind::PermissionDenied && root.join("etc/nikita-jobs").exists() => {
                said.push(format!(
                    "{} can't be read by this user, so {name} counts as not set, even if the services have it; run this as \
                     root, or set {name}",
                    path.display()
                ));
            }
            Err(_) => {}
        }
    }
    said
}

fn set_one(name: &str, path: &Path) -> Vec<String> {
    let Some(value) = path.to_str() else { return vec![format!("{} is not UTF-8 text", path.display())] };
    let variables = vec![(name.to_owned(), value.to_owned())];
    set("the services' settings", None, EnvFile { variables, remarks: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_shipped_hands_every_secret_to_the_jobs() {
        let services = [
            include_str!("../../systemd/nikita-jobs-process-conversations.service"),
            include_str!("../../systemd/nikita-jobs-process-conversations@.service"),
        ];
        let kubernetes = include_str!("../../packaging/kubernetes/cronjobs.yaml");
        for name in secrets() {
            assert!(services.iter().all(|unit| unit.contains(&format!("LoadCredential={name}:"))), "{name}: systemd");
            assert!(kubernetes.contains(&format!("--from-file={name}")), "{name}: Kubernetes");
            assert!(include_str!("../../docs/deploy.md").contains(name), "{name}: docs/deploy.md");
        }
    }

    /// The tests start the binary without settings of whoever runs them.
    #[test]
    fn the_tests_clear_every_variable_of_a_vendor() {
        let cleared = include_str!("../../tests/suite/support/bin.rs");
        for name in Vendor::ALL.iter().flat_map(|it| [it.key_variable(), it.url_variable()]) {
            let prefix = name.split('_').next().unwrap_or_default();
            assert!(cleared.contains(&format!("\"{prefix}_\"")), "{name}");
        }
    }
}
