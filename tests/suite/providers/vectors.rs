//! Embedders as they are: one text that breaks a batch, replies of odd shapes, and how long a text is left alone.

use serde_json::{Value, json};

use super::process;
use crate::on_every_database;
use crate::support::db::Db;
use crate::support::model_server::{EMBEDDINGS, ModelServer, Request, Step, encoded, vector};
use crate::support::promises;
use crate::support::seed::{backlog, time};

const DAY: i64 = 86_400;

fn texts(request: &Request) -> Vec<String> {
    request.body["input"].as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect()
}

/// An answer with these vectors' items, made from their place and their text.
fn items(request: &Request, item: impl Fn(usize, &str) -> Value) -> Step {
    let data: Vec<Value> = texts(request).iter().enumerate().map(|(at, text)| item(at, text)).collect();
    Step::reply(&json!({"data": data, "usage": {"prompt_tokens": 1, "total_tokens": 1}}))
}

/// A server that extracts twenty facts, one of them with a poison.
fn twenty_facts() -> ModelServer {
    let server = ModelServer::start();
    let facts: Vec<Value> = (0..20)
        .map(|i| json!({"fact": if i == 13 { "A poison.".to_owned() } else { format!("Fact {i}.") }, "kind": "user"}))
        .collect();
    server
        .extracts(json!({"facts": facts, "threads": [], "thoughts": [], "summary": "s", "emotional_tone": "neutral"}));
    server
}

fn poisoned(request: &Request) -> bool {
    texts(request).iter().any(|text| text.contains("poison"))
}

/// The poison is alone without a vector and is left alone for a day, after which so many requests are made; the circuit does not know of
/// it.
fn sets_one_aside(db: &Db, judge: fn(&Request) -> Step, after_a_day: usize) {
    backlog(db, 1);
    let server = twenty_facts();
    server.script(EMBEDDINGS, [Step::By(judge)]);
    let result = process(db, &server, "anthropic").done().code(0).json();
    assert_eq!(
        (&result["processed"], &result["texts_set_aside"], &result["facts"]),
        (&json!(1), &json!(1), &json!(20))
    );
    let bare = "select fact from memory_facts where embedding is null";
    assert_eq!(db.rows(bare), [["A poison."]]);
    let asked = server.calls(EMBEDDINGS);
    assert!(asked <= 1 + 1 + 16, "the batch, a harmless text and the search: {asked}");
    assert_eq!(db.rows("select failures from provider_breakers where failures > 0"), Vec::<Vec<String>>::new());
    let again = |seconds: i64| {
        let before = server.calls(EMBEDDINGS);
        let now = time(seconds);
        let bin = server.serves(db.command(&["process-conversations", "--force", "--now", &now]));
        let bin =
            bin.env("NIKITA_LLM", "anthropic:model-1").env("NIKITA_ENRICH", "false").env("NIKITA_BACKOFF", "10ms");
        bin.done().code(0);
        server.calls(EMBEDDINGS) - before
    };
    assert_eq!(again(3_600), 0);
    assert_eq!(again(DAY + 60), after_a_day);
    assert_eq!(again(DAY + 3_600), 0);
    server.script(EMBEDDINGS, [Step::Good]);
    assert_eq!(again(3 * DAY), 1);
    assert_eq!(db.number("select count(*) from memory_facts where embedding is null"), 0.0);
    promises::kept(db);
}

on_every_database! {
    fn a_text_that_breaks_the_embedder_is_set_aside(db) {
        // hang-in/seCall#5, ollama/ollama#9639: 500, "failed to encode response: json: unsupported value: NaN", for the whole batch.
        // A day later: once, a harmless text, and once more, because a 5xx can pass.
        sets_one_aside(db, |request| if poisoned(request) { Step::status(500) } else { Step::Good }, 3);
    }
}

fn nobody_failed(db: &Db) {
    assert_eq!(db.rows("select failures from provider_breakers where failures > 0"), Vec::<Vec<String>>::new());
}

#[test]
fn trouble_that_passes_costs_no_vector() {
    for step in [
        Step::status(429).header("retry-after", "1"),
        Step::status(408),
        Step::status(409),
        Step::error(400, "overloaded_error", "busy"),
        Step::HangUp,
        Step::Answer(200, vec![], "<html>busy</html>".to_owned()),
    ] {
        let db = Db::sqlite();
        backlog(&db, 1);
        let server = ModelServer::start();
        server.script(EMBEDDINGS, [step.clone(), Step::Good]);
        process(&db, &server, "anthropic").env("NIKITA_BACKFILL", "0").done().code(0);
        assert_eq!(server.calls(EMBEDDINGS), 2, "{step:?}");
        assert_eq!(db.number("select count(*) from memory_facts where embedding is null"), 0.0, "{step:?}");
        nobody_failed(&db);
    }
    // Nor for six at once, of whom five would open the circuit.
    let db = Db::sqlite();
    backlog(&db, 6);
    let server = ModelServer::start();
    let mut steps = vec![Step::status(429).header("retry-after", "1"); 6];
    steps.push(Step::Good);
    server.script(EMBEDDINGS, steps);
    process(&db, &server, "anthropic").env("NIKITA_BACKFILL", "0").done().code(0);
    assert_eq!(server.calls(EMBEDDINGS), 12);
    assert_eq!(db.number("select count(*) from memory_facts where embedding is null"), 0.0);
    nobody_failed(&db);
}

