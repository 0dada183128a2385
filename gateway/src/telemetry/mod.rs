//! Telemetry: what the gateway says about itself, as logs, metrics and traces.
//!
//! Metrics are read off the board when somebody asks ([`observe`]), so nothing is paid on the way
//! of a verdict; what the viewers' side itself counts goes through [`Meters`], where a log line and
//! its counter are one call. Traces are built after the fact from a verdict's time points
//! ([`follow`]). Nothing leaves the box unless OTLP is configured, and then through a [`Way`] that
//! counts it ([`export`]).
//!
//! ```no_run
//! # use takt::telemetry::{Telemetry, TelemetryOptions};
//! # fn f(viewer: std::sync::Arc<takt::board::Viewer>) -> Result<(), Box<dyn std::error::Error>> {
//! takt::telemetry::log("info", takt::telemetry::LogForm::Text)?;
//! let telemetry = Telemetry::start(&TelemetryOptions::default(), viewer)?;
//! let text = telemetry.prometheus();
//! telemetry.meters().warn(takt::telemetry::Metric::HttpRefused, "host", "a request for another host");
//! telemetry.shutdown();
//! # Ok(()) }
//! ```

mod export;
mod follow;
mod log;
mod meters;
mod metric;
mod observe;
mod way;

pub use export::OtlpOptions;
pub use follow::{FollowOptions, Follower};
pub use log::{LogForm, log};
pub use meters::Meters;
pub use metric::{Kind, Metric, Spec};
pub use way::Way;

use crate::board::Viewer;
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{Instrument, PeriodicReader, SdkMeterProvider, Stream};
use opentelemetry_sdk::trace::SdkTracerProvider;
use prometheus::{Encoder, Registry, TextEncoder};
use std::sync::Arc;

/// Label sets an instrument may have: 1,000 checks with fifteen latencies each.
const LABEL_SETS_MAX: usize = 16_000;

/// What telemetry does. The default exports nothing and serves metrics to whoever asks the gateway.
#[derive(Default)]
pub struct TelemetryOptions {
    /// Where metrics and traces go; `None` keeps everything on the box.
    pub otlp: Option<OtlpOptions>,
    /// Which verdicts are traced.
    pub follow: FollowOptions,
}

/// Why telemetry could not start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The metrics could not be set up.
    #[error("the metrics could not be set up; please report this as a defect")]
    Metrics(#[source] opentelemetry_sdk::error::OTelSdkError),
    /// The exporter could not be made.
    #[error("OTLP cannot be sent to {endpoint}; check telemetry.otlp.endpoint (http:// or https://, without a path)")]
    Exporter {
        /// Where it was to go.
        endpoint: String,
        /// What was wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// The running telemetry. Shut it down last, so that the end is seen too.
pub struct Telemetry {
    registry: Registry,
    metrics: SdkMeterProvider,
    traces: Option<SdkTracerProvider>,
    meters: Meters,
    viewer: Arc<Viewer>,
    follow: FollowOptions,
}

impl Telemetry {
    /// Sets up metrics, and OTLP where it is configured.
    pub fn start(options: &TelemetryOptions, viewer: Arc<Viewer>) -> Result<Self, TelemetryError> {
        let registry = Registry::new();
        let scrape = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .without_target_info()
            .scope_info_enabled(false)
            .build();
        let resource = resource(&viewer);
        let mut metrics = SdkMeterProvider::builder()
            .with_resource(resource.clone())
            .with_view(|_: &Instrument| Stream::builder().with_cardinality_limit(LABEL_SETS_MAX).build().ok())
            .with_reader(scrape.map_err(TelemetryError::Metrics)?);
        let mut traces = None;
        if let Some(otlp) = &options.otlp {
            let exporter = export::metrics(otlp)?;
            metrics = metrics.with_reader(PeriodicReader::builder(exporter).with_interval(otlp.metrics_every).build());
            let exporter = export::traces(otlp)?;
            traces = Some(SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build());
        }
        let metrics = metrics.build();
        let meter = metrics.meter("takt");
        observe::register(&meter, &viewer);
        Ok(Self { registry, metrics, traces, meters: Meters::new(&meter), viewer, follow: options.follow })
    }

    /// The metrics in Prometheus text format, as of now.
    pub fn prometheus(&self) -> String {
        drop(self.viewer.refresh());
        let mut text = Vec::new();
        let encoded = TextEncoder::new().encode(&self.registry.gather(), &mut text);
        if let Err(error) = encoded {
            tracing::error!(%error, "the metrics could not be written out");
        }
        String::from_utf8_lossy(&text).into_owned()
    }

    /// The counters of the viewers' side.
    pub fn meters(&self) -> &Meters {
        &self.meters
    }

    /// The follower of verdicts into traces; `None` where OTLP is not configured. Spawn its `run`.
    pub fn follower(&self) -> Option<Follower> {
        let traces = self.traces.as_ref()?;
        Some(Follower::new(traces, &self.viewer, self.follow, self.meters.clone()))
    }

    /// Sends what is still held and ends. Blocks for as long as the exporter's time-out.
    pub fn shutdown(&self) {
        if let Some(Err(error)) = self.traces.as_ref().map(SdkTracerProvider::shutdown) {
            tracing::warn!(%error, "the last traces may not have been sent");
        }
        if let Err(error) = self.metrics.shutdown() {
            tracing::warn!(%error, "the last metrics may not have been sent");
        }
    }
}

fn resource(viewer: &Viewer) -> Resource {
    let identity = viewer.board().identity();
    Resource::builder_empty()
        .with_attributes([
            KeyValue::new("service.name", "takt"),
            KeyValue::new("service.version", identity.version.clone()),
            KeyValue::new("service.instance.id", identity.gateway.to_string()),
            KeyValue::new("takt.site", identity.site.to_string()),
        ])
        .build()
}
