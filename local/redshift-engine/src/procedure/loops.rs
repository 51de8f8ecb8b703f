//! LOOP, WHILE and FOR.

use redshift_sql::Type;
use redshift_sql::procedure::{Datum, LoopKind, Slot, Sql, Statement, Target};

use super::execution::{Execution, Flow};
use super::sql::Source;
use super::values::{self, VariableValue};
use crate::error::SqlError;

/// Rows of a loop that are read at once.
const PAGE_ROWS: usize = 100;

impl<'e> Execution<'e, '_> {
    pub fn run_loop(
        &mut self,
        label: Option<&'e String>,
        kind: &'e LoopKind,
        statements: &'e [Statement],
    ) -> Result<Flow, SqlError> {
        match kind {
            LoopKind::Forever => loop {
                if let Some(flow) = self.turn(label, statements)? {
                    return Ok(flow);
                }
            },
            LoopKind::While(condition) => {
                while self.is_true(condition)? {
                    if let Some(flow) = self.turn(label, statements)? {
                        return Ok(flow);
                    }
                }
                Ok(Flow::Next)
            }
            LoopKind::Range { variable, from, to, reverse } => {
                let bounds = (self.bound_of(from, "lower")?, self.bound_of(to, "upper")?);
                self.range(*variable, bounds, *reverse, label, statements)
            }
            LoopKind::Query(target, query) => self.rows(target, &Source::Sql(query), label, statements),
            LoopKind::Execute(target, text) => {
                let text = self.command_text(text)?;
                self.rows(target, &Source::Text(text), label, statements)
            }
        }
    }

    /// One turn of a loop; answers how the loop ends, if it does.
    fn turn(&mut self, label: Option<&String>, statements: &'e [Statement]) -> Result<Option<Flow>, SqlError> {
        self.context.session.check_cancelled()?;
        Ok(match self.statements(statements)? {
            Flow::Next | Flow::Continue(None) => None,
            Flow::Continue(to) if to.as_ref() == label => None,
            Flow::Exit(None) => Some(Flow::Next),
            Flow::Exit(to) if to.as_ref() == label => Some(Flow::Next),
            flow => Some(flow),
        })
    }

    fn bound_of(&mut self, bound: &Sql, which: &str) -> Result<i32, SqlError> {
        let value = self.evaluate(bound)?;
        let value = self.converted(value, Type::Integer)?.text;
        let missing = || SqlError::new("22004", format!("{which} bound of FOR loop cannot be NULL"));
        value.and_then(|digits| digits.parse().ok()).ok_or_else(missing)
    }

    /// FOUND tells at the end whether there was any turn.
    fn range(
        &mut self,
        variable: Slot,
        (from, to): (i32, i32),
        reverse: bool,
        label: Option<&String>,
        statements: &'e [Statement],
    ) -> Result<Flow, SqlError> {
        let (mut at, mut turns, mut ended) = (Some(from), 0_u64, Flow::Next);
        while let Some(number) = at.filter(|number| if reverse { *number >= to } else { *number <= to }) {
            self.variables[variable] = VariableValue::One(Datum::new(Type::Integer, Some(number.to_string())));
            turns += 1;
            if let Some(flow) = self.turn(label, statements)? {
                ended = flow;
                break;
            }
            at = if reverse { number.checked_sub(1) } else { number.checked_add(1) };
        }
        self.set_found(turns > 0);
        Ok(ended)
    }

    /// A loop over the rows of a query. They are all there before the first turn: what a COMMIT within closes is a cursor.
    fn rows(
        &mut self,
        target: &Target,
        query: &Source<'_>,
        label: Option<&String>,
        statements: &'e [Statement],
    ) -> Result<Flow, SqlError> {
        self.refuse_second_cursor()?;
        let mut rows = self.context.session.system.stored_rows(u64::MAX);
        self.query(query, &mut rows)?;
        rows.close()?;
        self.context.loops += 1;
        let mut ended = Ok(Flow::Next);
        'pages: for start in (0..rows.count()).step_by(PAGE_ROWS) {
            for row in rows.page(start, PAGE_ROWS)? {
                let row = rows.columns.iter().zip(row).map(|(column, value)| values::datum(column, value)).collect();
                let turn = self.take_row(target, &rows.columns, Some(row)).and_then(|()| self.turn(label, statements));
                match turn {
                    Ok(None) => {}
                    Ok(Some(flow)) => {
                        ended = Ok(flow);
                        break 'pages;
                    }
                    Err(error) => {
                        ended = Err(error);
                        break 'pages;
                    }
                }
            }
        }
        self.context.loops -= 1;
        self.set_found(rows.count() > 0);
        ended
    }
}
