//! Traces for an OpenTelemetry collector (spec 06), in a build with the feature `otel`.
//!
//! ```text
//!   the caller's span (TRACEPARENT) ─▶ run ─▶ conversation ─▶ stage
//! ```
//!
//! A separate thread with its own runtime sends them by OTLP over HTTP: it survives a panic, and the jobs never wait for it. The
//! settings are OpenTelemetry's own variables. Without a configured collector there is no connection. Traces never change an exit code
//! and never write to stdout.

use std::collections::HashMap;
use std::env;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TracerProvider;
use opentelemetry::{Context, Key, KeyValue};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::{Builder, Runtime};
use tracing::span::{Attributes, Id};
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::Context as LayerContext;
use tracing_subscriber::{Layer, Registry};

use crate::clock;
use crate::providers::http::{Failure, Http};

/// How long a process waits for the collector at its end.
const FAREWELL: Duration = Duration::from_secs(2);
/// The timeout of a request, unless the variables set it (OpenTelemetry's default).
const REQUEST: Duration = Duration::from_secs(10);

/// The traces of this process.
pub struct Traces {
    provider: SdkTracerProvider,
    trouble: Trouble,
    open: Open,
}

/// How many spans have not ended. Other threads, such as SQLite's, can hold one a moment longer than we do.
#[derive(Clone, Default)]
struct Open(Arc<AtomicUsize>);

impl<S: Subscriber> Layer<S> for Open {
    fn on_new_span(&self, _: &Attributes<'_>, _: &Id, _: LayerContext<'_, S>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn on_close(&self, _: Id, _: LayerContext<'_, S>) {
        self.0.fetch_sub(1, Ordering::Release);
    }
}

/// Why the last request failed; `None` if it succeeded.
type Trouble = Arc<Mutex<Option<String>>>;

impl Traces {
    /// Begins if the environment names a collector.
    ///
    /// # Errors
    /// If a variable is invalid. Then there are no traces.
    pub fn begin() -> Result<Option<Self>, String> {
        if !wanted()? {
            return Ok(None);
        }
        let trouble = Trouble::default();
        let runtime =
            Builder::new_current_thread().enable_all().build().map_err(|error| format!("no runtime: {error}"))?;
        let post = Post { http: Http::default(), runtime, longest: longest(), trouble: Arc::clone(&trouble) };
        let exporter = SpanExporter::builder().with_http().with_http_client(post).with_protocol(protocol()?).build();
        let exporter = exporter.map_err(|error| error.to_string())?;
        let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource()).build();
        Ok(Some(Self { provider, trouble, open: Open::default() }))
    }

    /// The layer that exports the spans of a target.
    #[must_use]
    pub fn layer(&self, target: &'static str) -> Box<dyn Layer<Registry> + Send + Sync> {
        let layer = tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer(env!("CARGO_PKG_NAME")))
            // A trace's reader does not need our source locations and threads.
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_target(false)
            .with_level(false);
        // `open` comes last, so that a span counts until the exporter has it.
        layer
            .and_then(self.open.clone())
            .with_filter(filter_fn(move |meta| meta.is_span() && meta.target() == target))
            .boxed()
    }

    /// Makes a span the child of the caller's, if `TRACEPARENT` (and `TRACESTATE`) name one.
    pub fn adopt(&self, span: &Span) {
        let named = ["traceparent", "tracestate"].map(|name| (name.to_owned(), variable(&name.to_uppercase())));
        let carrier: HashMap<_, _> = named.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let caller = TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier);
        if let Err(error) = span.set_parent(caller) {
            tracing::debug!(%error, "the caller's span is unknown");
        }
    }

    /// Sends the remaining spans, within two seconds.
    pub fn end(self) {
        let began = clock::start();
        while self.open.0.load(Ordering::Acquire) > 0 && began.elapsed() < FAREWELL {
            thread::sleep(Duration::from_millis(1));
        }
        if self.provider.shutdown_with_timeout(FAREWELL.saturating_sub(began.elapsed())).is_err() {
            tracing::warn!(why = "no answer in time", "traces not sent");
        } else if let Some(why) = self.trouble.lock().unwrap_or_else(PoisonError::into_inner).take() {
            tracing::warn!(why, "traces not sent");
        }
    }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The variable for traces, or else the one for all signals.
fn of_traces(what: &str) -> Option<String> {
    variable(&format!("OTEL_EXPORTER_OTLP_TRACES_{what}")).or_else(|| variable(&format!("OTEL_EXPORTER_OTLP_{what}")))
}

fn wanted() -> Result<bool, String> {
    if variable("OTEL_SDK_DISABLED").is_some_and(|it| it.eq_ignore_ascii_case("true")) {
        return Ok(false);
    }
    match variable("OTEL_TRACES_EXPORTER").as_deref() {
        None => Ok(of_traces("ENDPOINT").is_some()),
        Some("none") => Ok(false),
        Some("otlp") => Ok(true),
        Some(other) => Err(format!("OTEL_TRACES_EXPORTER is {other:?}; otlp and none are known here")),
    }
}

fn protocol() -> Result<Protocol, String> {
    match of_traces("PROTOCOL").as_deref() {
        None | Some("http/protobuf") => Ok(Protocol::HttpBinary),
        Some("http/json") => Ok(Protocol::HttpJson),
        Some(other) => {
            Err(format!("OTEL_EXPORTER_OTLP_PROTOCOL is {other:?}; http/protobuf and http/json are known here"))
        }
    }
}

fn longest() -> Duration {
    of_traces("TIMEOUT").and_then(|it| it.parse().ok()).map_or(REQUEST, Duration::from_millis)
}

/// The service's attributes from the variables, with a default name.
fn resource() -> Resource {
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let builder = Resource::builder().with_attribute(version.clone());
    let named = Resource::builder().build().get(&Key::new("service.name"));
    if named.is_some_and(|name| !name.as_str().starts_with("unknown_service")) {
        return builder.build();
    }
    builder.with_service_name(env!("CARGO_PKG_NAME")).build()
}

/// The exporter's HTTP client, which is our own: the same TLS and proxies, and no redirects.
#[derive(Debug)]
struct Post {
    http: Http,
    runtime: Runtime,
    longest: Duration,
    trouble: Trouble,
}

#[async_trait]
impl HttpClient for Post {
    /// Blocks the exporter's thread, which has no other work.
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (head, body) = request.into_parts();
        let url = head.uri.to_string().parse()?;
        let sent = self.runtime.block_on(async {
            tokio::time::timeout(self.longest, self.http.post(url, head.headers, body.to_vec())).await
        });
        let replied = match sent {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(Failure::NoClient(why))) => Err(why),
            Ok(Err(Failure::NoReply(why))) => Err(why.to_owned()),
            Ok(Err(Failure::TooLong)) => Err("the reply is too long".to_owned()),
            Err(_) => Err("no answer in time".to_owned()),
        };
        let trouble = match &replied {
            Ok(reply) if (200..300).contains(&reply.status) => None,
            Ok(reply) => Some(format!("status {}", reply.status)),
            Err(why) => Some(why.clone()),
        };
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
        let reply = replied?;
        Ok(Response::builder().status(reply.status).body(reply.body.into())?)
    }
}
