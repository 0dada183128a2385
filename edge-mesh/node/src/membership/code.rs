//! The code of an invitation: all that a newcomer needs, in letters that can be read over a telephone.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::SocketAddr;
use takt_mesh_proto::ids::{MeshId, PeerId};

/// Crockford's base 32: no letter that is read as another.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Letters between two hyphens.
const GROUP: usize = 6;

/// Bytes that catch a mistyped letter: one wrong code in four thousand million passes, and is then unknown.
const CHECK: usize = 4;

/// Letters of the longest code: eight addresses of version 6.
const LETTERS_MAX: usize = 1024;

/// An invitation as it is passed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// Which fleet.
    pub mesh: MeshId,
    /// Who invites.
    pub inviter: PeerId,
    /// Where it listens.
    pub addresses: Vec<SocketAddr>,
    /// Proves the invitation.
    pub(super) secret: [u8; 16],
}

/// Why a code cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// A letter that no code has.
    #[error("'{0}' stands in no code; codes have digits and letters without I, L, O and U")]
    Letter(char),
    /// The check does not fit.
    #[error("the code is mistyped or incomplete; copy it again as `takt mesh invite` printed it")]
    Mistyped,
    /// Made by a later version.
    #[error("the code was made by another version of Takt")]
    Version,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = postcard::to_allocvec(self).expect("codes hold only types that postcard encodes");
        let check = check(&bytes);
        bytes.extend_from_slice(&check);
        let letters: Vec<char> = spell(&bytes).collect();
        let groups: Vec<String> = letters.chunks(GROUP).map(|group| group.iter().collect()).collect();
        f.write_str(&groups.join("-"))
    }
}

impl Code {
    /// Reads a code as somebody typed it: blanks, hyphens and small letters do not matter.
    ///
    /// # Errors
    /// When it is mistyped.
    pub fn read(typed: &str) -> Result<Self, CodeError> {
        let letters: Vec<char> =
            typed.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_uppercase()).collect();
        if letters.len() > LETTERS_MAX {
            return Err(CodeError::Mistyped);
        }
        let bytes = unspell(&letters)?;
        let Some((body, found)) = bytes.split_last_chunk::<CHECK>() else { return Err(CodeError::Mistyped) };
        if check(body) != *found {
            return Err(CodeError::Mistyped);
        }
        match postcard::take_from_bytes(body) {
            Ok((code, [])) => Ok(code),
            _ => Err(CodeError::Version),
        }
    }
}

fn check(bytes: &[u8]) -> [u8; CHECK] {
    *blake3::hash(bytes).as_bytes().first_chunk().expect("a digest has 32 bytes")
}

/// Five bits a letter; the last one is filled up with zeros.
fn spell(bytes: &[u8]) -> impl Iterator<Item = char> {
    let n_letters = (bytes.len() * 8).div_ceil(5);
    let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1);
    let letter = move |n: usize| (0..5).fold(0u8, |value, i| value << 1 | bit(n * 5 + i));
    (0..n_letters).map(move |n| char::from(ALPHABET[usize::from(letter(n))])).collect::<Vec<_>>().into_iter()
}

fn unspell(letters: &[char]) -> Result<Vec<u8>, CodeError> {
    let mut bytes = vec![0u8; letters.len() * 5 / 8];
    for (n, letter) in letters.iter().enumerate() {
        // What people read as another letter is taken for that one.
        let meant = match letter {
            'O' => '0',
            'I' | 'L' => '1',
            other => *other,
        };
        let place = ALPHABET.iter().position(|known| char::from(*known) == meant);
        let value = place.ok_or(CodeError::Letter(*letter))?;
        for i in 0..5 {
            let at = n * 5 + i;
            if let Some(byte) = bytes.get_mut(at / 8) {
                let bit = u8::from(value >> (4 - i) & 1 == 1);
                *byte |= bit << (7 - at % 8);
            }
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use takt_mesh_proto::ids::Digest;

    fn code() -> Code {
        let addresses = vec!["10.1.2.3:8521".parse().expect("an address"), "[fd00::1]:8521".parse().expect("one")];
        Code { mesh: Digest::of("mesh", &[]), inviter: PeerId([7; 32]), addresses, secret: [9; 16] }
    }

    #[test]
    fn a_code_is_read_as_it_was_typed() {
        let printed = code().to_string();
        assert_eq!(Code::read(&printed), Ok(code()));
        let typed = printed.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
        assert_eq!(Code::read(&typed), Ok(code()));
    }

    #[test]
    fn every_wrong_letter_is_found() {
        let printed = code().to_string();
        for (at, letter) in printed.char_indices().filter(|(_, c)| *c != '-') {
            let other = if letter == '7' { '8' } else { '7' };
            let mut wrong = printed.clone();
            wrong.replace_range(at..=at, &other.to_string());
            // The last letter has bits that carry nothing.
            let harmless = Code::read(&wrong) == Ok(code()) && at + 1 == printed.len();
            assert!(harmless || Code::read(&wrong) == Err(CodeError::Mistyped), "letter {at}");
        }
        assert_eq!(Code::read(&printed[..printed.len() - 7]), Err(CodeError::Mistyped));
        assert_eq!(Code::read("ABC?"), Err(CodeError::Letter('?')));
        assert_eq!(Code::read(""), Err(CodeError::Mistyped));
    }
}
