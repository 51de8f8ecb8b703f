//! The procedures of a database, in a table of its own.

use duckdb::{Row, params};

use crate::error::SqlError;
use crate::session::Session;
use crate::{catalog, owner};
use redshift_sql::Name;
use redshift_sql::procedure::{AlterProcedure, Argument, Definition, NewProcedure, ProcedureChange, ProcedureName};

const KEPT: &str = "redshift_system.redshift_procedures";

/// A procedure as it is kept.
pub struct Procedure {
    /// With its schema.
    pub name: Name,
    pub signature: String,
    pub definition: Definition,
}

/// The procedures of a name, in the order of the search path where no schema is given.
pub fn find(session: &Session, name: &Name) -> Result<Vec<Procedure>, SqlError> {
    let sql = format!(
        "SELECT schema_name, signature, definition FROM {KEPT} WHERE procedure_name = ? \
         AND (schema_name = ? OR (? IS NULL AND list_contains(current_schemas(false), schema_name))) \
         ORDER BY list_position(current_schemas(false), schema_name), id"
    );
    let mut statement = session.connection.prepare(&sql)?;
    let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?));
    let found = statement.query_map(params![name.table, name.schema, name.schema], row)?;
    let procedure = |(schema, signature, json): (String, String, String)| {
        let name = Name { schema: Some(schema), table: name.table.clone() };
        Ok(Procedure { name, signature, definition: Definition::from_json(&json)? })
    };
    found.map(|row| procedure(row?)).collect()
}

/// The only procedure of a name, or that with a signature.
fn one(session: &Session, wanted: &ProcedureName) -> Result<Procedure, SqlError> {
    let ProcedureName { name, signature } = wanted;
    let mut found = find(session, name)?;
    if let Some(signature) = signature {
        found.retain(|procedure| procedure.signature == *signature);
    }
    // The same signature may stand in several schemas: the first of the search path counts.
    let is_single = found.windows(2).all(|two| two[0].signature == two[1].signature);
    match found.into_iter().next() {
        Some(procedure) if is_single => Ok(procedure),
        Some(_) => Err(SqlError::new("42725", format!("procedure name \"{}\" is not unique", name.table))),
        None => Err(missing(name, signature.as_deref())),
    }
}

pub fn missing(name: &Name, signature: Option<&str>) -> SqlError {
    let schema = name.schema.as_ref().map(|schema| format!("{schema}.")).unwrap_or_default();
    let signature = signature.map(|signature| format!("({signature})")).unwrap_or_default();
    SqlError::new("42883", format!("procedure {schema}{}{signature} does not exist", name.table))
}

pub fn create(session: &Session, new: &NewProcedure) -> Result<(), SqlError> {
    let NewProcedure { name, replaces, definition } = new;
    let name = catalog::new_name(&session.connection, name)?;
    crate::schema::require(session, name.schema.as_deref().unwrap_or_default())?;
    let signature = definition.signature();
    let before = find(session, &name)?.into_iter().find(|procedure| procedure.signature == signature);
    if let Some(before) = before {
        if !replaces {
            let message = format!("procedure \"{}\" already exists with same argument types", name.table);
            return Err(SqlError::new("42723", message));
        }
        if types(&before.definition) != types(definition) {
            return Err(SqlError::new("42P13", "cannot change return type of existing procedure"));
        }
        let sql =
            format!("UPDATE {KEPT} SET definition = ? WHERE schema_name = ? AND procedure_name = ? AND signature = ?");
        session.connection.execute(&sql, params![definition.to_json()?, name.schema, name.table, signature])?;
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO {KEPT} (id, schema_name, procedure_name, signature, definition, source, arguments, owner) \
         SELECT coalesce(max(id), 600000000) + 1, ?, ?, ?, ?, ?, ?, ? FROM {KEPT}"
    );
    let inputs = definition.arguments.iter().filter(|argument| argument.is_input()).count();
    let kept = params![
        name.schema,
        name.table,
        signature,
        definition.to_json()?,
        definition.body,
        i64::try_from(inputs).unwrap_or_default(),
        session.user()
    ];
    session.connection.execute(&sql, kept)?;
    Ok(())
}

/// The modes and types of all arguments.
fn types(definition: &Definition) -> Vec<String> {
    let typed = |argument: &Argument| format!("{:?} {}", argument.mode, argument.type_name());
    definition.arguments.iter().map(typed).collect()
}

pub fn drop(session: &Session, procedure: &ProcedureName) -> Result<(), SqlError> {
    forget(session, &one(session, procedure)?)
}

fn forget(session: &Session, Procedure { name, signature, .. }: &Procedure) -> Result<(), SqlError> {
    let sql = format!("DELETE FROM {KEPT} WHERE schema_name = ? AND procedure_name = ? AND signature = ?");
    session.connection.execute(&sql, params![name.schema, name.table, signature])?;
    Ok(())
}

pub fn alter(session: &Session, admin: &str, alter: &AlterProcedure) -> Result<(), SqlError> {
    let found = one(session, &alter.procedure)?;
    let (column, value) = match &alter.change {
        ProcedureChange::Rename(to) => {
            let new = Name { schema: found.name.schema.clone(), table: to.clone() };
            if find(session, &new)?.iter().any(|procedure| procedure.signature == found.signature) {
                let message = format!("procedure \"{to}\" already exists with same argument types");
                return Err(SqlError::new("42723", message));
            }
            ("procedure_name", to)
        }
        ProcedureChange::Owner(to) => {
            owner::require(session, admin, to)?;
            ("owner", to)
        }
    };
    let sql = format!("UPDATE {KEPT} SET {column} = ? WHERE schema_name = ? AND procedure_name = ? AND signature = ?");
    session.connection.execute(&sql, params![value, found.name.schema, found.name.table, found.signature])?;
    Ok(())
}

/// The statement that creates a procedure again.
pub fn show(session: &Session, procedure: &ProcedureName) -> Result<String, SqlError> {
    let found = one(session, procedure)?;
    Ok(found.definition.statement(&found.name))
}

/// Returns true if there are any in a schema.
pub fn are_in(session: &Session, schema: &str) -> Result<bool, SqlError> {
    let sql = format!("SELECT count(*) > 0 FROM {KEPT} WHERE schema_name = ?");
    Ok(session.connection.query_row(&sql, [schema], |row| row.get(0))?)
}

/// The procedures of a schema go with it.
pub fn forget_all(session: &Session, schema: &str) -> Result<(), SqlError> {
    session.connection.execute(&format!("DELETE FROM {KEPT} WHERE schema_name = ?"), [schema])?;
    Ok(())
}

/// Those of a schema go on in another.
pub fn move_all(session: &Session, from: &str, to: &str) -> Result<(), SqlError> {
    session.connection.execute(&format!("UPDATE {KEPT} SET schema_name = ? WHERE schema_name = ?"), [to, from])?;
    Ok(())
}
