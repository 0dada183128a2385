//! End to end: the real program between real peers, on real data.

mod apply;
mod box_faults;
mod broker_faults;
mod crash;
mod faults;
mod faulty;
mod feed;
mod field;
mod full_disk;
mod fuzz_api;
mod handshake;
mod lacking;
mod nab;
mod parts;
mod petrobras;
mod plc_faults;
mod receive_maximum;
mod restart;
mod silicon;
mod skab;
mod stale;
mod tep_modbus;
mod tep_mqtt;
mod verdicts;
mod writeback;
