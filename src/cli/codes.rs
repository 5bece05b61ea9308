//! The codes of what is wrong with a project file, and with a load that a duet cannot use.

use crate::diagnostic::{Explanation, explain};

/// Each code with its cause, an example and the fix in general.
pub const PROJECT: &[Explanation] = &[
    explain(
        "bad-setting",
        "A setting of `taster.toml` has a value that its option does not take.",
        "margin = \"10\"",
        "Write what the option takes: margin = \"p95=10%\".",
    ),
    explain(
        "toml-syntax",
        "`taster.toml` is not TOML.",
        "target = http://localhost:8080",
        "Put texts in quotes: target = \"http://localhost:8080\".",
    ),
    explain(
        "unknown-setting",
        "`taster.toml` has a key that means nothing.",
        "profil = \"load\"",
        "Write the key that is suggested; docs/config.md lists all of them.",
    ),
    explain(
        "wrong-setting",
        "A setting of `taster.toml` is of the wrong kind.",
        "workers = \"two\"",
        "Write a text, a list or a number, as the message says.",
    ),
];

/// The same of a duet.
pub const DUET: &[Explanation] = &[explain(
    "duet-profile",
    "A duet needs a load that lasts for a time, and the profile is of another kind.",
    "taster duet --profile once, which is { users: 1, iterations: 1 }",
    "Choose a profile with a duration: { users: 5, duration: 30s }.",
)];
