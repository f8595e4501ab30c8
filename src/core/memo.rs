//! Memos of paid answers (spec 02): their key and their form in the database.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize as _;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::ask::{Answer, Ask, Embedded, ModelAsk, Noted};

/// The hash of everything that decides an answer: the model and the whole request. 64 hexadecimal digits; `None` for a question
/// to the store.
#[must_use]
pub fn input_hash(model: &str, ask: &Ask) -> Option<String> {
    let mut hasher = Sha256::new();
    let mut part = |text: &str| {
        // The lengths keep ["ab", "c"] and ["a", "bc"] apart.
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    part(model);
    match ask {
        Ask::Model(ModelAsk::Extract { instructions, transcript, schema }) => {
            [*instructions, transcript, &schema.to_string()].into_iter().for_each(part);
        }
        Ask::Model(ModelAsk::Summarise { instructions, transcript }) => {
            [*instructions, transcript].into_iter().for_each(part);
        }
        Ask::Model(ModelAsk::Enrich { instructions, prompt }) => [*instructions, prompt].into_iter().for_each(part),
        Ask::Embed(texts) => texts.iter().map(String::as_str).for_each(part),
        Ask::Similar { .. } => return None,
    }
    let mut hash = String::with_capacity(64);
    for byte in hasher.finalize() {
        let _ = write!(hash, "{byte:02x}");
    }
    Some(hash)
}

/// An answer as text; `None` if a vector is missing or the answer is the store's.
#[must_use]
pub fn write(answer: &Answer) -> Option<String> {
    let value = match answer {
        Answer::Notes(noted) => json!({ "notes": noted }),
        Answer::Text(text) => json!({ "text": text }),
        // If a vector is missing, the retry asks for all of them again.
        Answer::Vectors(vectors) => {
            let all: Option<Vec<String>> = vectors
                .iter()
                .map(|it| match it {
                    Embedded::Vector(vector) => Some(digits(vector)),
                    Embedded::Waits | Embedded::SetAside => None,
                })
                .collect();
            json!({ "vectors": all? })
        }
        Answer::Similar(_) => return None,
    };
    Some(value.to_string())
}

/// The answer that [`write()`] wrote; `None` if it can't be read, so that the question is asked again.
#[must_use]
pub fn read(text: &str) -> Option<Answer> {
    let value: Value = serde_json::from_str(text).ok()?;
    if let Some(noted) = value.get("notes") {
        return Some(Answer::Notes(Box::new(Noted::deserialize(noted).ok()?)));
    }
    if let Some(text) = value.get("text") {
        return Some(Answer::Text(text.as_str()?.to_owned()));
    }
    let vectors = value.get("vectors")?.as_array()?;
    let vector = |it: &Value| numbers(it.as_str()?).map(Embedded::Vector);
    Some(Answer::Vectors(vectors.iter().map(vector).collect::<Option<_>>()?))
}

/// Little-endian bytes in base64: exact, and a tenth of the size of decimal digits.
fn digits(vector: &[f32]) -> String {
    STANDARD.encode(vector.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<_>>())
}

fn numbers(text: &str) -> Option<Vec<f32>> {
    let bytes = STANDARD.decode(text).ok()?;
    let (numbers, rest) = bytes.as_chunks::<4>();
    rest.is_empty().then(|| numbers.iter().map(|number| f32::from_le_bytes(*number)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::reply::Notes;

    fn extract(instructions: &'static str, transcript: &str, schema: Value) -> Ask {
        Ask::Model(ModelAsk::Extract { instructions, transcript: transcript.into(), schema })
    }

    #[test]
    fn different_questions_have_different_hashes() {
        let schema = || json!({"type": "object"});
        let asks = [
            ("m", extract("i", "user: hello", schema())),
            ("n", extract("i", "user: hello", schema())),
            ("m", extract("j", "user: hello", schema())),
            ("m", extract("i", "user: hello!", schema())),
            ("m", extract("i", "user: hello", json!({"type": "array"}))),
            ("m", Ask::Model(ModelAsk::Summarise { instructions: "i", transcript: "user: hello".into() })),
            ("m", Ask::Embed(vec!["ab".into(), "c".into()])),
            ("m", Ask::Embed(vec!["a".into(), "bc".into()])),
        ];
        let hashes: Vec<_> = asks.iter().map(|(model, ask)| input_hash(model, ask).expect("a model's")).collect();
        let distinct: std::collections::HashSet<_> = hashes.iter().collect();
        assert_eq!(distinct.len(), asks.len());
        assert_eq!(input_hash("m", &extract("i", "user: hello", schema())).as_ref(), Some(&hashes[0]));
        assert_eq!(input_hash("m", &Ask::Similar { vectors: vec![], least: 0.87, own: vec![] }), None);
    }

    #[test]
    fn an_answer_is_read_as_it_was_written() {
        for answer in [
            Answer::Notes(Box::new(Noted {
                notes: Notes { summary: "a \u{0} b".into(), ..Notes::default() },
                model: "m".into(),
                left_out: 2,
            })),
            Answer::Text("line\nline".into()),
            Answer::Vectors(vec![Embedded::Vector(vec![0.1, -0.0, f32::MIN_POSITIVE, 1e30]), Embedded::Vector(vec![])]),
        ] {
            let text = write(&answer).expect("a model's");
            assert!(!text.contains('\0'), "a database column must hold it");
            assert_eq!(read(&text), Some(answer));
        }
        assert_eq!(write(&Answer::Similar(vec![])), None);
        assert_eq!(write(&Answer::Vectors(vec![Embedded::Vector(vec![]), Embedded::SetAside])), None);
    }

    #[test]
    fn an_unreadable_memo_is_no_answer() {
        for text in ["", "{}", "[1]", r#"{"text": 1}"#, r#"{"vectors": ["AAA="]}"#, r#"{"vectors": [1]}"#] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