#[test]
fn a_text_is_set_aside_after_the_second_5xx() {
    for (again, set_aside) in [(Step::Good, 0_i32), (Step::status(503), 1)] {
        let db = Db::sqlite();
        backlog(&db, 1);
        let server = ModelServer::start();
        let facts = json!([{"fact": "They sail.", "kind": "user"}]);
        server.extracts(
            json!({"facts": facts, "threads": [], "thoughts": [], "summary": "s", "emotional_tone": "neutral"}),
        );
        // The batch, a harmless text, and the batch again.
        server.script(EMBEDDINGS, [Step::status(502), Step::Good, again]);
        let run = process(&db, &server, "anthropic").env("NIKITA_BACKFILL", "0");
        assert_eq!(run.done().code(0).json()["texts_set_aside"], set_aside);
        assert_eq!(server.calls(EMBEDDINGS), 3);
        let pauses = server.pauses(EMBEDDINGS);
        assert!(pauses[1] >= super::BACKOFF * 4 / 5, "{pauses:?}");
        assert_eq!(db.number("select count(*) from memory_facts where embedding is null"), f64::from(set_aside));
        nobody_failed(&db);
    }
}

#[test]
fn numbers_that_are_none_are_never_stored() {
    // Python writes NaN as such, which is no JSON; others write null; base64 holds it.
    let as_python: fn(&Request) -> Step = |request| {
        let Step::Answer(status, headers, body) = items(request, |at, text| {
            let numbers = if text.contains("poison") { json!("N-A-N") } else { json!(vector(text)) };
            json!({"index": at, "embedding": numbers})
        }) else {
            unreachable!("an answer")
        };
        Step::Answer(status, headers, body.replace("\"N-A-N\"", &format!("[{}NaN]", "0.5,".repeat(1535))))
    };
    let in_base64: fn(&Request) -> Step = |request| {
        let whole = poisoned(request);
        items(request, |at, text| {
            let mut numbers = vector(text);
            numbers[7] = if whole { f32::NAN } else { numbers[7] };
            json!({"index": at, "embedding": encoded(&numbers)})
        })
    };
    for judge in [as_python, in_base64] {
        sets_one_aside(&Db::sqlite(), judge, 2);
    }
}

#[test]
fn a_text_that_is_refused_fails_no_conversation() {
    for status in [400, 413, 422] {
        let judge: fn(&Request) -> Step = match status {
            400 => |request| {
                if poisoned(request) {
                    Step::error(400, "invalid_request_error", "'$.input' is invalid")
                } else {
                    Step::Good
                }
            },
            413 => |request| {
                if poisoned(request) {
                    Step::error(413, "Validation", "`inputs` must have less than 512 tokens. Given: 600")
                } else {
                    Step::Good
                }
            },
            _ => |request| if poisoned(request) { Step::error(422, "x", "unprocessable") } else { Step::Good },
        };
        sets_one_aside(&Db::sqlite(), judge, 2);
    }
}

#[test]
fn a_batch_that_is_too_large_is_halved() {
    // huggingface/text-embeddings-inference: "batch size 20 > maximum allowed batch size 8".
    let db = Db::sqlite();
    backlog(&db, 1);
    let server = twenty_facts();
    server.script(
        EMBEDDINGS,
        [Step::By(|request| {
            if texts(request).len() > 8 {
                Step::error(413, "Validation", "batch size 20 > maximum allowed batch size 8")
            } else {
                Step::Good
            }
        })],
    );
    let result = process(&db, &server, "anthropic").done().code(0).json();
    assert_eq!((&result["processed"], &result["texts_set_aside"]), (&json!(1), &json!(0)));
    assert_eq!(db.number("select count(*) from memory_facts where embedding is null"), 0.0);
}

/// Twenty facts, ten at most in a request, in the words of garrytan/gbrain#1199 (`DashScope`): two halves, nothing set aside.
#[test]
fn a_batch_may_hold_ten_texts_at_most() {
    let db = Db::sqlite();
    backlog(&db, 1);
    let server = twenty_facts();
    server.script(EMBEDDINGS, [Step::By(|request| {
        let said = "<400> InternalError.Algo.InvalidParameter: Value error, batch size is invalid, it should not be larger than 10.: input.contents";
        if texts(request).len() > 10 { Step::error(400, "InvalidParameter", said) } else { Step::Good }
    })]);
    let result = process(&db, &server, "anthropic").done().code(0).json();
    assert_eq!(
        (&result["processed"], &result["texts_set_aside"], &result["learnt"]),
        (&json!(1), &json!(0), &json!([]))
    );
    assert_eq!(server.calls(EMBEDDINGS), 1 + 1 + 2, "the batch, a harmless text, two halves");
    assert_eq!(db.number("select count(*) from memory_facts where embedding is null"), 0.0);
}

