//! What a command's end is called by the shell: the one list of exit codes.

use std::process::ExitCode;

use crate::analysis::Word;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// 0: PASS, or nothing to judge and all done.
    Pass,
    /// 1: FAIL: a check, an SLA, a regression.
    Fail,
    /// 2: the command line or a scenario file is wrong.
    Usage,
    /// 3: INCONCLUSIVE.
    Inconclusive,
    /// 4: INVALID: nothing ran, the generator was the limit, a baseline of another machine.
    Invalid,
    /// 5: refused by a safety rule.
    Refused,
    /// 6: the environment: target unreachable at the start, a file that cannot be written.
    Environment,
    /// 70: a bug in Taster.
    Bug,
    /// 130: interrupted.
    Interrupted,
}

/// Which numbers are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ExitCodes {
    /// Taster's own, as listed by `taster --help`.
    #[default]
    Taster,
    /// k6's: 99 thresholds, 104 invalid configuration, 105 interrupted, 107 environment.
    K6,
}

impl ExitStatus {
    /// The number.
    pub fn number(self, codes: ExitCodes) -> u8 {
        match (codes, self) {
            (_, ExitStatus::Pass) => 0,
            (ExitCodes::Taster, ExitStatus::Fail) => 1,
            (ExitCodes::Taster, ExitStatus::Usage) => 2,
            (ExitCodes::Taster, ExitStatus::Inconclusive) => 3,
            (ExitCodes::Taster, ExitStatus::Invalid) => 4,
            (ExitCodes::Taster, ExitStatus::Refused) => 5,
            (ExitCodes::Taster, ExitStatus::Environment) => 6,
            (ExitCodes::Taster, ExitStatus::Bug) => 70,
            (ExitCodes::Taster, ExitStatus::Interrupted) => 130,
            (ExitCodes::K6, ExitStatus::Fail | ExitStatus::Inconclusive) => 99,
            (ExitCodes::K6, ExitStatus::Usage | ExitStatus::Refused) => 104,
            (ExitCodes::K6, ExitStatus::Interrupted) => 105,
            (ExitCodes::K6, ExitStatus::Environment) => 107,
            (ExitCodes::K6, ExitStatus::Bug) => 109,
            // k6 has no such verdict; its numbers end at 110.
            (ExitCodes::K6, ExitStatus::Invalid) => 111,
        }
    }

    /// For `main`.
    pub fn code(self, codes: ExitCodes) -> ExitCode {
        ExitCode::from(self.number(codes))
    }
}

/// What becomes of an INCONCLUSIVE verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Inconclusive {
    /// Exit 1.
    Fail,
    /// Exit 3, which a pipeline may let pass with a warning.
    #[default]
    Warn,
    /// Exit 0.
    Pass,
}

/// The exit of a judged run.
pub fn of_verdict(word: Word, inconclusive: Inconclusive) -> ExitStatus {
    match (word, inconclusive) {
        (Word::Pass, _) | (Word::Inconclusive, Inconclusive::Pass) => ExitStatus::Pass,
        (Word::Fail, _) | (Word::Inconclusive, Inconclusive::Fail) => ExitStatus::Fail,
        (Word::Inconclusive, Inconclusive::Warn) => ExitStatus::Inconclusive,
        (Word::Invalid, _) => ExitStatus::Invalid,
    }
}
