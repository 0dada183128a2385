//! What the doctor says, as HTTP shows it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the doctor found on this box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DoctorReport {
    /// Each thing that was looked at.
    pub findings: Vec<DoctorFinding>,
    /// Findings of grade `broken`.
    pub n_broken: u64,
    /// Findings of grade `look`.
    pub n_notes: u64,
    /// When it was looked at.
    pub at: String,
    /// Seconds since then: it is looked at no more than twice a minute.
    pub age_s: u64,
    /// How long looking took.
    pub took_ms: u64,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DoctorGrade {
    /// As it should be.
    Ok,
    /// Not there, and nothing asks for it.
    Unused,
    /// The gateway runs, but somebody should look.
    Look,
    /// The gateway does not do its job.
    Broken,
}

/// One thing that the doctor looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DoctorFinding {
    /// What was looked at, such as `disk` or `device cuda`.
    pub what: String,
    /// How it is.
    pub grade: DoctorGrade,
    /// The facts, and what to do.
    pub text: String,
}
