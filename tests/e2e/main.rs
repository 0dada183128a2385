//! End to end: the real program between real peers, on real data.

mod crash;
mod faults;
mod feed;
mod fuzz_api;
mod nab;
mod petrobras;
mod skab;
mod tep_modbus;
mod tep_mqtt;
mod verdicts;
