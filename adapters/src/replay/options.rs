//! One file to replay as plain values.

use crate::convert::Conversion;
use crate::stamp::StampReader;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use takt_plant::{GroupSlot, TagSlot};

/// One file to replay.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The file.
    pub path: PathBuf,
    /// What separates two cells; a tab or semicolon too.
    pub delimiter: u8,
    /// Whether the first row names the columns.
    pub has_header: bool,
    /// Where the source time comes from.
    pub time: RowTime,
    /// Which columns are which tags.
    pub groups: Vec<GroupColumns>,
    /// How fast.
    pub speed: Speed,
    /// Most rows that may be ahead of the journal.
    pub ahead_max: u64,
}

/// A column by its name in the header, or by its number from 1.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Column {
    /// As the header has it.
    Named(String),
    /// From 1, as a spreadsheet counts.
    Number(usize),
}

/// Where the source time of a row comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum RowTime {
    /// From a column.
    Column(TimeColumn),
    /// Nothing in the file tells: rows follow each other at this distance, the first at the start.
    Every(Duration),
    /// The arrival time stands for it.
    Arrival,
}

/// Where the source time stands.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeColumn {
    /// The column.
    pub column: Column,
    /// How it is written.
    pub stamp: StampReader,
}

/// The tags of one line that each row delivers.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupColumns {
    /// The group that the frames carry.
    pub group: GroupSlot,
    /// The tags, in the order of the columns below.
    pub tags: Arc<[TagSlot]>,
    /// One column per tag.
    pub columns: Vec<TagColumn>,
}

/// The column of one tag.
#[derive(Debug, Clone, PartialEq)]
pub struct TagColumn {
    /// The column.
    pub column: Column,
    /// How its cells become readings.
    pub conversion: Conversion,
}

/// How fast rows come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// So many seconds of source time in one second; 1 is real time.
    Factor(f64),
    /// As fast as the gateway takes them.
    Max,
}
