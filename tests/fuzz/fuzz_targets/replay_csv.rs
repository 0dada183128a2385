//! A CSV file of unknown origin: its header against a mapping, its rows as frames.
#![no_main]

use csv::{ByteRecord, ReaderBuilder};
use libfuzzer_sys::fuzz_target;
use std::time::Duration;
use takt_adapters::convert::Conversion;
use takt_adapters::replay::Options;
use takt_adapters::replay::codec::{Codec, RowPlace};
use takt_adapters::replay::options::{Column, GroupColumns, RowTime, Speed, TagColumn, TimeColumn};
use takt_adapters::replay::plan::Plan;
use takt_adapters::stamp::{EpochUnit, StampFormat, StampReader};
use takt_fuzz as _;
use takt_plant::{GroupSlot, MonoTime, TagSlot, WallTime};

fn options(kind: u8) -> Options {
    let format = match kind % 4 {
        0 => StampFormat::Iso,
        1 => StampFormat::Epoch(EpochUnit::Seconds),
        2 => StampFormat::Epoch(EpochUnit::Nanos),
        _ => StampFormat::Pattern("%d.%m.%Y %H:%M:%S%.f".into()),
    };
    let stamp = StampReader::new(format, None).expect("a format");
    let text = Conversion { text: true, ..Conversion::default() };
    let scaled = Conversion { scale: 0.5, offset: 1.0, range: Some((0.0, 9.0)), text: false };
    Options {
        path: "rows.csv".into(),
        delimiter: if kind & 4 == 0 { b';' } else { b',' },
        has_header: true,
        time: match kind & 24 {
            0 | 16 => RowTime::Column(TimeColumn { column: Column::Named("time".into()), stamp }),
            8 => RowTime::Arrival,
            _ => RowTime::Every(Duration::from_millis(10)),
        },
        groups: vec![GroupColumns {
            group: GroupSlot(0),
            tags: (0..3).map(TagSlot).collect(),
            columns: vec![
                TagColumn { column: Column::Named("a".into()), conversion: Conversion::default() },
                TagColumn { column: Column::Number(2), conversion: scaled },
                TagColumn { column: Column::Number(3), conversion: text },
            ],
        }],
        speed: Speed::Max,
        ahead_max: 1,
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, text)) = bytes.split_first() else { return };
    let options = options(*kind);
    let mut reader = ReaderBuilder::new()
        .delimiter(options.delimiter)
        .has_headers(options.has_header)
        .flexible(true)
        .from_reader(text);
    let Ok(header) = reader.byte_headers() else { return };
    let header: Vec<String> = header.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
    let Ok(plan) = Plan::new(&options, &header) else { return };
    let codec = Codec::new(plan, "rows.csv".into(), WallTime::from_ns(0));
    let mut row = ByteRecord::new();
    let mut line = 0;
    while let Ok(true) = reader.read_byte_record(&mut row) {
        line += 1;
        let (mut frames, mut rejects) = (Vec::new(), Vec::new());
        let stamp = codec.stamp(&row, line);
        let place =
            RowPlace { line, stamp, arrived_at: WallTime::from_ns(1), arrived: MonoTime::from_ns(1) };
        codec.decode(&row, place, &mut frames, &mut rejects);
        let lacks_time = stamp.is_none() && matches!(options.time, RowTime::Column(_));
        let expected = if frames.is_empty() { 1 } else { usize::from(lacks_time) };
        assert!(frames.len() <= 1 && rejects.len() == expected, "a frame or a reject; both where the time is unreadable");
    }
});
