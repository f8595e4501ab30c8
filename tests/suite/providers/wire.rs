//! What goes over the wire, checked against schemas that were written from the vendors' published descriptions.

use serde_json::{Value, json};

use super::{one, process};
use crate::support::model_server::{
    CHAT, EMBEDDINGS, MESSAGES, ModelServer, Request, Step, extraction, message, vector,
};

const ANTHROPIC: &str = include_str!("../wire/anthropic_messages.json");
const OPENAI: &str = include_str!("../wire/openai_chat.json");
const VECTORS: &str = include_str!("../wire/openai_embeddings.json");

/// Every request for a path; each follows the schema, and was posted as JSON.
#[track_caller]
fn checked(server: &ModelServer, path: &str, schema: &str) -> Vec<Request> {
    let schema: Value = serde_json::from_str(schema).expect("a schema");
    let validator = jsonschema::validator_for(&schema).expect("a JSON schema");
    let requests = server.requests(path);
    assert!(!requests.is_empty(), "nothing was sent to {path}");
    for request in &requests {
        let errors: Vec<_> =
            validator.iter_errors(&request.body).map(|it| format!("{}: {it}", it.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:?} in {}", request.body);
        assert_eq!((request.method.as_str(), request.headers["content-type"].as_str()), ("POST", "application/json"));
        assert!(request.headers["user-agent"].starts_with("nikita-jobs/"));
    }
    requests
}

/// Makes a server say everything that brings about a further kind of request: a summary by model, a repair.
fn talkative(path: &str) -> ModelServer {
    let server = ModelServer::start();
    let mut short = extraction();
    short["summary"] = json!("");
    server.extracts(short);
    let broken = message(&json!({}), &json!([{"type": "text", "text": "no notes today"}]), "end_turn");
    let broken = if path == MESSAGES { Step::reply(&broken) } else { Step::Good };
    server.script(path, [broken, Step::Good]);
    server
}

#[test]
fn anthropics_requests_are_as_published() {
    let (db, _) = one();
    let server = talkative(MESSAGES);
    process(&db, &server, "anthropic").env("NIKITA_ENRICH", "true").done().code(0);
    let requests = checked(&server, MESSAGES, ANTHROPIC);
    assert_eq!(requests.len(), 5, "extraction and its repair, summary, two prompts");
    for request in &requests {
        assert_eq!(request.headers["x-api-key"], "sk-ant-test");
        assert_eq!(request.headers["anthropic-version"], "2023-06-01");
        assert!(!request.headers.contains_key("authorization"));
        assert_eq!(request.body["model"], "model-1");
        assert!(request.body["system"][0].get("cache_control").is_none(), "what is so short is not cached");
        let last = request.body["messages"].as_array().unwrap().last().unwrap();
        assert_eq!(last["role"], "user", "no prefill");
    }
    let first = &requests[0].body;
    assert_eq!(first["tool_choice"]["name"], first["tools"][0]["name"]);
    assert_eq!(first["tools"][0]["input_schema"], nikita_jobs::core::stages::extraction::schema());
    assert!(requests[2..].iter().all(|request| request.body.get("tools").is_none()));
}

#[test]
fn openais_requests_are_as_published() {
    let (db, _) = one();
    let server = talkative(CHAT);
    process(&db, &server, "openai").env("NIKITA_ENRICH", "true").done().code(0);
    let requests = checked(&server, CHAT, OPENAI);
    assert_eq!(requests.len(), 4, "extraction, summary, two prompts");
    for request in &requests {
        assert_eq!(request.headers["authorization"], "Bearer sk-test");
        assert!(!request.headers.contains_key("x-api-key"));
    }
    let format = &requests[0].body["response_format"]["json_schema"];
    assert_eq!(format["strict"], true);
    every_property_is_required(&format["schema"]);
    assert!(requests[1..].iter().all(|request| request.body.get("response_format").is_none()));
}

/// Strict mode's own rule, which a schema can't state.
fn every_property_is_required(schema: &Value) {
    if let Some(properties) = schema["properties"].as_object() {
        let mut names: Vec<_> = properties.keys().map(String::as_str).collect();
        let mut required: Vec<_> =
            schema["required"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
        names.sort_unstable();
        required.sort_unstable();
        assert_eq!(names, required);
        properties.values().for_each(every_property_is_required);
    }
    if schema["items"].is_object() {
        every_property_is_required(&schema["items"]);
    }
}

#[test]
fn requests_for_vectors_are_as_published() {
    let (db, server) = one();
    let run = process(&db, &server, "anthropic").env("NIKITA_EMBEDDINGS", "openai:text-embedding-3-small");
    run.done().code(0);
    let [request] = checked(&server, EMBEDDINGS, VECTORS).try_into().expect("one request for all facts");
    assert_eq!(request.headers["authorization"], "Bearer sk-test");
    assert_eq!(
        request.body,
        json!({"model": "text-embedding-3-small", "input": ["They work as a nurse in Lisbon.", "They love climbing."],
               "encoding_format": "base64", "dimensions": 1536})
    );
}

#[test]
fn vectors_may_come_as_numbers_and_in_any_order() {
    let (db, server) = one();
    let item = |index: usize, text: &str| json!({"object": "embedding", "index": index, "embedding": vector(text)});
    let data = [item(1, "They love climbing."), item(0, "They work as a nurse in Lisbon.")];
    let usage = json!({"prompt_tokens": 8, "total_tokens": 8});
    server.script(EMBEDDINGS, [Step::reply(&json!({"object": "list", "data": data, "usage": usage}))]);
    process(&db, &server, "anthropic").env("NIKITA_EMBEDDINGS", "openai:other-model").done().code(0);
    let request = &checked(&server, EMBEDDINGS, VECTORS)[0];
    assert_eq!(request.body["dimensions"], 1536, "of every model, until it refuses");
    let row = db.rows("select hex(embedding) from memory_facts where fact = 'They love climbing.'");
    let bytes: Vec<_> =
        vector("They love climbing.").iter().flat_map(|it| it.to_le_bytes()).map(|it| format!("{it:02X}")).collect();
    let expected = bytes.concat();
    assert_eq!(row, [[expected]]);
}
