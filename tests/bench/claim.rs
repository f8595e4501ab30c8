//! The claim alone: the statement that every worker comes back to.

use std::process::Command;

use serde_json::Value;

use crate::lab::Lab;
use crate::programs::{program, run};
use crate::table::Results;

pub fn measure(lab: &Lab, results: &mut Results) {
    let (backlog, claims, clients) = (lab.size(60_000, 3000), lab.size(10_000, 500), 10);
    prepare(lab, backlog);
    for _ in 0..lab.runs {
        lab.progress(&format!("claim: {claims} of {backlog}, {clients} clients"));
        let url = lab.copy("claim", "claim_template");
        let ours = parse(&run(&mut claims_program(lab, &url, clients, claims / clients), 0).stdout);
        assert!(ours.empty < 1.0, "{} claims came back with nothing", ours.empty);
        let rate = ours.found / ours.seconds;
        lab.copy("claim", "claim_template");
        results.pair("claim", rate, lab.pgbench("claim", "claims_simple.sql", clients, claims));
        results.pair("claim bare", rate, lab.pgbench("claim", "claims_bare.sql", clients, claims));
    }
    lab.drop("claim");
    lab.drop("claim_template");
}

/// A database with so many active conversations.
pub fn prepare(lab: &Lab, backlog: usize) {
    lab.progress(&format!("{backlog} active conversations"));
    lab.migrated("claim_template");
    lab.script("claim_template", "claims_seed.sql", &[("conversations", &backlog.to_string())]);
}

/// The example: so many tasks, each with so many claims.
pub fn claims_program(lab: &Lab, url: &str, tasks: usize, most: usize) -> Command {
    let mut claims = program(lab.released("claims"));
    claims.args([url, &tasks.to_string(), &most.to_string()]);
    claims
}

/// What it printed.
pub struct Claimed {
    pub found: f64,
    pub empty: f64,
    pub seconds: f64,
    /// Of each claim, in milliseconds.
    pub times: Vec<f64>,
}

pub fn parse(stdout: &str) -> Claimed {
    let said: Value = serde_json::from_str(stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"));
    let number = |name: &str| said[name].as_f64().expect("a number");
    let times = said["micros"].as_array().expect("a list").iter();
    let times = times.map(|it| it.as_f64().expect("a number") / 1000.0).collect();
    Claimed { found: number("found"), empty: number("empty"), seconds: number("seconds"), times }
}
