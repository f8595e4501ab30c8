//! Peak memory: it must not grow with the work.

use std::process::Command;

use crate::lab::Lab;
use crate::programs::metered;
use crate::table::Results;
use crate::{decay, flow};

pub fn measure(lab: &Lab, results: &mut Results) {
    of_conversations(lab, results);
    of_decay(lab, results);
}

fn of_conversations(lab: &Lab, results: &mut Results) {
    let (many, few) = (lab.size(10_000, 500), lab.size(100, 50));
    flow::prepare(lab, "memory_template", many);
    for _ in 0..lab.runs.min(3) {
        lab.progress(&format!("memory: {many} conversations, and {few}, on PostgreSQL"));
        let peak = |many| flow::drain(lab, &lab.copy("memory", "memory_template"), many, 10).peak;
        results.pair("memory flow", peak(many), peak(few));
    }
    lab.drop("memory");
    lab.drop("memory_template");
    let (template, _) = flow::prepare_sqlite(lab, "memory_template", many);
    lab.progress(&format!("memory: {many} conversations, and {few}, on SQLite"));
    let peak = |many| flow::drain(lab, &lab.copy_sqlite("memory", &template).1, many, 10).peak;
    results.pair("memory flow sqlite", peak(many), peak(few));
    lab.remove_sqlite("memory");
    lab.remove_sqlite("memory_template");
}

fn of_decay(lab: &Lab, results: &mut Results) {
    let (many, few) = (lab.size(1_000_000, 50_000), lab.size(10_000, 5_000));
    let peak = |command: &Command| metered(command, 0, &lab.work).peak;
    decay::prepare(lab, "memory_many", many);
    decay::prepare(lab, "memory_few", few);
    for _ in 0..lab.runs.min(3) {
        lab.progress(&format!("memory: decay of {many} players, and of {few}, on PostgreSQL"));
        let large = peak(&decay::command(lab, &lab.copy("memory", "memory_many")));
        results.pair("memory decay", large, peak(&decay::command(lab, &lab.copy("memory", "memory_few"))));
    }
    for name in ["memory", "memory_many", "memory_few"] {
        lab.drop(name);
    }
    let large = decay::prepare_sqlite(lab, "memory_many", many);
    let small = decay::prepare_sqlite(lab, "memory_few", few);
    for _ in 0..lab.runs.min(3) {
        lab.progress(&format!("memory: decay of {many} players, and of {few}, on SQLite"));
        let many = peak(&decay::command(lab, &lab.copy_sqlite("memory", &large).1));
        results.pair("memory decay sqlite", many, peak(&decay::command(lab, &lab.copy_sqlite("memory", &small).1)));
    }
    for name in ["memory", "memory_many", "memory_few"] {
        lab.remove_sqlite(name);
    }
}
