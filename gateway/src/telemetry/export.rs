//! OTLP over HTTP with protobuf: the one way out for telemetry, behind the egress filter.
//!
//! What leaves is about the program: counts, latencies, names of lines and checks, outcomes of
//! verdicts. No reading, no part number and no tag's share is among it, so no tag's export class
//! is touched; the filter is asked and counts all the same, because every way out passes it.

use super::{TelemetryError, Way};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{MetricExporter, SpanExporter, WithExportConfig, WithHttpConfig};
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// Where telemetry goes.
#[derive(Clone)]
pub struct OtlpOptions {
    /// The collector, such as `http://127.0.0.1:4318`, without a path.
    pub endpoint: String,
    /// Headers of every request, for example for authorisation. Never shown.
    pub headers: HashMap<String, String>,
    /// How often metrics go out.
    pub metrics_every: Duration,
    /// How long one request may take.
    pub timeout: Duration,
    /// The way out.
    pub way: Arc<dyn Way>,
}

/// Exports metrics to `{endpoint}/v1/metrics`.
pub(super) fn metrics(options: &OtlpOptions) -> Result<MetricExporter, TelemetryError> {
    let exporter = MetricExporter::builder()
        .with_http()
        .with_http_client(client(options, "metrics")?)
        .with_headers(options.headers.clone())
        .with_endpoint(format!("{}/v1/metrics", options.endpoint.trim_end_matches('/')))
        .with_timeout(options.timeout)
        .build();
    exporter.map_err(|source| refused(options, source.into()))
}

/// Exports traces to `{endpoint}/v1/traces`.
pub(super) fn traces(options: &OtlpOptions) -> Result<SpanExporter, TelemetryError> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(client(options, "traces")?)
        .with_headers(options.headers.clone())
        .with_endpoint(format!("{}/v1/traces", options.endpoint.trim_end_matches('/')))
        .with_timeout(options.timeout)
        .build();
    exporter.map_err(|source| refused(options, source.into()))
}

struct Guarded {
    inner: reqwest::blocking::Client,
    signal: &'static str,
    way: Arc<dyn Way>,
}

fn client(options: &OtlpOptions, signal: &'static str) -> Result<Guarded, TelemetryError> {
    let timeout = options.timeout;
    // A blocking client may not be made on a thread of a runtime.
    let made = std::thread::spawn(move || {
        reqwest::blocking::Client::builder().timeout(timeout).redirect(reqwest::redirect::Policy::none()).build()
    });
    let inner = match made.join() {
        Ok(Ok(inner)) => inner,
        Ok(Err(source)) => return Err(refused(options, source.into())),
        Err(_) => return Err(refused(options, "the HTTP client could not be made".into())),
    };
    Ok(Guarded { inner, signal, way: Arc::clone(&options.way) })
}

fn refused(options: &OtlpOptions, source: Box<dyn std::error::Error + Send + Sync>) -> TelemetryError {
    TelemetryError::Exporter { endpoint: options.endpoint.clone(), source }
}

impl std::fmt::Debug for Guarded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guarded").field("signal", &self.signal).finish_non_exhaustive()
    }
}

impl HttpClient for Guarded {
    fn send_bytes<'a, 'b>(
        &'a self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async move {
            let n_bytes = request.body().len();
            self.way.admit(self.signal, n_bytes)?;
            let answer = self.inner.send_bytes(request).await;
            match &answer {
                Ok(response) if response.status().is_success() => self.way.left(self.signal, n_bytes),
                Ok(response) => self.way.failed(self.signal, &format!("the collector answered {}", response.status())),
                Err(error) => self.way.failed(self.signal, &error.to_string()),
            }
            answer
        })
    }
}
