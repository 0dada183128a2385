//! Whether a library file is whole, before the loader maps it.
//!
//! The dynamic loader maps a file that was cut off while it was copied, and the process dies of a
//! bus error where an error message belongs. The section headers of an ELF file stand at its end,
//! so a file that is shorter than its header says is not whole (System V ABI, "ELF Header").

use std::fs::File;
use std::io::Read;
use std::path::Path;

const HEADER_BYTES: usize = 64;

/// The fewest bytes that the file must have, when it has fewer. Files of another format pass: the
/// loader judges them.
pub(super) fn missing_bytes(path: &Path) -> std::io::Result<Option<u64>> {
    let mut file = File::open(path)?;
    let n_bytes = file.metadata()?.len();
    let mut header = [0; HEADER_BYTES];
    if n_bytes < HEADER_BYTES as u64 {
        return Ok(None);
    }
    file.read_exact(&mut header)?;
    Ok(elf_bytes(&header).filter(|needed| *needed > n_bytes))
}

/// The end of the section headers of a 64-bit little-endian ELF file.
fn elf_bytes(header: &[u8; HEADER_BYTES]) -> Option<u64> {
    if !header.starts_with(&[0x7f, b'E', b'L', b'F', 2, 1]) {
        return None;
    }
    let u16_at = |i: usize| u64::from(u16::from_le_bytes([header[i], header[i + 1]]));
    let offset = u64::from_le_bytes(header[0x28..0x30].try_into().expect("eight bytes"));
    Some(offset.saturating_add(u16_at(0x3a) * u16_at(0x3c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_program_is_whole_and_its_first_half_is_not() {
        let program = std::env::current_exe().expect("a program");
        assert_eq!(missing_bytes(&program).expect("readable"), None);
        let dir = tempfile::tempdir().expect("a folder");
        let half = dir.path().join("half");
        let bytes = std::fs::read(program).expect("readable");
        std::fs::write(&half, &bytes[..bytes.len() / 2]).expect("writes");
        assert!(missing_bytes(&half).expect("readable").is_some_and(|n| n <= bytes.len() as u64));
        std::fs::write(&half, "not a library").expect("writes");
        assert_eq!(missing_bytes(&half).expect("readable"), None);
    }
}
