//! Says why a browser did not do what it was told.

/// Why a command failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// A browser or its driver is not installed; what, and how to get it.
    #[error("{0}")]
    Missing(String),
    /// The browser, its driver or the tab is dead; the test's attempt is over.
    #[error("{0}")]
    Gone(String),
    /// No answer by the deadline; what it waited for.
    #[error("{0}")]
    TimedOut(String),
    /// The document that was spoken to is no more: ask again in the new one.
    #[error("the page went away meanwhile")]
    Navigated,
    /// The engine cannot do it: `throttle`, or `downloads of data URLs`.
    #[error("{0} is not supported")]
    Unsupported(String),
    /// A script of the page or of the user threw; its message.
    #[error("{0}")]
    Script(String),
    /// The browser or the driver refused; what it said.
    #[error("{0}")]
    Refused(String),
}
