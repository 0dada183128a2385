//! End to end: the real program between real peers, on real data.

mod tep_mqtt;
mod verdicts;
