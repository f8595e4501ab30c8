//! Measures the rendering of a prompt for a player with a long history: as much of everything as a prompt can hold.
//!
//! `cargo bench --bench prompt` prints a line of JSON for each platform. Spec 04's goal for rendering is 5 ms.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark that prints its results")]

use std::time::Instant;

use nikita_jobs::core::prompt::{PromptTemplate, Variables, fit, variables};
use nikita_jobs::domain::prompt::Platform;
use serde_json::json;

const TIMES: usize = 201;

/// `many` different sentences of `characters` characters each.
fn sentences(many: usize, characters: usize) -> Vec<String> {
    let words = "They told of the long way home along the river and of all that they had seen and heard there. ";
    (0..many).map(|i| format!("{i} {words}").repeat(8).chars().take(characters).collect()).collect()
}

/// The largest variables that the stage passes to the template.
fn long_history(platform: Platform) -> Variables {
    let mut all = Variables::sample(platform);
    all.memory.player = sentences(20, 240);
    all.memory.relationship = sentences(10, 240);
    all.memory.nikita = sentences(10, 240);
    all.continuity.summary = sentences(1, 600).concat();
    all.continuity.earlier = sentences(5, 600);
    all.continuity.threads = sentences(10, 240);
    all.continuity.days = sentences(5, 600)
        .into_iter()
        .map(|summary| variables::Day {
            date: "2026-03-04".to_owned(),
            summary,
            tone: "playful".to_owned(),
            moments: sentences(3, 240),
        })
        .collect();
    all.life.thoughts = sentences(8, 240);
    all
}

fn median_ms(mut work: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..TIMES)
        .map(|_| {
            let began = Instant::now();
            work();
            began.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[TIMES / 2]
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let template = PromptTemplate::shipped()?;
    for platform in Platform::ALL {
        let variables = long_history(platform);
        let sections = template.render(&variables)?;
        let fitted = fit::fit(sections.clone(), platform.token_budget());
        let render = median_ms(|| drop(std::hint::black_box(template.render(&variables))));
        let fitting = median_ms(|| drop(std::hint::black_box(fit::fit(sections.clone(), platform.token_budget()))));
        let line = json!({
            "platform": platform, "tokens": fitted.tokens, "render_ms": render, "count_and_fit_ms": fitting, "goal_ms": 5,
        });
        println!("{line}");
    }
    Ok(())
}
