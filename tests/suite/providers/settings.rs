//! What chooses and limits the providers, and what is said where a setting is wrong.

use std::fs;
use std::time::Duration;

use tempfile::TempDir;

use super::{one, process, state};
use crate::support::bin::{Bin, command};
use crate::support::db::Db;
use crate::support::model_server::{CHAT, EMBEDDINGS, MESSAGES, ModelServer, Step};
use crate::support::seed::{NOW, backlog};

/// A run with nothing of the providers set.
fn plain(db: &Db) -> Bin {
    db.command(&["process-conversations", "--force", "--now", NOW]).env("NIKITA_ENRICH", "false")
}

/// The calls of language model by Anthropic, by OpenAI, and for vectors.
fn calls(server: &ModelServer) -> [usize; 3] {
    [MESSAGES, CHAT, EMBEDDINGS].map(|path| server.calls(path))
}

#[test]
fn the_key_that_is_set_chooses_the_provider() {
    let url = |server: &ModelServer, bin: Bin| {
        bin.env("ANTHROPIC_BASE_URL", server.url()).env("OPENAI_BASE_URL", format!("{}/v1", server.url()))
    };
    let (both, anthropic, openai) = (["k", "k"], ["k", ""], ["", "k"]);
    for (keys, expected) in [(["", ""], [0, 0, 0]), (anthropic, [1, 0, 0]), (openai, [0, 1, 1]), (both, [1, 0, 1])] {
        let (db, server) = one();
        let bin = url(&server, plain(&db)).env("ANTHROPIC_API_KEY", keys[0]).env("OPENAI_API_KEY", keys[1]);
        bin.done().code(0);
        assert_eq!(calls(&server), expected, "{keys:?}");
        let model = |path: &str| server.requests(path).first().map(|it| it.body["model"].as_str().unwrap().to_owned());
        assert!(model(MESSAGES).is_none_or(|it| it == "claude-haiku-5-5"));
        assert!(model(CHAT).is_none_or(|it| it == "gpt-5.4-mini"));
        assert!(model(EMBEDDINGS).is_none_or(|it| it == "text-embedding-3-small"));
    }
    // Said so, both are local whatever keys there are; and the demo always is.
    let (db, server) = one();
    let bin = server.serves(plain(&db)).env("NIKITA_LLM", "local").env("NIKITA_EMBEDDINGS", "local");
    bin.done().code(0);
    let folder = TempDir::new().unwrap();
    let bin = server.serves(command(&["demo", "--path", folder.path().join("demo.sqlite").to_str().unwrap()]));
    bin.env("NIKITA_LLM", "anthropic:x").done().code(0);
    assert_eq!(calls(&server), [0, 0, 0]);
}

#[test]
fn a_key_may_be_in_a_file_or_a_credential() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("ANTHROPIC_API_KEY"), "from-credential\n").unwrap();
    fs::write(folder.path().join("key"), "from-file\n").unwrap();
    let (db, server) = one();
    let bin = plain(&db).env("ANTHROPIC_BASE_URL", server.url()).env("CREDENTIALS_DIRECTORY", folder.path());
    bin.done().code(0);
    let (db, _) = one();
    let bin =
        plain(&db).env("ANTHROPIC_BASE_URL", server.url()).env("ANTHROPIC_API_KEY_FILE", folder.path().join("key"));
    bin.done().code(0);
    let keys: Vec<_> = server.requests(MESSAGES).iter().map(|it| it.headers["x-api-key"].clone()).collect();
    assert_eq!(keys, ["from-credential", "from-file"]);
}

#[test]
fn a_compatible_server_needs_no_key() {
    let (db, server) = one();
    let bin = plain(&db).env("OPENAI_BASE_URL", format!("{}/v1/", server.url()));
    bin.env("NIKITA_LLM", "openai:qwen3:8b").env("NIKITA_EMBEDDINGS", "openai:e").done().code(0);
    assert_eq!(calls(&server), [0, 1, 1]);
    assert!(server.requests("").iter().all(|request| !request.headers.contains_key("authorization")));
    assert_eq!(server.requests(CHAT)[0].body["model"], "qwen3:8b");
    // Where it wants one after all, that is said.
    let (db, server) = one();
    server.script(CHAT, [Step::status(401)]);
    let bin = plain(&db).env("OPENAI_BASE_URL", format!("{}/v1", server.url())).env("NIKITA_LLM", "openai:m");
    let error = bin.done().code(78).error();
    assert!(error.contains("it requires a key, but OPENAI_API_KEY is not set"), "{error}");
}

