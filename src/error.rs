//! An error says what failed, on what, why, and what to do next. Its kind alone decides the exit code.

use std::fmt;

/// The kind of a failure, which decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
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

impl FailureKind {
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Leftovers => 3,
            Self::CheckFailed => 4,
            // 5, 6 and 10 are `Outcome`'s.
            Self::Declined => 7,
            Self::Credentials => 8,
            Self::Unreachable => 9,
            // As a shell answers for a process that died of the signal.
            Self::Interrupted(Signal::Int) => 130,
            Self::Interrupted(Signal::Term) => 143,
            Self::Interrupted(Signal::Hup) => 129,
        }
    }

    /// Returns true if every other call would end the same, so that none is made.
    pub fn is_cut_off(self) -> bool {
        matches!(self, Self::Credentials | Self::Unreachable)
    }

    /// Returns true if it ends the whole run, whatever could go on without the step that failed.
    pub fn ends_run(self) -> bool {
        self.is_cut_off() || matches!(self, Self::Interrupted(_))
    }
}

/// Messages of a full disk: of the system, and of the local target's SQL and S3.
const FULL_DISK: [&str; 3] = ["No space left on device", "Disk quota exceeded", "no room left to write to"];

type Cause = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug)]
pub struct Error {
    pub kind: FailureKind,
    message: String,
    cause: Option<Cause>,
    pub hints: Vec<String>,
    /// AWS's code, when it was AWS that refused.
    pub code: Option<String>,
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), cause: None, hints: Vec::new(), code: None }
    }

    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Failed, message)
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Usage, message)
    }

    /// Calls a full disk by its name, wherever among the causes it is: an answer of the local target is text.
    pub fn advised(self) -> Self {
        let causes = std::iter::successors(std::error::Error::source(&self), |cause| cause.source());
        let is_full_disk = |text: &str| FULL_DISK.iter().any(|words| text.contains(words));
        let is_full = is_full_disk(&self.message) || causes.map(ToString::to_string).any(|text| is_full_disk(&text));
        let is_named = self.hints.iter().any(|hint| is_full_disk(hint));
        match is_full || is_named {
            true => self.hint("The disk is full: free some space where it was written to, and run the command again."),
            false => self,
        }
    }

    /// One error for several sources: what ends the run says all there is, else each is named with its cause and its hints.
    /// `None` where there is none.
    pub fn combined(mut errors: Vec<Self>) -> Option<Self> {
        if errors.len() < 2 || errors.iter().any(|error| error.kind.ends_run()) {
            let first = errors.iter().position(|error| error.kind.ends_run()).unwrap_or(0);
            return (!errors.is_empty()).then(|| errors.swap_remove(first));
        }
        let message = format!("{} sources failed", errors.len());
        let mut combined = Self::new(errors[0].kind, message).coded(errors[0].code.as_deref());
        for error in errors {
            let causes = std::iter::successors(std::error::Error::source(&error), |cause| cause.source());
            let text = std::iter::once(error.to_string()).chain(causes.map(ToString::to_string));
            let text: Vec<String> = text.collect();
            let hints: String = error.hints.iter().map(|hint| format!("\n    {hint}")).collect();
            combined.hints.push(format!("{}{hints}", text.join(": ")));
        }
        Some(combined)
    }

    pub fn because(mut self, cause: impl Into<Cause>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Why, in words; empty where nothing says it.
    pub fn reason(&self) -> String {
        self.cause.as_ref().map(ToString::to_string).unwrap_or_default()
    }

    /// The failure and its reason, in one line.
    pub fn with_reason(&self) -> String {
        match &self.cause {
            Some(cause) => format!("{self}: {cause}"),
            None => self.to_string(),
        }
    }

    pub fn coded(mut self, code: Option<&str>) -> Self {
        self.code = code.map(str::to_owned);
        self
    }

    /// Returns true if AWS refused with one of these codes.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_called_by_its_name() {
        let full = std::io::Error::from_raw_os_error(28);
        let hints = |error: Error| error.advised().hints;
        assert!(hints(Error::failed("cannot write a.json").because(full))[0].starts_with("The disk is full"));
        assert!(hints(Error::failed("cannot copy").because("No room")).is_empty());
    }

    #[test]
    fn several_errors_are_one_that_names_all() {
        let failed = |of: &str| Error::failed(format!("cannot copy {of}")).because("Access Denied").hint("Run up.");
        assert!(Error::combined(Vec::new()).is_none());
        assert_eq!(Error::combined(vec![failed("a")]).map(|error| error.to_string()), Some("cannot copy a".into()));
        let both = Error::combined(vec![failed("a"), failed("b")]).expect("an error");
        let says = ["a", "b"].map(|of| format!("cannot copy {of}: Access Denied\n    Run up."));
        assert_eq!((both.to_string(), both.hints), ("2 sources failed".into(), says.to_vec()));
        let ended =
            Error::combined(vec![failed("a"), Error::new(FailureKind::Credentials, "expired")]).expect("an error");
        assert_eq!((ended.kind, ended.to_string()), (FailureKind::Credentials, "expired".into()));
    }
}
