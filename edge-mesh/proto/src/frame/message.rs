//! Messages that know how far they go. A driver's connection to another site takes no `Message<ToSite>`.

use crate::egress::{Blob, ClassOnWire, Content, MayReach, OnCompany, OnMesh, Payload, Reach, Tensor};
use crate::egress::{ToCompany, ToMesh, ToSite};
use crate::frame::{Ask, Control, Frame};
use serde::{Deserialize, Serialize};
use std::marker::PhantomData;
use takt_plant::ExportClass;

/// A tensor on its way. Its fields are closed: it is made by [`Message::request`] or by the decoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoanRequest {
    ask: Ask,
    content: Content,
    tensor: Blob,
}

impl LoanRequest {
    /// What is asked.
    pub fn ask(&self) -> &Ask {
        &self.ask
    }

    /// The model's input.
    pub fn tensor(&self) -> &Blob {
        &self.tensor
    }

    /// Whether the data may travel as far as `reach`: checked by the receiver too.
    pub fn may_reach(&self, reach: ExportClass) -> bool {
        let class = ExportClass::from(self.ask.class);
        let capped = if self.content == Content::Raw { class.for_raw() } else { class };
        capped.allows(reach)
    }

    /// As a payload of its class, for the lender's executor.
    pub fn payload(&self) -> Payload {
        Payload::new(self.ask.class.into(), self.content, self.tensor.clone())
    }
}

/// A frame that may go as far as `R` and no farther.
#[derive(Debug)]
pub struct Message<R> {
    frame: Frame,
    reach: PhantomData<R>,
}

impl<R: Reach> Message<R> {
    /// Asks a peer to run a tensor. There is no such function for a tensor whose class ends nearer.
    pub fn request<C: MayReach<R>>(mut ask: Ask, tensor: &Tensor<C>) -> Self {
        ask.class = ClassOnWire::of(C::CLASS).expect("no class of a tensor is `never`");
        let request = LoanRequest { ask, content: tensor.content(), tensor: tensor.blob().clone() };
        Self { frame: Frame::Loan(request), reach: PhantomData }
    }

    /// A frame without a tensor.
    pub fn control(control: Control) -> Self {
        Self { frame: Frame::Control(Box::new(control)), reach: PhantomData }
    }

    /// The frame.
    pub fn frame(&self) -> &Frame {
        &self.frame
    }

    /// The frame, to be sent.
    pub fn into_frame(self) -> Frame {
        self.frame
    }
}

/// A message with its reach as a value, as the core gives it to its driver.
#[derive(Debug)]
pub enum Outgoing {
    /// To a peer of this site.
    Site(Message<ToSite>),
    /// To another site of the company.
    Company(Message<ToCompany>),
    /// To another company.
    Mesh(Message<ToMesh>),
}

impl Outgoing {
    /// A frame without a tensor.
    pub fn control(reach: ExportClass, control: Control) -> Self {
        match reach {
            ExportClass::Never | ExportClass::SameSite => Self::Site(Message::control(control)),
            ExportClass::SameCompany => Self::Company(Message::control(control)),
            ExportClass::Mesh => Self::Mesh(Message::control(control)),
        }
    }

    /// A request, if the payload's class fits the peer's reach.
    pub fn request(reach: ExportClass, ask: Ask, payload: &Payload) -> Option<Self> {
        match reach {
            ExportClass::Never => None,
            ExportClass::SameSite => to_site(ask, payload).map(Self::Site),
            ExportClass::SameCompany => to_company(ask, payload).map(Self::Company),
            ExportClass::Mesh => to_mesh(ask, payload).map(Self::Mesh),
        }
    }

    /// How far it goes.
    pub fn reach(&self) -> ExportClass {
        match self {
            Self::Site(_) => ToSite::REACH,
            Self::Company(_) => ToCompany::REACH,
            Self::Mesh(_) => ToMesh::REACH,
        }
    }

    /// The frame, to be sent.
    pub fn into_frame(self) -> Frame {
        match self {
            Self::Site(message) => message.into_frame(),
            Self::Company(message) => message.into_frame(),
            Self::Mesh(message) => message.into_frame(),
        }
    }
}

fn to_site(ask: Ask, payload: &Payload) -> Option<Message<ToSite>> {
    Some(match payload {
        Payload::Kept(_) => return None,
        Payload::Site(tensor) => Message::request(ask, tensor),
        Payload::Company(tensor) => Message::request::<OnCompany>(ask, tensor),
        Payload::Mesh(tensor) => Message::request::<OnMesh>(ask, tensor),
    })
}

fn to_company(ask: Ask, payload: &Payload) -> Option<Message<ToCompany>> {
    Some(match payload {
        Payload::Kept(_) | Payload::Site(_) => return None,
        Payload::Company(tensor) => Message::request(ask, tensor),
        Payload::Mesh(tensor) => Message::request::<OnMesh>(ask, tensor),
    })
}

fn to_mesh(ask: Ask, payload: &Payload) -> Option<Message<ToMesh>> {
    match payload {
        Payload::Kept(_) | Payload::Site(_) | Payload::Company(_) => None,
        Payload::Mesh(tensor) => Some(Message::request(ask, tensor)),
    }
}
