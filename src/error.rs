//! An error says what failed, on what, why, and what to do next. Its kind alone decides the exit code.

use std::fmt;

/// How a run ended that did not go well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something failed. What exists is as the message says.
    Failed,
    /// The command line or infra.toml is at fault; nothing was called.
    Usage,
    /// The teardown left something behind, which is listed.
    Leftovers,
    /// The data was loaded into staging, and a check refused it.
    CheckFailed,
    /// The question at the terminal was not answered with yes; nothing was deleted.
    Declined,
    /// A signal stopped the run at a safe point.
    Interrupted(Signal),
    /// AWS does not take the caller's credentials, or there are none: asking again does not help (R43).
    Credentials,
    /// AWS does not answer (R43).
    Unreachable,
}

/// A signal that asks a run to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    Int,
    Term,
    Hup,
}

impl Kind {
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Leftovers => 3,
            Self::CheckFailed => 4,
            // 5 and 6 are `Outcome`'s.
            Self::Declined => 7,
            Self::Credentials => 8,
            Self::Unreachable => 9,
            // As a shell answers for a process that died of the signal.
            Self::Interrupted(Signal::Int) => 130,
            Self::Interrupted(Signal::Term) => 143,
            Self::Interrupted(Signal::Hup) => 129,
        }
    }

    /// Whether every other call would end the same, so that none is made.
    pub fn is_cut_off(self) -> bool {
        matches!(self, Self::Credentials | Self::Unreachable)
    }

    /// Whether it ends the whole run, whatever could go on without the step that failed.
    pub fn ends_run(self) -> bool {
        self.is_cut_off() || matches!(self, Self::Interrupted(_))
    }
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug)]
pub struct Error {
    pub kind: Kind,
    message: String,
    cause: Option<Cause>,
    pub hints: Vec<String>,
    /// AWS's code, when it was AWS that refused.
    pub code: Option<String>,
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), cause: None, hints: Vec::new(), code: None }
    }

    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Kind::Failed, message)
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    pub fn because(mut self, cause: impl Into<Cause>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    pub fn coded(mut self, code: Option<&str>) -> Self {
        self.code = code.map(str::to_owned);
        self
    }

    /// Whether AWS refused with one of these codes.
    pub fn is(&self, codes: &[&str]) -> bool {
        self.code.as_deref().is_some_and(|code| codes.contains(&code))
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}
