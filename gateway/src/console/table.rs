//! Plain tables: columns as wide as their widest cell, readable without colour.

/// Lays rows out below a heading. An empty table is its heading alone.
pub(super) fn table<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> String {
    let width = |i: usize| {
        let cells = rows.iter().map(|row| row[i].chars().count());
        cells.chain([heading[i].chars().count()]).max().unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = line(heading.map(str::to_owned).as_slice(), &widths);
    for row in rows {
        text.push('\n');
        text.push_str(&line(row, &widths));
    }
    text
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let padded = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
    padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

/// Bytes as people say them.
pub(super) fn bytes(n: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if n < 1_000 {
        return format!("{n} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let mut size = n as f64 / 1_000.0;
    let mut unit = 0;
    while size >= 999.5 && unit + 1 < UNITS.len() {
        size /= 1_000.0;
        unit += 1;
    }
    if size < 9.95 { format!("{size:.1} {}", UNITS[unit]) } else { format!("{size:.0} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let rows = [["a".into(), "long one".into()], ["longer".into(), "b".into()]];
        assert_eq!(table(["x", "y"], &rows), "x       y\na       long one\nlonger  b");
    }

    #[test]
    fn bytes_keep_two_or_three_digits() {
        for (n, text) in [(0, "0 B"), (999, "999 B"), (1_234, "1.2 kB"), (56_789, "57 kB"), (3_400_000_000, "3.4 GB")] {
            assert_eq!(bytes(n), text);
        }
    }
}
