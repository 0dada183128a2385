//! Export classes: how far a tag's data may go.

/// How far a tag's data may leave the box, from the strictest to the widest.
///
/// Raw windows are capped at [`ExportClass::SameSite`]; wider classes carry features and
/// statistics only (see [`ExportClass::for_raw`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum ExportClass {
    /// Never leaves the box.
    Never,
    /// Stays on its site.
    #[default]
    SameSite,
    /// Stays inside the company.
    SameCompany,
    /// May go to any peer of the mesh.
    Mesh,
}

impl ExportClass {
    /// All classes, strictest first.
    pub const ALL: [Self; 4] = [Self::Never, Self::SameSite, Self::SameCompany, Self::Mesh];

    /// The word of documents and of the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::SameSite => "same-site",
            Self::SameCompany => "same-company",
            Self::Mesh => "mesh",
        }
    }

    /// The class of raw samples of a tag of this class: at most same-site.
    pub fn for_raw(self) -> Self {
        self.min(Self::SameSite)
    }

    /// Whether data of this class may take a way out that ends at `reach`.
    pub fn allows(self, reach: Self) -> bool {
        reach <= self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_data_never_leaves_the_site() {
        for class in ExportClass::ALL {
            assert!(!class.for_raw().allows(ExportClass::SameCompany));
            assert!(!class.for_raw().allows(ExportClass::Mesh));
        }
        assert!(!ExportClass::Never.allows(ExportClass::SameSite));
    }
}
