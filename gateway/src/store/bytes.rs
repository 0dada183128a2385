//! Bytes in and out: variable-length integers and length-prefixed parts, read without trust.

use std::sync::Arc;

/// Stored bytes do not mean what they should. Names the part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Corrupt(pub &'static str);

impl std::fmt::Display for Corrupt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "stored bytes are damaged at the {}", self.0)
    }
}

impl std::error::Error for Corrupt {}

/// Appends an unsigned integer, 7 bits a byte, least first (LEB128).
pub fn put_uint(out: &mut Vec<u8>, mut v: u64) {
    while v >= 0x80 {
        out.push((v as u8 & 0x7f) | 0x80);
        v >>= 7;
    }
    out.push(v as u8);
}

/// Appends a signed integer so that small magnitudes stay short (zigzag).
pub fn put_int(out: &mut Vec<u8>, v: i64) {
    put_uint(out, ((v << 1) ^ (v >> 63)).cast_unsigned());
}

/// Appends a float, all bits.
pub fn put_f64(out: &mut Vec<u8>, v: f64) {
    out.extend_from_slice(&v.to_le_bytes());
}

/// Appends bytes with their length before them.
pub fn put_part(out: &mut Vec<u8>, part: &[u8]) {
    put_uint(out, part.len() as u64);
    out.extend_from_slice(part);
}

/// Reads what the `put_` functions wrote. Every length is checked against what is there.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// Begins at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether everything was read.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next `n` bytes.
    pub fn take(&mut self, n: usize, what: &'static str) -> Result<&'a [u8], Corrupt> {
        let (head, rest) = self.rest.split_at_checked(n).ok_or(Corrupt(what))?;
        self.rest = rest;
        Ok(head)
    }

    /// One byte.
    pub fn byte(&mut self, what: &'static str) -> Result<u8, Corrupt> {
        Ok(self.take(1, what)?[0])
    }

    /// An unsigned integer.
    pub fn uint(&mut self, what: &'static str) -> Result<u64, Corrupt> {
        let mut v = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte(what)?;
            v |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(v);
            }
        }
        Err(Corrupt(what))
    }

    /// An unsigned integer that fits the wanted type.
    pub fn small<T: TryFrom<u64>>(&mut self, what: &'static str) -> Result<T, Corrupt> {
        T::try_from(self.uint(what)?).map_err(|_| Corrupt(what))
    }

    /// A count of things that take at least `bytes_each` bytes, so that it can be reserved safely.
    pub fn count(&mut self, bytes_each: usize, what: &'static str) -> Result<usize, Corrupt> {
        let n: usize = self.small(what)?;
        if n.saturating_mul(bytes_each) > self.rest.len() { Err(Corrupt(what)) } else { Ok(n) }
    }

    /// A signed integer.
    pub fn int(&mut self, what: &'static str) -> Result<i64, Corrupt> {
        let v = self.uint(what)?;
        Ok((v >> 1).cast_signed() ^ -((v & 1).cast_signed()))
    }

    /// Eight bytes, little-endian.
    pub fn word(&mut self, what: &'static str) -> Result<[u8; 8], Corrupt> {
        let bytes = self.take(8, what)?;
        Ok(bytes.try_into().expect("take gave eight bytes"))
    }

    /// A float.
    pub fn f64(&mut self, what: &'static str) -> Result<f64, Corrupt> {
        Ok(f64::from_le_bytes(self.word(what)?))
    }

    /// Bytes with their length before them.
    pub fn part(&mut self, what: &'static str) -> Result<&'a [u8], Corrupt> {
        let n = self.count(1, what)?;
        self.take(n, what)
    }

    /// A text with its length before it.
    pub fn text(&mut self, what: &'static str) -> Result<&'a str, Corrupt> {
        std::str::from_utf8(self.part(what)?).map_err(|_| Corrupt(what))
    }

    /// A shared text with its length before it.
    pub fn shared_text(&mut self, what: &'static str) -> Result<Arc<str>, Corrupt> {
        Ok(Arc::from(self.text(what)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_come_back() {
        for v in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut out = Vec::new();
            put_uint(&mut out, v);
            assert_eq!(Cursor::new(&out).uint("test"), Ok(v));
        }
        for v in [0, -1, 1, i64::MIN, i64::MAX] {
            let mut out = Vec::new();
            put_int(&mut out, v);
            assert_eq!(Cursor::new(&out).int("test"), Ok(v));
        }
    }

    #[test]
    fn lengths_beyond_the_bytes_are_refused() {
        assert_eq!(Cursor::new(&[200, 1]).part("part"), Err(Corrupt("part")));
        assert_eq!(Cursor::new(&[0xff; 11]).uint("integer"), Err(Corrupt("integer")));
        assert_eq!(Cursor::new(&[5, 0]).count(8, "count"), Err(Corrupt("count")));
    }
}
