//! End to end: the real program between real peers, on real data.

mod crash;
mod faults;
mod feed;
mod nab;
mod petrobras;
mod silicon;
mod skab;
mod tep_modbus;
mod tep_mqtt;
mod verdicts;
