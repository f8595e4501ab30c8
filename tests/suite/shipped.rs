//! What is shipped beside the binary, and the tests' own lists, know every job and every exit code that the binary knows.

use std::fs;
use std::path::Path;

use crate::support::JOBS;
use crate::support::bin::command;
use crate::{growth, waits};

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// `points` and `orders` do not compile without one of them.
#[test]
fn every_job_is_in_the_lists_of_the_tests() {
    for job in JOBS {
        assert!(
            waits::COMMANDS.iter().any(|it| it[0] == job && it.contains(&"--lease")),
            "{job}: tests/suite/waits.rs"
        );
        // decay reads players, who are never finished.
        assert!(job == "decay" || growth::JOBS.contains(&job), "{job}: tests/suite/growth.rs");
    }
}

/// `core::doctor` compares the timers and the crontab with [`Job::interval`](../../src/domain/job.rs).
#[test]
fn every_job_is_in_every_schedule() {
    let kubernetes = file("packaging/kubernetes/cronjobs.yaml");
    let (jobs, results) = (file("docs/jobs.md"), file("docs/results.md"));
    for job in JOBS {
        let services = [format!("nikita-jobs-{job}"), format!("nikita-jobs-{job}@")];
        for name in services {
            assert!(
                file(&format!("systemd/{name}.service")).contains(&format!("/usr/bin/nikita-jobs {job}")),
                "{name}"
            );
            assert!(file(&format!("systemd/{name}.timer")).contains("OnCalendar="), "{name}");
        }
        assert!(kubernetes.contains(&format!("[\"{job}\"")), "{job}: packaging/kubernetes/cronjobs.yaml");
        // What a service does not tell, a health timer tells; a template's has the same database.
        for (name, health) in [("", "nikita-jobs-health.timer"), ("@", "nikita-jobs-health@%i.timer")] {
            let unit = file(&format!("systemd/nikita-jobs-{job}{name}.service"));
            assert!(unit.contains(health), "{job}{name}: {health}");
        }
        assert!(jobs.contains(job) && results.contains(job), "{job}: docs/jobs.md and docs/results.md");
    }
}

#[test]
fn the_health_of_an_instance_is_that_of_its_database() {
    let (job, health) = (file("systemd/nikita-jobs-decay@.service"), file("systemd/nikita-jobs-health@.service"));
    let of_database = |unit: &str| -> Vec<String> {
        let named = ["EnvironmentFile=", "LoadCredential=DATABASE_URL:", "Environment=DATABASE_URL_FILE="];
        unit.lines().filter(|line| named.iter().any(|it| line.starts_with(it))).map(str::to_owned).collect()
    };
    assert_eq!(of_database(&health), of_database(&job));
    assert_eq!(of_database(&job).len(), 3);
    assert!(health.contains(" --on-change %S/nikita-jobs/health-%i\n"));
    assert!(file("systemd/nikita-jobs-health@.timer").contains("OnCalendar="));
}

/// Each code but 0 ends well under systemd, or fails a pod.
#[test]
fn every_exit_code_has_its_advice_and_its_verdict() {
    let reference = command(&["reference"]).done().code(0).stdout();
    let (_, codes) = reference.split_once("## Exit codes").unwrap();
    let codes = codes.lines().map_while(|line| if line.starts_with("##") { None } else { Some(line) });
    let codes: Vec<&str> = codes
        .filter_map(|line| line.strip_prefix("| ")?.split(' ').next())
        .filter(|it| it.parse::<u8>().is_ok())
        .collect();
    assert!(codes.len() >= 10, "{codes:?}");
    let numbers = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_ascii_digit()).filter(|it| !it.is_empty()).map(str::to_owned).collect()
    };
    let kubernetes = file("packaging/kubernetes/cronjobs.yaml");
    let fails: Vec<String> =
        kubernetes.lines().filter_map(|it| it.split_once("values: [")).flat_map(|it| numbers(it.1)).collect();
    let deploy = file("docs/deploy.md");
    let (_, table) = deploy.split_once("## Every exit code, and what to do").unwrap();
    let advised: Vec<String> =
        table.lines().filter_map(|it| it.strip_prefix("| ")?.split(" | ").next()).flat_map(numbers).collect();
    for job in JOBS {
        let unit = file(&format!("systemd/nikita-jobs-{job}.service"));
        let ends_well: Vec<String> =
            unit.lines().filter_map(|it| it.strip_prefix("SuccessExitStatus=")).flat_map(numbers).collect();
        for code in &codes {
            let is_in = |list: &[String]| list.iter().any(|it| it == code);
            assert!(*code == "0" || is_in(&ends_well) || is_in(&fails), "{code}: the unit of {job}, or Kubernetes");
            assert!(is_in(&advised), "{code}: docs/deploy.md");
        }
    }
}
