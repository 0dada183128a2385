//! A table as Parquet, written by row groups so that memory stays bounded.

use super::sheet::{Cell, Columns, Kind};
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;
use std::io::{self, Write};
use std::sync::Arc;

/// Rows of a row group: a few megabytes in memory.
const GROUP_ROWS: usize = 65_536;

/// Values of one column of the row group that fills; `levels` tells filled (1) from empty (0).
#[derive(Debug, Default)]
struct Filling {
    integers: Vec<i64>,
    numbers: Vec<f64>,
    texts: Vec<ByteArray>,
    levels: Vec<i16>,
}

/// Rows gather until a row group is full.
pub struct ParquetSheet<W: Write + Send> {
    out: SerializedFileWriter<W>,
    columns: Columns,
    filling: Vec<Filling>,
    n_rows: usize,
}

impl<W: Write + Send> ParquetSheet<W> {
    pub fn new(columns: Columns, out: W) -> io::Result<Self> {
        let schema = schema(columns).map_err(io::Error::other)?;
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let out = SerializedFileWriter::new(out, schema, Arc::new(properties)).map_err(io::Error::other)?;
        Ok(Self { out, columns, filling: columns.iter().map(|_| Filling::default()).collect(), n_rows: 0 })
    }

    pub fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        for (filling, cell) in self.filling.iter_mut().zip(cells) {
            let filled = match cell {
                Cell::Time(v) | Cell::Integer(Some(v)) => {
                    filling.integers.push(*v);
                    1
                }
                Cell::Number(Some(v)) => {
                    filling.numbers.push(*v);
                    1
                }
                Cell::Text(Some(text)) => {
                    filling.texts.push(ByteArray::from(text.as_bytes().to_vec()));
                    1
                }
                Cell::Integer(None) | Cell::Number(None) | Cell::Text(None) => 0,
            };
            filling.levels.push(filled);
        }
        self.n_rows += 1;
        if self.n_rows >= GROUP_ROWS { self.write_group().map_err(io::Error::other) } else { Ok(()) }
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let mut group = self.out.next_row_group()?;
        let mut place = 0;
        while let Some(mut column) = group.next_column()? {
            write_column(&mut column, self.columns[place].1, &self.filling[place])?;
            column.close()?;
            self.filling[place] = Filling::default();
            place += 1;
        }
        group.close()?;
        self.n_rows = 0;
        Ok(())
    }

    pub fn finish(mut self) -> io::Result<()> {
        if self.n_rows > 0 {
            self.write_group().map_err(io::Error::other)?;
        }
        self.out.close().map_err(io::Error::other)?;
        Ok(())
    }
}

fn write_column(column: &mut SerializedColumnWriter<'_>, kind: Kind, filling: &Filling) -> Result<(), ParquetError> {
    let levels = Some(filling.levels.as_slice());
    match kind {
        Kind::Time => column.typed::<Int64Type>().write_batch(&filling.integers, None, None)?,
        Kind::Integer => column.typed::<Int64Type>().write_batch(&filling.integers, levels, None)?,
        Kind::Number => column.typed::<DoubleType>().write_batch(&filling.numbers, levels, None)?,
        Kind::Text => column.typed::<ByteArrayType>().write_batch(&filling.texts, levels, None)?,
    };
    Ok(())
}

fn schema(columns: Columns) -> Result<Arc<Type>, ParquetError> {
    let fields = columns.iter().map(|(name, kind)| {
        let (physical, logical) = match kind {
            Kind::Time => {
                let time = LogicalType::timestamp(true, TimeUnit::NANOS);
                (Physical::INT64, Some(time))
            }
            Kind::Integer => (Physical::INT64, None),
            Kind::Number => (Physical::DOUBLE, None),
            Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        };
        let repetition = if *kind == Kind::Time { Repetition::REQUIRED } else { Repetition::OPTIONAL };
        let field = Type::primitive_type_builder(name, physical).with_logical_type(logical).with_repetition(repetition);
        field.build().map(Arc::new)
    });
    let fields = fields.collect::<Result<Vec<_>, _>>()?;
    Ok(Arc::new(Type::group_type_builder("takt").with_fields(fields).build()?))
}
