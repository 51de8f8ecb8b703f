//! Messages that come beside the answer of a statement.

/// A message for the client, with its severity as the wire protocol has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub severity: &'static str,
    pub message: String,
}

impl Notice {
    /// A report of Redshift's own.
    pub fn info(message: impl Into<String>) -> Self {
        Self { severity: "INFO", message: message.into() }
    }
}

impl PartialEq<&str> for Notice {
    fn eq(&self, message: &&str) -> bool {
        self.message == *message
    }
}
