//! Traces, judged from outside: the real binary, built with the feature `otel`, sends them to a server that keeps what it gets.

#![cfg(feature = "otel")]
#![expect(
    clippy::disallowed_methods,
    clippy::large_enum_variant,
    reason = "the support of the suite is shared, and is written to the suite's rules"
)]
#![allow(dead_code, unused_macros, reason = "the support is for every test")]

#[path = "suite/support/mod.rs"]
mod support;

use std::time::Duration;

use serde_json::Value;
use tokio::runtime::Runtime;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use support::bin::{Bin, Done};
use support::db::Db;
use support::seed::backlog;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// A collector.
struct Collector {
    runtime: Runtime,
    server: MockServer,
}

impl Collector {
    fn answering(answer: ResponseTemplate) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let server = runtime.block_on(async {
            let server = MockServer::start().await;
            Mock::given(any()).respond_with(answer).mount(&server).await;
            server
        });
        Self { runtime, server }
    }

    fn new() -> Self {
        Self::answering(ResponseTemplate::new(200).set_body_string("{}"))
    }

    fn requests(&self) -> Vec<Request> {
        self.runtime.block_on(self.server.received_requests()).expect("recorded")
    }

    /// The binary, with this collector and a caller's span in its environment.
    fn traced(&self, db: &Db, args: &[&str]) -> Bin {
        db.command(args)
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", self.server.uri())
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")
            .env("TRACEPARENT", format!("00-{TRACE}-{CALLER}-01"))
    }

    /// Every span that came, by JSON.
    fn spans(&self) -> Vec<Span> {
        let mut spans = vec![];
        for request in self.requests() {
            assert_eq!(request.url.path(), "/v1/traces");
            let body: Value = serde_json::from_slice(&request.body).expect("JSON");
            for resource in list(&body["resourceSpans"]) {
                for scope in list(&resource["scopeSpans"]) {
                    spans.extend(list(&scope["spans"]).iter().cloned().map(Span));
                }
            }
        }
        spans
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A span, as OTLP writes it in JSON.
#[derive(Clone)]
struct Span(Value);

impl Span {
    fn text(&self, field: &str) -> &str {
        self.0[field].as_str().unwrap_or_default()
    }

    /// An attribute, as text.
    fn get(&self, key: &str) -> String {
        let found = list(&self.0["attributes"]).iter().find(|it| it["key"] == key);
        let value = found.and_then(|it| it["value"].as_object()?.values().next()).unwrap_or(&Value::Null);
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    }

    /// 1 is good, 2 is an error.
    fn status(&self) -> &Value {
        &self.0["status"]["code"]
    }
}

fn named<'a>(spans: &'a [Span], name: &str) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.text("name") == name).collect()
}

#[test]
fn a_run_is_the_child_of_its_caller_and_holds_its_conversations_and_their_stages() {
    let (db, collector) = (Db::sqlite(), Collector::new());
    backlog(&db, 3);
    db.execute("update conversations set messages = '[{\"role\": \"user\", \"content\": \"My secret is a heron.\"}]'");
    let result = collector.traced(&db, &["process-conversations"]).done().code(0).json();
    let spans = collector.spans();
    let run = named(&spans, "process-conversations")[0].clone();
    assert_eq!((run.text("traceId"), run.text("parentSpanId")), (TRACE, CALLER));
    assert_eq!(run.get("job"), "process-conversations");
    assert_eq!(run.get("execution_id"), result["execution_id"].as_str().expect("an id"));
    assert_eq!((run.get("outcome").as_str(), run.get("exit_code").as_str(), run.status()), ("ok", "0", &1.into()));
    assert_eq!(run.get("duration_ms"), result["duration_ms"].to_string());

    let conversations = named(&spans, "conversation");
    assert_eq!(conversations.len(), 3);
    for conversation in conversations {
        assert_eq!(conversation.text("traceId"), TRACE);
        assert_eq!(conversation.text("parentSpanId"), run.text("spanId"));
        assert_eq!((conversation.get("outcome").as_str(), conversation.get("attempt").as_str()), ("success", "1"));
        let told = list(&result["conversations"])
            .iter()
            .any(|it| it["conversation_id"] == conversation.get("conversation_id"));
        assert!(told, "{:?}", conversation.0);
        let stages: Vec<_> = spans.iter().filter(|it| it.text("parentSpanId") == conversation.text("spanId")).collect();
        assert_eq!(stages.len(), 9);
        assert!(stages.iter().all(|it| it.get("outcome") == "success" && it.get("tries") == "1"));
        assert!(stages.iter().any(|it| it.text("name") == "prompt_builder" && it.get("stage") == "prompt_builder"));
    }
    assert_eq!(spans.len(), 1 + 3 + 27, "and nothing else");
    let bodies: String = collector.requests().iter().map(|it| String::from_utf8_lossy(&it.body).into_owned()).collect();
    assert!(bodies.contains("nikita-jobs") && !bodies.contains("heron"), "never a conversation's text");
}

