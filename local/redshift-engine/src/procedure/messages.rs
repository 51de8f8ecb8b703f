//! RAISE.

use redshift_sql::procedure::{Level, Raise};

use super::execution::Execution;
use crate::error::SqlError;
use crate::notice::Notice;

impl Execution<'_, '_> {
    /// Reports a message to the client, or raises an error. LOG is for the server's log.
    pub fn raise(&mut self, raise: &Raise) -> Result<(), SqlError> {
        let message = self.message(raise)?;
        let severity = match raise.level {
            Level::Exception => return Err(SqlError::new("P0001", message)),
            Level::Log => return Ok(()),
            Level::Info => "INFO",
            Level::Notice => "NOTICE",
            Level::Warning => "WARNING",
        };
        self.context.session.notices.push(Notice { severity, message });
        Ok(())
    }

    /// `%` is the next argument, `%%` a percent sign.
    fn message(&self, raise: &Raise) -> Result<String, SqlError> {
        let mut arguments = raise.arguments.iter();
        let mut message = String::with_capacity(raise.format.len());
        let mut signs = raise.format.chars().peekable();
        while let Some(sign) = signs.next() {
            if sign != '%' {
                message.push(sign);
            } else if signs.next_if_eq(&'%').is_some() {
                message.push('%');
            } else {
                let few = || SqlError::new("42601", "too few parameters specified for RAISE");
                let value = self.read(arguments.next().ok_or_else(few)?)?;
                message.push_str(value.text.as_deref().unwrap_or("<NULL>"));
            }
        }
        match arguments.next() {
            Some(_) => Err(SqlError::new("42601", "too many parameters specified for RAISE")),
            None => Ok(message),
        }
    }
}
