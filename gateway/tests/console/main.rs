//! The program as its users meet it: the real binary, its words, its exit codes.

mod backup;
mod box_health;
mod checked;
mod configure;
mod day;
mod device;
mod documents;
mod field;
mod kit;
mod learning;
mod models;
mod recorded;
mod running;
mod sharing;
mod usage;
mod users;
