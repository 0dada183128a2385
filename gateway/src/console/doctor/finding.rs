//! One thing that the doctor looked at.

pub(super) use crate::api::DoctorGrade as Grade;
use serde_json::{Value, json};

/// What was found.
#[derive(Debug)]
pub(super) struct Finding {
    /// What was looked at.
    pub what: String,
    /// How it is.
    pub grade: Grade,
    /// The facts, and what to do.
    pub text: String,
}

/// The word that stands in the text, so that it reads without colour.
fn word(grade: Grade) -> &'static str {
    match grade {
        Grade::Ok => "ok",
        Grade::Unused => "unused",
        Grade::Look => "look",
        Grade::Broken => "BROKEN",
    }
}

impl Finding {
    pub fn new(what: impl Into<String>, grade: Grade, text: impl Into<String>) -> Self {
        Self { what: what.into(), grade, text: text.into() }
    }

    pub fn good(what: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(what, Grade::Ok, text)
    }

    pub fn note(what: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(what, Grade::Look, text)
    }

    pub fn broken(what: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(what, Grade::Broken, text)
    }

    /// For people.
    pub fn line(&self) -> String {
        let text = self.text.replace('\n', "\n                             ");
        format!("{:<7} {:<20} {text}", word(self.grade), self.what)
    }

    /// For programs.
    pub fn json(&self) -> Value {
        json!({ "what": self.what, "grade": self.grade, "text": self.text })
    }
}
