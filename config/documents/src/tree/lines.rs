//! From a byte of a text to its line and column.

/// Bytes between two marks: what one look-up counts at most, also in a document of a single line.
const BLOCK_BYTES: usize = 256;

/// Where the lines of a text begin, and how many characters stand before each block.
#[derive(Debug)]
pub(crate) struct LineIndex {
    starts: Vec<usize>,
    n_chars_before: Vec<usize>,
}

impl LineIndex {
    pub fn new(text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1);
        let mut n_chars = 0;
        let before = text.as_bytes().chunks(BLOCK_BYTES).map(|block| {
            let before = n_chars;
            n_chars += chars_in(block);
            before
        });
        let n_chars_before = before.collect();
        Self { starts: std::iter::once(0).chain(breaks).collect(), n_chars_before }
    }

    /// Line and column of a byte, both from 1, the column in characters.
    pub fn find(&self, text: &str, byte: usize) -> (u32, u32) {
        let line = self.starts.partition_point(|start| *start <= byte).max(1);
        let end = byte.min(text.len());
        let start = self.starts[line - 1].min(end);
        let column = self.chars_before(text, end) - self.chars_before(text, start) + 1;
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    }

    fn chars_before(&self, text: &str, byte: usize) -> usize {
        let block = byte / BLOCK_BYTES;
        let from = (block * BLOCK_BYTES).min(byte);
        match self.n_chars_before.get(block) {
            Some(before) => before + chars_in(&text.as_bytes()[from..byte]),
            // Only the end of a text of whole blocks has no block of its own.
            None => self
                .n_chars_before
                .last()
                .map_or(0, |before| before + chars_in(&text.as_bytes()[from - BLOCK_BYTES..from])),
        }
    }
}

fn chars_in(bytes: &[u8]) -> usize {
    bytes.iter().filter(|b| (**b & 0xc0) != 0x80).count()
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

    #[test]
    fn long_lines_are_counted_in_blocks() {
        for n in [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES, 1_000] {
            let text = "é".repeat(n / 2) + &"x".repeat(n % 2);
            let index = LineIndex::new(&text);
            for (chars, (byte, _)) in text.char_indices().chain([(text.len(), ' ')]).enumerate() {
                let column = u32::try_from(chars).expect("short") + 1;
                assert_eq!(index.find(&text, byte), (1, column), "{n} bytes, byte {byte}");
            }
        }
    }
}
