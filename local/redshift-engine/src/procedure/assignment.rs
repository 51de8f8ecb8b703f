//! Variables: their beginning, reading and assigning.

use redshift_sql::procedure::{Datum, Reference, Slot, Target, VariableType};
use redshift_sql::{Catalog, Name, RelationColumn, Type, VARCHAR_MAX};

use super::execution::Execution;
use super::values::{self, VariableValue, converted};
use crate::error::SqlError;
use crate::result::ResultColumn;

/// FOUND is the first variable of every procedure.
const FOUND: Slot = 0;

impl Execution<'_, '_> {
    /// Gives a variable its default, as whenever its block is entered.
    pub fn initialize(&mut self, slot: Slot) -> Result<(), SqlError> {
        let variable = &self.body.variables[slot];
        self.variables[slot] = match &variable.data_type {
            VariableType::Record => VariableValue::Record(None),
            VariableType::OfRow(relation) => {
                let columns = self.columns(relation)?;
                let field = |column: &RelationColumn| (column.name.clone(), Datum::new(column_type(column), None));
                VariableValue::Record(Some(columns.iter().map(field).collect()))
            }
            _ => VariableValue::One(Datum::new(self.declared(slot)?, None)),
        };
        if let Some(default) = &variable.default {
            let value = self.evaluate(default)?;
            self.assign(&Reference::Variable(slot), value)?;
        } else if variable.cursor.is_some() {
            self.variables[slot] = VariableValue::One(values::text(variable.name.as_str()));
        }
        Ok(())
    }

    fn columns(&self, relation: &Name) -> Result<std::sync::Arc<[RelationColumn]>, SqlError> {
        let missing = || SqlError::new("42P01", format!("relation \"{}\" does not exist", relation.table));
        Catalog::columns(&*self.context.session, relation).ok_or_else(missing)
    }

    /// The type that a variable was declared with.
    pub fn declared(&self, slot: Slot) -> Result<Type, SqlError> {
        Ok(match &self.body.variables[slot].data_type {
            VariableType::Value(data_type) => *data_type,
            VariableType::OfColumn(relation, name) => {
                let columns = self.columns(relation)?;
                let found = columns.iter().find(|column| column.name.eq_ignore_ascii_case(name));
                let missing = || SqlError::new("42703", format!("column \"{name}\" does not exist"));
                column_type(found.ok_or_else(missing)?)
            }
            _ => Type::Varchar(VARCHAR_MAX),
        })
    }

    /// The value of a variable or a field. That of a record is its row as a text, NULL where all of it is.
    pub fn read(&self, reference: &Reference) -> Result<Datum, SqlError> {
        match reference {
            Reference::Variable(slot) => Ok(match &self.variables[*slot] {
                VariableValue::One(value) => value.clone(),
                VariableValue::Record(fields) => row_text(fields.as_deref().unwrap_or_default()),
            }),
            Reference::Field(slot, name) => {
                let fields = match &self.variables[*slot] {
                    VariableValue::Record(Some(fields)) => fields,
                    _ => return Err(self.unassigned(*slot)),
                };
                let found = fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name));
                found.map(|(_, value)| value.clone()).ok_or_else(|| self.no_field(*slot, name))
            }
        }
    }

    fn unassigned(&self, slot: Slot) -> SqlError {
        SqlError::new("55000", format!("record \"{}\" is not assigned yet", self.body.variables[slot].name))
    }

    fn no_field(&self, slot: Slot, name: &str) -> SqlError {
        SqlError::new("42703", format!("record \"{}\" has no field \"{name}\"", self.body.variables[slot].name))
    }

    pub fn read_all(&self, references: &[Reference]) -> Result<Vec<Datum>, SqlError> {
        references.iter().map(|reference| self.read(reference)).collect()
    }

    /// Assigns a value, converted to the type of the variable.
    pub fn assign(&mut self, target: &Reference, value: Datum) -> Result<(), SqlError> {
        match target {
            Reference::Variable(slot) => {
                let variable = &self.body.variables[*slot];
                if matches!(variable.data_type, VariableType::Record | VariableType::OfRow(_)) {
                    let message = format!("cannot assign a value that is no row to record \"{}\"", variable.name);
                    return Err(SqlError::new("42804", message));
                }
                if variable.is_not_null && value.text.is_none() {
                    let name = &variable.name;
                    let message = format!("null value cannot be assigned to variable \"{name}\" declared NOT NULL");
                    return Err(SqlError::new("22004", message));
                }
                let declared = self.declared(*slot)?;
                self.variables[*slot] = VariableValue::One(self.converted(value, declared)?);
            }
            Reference::Field(slot, name) => {
                let data_type = self.read(target)?.data_type;
                let value = self.converted(value, data_type)?;
                if let VariableValue::Record(Some(fields)) = &mut self.variables[*slot]
                    && let Some((_, field)) = fields.iter_mut().find(|(field, _)| field.eq_ignore_ascii_case(name))
                {
                    *field = value;
                }
            }
        }
        Ok(())
    }

    /// A value as another type.
    pub fn converted(&mut self, value: Datum, to: Type) -> Result<Datum, SqlError> {
        match converted(&value, to)? {
            Some(converted) => Ok(converted),
            None => self.cast(&value, to),
        }
    }

    /// Assigns a row; `None` is one of NULLs.
    pub fn take_row(
        &mut self,
        target: &Target,
        columns: &[ResultColumn],
        row: Option<Vec<Datum>>,
    ) -> Result<(), SqlError> {
        let row = row.unwrap_or_else(|| columns.iter().map(|c| Datum::new(values::type_of(c), None)).collect());
        match target {
            Target::Record(slot) => {
                let names = match (&self.body.variables[*slot].data_type, &self.variables[*slot]) {
                    // A row of a table keeps its columns.
                    (VariableType::OfRow(_), VariableValue::Record(Some(fields))) => fields.clone(),
                    _ => columns.iter().map(|column| column.name.clone()).zip(row.iter().cloned()).collect(),
                };
                if names.len() != row.len() {
                    return Err(wrong_count());
                }
                let mut fields = Vec::with_capacity(names.len());
                for ((name, before), value) in names.into_iter().zip(row) {
                    fields.push((name, self.converted(value, before.data_type)?));
                }
                self.variables[*slot] = VariableValue::Record(Some(fields));
                Ok(())
            }
            Target::Each(targets) if columns.is_empty() => {
                targets.iter().try_for_each(|target| self.assign(target, values::null()))
            }
            Target::Each(targets) if targets.len() != row.len() => Err(wrong_count()),
            Target::Each(targets) => targets.iter().zip(row).try_for_each(|(target, value)| self.assign(target, value)),
        }
    }

    pub fn set_found(&mut self, found: bool) {
        if let Some(variable) = self.variables.get_mut(FOUND) {
            *variable = VariableValue::One(values::boolean(found));
        }
    }
}

fn wrong_count() -> SqlError {
    SqlError::new("42804", "the number of selected values does not match the number of targets")
}

fn column_type(column: &RelationColumn) -> Type {
    column.value_type.known().unwrap_or(Type::Varchar(VARCHAR_MAX))
}

/// `(a,b)`, as PostgreSQL shows a row.
fn row_text(fields: &[(String, Datum)]) -> Datum {
    if fields.iter().all(|(_, value)| value.text.is_none()) {
        return values::null();
    }
    let texts: Vec<&str> = fields.iter().map(|(_, value)| value.text.as_deref().unwrap_or_default()).collect();
    values::text(format!("({})", texts.join(",")))
}