/// langroid/langroid#922 lists the shapes of llama.cpp's versions, ollama/ollama#5870 that of its own protocol.
#[test]
fn vectors_are_found_in_other_shapes() {
    let shapes: [fn(Vec<Value>) -> Value; 3] = [
        |vectors| Value::Array(vectors.into_iter().map(|it| json!({"embedding": [it]})).collect()),
        |vectors| json!({"model": "m", "embeddings": vectors}),
        |vectors| json!({"data": vectors}),
    ];
    for shape in shapes {
        let db = Db::sqlite();
        backlog(&db, 1);
        let server = ModelServer::start();
        let vectors = ["They work as a nurse in Lisbon.", "They love climbing."].map(|text| json!(vector(text)));
        server.script(EMBEDDINGS, [Step::reply(&shape(vectors.to_vec()))]);
        process(&db, &server, "anthropic").done().code(0);
        assert_eq!(db.number("select count(*) from memory_facts where embedding is not null"), 2.0);
    }
}

/// abetlen/llama-cpp-python#1588: a server without pooling fails no conversation; it is its operator's to mend.
#[test]
fn a_server_without_pooling_is_a_matter_of_the_settings() {
    let db = Db::sqlite();
    backlog(&db, 3);
    let server = ModelServer::start();
    server.script(
        EMBEDDINGS,
        [Step::By(|request| items(request, |at, text| json!({"index": at, "embedding": [vector(text), vector("x")]})))],
    );
    let done = process(&db, &server, "anthropic").done().code(78);
    assert!(done.error().contains("started with pooling"), "{}", done.error());
    assert_eq!(
        db.number("select count(*) from conversations where status = 'active' and processing_attempts = 0"),
        3.0
    );
}

/// Blanks of other scripts (U+3164, U+00AD) are no fact, and one that another program has stored is not sent.
#[test]
fn what_can_not_be_seen_is_not_sent() {
    let db = Db::sqlite();
    backlog(&db, 1);
    let server = ModelServer::start();
    let facts = ["\u{3164}", " \u{ad} ", "They sail."].map(|fact| json!({"fact": fact, "kind": "user"}));
    server
        .extracts(json!({"facts": facts, "threads": [], "thoughts": [], "summary": "s", "emotional_tone": "neutral"}));
    process(&db, &server, "anthropic").done().code(0);
    assert_eq!(server.requests(EMBEDDINGS)[0].body["input"], json!(["They sail."]));
    assert_eq!(db.rows("select fact from memory_facts"), [["They sail."]]);
    db.execute("update memory_facts set fact = '\u{3164}', embedding = null");
    process(&db, &server, "anthropic").done().code(0);
    assert_eq!(server.calls(EMBEDDINGS), 1);
}

#[test]
fn an_embedder_that_refuses_everything_is_a_matter_of_the_settings() {
    let db = Db::sqlite();
    backlog(&db, 3);
    let server = ModelServer::start();
    server.script(EMBEDDINGS, [Step::error(400, "invalid_request_error", "this is no embedding model")]);
    process(&db, &server, "anthropic").args(&["--concurrency", "1"]).done().code(78);
    assert_eq!(server.calls(EMBEDDINGS), 2, "one, and a harmless one");
    assert_eq!(
        db.number("select count(*) from conversations where status = 'active' and processing_attempts = 0"),
        3.0
    );
}

#[test]
fn without_an_index_vectors_are_in_the_order_asked() {
    // doobidoo/mcp-memory-service#612, BerriAI/litellm#25656, samfoy/pi-session-search#13
    for item in [
        |at: usize, text: &str| {
            if at == 0 { json!({"embedding": vector(text)}) } else { json!({"index": at, "embedding": vector(text)}) }
        },
        |_: usize, text: &str| json!({"embedding": vector(text)}),
        |_: usize, text: &str| json!({"index": 0, "embedding": vector(text)}),
        |_: usize, text: &str| json!({"index": null, "embedding": [vector(text)]}),
    ] {
        let db = Db::sqlite();
        backlog(&db, 1);
        let server = ModelServer::start();
        let facts = ["They work as a nurse in Lisbon.", "They love climbing."];
        let data: Vec<Value> = facts.iter().enumerate().map(|(at, text)| item(at, text)).collect();
        server.script(EMBEDDINGS, [Step::reply(&json!({"data": data}))]);
        process(&db, &server, "anthropic").done().code(0);
        let row = db.rows("select hex(embedding) from memory_facts where fact = 'They love climbing.'");
        let bytes: Vec<_> =
            vector(facts[1]).iter().flat_map(|it| it.to_le_bytes()).map(|it| format!("{it:02X}")).collect();
        assert_eq!(row, [[bytes.concat()]]);
    }
}
