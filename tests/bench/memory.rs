//! Peak memory of many conversations: it must not grow with the work. That of decay is measured with its time.

use crate::flow;
use crate::lab::Lab;
use crate::table::Results;

pub fn measure(lab: &Lab, results: &mut Results) {
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
