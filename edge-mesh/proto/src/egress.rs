//! What may leave, as types: a tensor carries its export class, a message its reach, and only
//! pairs that fit have a constructor.
//!
//! A gateway looks up once how far a peer is away ([`ToSite`], [`ToCompany`], [`ToMesh`]). A message
//! to another site is a `Message<ToCompany>` or `Message<ToMesh>`, and neither can be made from a
//! `Tensor<OnSite>`: the program does not compile (`tests/fail`).

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, marker::PhantomData, sync::Arc};
use takt_plant::ExportClass;

mod seal {
    pub trait Closed {}
}

/// Stays on its site.
#[derive(Debug, Clone, Copy)]
pub enum OnSite {}
/// Stays inside the company.
#[derive(Debug, Clone, Copy)]
pub enum OnCompany {}
/// May go to any peer of the mesh.
#[derive(Debug, Clone, Copy)]
pub enum OnMesh {}

/// The peer stands on this site.
#[derive(Debug, Clone, Copy)]
pub enum ToSite {}
/// The peer stands on another site of this company.
#[derive(Debug, Clone, Copy)]
pub enum ToCompany {}
/// The peer belongs to another company.
#[derive(Debug, Clone, Copy)]
pub enum ToMesh {}

/// An export class as a type.
pub trait Class: seal::Closed {
    /// As a value.
    const CLASS: ExportClass;
}

/// How far a peer is away, as a type.
pub trait Reach: seal::Closed {
    /// As a value: the least class that may go there.
    const REACH: ExportClass;
}

/// Classes whose data may go as far as `R`.
pub trait MayReach<R: Reach>: Class {}

macro_rules! classes {
    ($($class:ident $value:ident: $($reach:ident)*;)*) => {$(
        impl seal::Closed for $class {}
        impl Class for $class { const CLASS: ExportClass = ExportClass::$value; }
        $(impl MayReach<$reach> for $class {})*
    )*};
}

macro_rules! reaches {
    ($($reach:ident $value:ident;)*) => {$(
        impl seal::Closed for $reach {}
        impl Reach for $reach { const REACH: ExportClass = ExportClass::$value; }
    )*};
}

classes! {
    OnSite SameSite: ToSite;
    OnCompany SameCompany: ToSite ToCompany;
    OnMesh Mesh: ToSite ToCompany ToMesh;
}

reaches! { ToSite SameSite; ToCompany SameCompany; ToMesh Mesh; }

/// Bytes that several owners share.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Blob(Arc<[u8]>);

impl Blob {
    /// Takes bytes.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({} bytes)", self.0.len())
    }
}

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl de::Visitor<'_> for Bytes {
            type Value = Blob;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Blob, E> {
                Ok(Blob::new(bytes))
            }
        }
        from.deserialize_bytes(Bytes)
    }
}

/// What a tensor was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// A window of samples: at most same-site, whatever its tags say.
    Raw,
    /// Features or statistics of a window.
    Features,
}

/// A model's input of one export class.
#[derive(Debug, Clone)]
pub struct Tensor<C> {
    blob: Blob,
    content: Content,
    class: PhantomData<C>,
}

impl Tensor<OnSite> {
    /// A window of samples.
    pub fn raw(blob: Blob) -> Self {
        Self { blob, content: Content::Raw, class: PhantomData }
    }
}

impl<C: Class> Tensor<C> {
    /// Features of a window.
    pub fn features(blob: Blob) -> Self {
        Self { blob, content: Content::Features, class: PhantomData }
    }

    /// The bytes.
    pub fn blob(&self) -> &Blob {
        &self.blob
    }

    /// Raw or features.
    pub fn content(&self) -> Content {
        self.content
    }
}

/// A model's input with its class known only at run time. This is where a value becomes a type.
#[derive(Debug, Clone)]
pub enum Payload {
    /// Never leaves the box.
    Kept(Blob),
    /// See [`OnSite`].
    Site(Tensor<OnSite>),
    /// See [`OnCompany`].
    Company(Tensor<OnCompany>),
    /// See [`OnMesh`].
    Mesh(Tensor<OnMesh>),
}

impl Payload {
    /// Gives a tensor the type of its class: the strictest of its inputs, capped for raw windows.
    pub fn new(strictest: ExportClass, content: Content, blob: Blob) -> Self {
        match (strictest, content) {
            (ExportClass::Never, _) => Self::Kept(blob),
            (_, Content::Raw) => Self::Site(Tensor::raw(blob)),
            (ExportClass::SameSite, _) => Self::Site(Tensor::features(blob)),
            (ExportClass::SameCompany, _) => Self::Company(Tensor::features(blob)),
            (ExportClass::Mesh, _) => Self::Mesh(Tensor::features(blob)),
        }
    }

    /// The class.
    pub fn class(&self) -> ExportClass {
        match self {
            Self::Kept(_) => ExportClass::Never,
            Self::Site(_) => OnSite::CLASS,
            Self::Company(_) => OnCompany::CLASS,
            Self::Mesh(_) => OnMesh::CLASS,
        }
    }

    /// The bytes.
    pub fn blob(&self) -> &Blob {
        match self {
            Self::Kept(blob) => blob,
            Self::Site(tensor) => tensor.blob(),
            Self::Company(tensor) => tensor.blob(),
            Self::Mesh(tensor) => tensor.blob(),
        }
    }
}

/// [`ExportClass`] on the wire, which the vocabulary itself does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClassOnWire {
    /// See [`ExportClass::SameSite`].
    SameSite,
    /// See [`ExportClass::SameCompany`].
    SameCompany,
    /// See [`ExportClass::Mesh`].
    Mesh,
}

impl From<ClassOnWire> for ExportClass {
    fn from(class: ClassOnWire) -> Self {
        match class {
            ClassOnWire::SameSite => Self::SameSite,
            ClassOnWire::SameCompany => Self::SameCompany,
            ClassOnWire::Mesh => Self::Mesh,
        }
    }
}

impl ClassOnWire {
    /// `None` for data that never travels.
    pub fn of(class: ExportClass) -> Option<Self> {
        match class {
            ExportClass::Never => None,
            ExportClass::SameSite => Some(Self::SameSite),
            ExportClass::SameCompany => Some(Self::SameCompany),
            ExportClass::Mesh => Some(Self::Mesh),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_windows_are_capped() {
        for class in ExportClass::ALL {
            let payload = Payload::new(class, Content::Raw, Blob::new(vec![1]));
            assert_eq!(payload.class(), class.for_raw());
            assert_eq!(Payload::new(class, Content::Features, Blob::default()).class(), class);
        }
    }
}
