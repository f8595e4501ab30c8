//! OpenAI's Embeddings, or a compatible server's: vectors in base64, or as lists of numbers from servers without base64.
//!
//! ```text
//!   batch ─▶ 5xx, 4xx or non-finite numbers ─▶ a harmless text, once a run ─▶ not answered: an outage, or 78
//!                                                    └ answered: bisect the batch ─▶ set aside the texts that fail, after two 5xx
//! ```

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::asker::{Asker, Asking, Probed, is_final};
use super::call::{Call, Usage};
use super::endpoint::{Stop, Tries};
use super::remote::Remote;
use crate::clock;
use crate::core::ask::{DIMENSIONS, Embedded, NoAnswer};
use crate::core::manner::Manner;
use crate::core::provider_error::ProviderError;
use crate::core::text;

/// The timeout of a question, including retries (spec 05).
const LONGEST: Duration = Duration::from_secs(30);
/// The most requests in the search for texts that fail a batch (spec 05).
const MOST_SEARCHES: usize = 16;
/// A text that no provider refuses.
pub const HARMLESS: &str = "hello";

/// An embedding model.
#[derive(Debug)]
pub struct Embeddings {
    asker: Asker,
    model: String,
}

/// Why a batch failed, if one of its texts can be the reason.
enum Suspicion {
    /// A 5xx that does not count for the circuit breaker.
    Failed(String),
    /// A 4xx.
    Refused(ProviderError),
    /// Some texts got vectors with non-finite numbers; the others have vectors.
    Numbers,
}

/// The outcome of a request.
enum Got {
    Vectors,
    Suspicious(Suspicion),
}

impl Embeddings {
    /// A model of a server.
    #[must_use]
    pub const fn new(asker: Asker, model: String) -> Self {
        Self { asker, model }
    }

    /// The server, with its circuit breaker.
    #[must_use]
    pub const fn remote(&self) -> &Remote {
        self.asker.remote()
    }

    /// Embeds at most [`crate::core::ask::MOST_TEXTS`] texts and returns the outcome of each, in order. Texts without visible
    /// characters are not sent.
    ///
    /// # Errors
    /// [`NoAnswer`] by spec 05's table: [`NoAnswer::InvalidReply`] for a wrong number of vectors, [`NoAnswer::Configuration`] for
    /// vectors of a wrong length.
    pub async fn embed(&self, call: Call<'_>, texts: &[String]) -> Result<Vec<Embedded>, NoAnswer> {
        let call = Call { deadline: call.deadline.min(clock::start() + LONGEST), ..call };
        let mut each: Vec<Embedded> = texts.iter().map(|_| Embedded::Waits).collect();
        let (seen, unseen): (Vec<usize>, Vec<usize>) = (0..texts.len()).partition(|at| !text::is_blank(&texts[*at]));
        for at in unseen {
            each[at] = Embedded::SetAside;
        }
        if seen.is_empty() {
            return Ok(each);
        }
        let harmless = *texts == [HARMLESS.to_owned()];
        let tries = if harmless { Tries::Insist } else { Tries::Quietly };
        let Got::Suspicious(suspicion) = self.get(call, texts, &seen, &mut each, tries).await? else {
            return Ok(each);
        };
        if harmless {
            return Err(match suspicion {
                Suspicion::Failed(why) => NoAnswer::Unavailable(why),
                Suspicion::Refused(refusal) => self.asker.verdict(&refusal, "", None),
                Suspicion::Numbers => NoAnswer::InvalidReply("embeddings: a number is not finite".to_owned()),
            });
        }
        let fresh = !self.asker.has_probed();
        match (self.asker.probed(call.deadline, Box::pin(self.probe(call))).await, suspicion) {
            (Probed::Answered, suspicion) => {
                Box::pin(self.search(call, texts, &mut each, seen, suspicion, fresh)).await?;
            }
            (Probed::No(NoAnswer::Unavailable(_)), Suspicion::Failed(why)) => {
                // The server failed, not one of the texts.
                if let Ok(attempt) = self.remote().admit(call.deadline) {
                    attempt.unavailable();
                }
                if self.remote().is_open() {
                    return Err(NoAnswer::Unavailable(why));
                }
                self.get(call, texts, &seen, &mut each, Tries::InsistAgain).await?;
            }
            (Probed::No(why), _) => return Err(why),
        }
        Ok(each)
    }

