//! A skipped run: what cron starts most often, and what does nothing.

use std::process::Command;

use crate::lab::Lab;
use crate::programs::{metered, program, run};
use crate::table::{Results, median};

const CALLGRIND: &str = "Instructions of a skipped run, by callgrind";

pub fn measure(lab: &Lab, results: &mut Results) {
    lab.progress("startup: a skipped run, psql and the minimal program in turns");
    let tcp = lab.migrated("startup");
    let (_, sqlite) = lab.sqlite("startup");
    for url in [&tcp, &sqlite] {
        run(&mut lab.nikita(url, &["decay"]), 0);
    }
    for (url, psql_row, minimal_row) in [
        (tcp.clone(), "skip tcp", "skip tcp minimal"),
        (lab.socket_url("startup"), "skip socket", "skip socket minimal"),
    ] {
        for _ in 0..lab.runs {
            let mut times = [vec![], vec![], vec![]];
            for _ in 0..lab.size(40, 5) {
                times[0].push(run(&mut skipped(lab, &url), 75).seconds * 1000.0);
                times[1].push(run(&mut psql(&url), 0).seconds * 1000.0);
                times[2].push(run(&mut minimal(lab, &url), 0).seconds * 1000.0);
            }
            let [ours, psql, minimal] = times.map(|it| median(&it));
            results.pair(psql_row, ours, psql);
            results.pair(minimal_row, ours, minimal);
        }
    }
    for _ in 0..lab.runs {
        let ours = metered(&skipped(lab, &tcp), 75, &lab.work).peak;
        results.pair("skip memory", ours, metered(&minimal(lab, &tcp), 0, &lab.work).peak);
    }
    for (what, command, code) in [
        ("skipped run, SQLite", skipped(lab, &sqlite), 75),
        ("skipped run, PostgreSQL, Unix socket", skipped(lab, &lab.socket_url("startup")), 75),
        ("skipped run, PostgreSQL, TCP with SCRAM", skipped(lab, &tcp), 75),
        ("minimal program, Unix socket", minimal(lab, &lab.socket_url("startup")), 0),
        ("minimal program, TCP with SCRAM", minimal(lab, &tcp), 0),
    ] {
        let counted: Vec<f64> = (0..3).map(|_| instructions(&command, code)).collect();
        let millions = |it: f64| format!("{:.2}", it / 1e6);
        let (least, most) =
            (counted.iter().copied().fold(f64::INFINITY, f64::min), counted.iter().copied().fold(0.0, f64::max));
        let line =
            vec![what.to_owned(), millions(median(&counted)), format!("{}..{}", millions(least), millions(most))];
        results.figure(CALLGRIND, &["what", "millions", "of three"], line);
    }
    lab.drop("startup");
}

fn skipped(lab: &Lab, url: &str) -> Command {
    lab.nikita(url, &["decay", "-q"])
}

fn psql(url: &str) -> Command {
    let mut psql = program("psql");
    psql.args(["-XAtq", "-c", "select 1", url]);
    psql
}

fn minimal(lab: &Lab, url: &str) -> Command {
    let mut minimal = program(lab.released("minimal"));
    minimal.arg(url);
    minimal
}

fn instructions(command: &Command, code: i32) -> f64 {
    let mut valgrind = program("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(command.get_program());
    valgrind.args(command.get_args());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            valgrind.env(name, value);
        }
    }
    let ran = run(&mut valgrind, code);
    crate::programs::number_behind(&ran.stderr, "Collected :")
}
