//! The statements of a transaction with a COPY, and the rows that it adds to its table.

use crate::error::{Error, Result};
use crate::statement_process::StatementProcess;
use crate::warehouse::{Done, Session, StatementError, Warehouse};

/// A batch of the Data API. It does not say how many rows its COPY loaded (R25), so that the table is counted in the same
/// transaction: that is exact on clusters and workgroups, and asks nothing of another session.
#[derive(Debug, Default)]
pub struct CopyBatch {
    pub statements: Vec<String>,
    /// The numbers of the statements that count the rows of the table.
    before: Option<usize>,
    after: Option<usize>,
    copy: Option<usize>,
}

/// The result of a batch that ran statement by statement.
#[derive(Debug, Clone, Copy)]
pub struct Added {
    pub rows: u64,
    /// The process of its COPY, for the system views.
    pub process: StatementProcess,
}

impl CopyBatch {
    /// Adds a statement and answers its number in the batch: the first is 1.
    pub fn add(&mut self, statement: String) -> usize {
        self.statements.push(statement);
        self.statements.len()
    }

    pub fn add_copy(&mut self, statement: String) {
        self.copy = Some(self.add(statement));
    }

    /// Counts the rows that are there before the COPY. Without it the table counts as empty.
    pub fn count_before(&mut self, table: &str) {
        self.before = Some(self.add(count(table)));
    }

    /// Counts the rows that are there after the COPY. Without it nothing is loaded.
    pub fn count_after(&mut self, table: &str) {
        self.after = Some(self.add(count(table)));
    }

    /// Runs the statements one after the other in the transaction that is open in a session.
    ///
    /// # Errors
    /// Where the Data API cannot be asked, or a count is no number. The inner error is that of a statement.
    pub async fn run_in(&self, session: &Session, table: &str) -> Result<std::result::Result<Added, StatementError>> {
        let (mut before, mut after, mut process) = (0, 0, StatementProcess::new(0, 0));
        for (number, statement) in (1..).zip(&self.statements) {
            let number = Some(number);
            if number == self.before || number == self.after {
                let rows = match session.query(statement).await? {
                    Ok(rows) => rows.number().ok_or_else(|| uncounted(table))?,
                    Err(error) => return Ok(Err(error)),
                };
                if number == self.before {
                    before = rows
                } else {
                    after = rows
                }
                continue;
            }
            match session.run(statement).await? {
                Ok(done) if number == self.copy => process = done.process,
                Ok(_) => {}
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(Added { rows: after.saturating_sub(before), process }))
    }

    /// The rows that the batch has added to the table.
    ///
    /// # Errors
    /// Where the counts cannot be read.
    pub async fn added(&self, warehouse: &Warehouse, done: &Done, table: &str) -> Result<u64> {
        let Some(after) = self.after else { return Ok(0) };
        let after = counted(warehouse, done, after, table).await?;
        let before = match self.before {
            Some(before) => counted(warehouse, done, before, table).await?,
            None => 0,
        };
        Ok(after.saturating_sub(before))
    }
}

fn count(table: &str) -> String {
    format!("select count(*) from {table}")
}

async fn counted(warehouse: &Warehouse, done: &Done, number: usize, table: &str) -> Result<u64> {
    let rows = warehouse.rows_of_statement(done, number).await?;
    let are_loaded = "They are loaded, and the star is as the last good load left it. Run load again.";
    rows.number().ok_or_else(|| uncounted(table).hint(are_loaded))
}

fn uncounted(table: &str) -> Error {
    Error::failed(format!("cannot count the rows of {table}: the answer is no number"))
}

#[cfg(test)]
mod tests {
    use super::CopyBatch;

    #[test]
    fn statements_are_numbered_from_one() {
        let mut batch = CopyBatch::default();
        batch.count_before("t");
        assert_eq!(batch.add("copy t".to_owned()), 2);
        batch.count_after("t");
        assert_eq!((batch.before, batch.after), (Some(1), Some(3)));
        assert_eq!(batch.statements, ["select count(*) from t", "copy t", "select count(*) from t"]);
    }
}
