//! Keys and sealed facts: what is signed are the bytes that are sent, and they are never encoded again.

use crate::ids::{Digest, PeerId};
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{fmt, marker::PhantomData};

/// A gateway's secret key. It is never printed and never serialised.
#[derive(Clone)]
pub struct Keypair(SigningKey);

impl Keypair {
    /// From 32 secret bytes that the driver keeps.
    pub fn from_secret(secret: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(secret))
    }

    /// A mark that only the holder of this key can make or check: it convinces its maker and nobody else.
    pub fn mark(&self, bytes: &[u8]) -> Digest {
        let key = blake3::derive_key("takt mesh 2026 mark", self.0.as_bytes());
        Digest(*blake3::keyed_hash(&key, bytes).as_bytes())
    }

    /// The public half.
    pub fn id(&self) -> PeerId {
        PeerId(self.0.verifying_key().to_bytes())
    }
}

impl fmt::Debug for Keypair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keypair({:?})", self.id())
    }
}

/// An Ed25519 signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature([u8; 32], [u8; 32]);

/// A kind of fact that can be signed. The domain keeps a signature of one kind from passing as another.
pub trait Fact: Serialize + DeserializeOwned {
    /// Written before the bytes that are signed.
    const DOMAIN: &'static str;
}

/// Why a sealed fact was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The signature is not the author's.
    #[error("the signature does not fit the author and the bytes")]
    Signature,
    /// The bytes are no such fact.
    #[error("the signed bytes do not decode")]
    Encoding,
}

/// The bytes of a fact and its author's signature over them.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Sealed<T> {
    bytes: Vec<u8>,
    signature: Signature,
    #[serde(skip)]
    kind: PhantomData<fn() -> T>,
}

impl<T: Fact> Sealed<T> {
    /// Encodes once and signs those bytes.
    pub fn seal(fact: &T, key: &Keypair) -> Self {
        let bytes = postcard::to_allocvec(fact).expect("facts hold only types that postcard encodes");
        let signature = sign(key, T::DOMAIN, &bytes);
        Self { bytes, signature, kind: PhantomData }
    }

    /// The fact, if `author` signed exactly these bytes.
    pub fn open(&self, author: &PeerId) -> Result<T, SealError> {
        verify(author, T::DOMAIN, &self.bytes, &self.signature)?;
        self.peek()
    }

    /// The fact without a look at the signature: to learn whose it claims to be, or after [`Self::open`].
    pub fn peek(&self) -> Result<T, SealError> {
        let (fact, rest) = postcard::take_from_bytes(&self.bytes).map_err(|_| SealError::Encoding)?;
        if rest.is_empty() { Ok(fact) } else { Err(SealError::Encoding) }
    }

    /// Identifies the signed bytes.
    pub fn hash(&self) -> Digest {
        Digest::of(T::DOMAIN, &[&self.bytes])
    }

    /// Bytes on the wire, without framing.
    pub fn n_bytes(&self) -> usize {
        self.bytes.len() + size_of::<Signature>()
    }
}

impl<T> Clone for Sealed<T> {
    fn clone(&self) -> Self {
        Self { bytes: self.bytes.clone(), signature: self.signature, kind: PhantomData }
    }
}

impl<T> PartialEq for Sealed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes && self.signature == other.signature
    }
}

impl<T> Eq for Sealed<T> {}

impl<T> fmt::Debug for Sealed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.bytes.len())
    }
}

fn message(domain: &str, bytes: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(domain.len() + 1 + bytes.len());
    message.extend_from_slice(domain.as_bytes());
    message.push(0);
    message.extend_from_slice(bytes);
    message
}

fn sign(key: &Keypair, domain: &str, bytes: &[u8]) -> Signature {
    let signature = key.0.sign(&message(domain, bytes));
    Signature(*signature.r_bytes(), *signature.s_bytes())
}

fn verify(author: &PeerId, domain: &str, bytes: &[u8], signature: &Signature) -> Result<(), SealError> {
    let key = VerifyingKey::from_bytes(&author.0).map_err(|_| SealError::Signature)?;
    let signature = ed25519_dalek::Signature::from_components(signature.0, signature.1);
    // Strict: a key of small order would let one signature fit many messages.
    key.verify_strict(&message(domain, bytes), &signature).map_err(|_| SealError::Signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    struct Word(u32);
    impl Fact for Word {
        const DOMAIN: &'static str = "word";
    }
    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    struct Other(u32);
    impl Fact for Other {
        const DOMAIN: &'static str = "other";
    }

    #[test]
    fn a_seal_holds_for_its_author_bytes_and_kind() {
        let key = Keypair::from_secret(&[7; 32]);
        let sealed = Sealed::seal(&Word(5), &key);
        assert_eq!(sealed.open(&key.id()), Ok(Word(5)));
        let stranger = Keypair::from_secret(&[8; 32]).id();
        assert_eq!(sealed.open(&stranger), Err(SealError::Signature));
        let mut bent = sealed.clone();
        bent.bytes[0] ^= 1;
        assert_eq!(bent.open(&key.id()), Err(SealError::Signature));
        let moved = Sealed::<Other> { bytes: sealed.bytes.clone(), signature: sealed.signature, kind: PhantomData };
        assert_eq!(moved.open(&key.id()), Err(SealError::Signature));
    }
}
