//! CALL.

use redshift_sql::procedure::{self, Argument, Body, Datum, Definition, ProcedureCall, VariableType};
use redshift_sql::{Type, VARCHAR_MAX};

use super::catalog;
use super::context::{CallContext, TransactionMode};
use super::execution::Execution;
use super::overload;
use super::values::{self, VariableValue};
use crate::copy::Access;
use crate::error::SqlError;
use crate::result::{ResultColumn, ResultSet, Rows};
use crate::session::Session;
use crate::transaction_state::Transaction;

/// Procedures that call one another (r_CALL_procedure).
const MOST_NESTED: usize = 16;

/// Runs a procedure for a client; one with output arguments answers a row of them.
pub fn call(
    session: &mut Session,
    call: &ProcedureCall,
    access: &Access,
    query: i64,
    to: &mut dyn Rows,
) -> Result<i64, SqlError> {
    let mode = if session.transaction == Transaction::None { TransactionMode::Atomic } else { TransactionMode::Bound };
    let mut context = CallContext { session, access, query, depth: 0, mode, loops: 0 };
    let nothing = Body::default();
    let done = Execution::new(&mut context, &nothing).call(call);
    // The client's own.
    if done.is_err() {
        session.fail_transaction();
    }
    let outputs = done?;
    match outputs.is_empty() {
        true => Ok(0),
        false => {
            let (columns, row): (Vec<_>, Vec<_>) = outputs.into_iter().unzip();
            let row = row.into_iter().map(values::value).collect();
            ResultSet { columns, rows: vec![row] }.into_rows(to)
        }
    }
}

/// The columns that a CALL would answer, `None` where it answers no row.
pub fn describe(session: &Session, call: &ProcedureCall) -> Result<Option<Vec<ResultColumn>>, SqlError> {
    let mut found = catalog::find(session, &call.name)?;
    found.retain(|procedure| {
        procedure.definition.arguments.iter().filter(|argument| argument.is_input()).count() == call.arguments.len()
    });
    let Some(procedure) = found.first() else { return Ok(None) };
    let outputs = output_columns(&procedure.definition);
    Ok(Some(outputs).filter(|outputs| !outputs.is_empty()))
}

/// The columns of the output arguments. One without a name is called by its number, as in the example of r_CALL_procedure.
fn output_columns(definition: &Definition) -> Vec<ResultColumn> {
    let outputs = definition.arguments.iter().filter(|argument| argument.is_output()).enumerate();
    let column = |(at, argument): (usize, &Argument)| {
        let name = argument.name.clone().unwrap_or_else(|| format!("column{}", at + 1));
        values::column(name, type_of(argument))
    };
    outputs.map(column).collect()
}

fn type_of(argument: &Argument) -> Type {
    match argument.data_type {
        VariableType::Value(data_type) => data_type,
        _ => Type::Varchar(VARCHAR_MAX),
    }
}

impl Execution<'_, '_> {
    /// CALL within a body: what INOUT arguments are at the end goes to the variables that were given for them.
    pub fn nested_call(&mut self, call: &ProcedureCall) -> Result<(), SqlError> {
        self.call(call).map(drop)
    }

    /// Runs a procedure; answers its output arguments.
    pub fn call(&mut self, call: &ProcedureCall) -> Result<Vec<(ResultColumn, Datum)>, SqlError> {
        let mut arguments = Vec::with_capacity(call.arguments.len());
        for argument in &call.arguments {
            arguments.push(self.evaluate(&argument.value)?);
        }
        let chosen = overload::choose(self.context.session, call, &arguments)?;
        let definition = &chosen.definition;
        let is_nested = self.context.depth > 0;
        if !is_nested {
            // PG_LAST_QUERY_ID within it.
            self.context.session.remember("redshift_query", self.context.query)?;
        }
        if is_nested {
            self.check_nested(call, definition)?;
        }
        let body = definition.parse_body()?;
        let outer = (self.context.mode, self.context.loops);
        let begins = !is_nested && self.context.session.transaction == Transaction::None;
        self.context.mode = match outer.0 {
            _ if definition.is_nonatomic => TransactionMode::Nonatomic,
            // Settings are set back at the end: no transaction may end before.
            TransactionMode::Atomic if !definition.settings.is_empty() => TransactionMode::Bound,
            mode => mode,
        };
        if begins && !definition.is_nonatomic {
            self.context.session.begin(None)?;
        }
        self.context.depth += 1;
        let done = self.run_body(definition, &body, arguments);
        self.context.depth -= 1;
        (self.context.mode, self.context.loops) = outer;
        let done = if begins { self.end_call(done, definition.is_nonatomic) } else { done };
        let outputs = done?;
        if is_nested {
            self.take_outputs(call, definition, &outputs)?;
        }
        Ok(output_columns(definition).into_iter().zip(outputs).collect())
    }

