//! Keys and models: missing, wrong, and what `--online` asks.

use super::{Host, look, named, says};
use crate::support::bin::Bin;
use crate::support::model_server::{CHAT, EMBEDDINGS, MESSAGES, ModelServer, Step};

fn doctor(server: &ModelServer, args: &[&str]) -> Bin {
    server.serves(Host::bare().alone(args))
}

#[test]
fn nothing_is_sent_without_online() {
    let server = ModelServer::start();
    let result = look(doctor(&server, &[]), "warning", 0);
    says(&result, "models.language", "ok", &["claude-haiku-5-5 of Anthropic at 127.0.0.1", "--online"]);
    says(&result, "models.embeddings", "ok", &["text-embedding-3-small of OpenAI at 127.0.0.1"]);
    assert_eq!([MESSAGES, CHAT, EMBEDDINGS].map(|path| server.calls(path)), [0, 0, 0]);
}

#[test]
fn online_asks_each_provider_once() {
    let server = ModelServer::start();
    let done = doctor(&server, &["--online", "-vv"]).done().code(0);
    for name in ["models.language_online", "models.embeddings_online"] {
        says(&done.json(), name, "ok", &["it answered"]);
    }
    assert_eq!([MESSAGES, CHAT, EMBEDDINGS].map(|path| server.calls(path)), [1, 0, 1]);
    assert!(!done.all().contains("sk-ant-test") && !done.all().contains("sk-test"), "{}", done.all());
    // Local models are not asked, and a variable does as well.
    let local = doctor(&server, &["--llm", "openai:m", "--embeddings", "local"]).env("NIKITA_DOCTOR_ONLINE", "1");
    let result = look(local, "warning", 0);
    assert!(!named(&result, "ok").contains(&"models.embeddings_online".to_owned()), "{result}");
    assert_eq!([MESSAGES, CHAT, EMBEDDINGS].map(|path| server.calls(path)), [1, 1, 1]);
}

#[test]
fn a_wrong_key_or_model_is_a_problem() {
    for (status, said) in [
        (401, "the key in ANTHROPIC_API_KEY is wrong or revoked"),
        (403, "the key in ANTHROPIC_API_KEY may not use this model"),
        (404, "it does not know the model"),
    ] {
        let server = ModelServer::start();
        server.script(MESSAGES, [Step::error(status, "some_error", "no: sk-ant-test")]);
        let done = doctor(&server, &["--online", "-vv"]).done().code(78);
        says(&done.json(), "models.language_online", "problem", &[said, "Correct the key"]);
        says(&done.json(), "models.embeddings_online", "ok", &[]);
        assert!(!done.all().contains("sk-ant-test"), "{}", done.all());
    }
}

#[test]
fn a_provider_that_is_away_is_no_wrong_configuration_and_is_asked_once() {
    for step in [Step::status(503), Step::status(429), Step::HangUp] {
        let server = ModelServer::start();
        server.script(EMBEDDINGS, [step.clone()]);
        let result = look(doctor(&server, &["--online"]), "error", 69);
        says(&result, "models.embeddings_online", "problem", &["provider unavailable: OpenAI", "status page"]);
        assert_eq!(server.calls(EMBEDDINGS), 1, "{step:?}");
        // A wrong key of the other is what must be mended first.
        server.script(MESSAGES, [Step::status(401)]);
        look(doctor(&server, &["--online"]), "error", 78);
    }
}

#[test]
fn a_model_whose_vectors_do_not_fit_is_a_problem() {
    let server = ModelServer::start();
    server.script(EMBEDDINGS, [Step::reply(&serde_json::json!({"data": [{"index": 0, "embedding": [0.5, 0.5]}]}))]);
    let result = look(doctor(&server, &["--online"]), "error", 78);
    says(&result, "models.embeddings_online", "problem", &["2 numbers, not 1536"]);
}

#[test]
fn a_chosen_model_without_a_key_is_a_problem() {
    let bare = || Host::bare().alone(&["--online"]);
    let result = look(bare().env("NIKITA_LLM", "anthropic:m").env("NIKITA_EMBEDDINGS", "openai:m"), "error", 78);
    says(
        &result,
        "models.language",
        "problem",
        &["--llm names a model of Anthropic, which needs a key: set ANTHROPIC_API_KEY"],
    );
    says(&result, "models.embeddings", "problem", &["--embeddings names a model of OpenAI, which needs a key"]);
    assert_eq!(named(&result, "problem"), ["models.language", "models.embeddings"], "each is told once");
    let result = look(bare().env("OPENAI_API_KEY_FILE", "/dev/null"), "error", 78);
    says(&result, "models.language", "problem", &["OPENAI_API_KEY_FILE names /dev/null: it is empty"]);
}
