//! What a code means, for `taster explain`.

/// A code, and what it means in general; who prints it says it of the case at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// The stable name, as it stands in brackets.
    pub code: &'static str,
    /// What brings it about.
    pub cause: &'static str,
    /// A case of it.
    pub example: &'static str,
    /// What to do.
    pub fix: &'static str,
}

/// A row of a table of codes.
pub const fn explain(
    code: &'static str,
    cause: &'static str,
    example: &'static str,
    fix: &'static str,
) -> Explanation {
    Explanation { code, cause, example, fix }
}
