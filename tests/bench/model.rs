//! process-conversations where a model takes its time: nothing but the model may be waited for.

use crate::flow;
use crate::lab::Lab;
use crate::programs::run;
use crate::table::Results;

/// Of each call, in seconds.
const LATENCY: f64 = 0.25;

/// Calls that wait for each other: extraction, then the embeddings (and beside them the summary), then the prompts.
const CRITICAL_PATH: f64 = 3.0;

pub fn measure(lab: &Lab, results: &mut Results) {
    let many = lab.size(200, 20);
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    let ideal = many.div_ceil(10) as f64 * CRITICAL_PATH * LATENCY;
    flow::prepare(lab, "model_template", many);
    let (template, _) = flow::prepare_sqlite(lab, "model_template", many);
    for _ in 0..lab.runs {
        lab.progress(&format!("model: {many} conversations, {ideal} s at best"));
        let postgres = lab.copy("model", "model_template");
        results.pair("model postgres", drain(lab, &postgres, many), ideal);
        let (_, sqlite) = lab.copy_sqlite("model", &template);
        results.pair("model sqlite", drain(lab, &sqlite, many), ideal);
    }
    lab.drop("model");
    lab.drop("model_template");
    lab.remove_sqlite("model");
    lab.remove_sqlite("model_template");
}

fn drain(lab: &Lab, url: &str, many: usize) -> f64 {
    let arguments = ["process-conversations", "--force", "--concurrency", "10", "--batch", &many.to_string()];
    let mut command = lab.nikita(url, &arguments);
    command.env("NIKITA_REHEARSE", format!("latency={}ms", LATENCY * 1000.0));
    let ran = run(&mut command, 0);
    let result: serde_json::Value = serde_json::from_str(&ran.stdout).expect("a result");
    assert_eq!(result["processed"], many, "{}", ran.stdout);
    assert_eq!(result["partial"], 0, "{}", ran.stdout);
    ran.seconds
}
