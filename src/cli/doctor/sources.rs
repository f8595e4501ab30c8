//! Which settings are set and where they come from, and which database they select.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::Path;

use clap::ArgMatches;

use crate::cli::{args, compose, database_source, env_file, host};
use crate::config::database::Database;
use crate::core::doctor::Check;
use crate::core::text::nearest;

/// Variables that count although no argument reads them.
const OTHERS: [&str; 14] = [
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_API_KEY_FILE",
    "CREDENTIALS_DIRECTORY",
    "DATABASE_URL_FILE",
    "HTTPS_PROXY",
    "MIGRATION_DATABASE_URL",
    "MIGRATION_DATABASE_URL_FILE",
    "OPENAI_API_KEY",
    "OPENAI_API_KEY_FILE",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "STATE_DIRECTORY",
    "TRACEPARENT",
    "XDG_STATE_HOME",
    "https_proxy",
];

/// The variables in effect and the source of each, env files that were passed over, and unknown variables.
pub fn settings() -> Vec<Check> {
    let known: BTreeSet<String> = args::all_variables().into_iter().chain(OTHERS.map(ToOwned::to_owned)).collect();
    let set: BTreeSet<String> = env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect();
    let mut by_origin: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for name in set.intersection(&known) {
        by_origin.entry(env_file::origin(name)).or_default().push(name);
    }
    let sources: Vec<_> =
        by_origin.iter().map(|(origin, names)| format!("from {origin}: {}", names.join(", "))).collect();
    let sources = if sources.is_empty() {
        "no variable of the jobs is set; all settings have their defaults".to_owned()
    } else {
        sources.join("; ")
    };
    let mut checks = vec![Check::ok("settings.sources", sources)];
    checks.extend(env_file::remarks().into_iter().map(|said| {
        Check::warning("settings.env_file", said, "Correct the file, or name another one with --env-file")
    }));
    let unknown = set.iter().filter(|name| name.starts_with("NIKITA_") && !known.contains(*name));
    checks.extend(unknown.map(|name| {
        let meant = nearest(name, known.iter().map(String::as_str));
        let remedy =
            meant.map_or_else(|| "Unset it".to_owned(), |meant| format!("Unset it, or set {meant} if you meant that"));
        Check::warning(
            "settings.unknown",
            format!("{name} ({}) is set, but nothing reads it", env_file::origin(name)),
            &remedy,
        )
    }));
    checks
}

/// The database that doctor examines, which setting named it, and whether the services of this host use another one.
pub fn database(found: Option<&Database>, matches: &ArgMatches) -> Vec<Check> {
    let Some(database) = found else { return Vec::new() };
    let mut checks = vec![Check::ok("database.place", database_source::named(database, matches))];
    if let (Database::Sqlite(path), Some(theirs)) = (database, host::database_of_services(compose::DEFAULT_FILE)) {
        let real = |path: &Path| fs::canonicalize(path).ok();
        if real(path) != real(&theirs) {
            checks.push(Check::warning(
                "database.services",
                format!("the services of this host use another database, {}", theirs.display()),
                "Name theirs (--database-url sqlite:PATH), or unset what names this one; commands then find theirs by themselves",
            ));
        }
    }
    checks
}

/// The proxy between the jobs and a model provider.
pub fn proxy() -> Option<Check> {
    let names = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let name = names.into_iter().find(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))?;
    Some(Check::remark(
        "models.proxy",
        format!("requests to models go through the proxy in {name}"),
        "Nothing; NO_PROXY lists hosts to reach directly",
    ))
}