#[test]
fn a_skip_a_failure_and_a_stage_that_failed_are_told() {
    let (db, skip) = (Db::sqlite(), Collector::new());
    db.run(&["decay"]).code(0);
    skip.traced(&db, &["decay"]).done().code(75);
    let spans = skip.spans();
    assert_eq!(spans.len(), 1);
    assert_eq!((spans[0].get("outcome").as_str(), spans[0].get("reason").as_str()), ("skipped", "recent_execution"));
    assert_eq!(spans[0].status(), 1);

    let failure = Collector::new();
    failure.traced(&Db::at("/dev/null/x".as_ref()), &["decay"]).done().code(78);
    let spans = failure.spans();
    assert_eq!((spans[0].get("outcome").as_str(), spans[0].get("exit_code").as_str()), ("error", "78"));
    assert_eq!(spans[0].status(), 2);

    let stage = Collector::new();
    backlog(&db, 1);
    stage.traced(&db, &["process-conversations"]).env("NIKITA_REHEARSE", "touchpoint=fail").done().code(0);
    let spans = stage.spans();
    let touchpoint = named(&spans, "touchpoint")[0];
    assert_eq!((touchpoint.get("outcome").as_str(), touchpoint.get("tries").as_str()), ("failed", "2"));
    assert_eq!(touchpoint.status(), 2);
    assert_eq!(named(&spans, "conversation")[0].get("outcome"), "partial_success");
}

/// A run and its stdout, with and without `-q`, whatever the collector does.
fn unmoved(run: impl Fn(&[&str]) -> Done, why: &str) {
    let loud = run(&["decay", "--force"]).code(0);
    assert_eq!(loud.json()["status"], "ok");
    assert!(loud.stderr().contains("traces not sent") && loud.stderr().contains(why), "{}", loud.stderr());
    assert_eq!(run(&["decay", "--force", "-q"]).code(0).all(), "", "and no mail");
}

#[test]
fn a_collector_that_is_down_changes_no_exit_code_and_sends_no_mail() {
    let db = Db::sqlite();
    // Nobody listens there.
    unmoved(
        |args| db.command(args).env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1").done(),
        "connection refused",
    );
    let refusing = Collector::answering(ResponseTemplate::new(401));
    unmoved(|args| refusing.traced(&db, args).done(), "status 401");
}

#[test]
fn a_collector_that_never_answers_costs_two_seconds() {
    let db = Db::sqlite();
    let silent = Collector::answering(ResponseTemplate::new(200).set_delay(Duration::from_mins(10)));
    // The exporter itself would wait for ten minutes.
    unmoved(|args| silent.traced(&db, args).env("OTEL_EXPORTER_OTLP_TIMEOUT", "600000").done(), "no answer in time");
    assert_eq!(silent.requests().len(), 2);
}

#[test]
fn the_usual_variables_are_honoured() {
    let db = Db::sqlite();
    let binary = Collector::new();
    let run =
        db.command(&["decay"]).env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", format!("{}/own/path", binary.server.uri()));
    let run = run.env("OTEL_SERVICE_NAME", "the-night-shift").env("OTEL_EXPORTER_OTLP_HEADERS", "x-team=nikita");
    run.env("TRACEPARENT", format!("00-{TRACE}-{CALLER}-01")).done().code(0);
    let requests = binary.requests();
    assert_eq!((requests.len(), requests[0].url.path()), (1, "/own/path"));
    assert_eq!(requests[0].headers["content-type"], "application/x-protobuf");
    assert_eq!(requests[0].headers["x-team"], "nikita");
    let holds = |what: &[u8]| requests[0].body.windows(what.len()).any(|it| it == what);
    assert!(holds(b"the-night-shift") && !holds(b"unknown_service"));
    assert!(holds(&TRACE.parse::<uuid::Uuid>().expect("16 bytes").into_bytes()), "the caller's trace, in binary");

    let none = Collector::new();
    for (name, value) in [
        ("OTEL_SDK_DISABLED", "true"),
        ("OTEL_TRACES_EXPORTER", "none"),
        ("OTEL_TRACES_SAMPLER", "always_off"),
        // The caller's trace is not sampled.
        ("TRACEPARENT", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"),
    ] {
        none.traced(&db, &["decay", "--force"]).env(name, value).done().code(0);
        assert_eq!(none.requests().len(), 0, "{name}");
    }
    let wrong = none.traced(&db, &["decay", "--force"]).env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc").done().code(0);
    assert!(
        wrong.stderr().contains("there will be no traces") && wrong.stderr().contains("http/json"),
        "{}",
        wrong.stderr()
    );
}

#[test]
fn a_callers_span_that_can_not_be_read_begins_a_trace_of_its_own() {
    let (db, collector) = (Db::sqlite(), Collector::new());
    collector.traced(&db, &["decay"]).env("TRACEPARENT", "00-nonsense").done().code(0);
    let spans = collector.spans();
    assert_eq!(spans.len(), 1);
    assert_eq!((spans[0].text("parentSpanId"), spans[0].text("traceId").len()), ("", 32));
}
