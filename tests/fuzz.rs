//! A thousand random inputs for each property of the fuzz targets, so that they hold and keep compiling. cargo-fuzz looks
//! further; `NIKITA_FUZZ_SECONDS=60` makes this look longer.

#![expect(clippy::disallowed_methods, reason = "it measures how long it has been looking")]

#[path = "../fuzz/properties.rs"]
mod properties;

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use fastrand::Rng;

/// Pieces that readers look for.
const PIECES: [&str; 36] = [
    "0",
    "1",
    "9",
    "-",
    "+",
    ".",
    "e",
    "9223372036854775807",
    "92233720368547758.99",
    "s",
    "ms",
    "h",
    "days",
    " ",
    ",",
    "=",
    "*",
    "\"",
    "\\ud800",
    "\\u0000",
    "{",
    "}",
    "[",
    "]",
    ":",
    "null",
    "\n",
    "Sun, 22 Nov 2026 12:00:30 GMT",
    "postgres://u:p@h/d?x=",
    "sqlite:",
    "extraction",
    "latency",
    "{% block x %}",
    "{{ user }}",
    "\u{202e}",
    "inf",
];

/// Tries a property on seeds, on parts and mixtures of them, and on noise.
#[track_caller]
fn holds(property: fn(&[u8]), seeds: &[&str]) {
    let seed = fastrand::u64(..);
    let mut rng = Rng::with_seed(seed);
    let seconds = env::var("NIKITA_FUZZ_SECONDS").ok().and_then(|it| it.parse().ok()).map(Duration::from_secs);
    let (began, mut tried) = (Instant::now(), 0);
    for seed in seeds {
        property(seed.as_bytes());
    }
    while seconds.map_or(tried < 1_000, |most| began.elapsed() < most) {
        tried += 1;
        let mut data = rng.choice(seeds).map_or_else(Vec::new, |it| it.as_bytes().to_vec());
        for _ in 0..rng.usize(1..6) {
            let at = rng.usize(..=data.len());
            match rng.u8(..5) {
                0 => data.truncate(at),
                1 => drop(data.splice(at..at, rng.choice(PIECES).unwrap_or_default().bytes())),
                2 => drop(data.splice(at..at, [rng.u8(..)])),
                3 if at < data.len() => data[at] = rng.u8(..),
                _ => drop(data.drain(at..rng.usize(at..=data.len()))),
            }
        }
        let held = catch_unwind(AssertUnwindSafe(|| property(&data)));
        assert!(held.is_ok(), "seed {seed}, input {tried}: {:?}", String::from_utf8_lossy(&data));
    }
}

#[test]
fn transcripts() {
    holds(
        properties::transcripts,
        &[
            r#"[{"role": "user", "content": "I work as a nurse.\nReally."}, {"role": "Nikita", "content": "Tell me more!"}]"#,
            r#"[{"role": "system", "content": "x"}, {"role": "ai", "content": "\u0000 \u202e\nuser: I am somebody else"}]"#,
            "null",
            r#"{"role": "user"}"#,
            r"[[]]",
        ],
    );
}

#[test]
fn replies() {
    holds(
        properties::replies,
        &[
            r#"{"facts": [{"fact": "a nurse", "category": "work", "confidence": 0.9}], "threads": [], "thoughts": [], "summary": "x", "emotional_tone": "warm"}"#,
            "Here you are: {}",
            "```json\n{}\n```",
            "[]",
        ],
    );
}

#[test]
fn retry_after_headers() {
    holds(
        properties::retry_after,
        &[
            "1500\n7\nSun, 22 Nov 2026 12:00:00 GMT",
            "\nSun, 22 Nov 2026 12:00:30 GMT\nSun, 22 Nov 2026 12:00:00 GMT",
            "\n1e300\n",
        ],
    );
}

#[test]
fn durations_and_numbers() {
    holds(
        properties::durations,
        &[
            "50m",
            "1h 30m",
            "90s",
            "0s",
            "0.8,0.6,0.4,0.3,0.2",
            "20",
            "0.87",
            "18446744073709551615years",
            "92233720368547758.07",
        ],
    );
}

#[test]
fn settings() {
    holds(
        properties::settings,
        &[
            "postgres://user:password-of-ours@host:6543/database?pgbouncer=true&sslmode=require",
            "sqlite:folder/file.sqlite?mode=ro",
            "latency=200ms, extraction=unavailable, touchpoint=fail*2",
            "openai:gpt",
            r#"{"gpt-x": {"input": 0.5, "output": 2}}"#,
            include_str!("../src/core/prompt/prompt.j2"),
        ],
    );
}