    /// Bisects a batch to find the texts that fail.
    async fn search(
        &self,
        call: Call<'_>,
        texts: &[String],
        each: &mut [Embedded],
        batch: Vec<usize>,
        suspicion: Suspicion,
        fresh: bool,
    ) -> Result<(), NoAnswer> {
        let mut left = MOST_SEARCHES;
        let mut any = fresh;
        let mut broken = vec![(batch, suspicion, Tries::Quietly)];
        let mut culprits = Vec::new();
        while let Some((part, suspicion, last)) = broken.pop() {
            let part: Vec<usize> = part.into_iter().filter(|at| matches!(each[*at], Embedded::Waits)).collect();
            let failed = matches!(suspicion, Suspicion::Failed(_));
            let tries = match part[..] {
                // A 5xx can pass, so one is no proof.
                [_] if failed && last != Tries::QuietlyAgain => Tries::QuietlyAgain,
                [one] => {
                    culprits.push((one, failed));
                    continue;
                }
                _ => Tries::Quietly,
            };
            for half in part.chunks(part.len().div_ceil(2).max(1)) {
                if left == 0 {
                    self.set_aside(each, &culprits, any);
                    return Ok(());
                }
                left -= 1;
                match self.get(call, texts, half, each, tries).await {
                    Ok(Got::Vectors) => any = true,
                    Ok(Got::Suspicious(suspicion)) => broken.push((half.to_vec(), suspicion, tries)),
                    Err(NoAnswer::Unavailable(_) | NoAnswer::CircuitOpen(_)) => {
                        self.set_aside(each, &culprits, any);
                        return Ok(());
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        self.set_aside(each, &culprits, any);
        Ok(())
    }

    /// Sets refused texts aside. Texts that failed with a 5xx only if others succeeded meanwhile (`any`).
    fn set_aside(&self, each: &mut [Embedded], culprits: &[(usize, bool)], any: bool) {
        for (at, _) in culprits.iter().filter(|(_, failed)| any || !failed) {
            each[*at] = Embedded::SetAside;
        }
        if !culprits.is_empty() {
            tracing::warn!(provider = %self.remote(), texts = culprits.len(), "texts can't be embedded, set aside");
        }
    }

    async fn probe(&self, call: Call<'_>) -> Probed {
        let texts = [HARMLESS.to_owned()];
        let mut each = [Embedded::Waits];
        let got = self.get(call, &texts, &[0], &mut each, Tries::Once).await;
        let stop = match got {
            Ok(Got::Vectors) => return Probed::Answered,
            Ok(Got::Suspicious(Suspicion::Refused(refusal))) => Stop::Refused(refusal),
            Ok(Got::Suspicious(Suspicion::Failed(why))) => Stop::Failed(why),
            Ok(Got::Suspicious(Suspicion::Numbers)) => {
                Stop::No(NoAnswer::Unavailable("embeddings: a number is not finite".to_owned()))
            }
            // An unreadable reply does not prove that the server is healthy.
            Err(NoAnswer::InvalidReply(why)) => Stop::No(NoAnswer::Unavailable(why)),
            Err(why) => Stop::No(why),
        };
        self.asker.judged(Err(stop))
    }

    /// Requests the vectors of some of the texts and stores them in `each`.
    async fn get(
        &self,
        call: Call<'_>,
        texts: &[String],
        which: &[usize],
        each: &mut [Embedded],
        tries: Tries,
    ) -> Result<Got, NoAnswer> {
        let input: Vec<&str> = which.iter().map(|at| texts[*at].as_str()).collect();
        let build = |manner: &Manner| {
            let mut request = json!({"model": self.model, "input": input});
            if !manner.unencoded {
                request["encoding_format"] = json!(if manner.floats { "float" } else { "base64" });
            }
            if !manner.any_length {
                request["dimensions"] = json!(DIMENSIONS);
            }
            request
        };
        let asking = Asking {
            path: "/embeddings",
            build: &build,
            transcript: None,
            private: &input.join("\n"),
            deadline: call.deadline,
            tries,
        };
        let reply = match Box::pin(self.asker.ask(&asking)).await {
            Ok((reply, _)) => reply,
            Err(Stop::Failed(why)) => return Ok(Got::Suspicious(Suspicion::Failed(why))),
            Err(Stop::Refused(refusal)) if is_final(&refusal) => return Err(self.asker.verdict(&refusal, "", None)),
            Err(Stop::Refused(refusal)) => return Ok(Got::Suspicious(Suspicion::Refused(refusal))),
            Err(Stop::No(why)) => return Err(why),
        };
        call.meter.add(Usage::read(call, &self.model, &reply));
        let mut all_finite = true;
        for (at, vector) in which.iter().zip(read(&reply, which.len())?) {
            if vector.iter().all(|number| number.is_finite()) {
                each[*at] = Embedded::Vector(vector);
            } else {
                all_finite = false;
            }
        }
        Ok(if all_finite { Got::Vectors } else { Got::Suspicious(Suspicion::Numbers) })
    }
}

/// The vectors of a reply, in the order of the request. A null in a vector becomes NaN.
fn read(reply: &Value, asked: usize) -> Result<Vec<Vec<f32>>, NoAnswer> {
    let wrong = |why: String| NoAnswer::InvalidReply(format!("embeddings: {why}"));
    // langroid/langroid#922, ollama/ollama#5870: only the list, or under the name of other protocols.
    let data = [&reply["data"], &reply["embeddings"], reply].into_iter().find_map(Value::as_array);
    let data = data.ok_or_else(|| wrong("the reply has no data".to_owned()))?;
    if data.len() != asked {
        return Err(wrong(format!("{} vectors for {asked} texts", data.len())));
    }
    // A missing index is 0, as in Google's protocol.
    let index = |item: &Value| match &item["index"] {
        Value::Null => Some(0),
        index => index.as_u64().and_then(|index| usize::try_from(index).ok()),
    };
    // Without indexes, or if all are 0, the vectors are in the order of the request.
    let in_order = data.iter().all(|item| index(item) == Some(0));
    let mut vectors = vec![None; asked];
    for (order, item) in data.iter().enumerate() {
        let at = if in_order { Some(order) } else { index(item) };
        let place = at.and_then(|at| vectors.get_mut(at));
        let Some(place) = place.filter(|place| place.is_none()) else {
            return Err(wrong("an index is missing, repeated or out of range".to_owned()));
        };
        let numbers = item.get("embedding").unwrap_or(item);
        // abetlen/llama-cpp-python#1588: this is the same for every text, so the server's configuration is wrong.
        if numbers.as_array().is_some_and(|inner| inner.len() > 1 && inner[0].is_array()) {
            return Err(NoAnswer::Configuration(
                "embeddings: one vector per token instead of one per text; the server must be started with pooling"
                    .to_owned(),
            ));
        }
        let vector = vector(numbers).ok_or_else(|| wrong("a vector can't be read".to_owned()))?;
        if vector.len() != DIMENSIONS {
            let length = vector.len();
            return Err(NoAnswer::Configuration(format!(
                "embeddings: a vector has {length} numbers, not {DIMENSIONS}; choose a model with {DIMENSIONS} dimensions"
            )));
        }
        *place = Some(vector);
    }
    vectors.into_iter().collect::<Option<_>>().ok_or_else(|| wrong("an index is missing".to_owned()))
}

/// Little-endian 32-bit floats in base64, or a list of numbers, possibly in another list.
fn vector(value: &Value) -> Option<Vec<f32>> {
    match value {
        Value::String(text) => {
            let bytes = STANDARD.decode(text).ok()?;
            let (numbers, rest) = bytes.as_chunks::<4>();
            rest.is_empty().then(|| numbers.iter().map(|number| f32::from_le_bytes(*number)).collect())
        }
        Value::Array(inner) if inner.len() == 1 && inner[0].is_array() => vector(&inner[0]),
        Value::Array(numbers) => numbers.iter().map(number).collect(),
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "vectors are stored as 32-bit floats")]
fn number(value: &Value) -> Option<f32> {
    match value {
        Value::Null => Some(f32::NAN),
        value => value.as_f64().map(|number| number as f32),
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
    // doobidoo/mcp-memory-service#612: no index. BerriAI/litellm#25656: always 0. samfoy/pi-session-search#13: Gemini leaves out 0.
    #[case::gemini(json!([{"embedding": 0}, {"index": 1, "embedding": 1}]))]
    #[case::none(json!([{"embedding": 0}, {"embedding": 1}]))]
    #[case::zeros(json!([{"index": 0, "embedding": 0}, {"index": 0, "embedding": 1}]))]
    #[case::nulls(json!([{"index": null, "embedding": 0}, {"index": null, "embedding": 1}]))]
    fn without_an_index_they_are_in_the_order_of_the_request(#[case] mut data: Value) {
        let (one, two) = (vec![0.25; DIMENSIONS], vec![-1.5; DIMENSIONS]);
        data[0]["embedding"] = json!(one);
        // A list in a list: llama.cpp's /embedding.
        data[1]["embedding"] = json!([two]);
        for reply in [json!({ "data": data }), data, json!({"embeddings": [one, two]})] {
            assert_eq!(read(&reply, 2).unwrap(), [one.clone(), two.clone()]);
        }
    }

    #[test]
    fn a_vector_for_each_token_is_a_configuration_error() {
        let error = read(&json!({"data": [{"index": 0, "embedding": [[0.5, 0.5], [0.5, 0.5]]}]}), 1).unwrap_err();
        assert!(matches!(&error, NoAnswer::Configuration(why) if why.contains("pooling")), "{error}");
    }

    #[rstest]
    #[case::none(json!({"error": "x"}), "has no data")]
    #[case::too_few(json!({"data": []}), "0 vectors for 1 texts")]
    #[case::index(json!({"data": [{"index": 1, "embedding": [0.5]}]}), "an index is missing")]
    #[case::no_base64(json!({"data": [{"index": 0, "embedding": "%%%"}]}), "can't be read")]
    #[case::odd_bytes(json!({"data": [{"index": 0, "embedding": "AAAA="}]}), "can't be read")]
    #[case::words(json!({"data": [{"index": 0, "embedding": ["x"]}]}), "can't be read")]
    fn invalid_vectors_are_refused(#[case] reply: Value, #[case] said: &str) {
        let error = read(&reply, 1).unwrap_err().to_string();
        assert!(error.starts_with("invalid_reply: embeddings: ") && error.contains(said), "{error}");
    }

    #[test]
    fn another_length_is_a_configuration_error() {
        let error = read(&json!({"data": [{"index": 0, "embedding": [0.5, 0.5]}]}), 1).unwrap_err();
        assert!(matches!(&error, NoAnswer::Configuration(why) if why.contains("2 numbers, not 1536")), "{error}");
    }
}
