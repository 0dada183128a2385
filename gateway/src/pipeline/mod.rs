//! The pipeline of a line: frames in, verdicts out, without a hop between threads.
//!
//! A [`cell`] holds the lines that share connections. A driver calls its [`port::CellPort`] with what
//! came; the cell routes each frame to its [`line`], the line to its [`check`]s, and a check's
//! [`gate`], windower and [`bench`] make the verdict; [`missed`] says which parts had none. The [`turn`]
//! carries what was made to the PLC first – but no pass past a [`newest`] part –, then to brokers
//! ([`outbox`]), journal and board; [`written`] says what is kept of ended writes. What people want of a cell is an [`order`]. Slow models run on the [`executor`].

pub mod bench;
pub mod cell;
pub mod check;
pub mod draft;
pub mod executor;
pub mod gate;
pub mod handshake;
pub mod line;
pub mod missed;
pub mod newest;
pub mod order;
pub mod outbox;
pub mod port;
pub mod position;
pub mod source;
pub mod turn;
pub mod written;