    /// Ends the transaction that began with the call.
    fn end_call(&mut self, done: Result<Vec<Datum>, SqlError>, is_nonatomic: bool) -> Result<Vec<Datum>, SqlError> {
        match done {
            // What START TRANSACTION began goes on.
            Ok(outputs) if is_nonatomic => Ok(outputs),
            Ok(outputs) => self.context.end_open(true).map(|()| outputs),
            Err(error) => {
                // The error that led here says more than one of this.
                let _ = self.context.end_open(false);
                Err(error)
            }
        }
    }

    fn check_nested(&self, call: &ProcedureCall, definition: &Definition) -> Result<(), SqlError> {
        if self.context.depth == MOST_NESTED {
            return Err(SqlError::new("54001", "stored procedures can be nested at most 16 levels deep"));
        }
        if definition.is_nonatomic != (self.context.mode == TransactionMode::Nonatomic) {
            let message = "all nested procedures must be created in the same transaction mode";
            return Err(SqlError::new("0A000", message));
        }
        let inputs = definition.arguments.iter().filter(|argument| argument.is_input());
        let has_out = definition.arguments.iter().any(|argument| !argument.is_input());
        let is_lost =
            |(argument, given): (&Argument, &procedure::CallArgument)| argument.is_output() && given.target.is_none();
        match has_out || inputs.zip(&call.arguments).any(is_lost) {
            true => {
                let message = "an output argument of a nested call must be INOUT, and a variable must be given for it";
                Err(SqlError::new("0A000", message))
            }
            false => Ok(()),
        }
    }

    fn take_outputs(
        &mut self,
        call: &ProcedureCall,
        definition: &Definition,
        outputs: &[Datum],
    ) -> Result<(), SqlError> {
        let inputs = definition.arguments.iter().filter(|argument| argument.is_input());
        let given = inputs.zip(&call.arguments).filter(|(argument, _)| argument.is_output());
        for ((_, given), output) in given.zip(outputs) {
            if let Some(target) = &given.target {
                self.assign(target, output.clone())?;
            }
        }
        Ok(())
    }

    /// Runs a body with its arguments; answers what the output arguments are at the end.
    fn run_body(
        &mut self,
        definition: &Definition,
        body: &Body,
        arguments: Vec<Datum>,
    ) -> Result<Vec<Datum>, SqlError> {
        let settings = self.context.session.settings.clone();
        for (name, value) in &definition.settings {
            self.context.session.set(name, Some(value.clone()), false)?;
        }
        let mut inner = Execution::new(self.context, body);
        inner.set_found(false);
        let mut given = arguments.into_iter();
        for (argument, slot) in definition.arguments.iter().zip(&body.arguments) {
            let value = if argument.is_input() { given.next() } else { None };
            let value = inner.converted(value.unwrap_or_else(values::null), type_of(argument))?;
            inner.variables[*slot] = VariableValue::One(value);
        }
        let done = inner.block(&body.block);
        let outputs = definition.arguments.iter().zip(&body.arguments).filter(|(argument, _)| argument.is_output());
        let outputs = outputs.map(|(_, slot)| inner.read(&procedure::Reference::Variable(*slot)));
        let outputs = done.and_then(|_| outputs.collect::<Result<Vec<_>, _>>());
        if !definition.settings.is_empty() {
            self.context.session.restore_settings(settings)?;
        }
        outputs
    }
}
