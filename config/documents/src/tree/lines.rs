//! From a byte of a text to its line and column.

/// Where the lines of a text begin.
#[derive(Debug)]
pub(crate) struct LineIndex {
    starts: Vec<usize>,
}

impl LineIndex {
    pub fn new(text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1);
        Self { starts: std::iter::once(0).chain(breaks).collect() }
    }

    /// Line and column of a byte, both from 1, the column in characters.
    pub fn find(&self, text: &str, byte: usize) -> (u32, u32) {
        let line = self.starts.partition_point(|start| *start <= byte).max(1);
        let start = self.starts[line - 1];
        let end = byte.min(text.len());
        let column = text.as_bytes()[start.min(end)..end].iter().filter(|b| (**b & 0xc0) != 0x80).count() + 1;
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let text = "ab\nµß=1\n";
        let index = LineIndex::new(text);
        for (byte, place) in [(0, (1, 1)), (2, (1, 3)), (3, (2, 1)), (5, (2, 2)), (7, (2, 3)), (999, (3, 1))] {
            assert_eq!(index.find(text, byte), place, "byte {byte}");
        }
    }
}
