//! BEGIN, COMMIT, ROLLBACK and SET TRANSACTION. Every isolation level is accepted and has no meaning (r_BEGIN): that of
//! the database counts.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::command::Command;
use crate::error::TranslateError;
use crate::parse::token_reader::{TokenReader, near};

/// BEGIN or START TRANSACTION.
pub fn begin(tokens: &[TokenWithSpan]) -> Result<Command, TranslateError> {
    let mut reader = TokenReader::new(&tokens[1..]);
    let _ = reader.take_word("WORK") || reader.take_word("TRANSACTION");
    Ok(Command::Begin { read_only: modes(&mut reader)? })
}

/// COMMIT, END, ROLLBACK or ABORT: nothing stands behind it but WORK or TRANSACTION.
pub fn end(tokens: &[TokenWithSpan], command: Command) -> Result<Command, TranslateError> {
    let mut reader = TokenReader::new(&tokens[1..]);
    let _ = reader.take_word("WORK") || reader.take_word("TRANSACTION");
    reader.tokens.next().map_or(Ok(command), |rest| Err(near(rest)))
}

/// SET TRANSACTION, for the transaction that is open, and SET SESSION CHARACTERISTICS AS TRANSACTION, for those to come.
pub fn set(tokens: &[TokenWithSpan]) -> Result<Command, TranslateError> {
    let mut reader = TokenReader::new(&tokens[1..]);
    let _ = reader.take_word("LOCAL") || reader.take_word("SESSION");
    let of_session = reader.take_word("CHARACTERISTICS");
    if of_session {
        reader.word("AS")?;
    }
    reader.word("TRANSACTION")?;
    Ok(Command::SetTransaction { read_only: modes(&mut reader)?, of_session })
}

/// The access mode that the rest of a statement names: true for READ ONLY, `None` where it names none.
fn modes(reader: &mut TokenReader<'_>) -> Result<Option<bool>, TranslateError> {
    let mut read_only = None;
    while reader.tokens.len() > 0 {
        if reader.take_word("ISOLATION") {
            reader.word("LEVEL")?;
            level(reader)?;
        } else {
            reader.word("READ")?;
            read_only = Some(reader.take_word("ONLY"));
            if read_only == Some(false) {
                reader.word("WRITE")?;
            }
        }
        reader.take(&Token::Comma);
    }
    Ok(read_only)
}

fn level(reader: &mut TokenReader<'_>) -> Result<(), TranslateError> {
    if reader.take_word("SERIALIZABLE") {
        return Ok(());
    }
    if reader.take_word("REPEATABLE") {
        return reader.word("READ");
    }
    reader.word("READ")?;
    if reader.take_word("COMMITTED") { Ok(()) } else { reader.word("UNCOMMITTED") }
}
