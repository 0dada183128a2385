//! What nobody can guess: session ids, tokens, the set-up code. Kept only as digests.

use super::error::AccessError;
use std::fmt::Write as _;

/// A digest of something secret. Comparing two takes the same time wherever they differ.
pub type Digest = blake3::Hash;

/// Bytes of a session id or token: 256 bits.
const BYTES: usize = 32;
/// Digits of the set-up code: 100 bits, so that guessing is hopeless even without any limit.
const CODE_DIGITS: usize = 20;
/// Crockford's base 32: no letter that is read as another.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// 64 hexadecimal digits by the system's generator.
///
/// # Errors
/// When the system gives no random numbers.
pub(super) fn secret() -> Result<String, AccessError> {
    let bytes = bytes::<BYTES>()?;
    Ok(bytes.iter().fold(String::with_capacity(2 * BYTES), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// A code that people type: four groups of five.
///
/// # Errors
/// When the system gives no random numbers.
pub(super) fn code() -> Result<String, AccessError> {
    // 256 is a multiple of 32: every digit is equally likely.
    let digits = bytes::<CODE_DIGITS>()?.map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
    let groups: Vec<String> = digits.chunks(5).map(|group| group.iter().collect()).collect();
    Ok(groups.join("-"))
}

/// The digest of a secret.
pub(super) fn digest(secret: &str) -> Digest {
    blake3::hash(secret.as_bytes())
}

/// The digest of a code as somebody typed it: blanks, hyphens and small letters do not matter.
pub(super) fn code_digest(typed: &str) -> Digest {
    let meant: String = typed.chars().filter(char::is_ascii_alphanumeric).collect();
    digest(&meant.to_ascii_uppercase())
}

fn bytes<const N: usize>() -> Result<[u8; N], AccessError> {
    let mut bytes = [0; N];
    let filled = getrandom::fill(&mut bytes);
    filled.map(|()| bytes).map_err(|why| AccessError::Unavailable { why: format!("no random numbers: {why}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_long_and_typed_as_people_type() {
        let (a, b) = (code().expect("random"), code().expect("random"));
        assert_ne!(a, b);
        assert_eq!((a.len(), a.matches('-').count()), (23, 3), "{a}");
        assert_eq!(code_digest(&a), code_digest(&a.to_lowercase().replace('-', " ")));
        assert_ne!(code_digest(&a), code_digest(&b));
    }

    #[test]
    fn secrets_differ_and_are_long() {
        let (a, b) = (secret().expect("random"), secret().expect("random"));
        assert!(a != b && a.len() == 64 && a.bytes().all(|c| c.is_ascii_hexdigit()));
    }
}
