//! The names of all metrics, in one place.

/// How a metric moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only up.
    Counter,
    /// Up and down.
    Gauge,
}

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Its name; Prometheus adds `_total` to counters.
    pub name: &'static str,
    /// How it moves.
    pub kind: Kind,
    /// What it counts or measures.
    pub help: &'static str,
}

macro_rules! metrics {
    ($($variant:ident $kind:ident $name:literal $help:literal;)*) => {
        /// A metric of the gateway.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Metric {$(
            #[doc = $help]
            $variant,
        )*}

        impl Metric {
            /// All metrics.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// What it is.
            pub const fn spec(self) -> Spec {
                match self {
                    $(Self::$variant => Spec { name: $name, kind: Kind::$kind, help: $help },)*
                }
            }
        }
    };
}

metrics! {
    Ready Gauge "takt_ready" "1 when every check can judge on the provider it asks for.";
    Problems Gauge "takt_problems" "What is not as it should be, by severity.";
    UptimeSeconds Gauge "takt_uptime_seconds" "Seconds since the program began.";
    Verdicts Counter "takt_verdicts" "Verdicts by outcome and reason.";
    FramesReceived Counter "takt_frames_received" "Frames that reached a check.";
    FramesJudged Counter "takt_frames_judged" "Frames in at least one window with a verdict.";
    FramesWaiting Gauge "takt_frames_waiting" "Frames in open windows or on their way.";
    FramesDropped Counter "takt_frames_dropped" "Frames that led to no verdict, by reason.";
    PartsMissed Counter "takt_parts_missed" "Parts that went by without a verdict: numbers that the trigger tag left out.";
    LatencySeconds Gauge "takt_latency_seconds" "Latency of the last five to ten minutes by stage; quantile 1 is the maximum.";
    QuietSeconds Gauge "takt_quiet_seconds" "Seconds since the last verdict.";
    InProduction Gauge "takt_in_production" "1 when the check's production condition holds.";
    ModelReady Gauge "takt_model_ready" "1 when the model is warmed up on its device.";
    ModelFallback Gauge "takt_model_fallback" "1 when the model runs elsewhere than on the device asked for.";
    OutputArmed Gauge "takt_output_armed" "1 when writes go out, 0 in dry run.";
    Writes Counter "takt_writes" "Writes to a PLC by outcome.";
    Unseen Counter "takt_verdicts_unseen" "Verdicts that came too fast for viewers.";
    ConnectionUp Gauge "takt_connection_up" "1 when the connection is up.";
    ConnectionUps Counter "takt_connection_ups" "Times the connection came up.";
    Messages Counter "takt_messages" "Messages, scans or rows that came.";
    Duplicates Counter "takt_duplicates" "Redeliveries that were consumed before.";
    Rejects Counter "takt_rejects" "Payloads, registers or rows that could not be read.";
    NotDurable Counter "takt_not_durable" "Messages acknowledged although the store could not be written.";
    QueueWaiting Gauge "takt_queue_waiting" "Entries that wait in a bounded queue.";
    QueueFull Counter "takt_queue_full" "Entries that met a full queue.";
    StoreBytes Gauge "takt_store_bytes" "Bytes that the store uses.";
    StoreLost Counter "takt_store_lost" "What the store could not take or read, by kind.";
    StoreCutSamples Gauge "takt_store_cut_samples" "Samples that the cut-off end of the last run cost at most.";
    ClockJumps Counter "takt_clock_jumps" "Jumps of the wall clock against the monotonic one.";
    EgressPassed Counter "takt_egress_passed" "Pieces of content that left, by way, reach, content and class.";
    EgressWithheld Counter "takt_egress_withheld" "Pieces of content that the egress filter held back.";
    EgressRawBeyondSite Counter "takt_egress_raw_beyond_site" "Raw samples that went beyond the site, by way: zero.";
    HttpRequests Counter "takt_http_requests" "HTTP requests by status class.";
    HttpRefused Counter "takt_http_refused" "HTTP requests and connections that were refused, by reason.";
    StreamMissed Counter "takt_stream_missed" "Verdicts, and updates of live values, that a slow reader of the live stream missed.";
    ControlCommands Counter "takt_control_commands" "Commands on the local control socket, by outcome.";
    OtlpBytes Counter "takt_otlp_bytes" "Bytes of telemetry that left by OTLP, by signal.";
    OtlpBlocked Counter "takt_otlp_blocked" "Exports that the egress filter held back, by signal.";
    OtlpFailed Counter "takt_otlp_failed" "Exports that did not arrive, by signal.";
    Traces Counter "takt_traces" "Verdicts that were traced, by reason.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_one_namespace_without_a_repeat() {
        let names: BTreeSet<_> = Metric::ALL.iter().map(|metric| metric.spec().name).collect();
        assert_eq!(names.len(), Metric::ALL.len());
        for name in names {
            assert!(name.starts_with("takt_") && !name.ends_with("_total"), "{name}");
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{name}");
        }
    }
}
