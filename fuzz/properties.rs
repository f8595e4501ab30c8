//! Properties that must hold for any bytes, one function for each kind of foreign input. cargo-fuzz searches for bytes that violate
//! them (`fuzz/targets`), and `tests/fuzz.rs` tries a thousand inputs in every test run.

#![allow(dead_code, reason = "each fuzz target uses one of them")]

use std::time::{Duration, SystemTime};

use nikita_jobs::config::database::Database;
use nikita_jobs::config::{models, parse};
use nikita_jobs::core::ask::Noted;
use nikita_jobs::core::prices::Prices;
use nikita_jobs::core::prompt::template::PromptTemplate;
use nikita_jobs::core::reply::Notes;
use nikita_jobs::core::stages::extraction;
use nikita_jobs::core::transcript;
use nikita_jobs::providers::question::{Completion, Form, Question};
use nikita_jobs::providers::rehearsal::Rehearsal;
use nikita_jobs::providers::retry_after;
use serde_json::Value;

/// `conversations.messages`, written by another program.
pub fn transcripts(data: &[u8]) {
    let Ok(messages) = serde_json::from_slice::<Value>(data) else { return };
    match transcript::read(&messages) {
        Ok(transcript::Transcript { messages: read, .. }) => {
            assert!(read.iter().all(|message| !message.content.trim().is_empty() && !message.content.contains('\0')));
            for budget in [0, 1, 20, 10_000] {
                let rendered = transcript::render(&read, budget);
                assert!(rendered.text.chars().count() <= budget, "over its budget of {budget}");
                assert!(rendered.left_out <= read.len());
                // No message can forge another's line.
                assert!(rendered.text.split('\n').all(|line| {
                    line.is_empty() || ["user: ", "nikita: ", "  "].iter().any(|head| line.starts_with(head))
                }));
            }
        }
        // The error is stored and logged, so it must not quote the transcript.
        Err(error) => assert!(error.to_string().len() < 200, "{error}"),
    }
}

/// A model's reply to a request for notes.
pub fn replies(data: &[u8]) {
    let schema = extraction::schema();
    let form = Form::Json { name: "conversation_notes", schema: &schema };
    let question = Question { instructions: "", data: "", form, is_transcript: true };
    let text = String::from_utf8_lossy(data).into_owned();
    if let Err(broken) = question.check(Completion::Text(text), "m") {
        assert!(broken.complaint().len() < 1_000 && !broken.reply.is_empty());
    }
    if let Ok(reply) = serde_json::from_slice::<Value>(data)
        && let Ok(notes) = Notes::in_value(&reply)
    {
        let _ = extraction::interpret(&Noted { notes, ..Noted::default() }, &[]);
    }
}

/// The headers of a response: `retry-after-ms`, `retry-after` and `date`, one per line.
pub fn retry_after(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.split('\n').map(|line| Some(line).filter(|line| !line.is_empty()));
    let mut next = || lines.next().flatten();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000);
    let (exact, after, said_at) = (next(), next(), next());
    let wait = retry_after::wait(exact, after, said_at, now);
    assert!(wait.is_none() || exact.is_some() || after.is_some());
}

/// Durations and numbers in flags and variables.
pub fn durations(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(duration) = parse::duration(text) {
        assert!(duration > Duration::ZERO && duration <= Duration::from_hours(10 * 365 * 24));
        assert_eq!(parse::duration_or_zero(text), Ok(duration));
    }
    assert!(parse::count(text, 1_000).is_ok_and(|it| (1..=1_000).contains(&it)) || parse::count(text, 1_000).is_err());
    assert!(parse::percent(text).unwrap_or_default() <= 100);
    assert!(parse::similarity(text).is_ok_and(|it| it > 0.0 && it <= 1.0) || parse::similarity(text).is_err());
    assert!(parse::hundredths(text).is_none_or(|it| it > 0));
    let _ = parse::by_chapter(text, parse::hundredths, "0.8,0.6,0.4,0.3,0.2");
}

/// The settings with a syntax of their own.
pub fn settings(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // An error never quotes a URL, which can contain a password.
    if let (Some((_, secret)), Err(why)) = (text.split_once("://"), Database::parse(text)) {
        assert!(secret.len() < 12 || !why.contains(secret), "{why}");
    }
    let _ = Rehearsal::parse(text);
    let _ = models::language(text);
    let _ = models::embeddings(text);
    let _ = parse::switch(text);
    let _ = Prices::shipped().and_then(|prices| prices.with_file(text));
    let _ = PromptTemplate::parse("prompt.j2", text);
}
