//! One thing that the doctor looked at.

use serde_json::{Value, json};

/// How it is. The words stand in the text, so that it reads without colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grade {
    /// As it should be.
    Good,
    /// Not there, and nothing asks for it.
    Unused,
    /// The gateway runs, but somebody should look.
    Note,
    /// The gateway does not do its job.
    Broken,
}

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

impl Grade {
    fn word(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Unused => "unused",
            Self::Note => "look",
            Self::Broken => "BROKEN",
        }
    }
}

impl Finding {
    pub fn new(what: impl Into<String>, grade: Grade, text: impl Into<String>) -> Self {
        Self { what: what.into(), grade, text: text.into() }
    }

    pub fn good(what: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(what, Grade::Good, text)
    }

    pub fn note(what: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(what, Grade::Note, text)
    }

    pub fn broken(what: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(what, Grade::Broken, text)
    }

    /// For people.
    pub fn line(&self) -> String {
        let text = self.text.replace('\n', "\n                             ");
        format!("{:<7} {:<20} {text}", self.grade.word(), self.what)
    }

    /// For programs.
    pub fn json(&self) -> Value {
        json!({ "what": self.what, "grade": self.grade.word().to_lowercase(), "text": self.text })
    }
}