#[test]
fn a_wrong_setting_is_named_and_nothing_begins() {
    let db = Db::sqlite();
    for (variable, value, said) in [
        ("NIKITA_LLM", "anthropic:claude-haiku-5-5", "needs a key: set ANTHROPIC_API_KEY, ANTHROPIC_API_KEY_FILE"),
        ("NIKITA_LLM", "openai:gpt-5.4-mini", "needs a key: set OPENAI_API_KEY"),
        ("NIKITA_EMBEDDINGS", "openai:e", "needs a key: set OPENAI_API_KEY"),
        ("NIKITA_LLM", "claude", "NIKITA_LLM=\"claude\" is not local, anthropic:NAME"),
        ("NIKITA_EMBEDDINGS", "anthropic:x", "NIKITA_EMBEDDINGS=\"anthropic:x\" is not local or openai:NAME"),
        ("NIKITA_ENRICH", "maybe", "NIKITA_ENRICH=\"maybe\" is neither true nor false"),
        ("NIKITA_REQUEST_TIMEOUT", "0s", "NIKITA_REQUEST_TIMEOUT=\"0s\" must be longer than zero"),
    ] {
        let error = plain(&db).env(variable, value).done().code(78).error();
        assert!(error.contains(said), "{error}");
    }
    for (variable, value, said) in [
        ("ANTHROPIC_BASE_URL", "hunter2", "ANTHROPIC_BASE_URL is not a URL"),
        ("ANTHROPIC_BASE_URL", "ftp://hunter2", "ANTHROPIC_BASE_URL is not a URL that begins with https://"),
        ("ANTHROPIC_BASE_URL", "https://me:hunter2@h", "ANTHROPIC_BASE_URL contains a user or a password"),
        ("ANTHROPIC_BASE_URL", "https://h/?k=hunter2", "ANTHROPIC_BASE_URL contains a ? or a #"),
        ("ANTHROPIC_BASE_URL", "https://h/v1/", "ANTHROPIC_BASE_URL ends with /v1"),
        ("ANTHROPIC_API_KEY", "hunter2\u{7}", "ANTHROPIC_API_KEY contains a character that is invalid in a key"),
        ("NIKITA_LLM_RPM", "0", "NIKITA_LLM_RPM=\"0\" must be from 1 to 1000000"),
    ] {
        let done = plain(&db).env("ANTHROPIC_API_KEY", "k").env(variable, value).done().code(78);
        assert!(done.error().contains(said), "{}", done.error());
        assert!(!done.all().contains("hunter2"), "{}", done.all());
    }
    plain(&db).env("ANTHROPIC_API_KEY", "k").args(&["--anthropic-base-url", "x"]).done().code(2);
    assert_eq!(db.number("select count(*) from job_executions"), 0.0);
}

#[test]
fn requests_keep_to_the_limit_a_minute() {
    let db = Db::sqlite();
    backlog(&db, 4);
    let server = ModelServer::start();
    process(&db, &server, "anthropic").env("NIKITA_LLM_RPM", "200").done().code(0);
    let pauses = server.pauses(MESSAGES);
    // Three gaps of 300 ms; without a limit all four come at once. A busy machine may hold the first one up.
    assert!(pauses.len() == 3 && pauses.iter().sum::<Duration>() >= Duration::from_millis(600), "{pauses:?}");
}

#[test]
fn a_turn_that_comes_too_late_is_not_waited_for() {
    let db = Db::sqlite();
    backlog(&db, 2);
    let server = ModelServer::start();
    let done = process(&db, &server, "anthropic").env("NIKITA_LLM_RPM", "1").done().code(0);
    let result = done.json();
    assert_eq!((&result["processed"], &result["retrying"]), (&1.into(), &1.into()), "{result}");
    assert!(result["duration_ms"].as_i64().unwrap() < 15_000, "{result}");
    assert_eq!(server.calls(MESSAGES), 1);
    assert_eq!(db.number("select sum(processing_attempts) from conversations where status = 'active'"), 0.0);
}

#[test]
fn the_usual_variables_name_a_proxy() {
    let (db, server) = one();
    let bin = process(&db, &server, "anthropic").env("ANTHROPIC_BASE_URL", "http://models.example");
    bin.env("HTTP_PROXY", server.url())
        .env("http_proxy", server.url())
        .env("NO_PROXY", "")
        .env("no_proxy", "")
        .done()
        .code(0);
    let asked: Vec<_> = server.requests(MESSAGES).into_iter().map(|request| request.path).collect();
    assert_eq!(asked, ["http://models.example/v1/messages"]);
    assert_eq!(state(&db)[0], "processed");
}

/// A run that finds nothing to ask opens no connection and loads no certificates; one that has to, and has none, says so.
#[test]
fn certificates_are_loaded_only_to_ask() {
    let db = Db::sqlite();
    let server = ModelServer::start();
    let without = || {
        let bin = process(&db, &server, "anthropic").env("ANTHROPIC_BASE_URL", "https://localhost:1");
        bin.env("SSL_CERT_FILE", "/dev/null").env_remove("SSL_CERT_DIR")
    };
    without().done().code(0);
    backlog(&db, 1);
    without().args(&["--dry-run"]).done().code(0);
    let error = without().done().code(78).error();
    assert!(error.contains("CA certificates"), "{error}");
    assert_eq!(server.requests("").len(), 0);
}
