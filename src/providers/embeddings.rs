//! OpenAI's Embeddings, or a compatible server's: vectors in base64, or as lists of numbers from servers that know no other.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::call::Call;
use super::endpoint::Endpoint;
use super::openai;
use super::remote::Remote;
use crate::clock;
use crate::core::ask::{DIMENSIONS, NoAnswer};

/// The longest a question may take, its retries included (spec 05).
const LONGEST: Duration = Duration::from_secs(30);

/// An embedding model.
#[derive(Debug)]
pub struct Embeddings {
    endpoint: Endpoint,
    model: String,
}

impl Embeddings {
    /// A model behind an endpoint.
    #[must_use]
    pub const fn new(endpoint: Endpoint, model: String) -> Self {
        Self { endpoint, model }
    }

    /// Who it is, and the gate before it.
    #[must_use]
    pub const fn remote(&self) -> &Remote {
        self.endpoint.remote()
    }

    /// One vector for each text, in their order. At most [`crate::core::ask::MOST_TEXTS`] texts.
    ///
    /// # Errors
    /// [`NoAnswer`] by spec 05's table; [`NoAnswer::InvalidReply`] where vectors are wrong in number or length.
    pub async fn embed(&self, call: Call<'_>, texts: &[String]) -> Result<Vec<Vec<f32>>, NoAnswer> {
        let mut request = json!({"model": self.model, "input": texts, "encoding_format": "base64"});
        // Other models have one length, and refuse to be asked for it.
        if self.model.starts_with("text-embedding-3") {
            request["dimensions"] = json!(DIMENSIONS);
        }
        let deadline = call.deadline.min(clock::start() + LONGEST);
        let reply = self.endpoint.post("/embeddings", &request, &texts.join("\n"), deadline).await?;
        call.meter.add(openai::usage(call, &self.model, &reply["usage"]));
        read(&reply, texts.len())
    }
}

fn read(reply: &Value, asked: usize) -> Result<Vec<Vec<f32>>, NoAnswer> {
    let wrong = |why: String| NoAnswer::InvalidReply(format!("embeddings: {why}"));
    let data = reply["data"].as_array().ok_or_else(|| wrong("the reply has no data".to_owned()))?;
    if data.len() != asked {
        return Err(wrong(format!("{} vectors for {asked} texts", data.len())));
    }
    let mut vectors = vec![None; asked];
    for item in data {
        let index = item["index"].as_u64().and_then(|index| usize::try_from(index).ok());
        let place = index.and_then(|index| vectors.get_mut(index));
        let Some(place) = place.filter(|place| place.is_none()) else {
            return Err(wrong("an index is missing, repeated or out of range".to_owned()));
        };
        let vector = vector(&item["embedding"]).ok_or_else(|| wrong("a vector can't be read".to_owned()))?;
        if vector.len() != DIMENSIONS {
            let length = vector.len();
            return Err(wrong(format!(
                "a vector has {length} numbers, not {DIMENSIONS}; the model must fit the memory"
            )));
        }
        *place = Some(vector);
    }
    vectors.into_iter().collect::<Option<_>>().ok_or_else(|| wrong("an index is missing".to_owned()))
}

/// Little-endian 32-bit floats in base64, or a list of numbers.
fn vector(value: &Value) -> Option<Vec<f32>> {
    match value {
        Value::String(text) => {
            let bytes = STANDARD.decode(text).ok()?;
            let (numbers, rest) = bytes.as_chunks::<4>();
            rest.is_empty().then(|| numbers.iter().map(|number| f32::from_le_bytes(*number)).collect())
        }
        #[expect(clippy::cast_possible_truncation, reason = "vectors are stored as 32-bit floats")]
        Value::Array(numbers) => numbers.iter().map(|number| number.as_f64().map(|number| number as f32)).collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn encoded(numbers: &[f32]) -> String {
        STANDARD.encode(numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>())
    }

    #[test]
    fn both_encodings_are_read_and_the_index_decides_the_order() {
        let (one, two) = (vec![0.25; DIMENSIONS], vec![-1.5; DIMENSIONS]);
        let reply = json!({"data": [{"index": 1, "embedding": encoded(&two)}, {"index": 0, "embedding": one}]});
        assert_eq!(read(&reply, 2).unwrap(), [one, two]);
    }

    #[rstest]
    #[case::none(json!({"error": "x"}), "has no data")]
    #[case::too_few(json!({"data": []}), "0 vectors for 1 texts")]
    #[case::short(json!({"data": [{"index": 0, "embedding": [0.5, 0.5]}]}), "a vector has 2 numbers, not 1536")]
    #[case::index(json!({"data": [{"index": 1, "embedding": [0.5]}]}), "an index is missing")]
    #[case::no_base64(json!({"data": [{"index": 0, "embedding": "%%%"}]}), "can't be read")]
    #[case::odd_bytes(json!({"data": [{"index": 0, "embedding": "AAAA"}]}), "can't be read")]
    #[case::words(json!({"data": [{"index": 0, "embedding": ["x"]}]}), "can't be read")]
    fn what_does_not_fit_is_no_vector(#[case] reply: Value, #[case] said: &str) {
        let error = read(&reply, 1).unwrap_err().to_string();
        assert!(error.starts_with("invalid_reply: embeddings: ") && error.contains(said), "{error}");
    }
}
