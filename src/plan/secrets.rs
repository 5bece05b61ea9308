/// The values of a scenario's secrets: see `Secrets::hide`.
#[derive(Clone, Default)]
pub struct Secrets {
    /// Each secret as it may appear (raw, percent-encoded, base64, inside JSON), longest first.
    pub(crate) spellings: Vec<String>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} secret spellings", self.spellings.len())
    }
}
