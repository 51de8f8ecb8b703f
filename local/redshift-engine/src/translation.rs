//! Statements on their way from Redshift's SQL to the engine.

use std::collections::BTreeMap;
use std::sync::Arc;

use redshift_sql::external::relation::of_rows_table;
use redshift_sql::{
    Catalog, Command, Name, Parameters, RelationColumn, Signature, TargetColumn, TranslateOptions, Type, ValueType,
};
use sqlparser::tokenizer::TokenWithSpan;

use super::error::SqlError;
use super::relations::Columns;
use super::result::{self, ResultColumn};
use super::session::Session;
use super::session_settings::is_true;
use super::session_views::NOT_CREATED;
use super::transaction_state::Transaction;
use super::{catalog, empty_views, explain, late_binding_view, procedure, show, system_views};

impl Catalog for Session {
    fn columns(&self, relation: &Name) -> Option<Columns> {
        if self.transaction == Transaction::Failed {
            return None;
        }
        self.relations.asked.borrow_mut().insert(relation.clone());
        if let Some(known) = self.relations.columns.borrow().get(relation) {
            return known.clone();
        }
        let found = self.describe_relation(relation).ok();
        // What may read external tables is asked for again, so that they are there when the statement runs.
        if self.external_rows.is_empty() {
            self.relations.columns.borrow_mut().insert(relation.clone(), found.clone());
        }
        found
    }

    fn is_table(&self, relation: &Name) -> bool {
        let exists = || catalog::exists(&self.connection, relation.schema.as_deref(), &relation.table);
        self.transaction != Transaction::Failed && exists().unwrap_or_default()
    }

    fn is_external(&self, relation: &Name) -> bool {
        self.transaction != Transaction::Failed && Self::is_external(self, relation).unwrap_or_default()
    }

    fn function(&self, name: &str) -> Option<Signature> {
        if self.transaction == Transaction::Failed {
            return None;
        }
        if let Some(known) = self.relations.functions.borrow().get(name) {
            return known.clone();
        }
        let found = self.find_function(name).ok();
        self.relations.functions.borrow_mut().insert(name.to_owned(), found.clone());
        found
    }

    fn is_system_view(&self, name: &str) -> bool {
        system_views::contains(name)
    }

    fn empty_view(&self, name: &str) -> Option<&'static [(&'static str, Type)]> {
        // One of the same name that has rows stands before it.
        if system_views::contains(name) { None } else { empty_views::columns(name) }
    }
}

impl Session {
    /// What a statement of this session is read with.
    pub(super) fn reading(&self) -> TranslateOptions<'_> {
        let keeps_attribute_case = self.is_on("enable_case_sensitive_super_attribute");
        // What a superuser's statement needs is not asked for.
        let required = self.account.rights().map(|_| &self.required);
        // It is on where nothing is said.
        let has_pseudo_columns = self.settings.get("spectrum_enable_pseudo_columns").is_none_or(|flag| is_true(flag));
        let options = TranslateOptions::new(Some(self), self.keeps_case());
        options
            .with_attribute_case(keeps_attribute_case)
            .with_zone(self.zone().is_some())
            .with_required(required)
            .with_pseudo_columns(has_pseudo_columns)
    }

    /// Returns true if names in quotes keep their case.
    pub fn keeps_case(&self) -> bool {
        self.is_on("enable_case_sensitive_identifier")
    }

    fn describe_relation(&self, relation: &Name) -> Result<Columns, SqlError> {
        loop {
            match self.describe_created(relation) {
                Err(error) if error.sqlstate == NOT_CREATED => self.create_system_view(&error.message)?,
                described => return described,
            }
        }
    }

    fn describe_created(&self, relation: &Name) -> Result<Columns, SqlError> {
        let is_of_session = system_views::contains(&relation.table) || of_rows_table(&relation.table).is_some();
        let is_system = relation.schema.as_deref() == Some("main") && is_of_session;
        let catalog = if is_system { "temp." } else { "" };
        let mut statement = self.connection.prepare(&format!("DESCRIBE {catalog}{relation}"))?;
        let row = |row: &duckdb::Row<'_>| {
            let duck: String = row.get(1)?;
            let value_type = match duck.as_str() {
                "INTERVAL" => ValueType::Interval,
                duck => Type::from_duck(duck).map_or(ValueType::Unknown, ValueType::Of),
            };
            Ok(RelationColumn { name: row.get(0)?, value_type })
        };
        let found: Columns = statement.query_map([], row)?.collect::<Result<_, _>>()?;
        Ok(self.declared(relation, &found).unwrap_or(found))
    }

    /// The columns with the types of the DDL, which have lengths; `None` where no DDL of Redshift's made them.
    fn declared(&self, relation: &Name, found: &[RelationColumn]) -> Option<Columns> {
        let table = catalog::table(&self.connection, relation.schema.as_deref(), &relation.table).ok()?;
        let is_same = table.columns.len() == found.len()
            && table.columns.iter().zip(found).all(|(column, found)| column.name == found.name);
        let declared = |(column, found): (&catalog::Column, &RelationColumn)| RelationColumn {
            name: column.name.clone(),
            value_type: match Type::from_name(&column.attributes.data_type) {
                Some(declared) => ValueType::Of(declared),
                None => found.value_type,
            },
        };
        is_same.then(|| table.columns.iter().zip(found).map(declared).collect())
    }

    /// The types of a user-defined function, which is a macro: `CAST((SELECT …) AS type)`.
    fn find_function(&self, name: &str) -> Result<Signature, SqlError> {
        let sql = "SELECT array_to_string(parameter_types, ';'), regexp_extract(macro_definition, '.* AS ([^)(]+([(][0-9, ]+[)])?)[)]$', 1) \
                   FROM duckdb_functions() WHERE schema_name = 'redshift_system' AND function_name = ?";
        let name = format!("{}{name}", redshift_sql::UDF_PREFIX);
        let (arguments, returns): (String, String) =
            self.connection.query_row(sql, [name], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let unknown = |duck: &str| SqlError::unsupported(&format!("the type {duck} of a function"));
        let known = |duck: &str| Type::from_duck(duck.trim()).ok_or_else(|| unknown(duck));
        let arguments = arguments.split(';').filter(|duck| !duck.is_empty()).map(known).collect::<Result<_, _>>()?;
        Ok(Signature { arguments, returns: known(&returns)? })
    }

    /// The columns that a statement would answer, with NULL for what its parameters will be; `None` where it answers no
    /// rows. Nothing is run.
    pub fn describe(&mut self, text: &str, parameters: &Parameters) -> Result<Option<Vec<ResultColumn>>, SqlError> {
        redshift_sql::with_large_stack(text, || self.bound(|session| session.describe_once(text, parameters)))
    }

    fn describe_once(&mut self, text: &str, parameters: &Parameters) -> Result<Option<Vec<ResultColumn>>, SqlError> {
        let command = redshift_sql::translate(text, parameters, self.reading())?;
        if self.transaction == Transaction::Failed {
            return Ok(None);
        }
        match command {
            Command::Query(query) => result::columns_of(&self.connection, &query).map(Some),
            Command::Show(what) => show::run(self, &what).map(|rows| Some(rows.columns)),
            Command::Explain(_) => Ok(Some(show::texts(&[explain::COLUMN], Vec::new()).columns)),
            Command::Fetch { cursor, .. } => Ok(self.cursors.columns(&cursor)),
            Command::Call(call) => procedure::describe(self, &call),
            _ => Ok(None),
        }
    }

    /// The types of a statement's parameters, by their numbers, as far as what they stand beside tells them.
    pub fn parameter_types(&mut self, text: &str) -> Result<BTreeMap<usize, Type>, SqlError> {
        if self.transaction == Transaction::Failed {
            return Ok(BTreeMap::new());
        }
        self.follow_database()?;
        self.see_catalog().map_err(|error| self.recovered(error))?;
        Ok(redshift_sql::with_large_stack(text, || redshift_sql::parameter_types(text, self.reading())))
    }

    /// Runs a statement, once more where a view that it reads has to be bound again: what cannot be bound has changed
    /// nothing. A statement that fails in a transaction fails the transaction.
    pub(super) fn bound<T>(&mut self, mut run: impl FnMut(&mut Self) -> Result<T, SqlError>) -> Result<T, SqlError> {
        self.follow_database()?;
        self.drop_external_rows()?;
        let mut run = |session: &mut Self| {
            // Nothing can be asked in a transaction that failed.
            if session.transaction != Transaction::Failed {
                session.see_catalog()?;
            }
            run(session)
        };
        let done = match self.with_system_views(&mut run) {
            Err(error) if error.is_out_of_view() && late_binding_view::bind_again(self)? => {
                // Its columns are others.
                self.system.catalog_changed();
                self.with_system_views(run)
            }
            done => done,
        };
        if done.is_err() {
            self.fail_transaction();
        }
        let done = match (done, self.drop_external_rows()) {
            (Ok(_), Err(error)) => Err(error),
            (done, _) => done,
        };
        done.map_err(|error| self.recovered(error))
    }

    /// What a statement that was prepared does with these arguments.
    pub(super) fn executed(&self, name: &str, arguments: &[Vec<TokenWithSpan>]) -> Result<Command, SqlError> {
        let prepared = self.prepared.get(name);
        let missing = || SqlError::new("26000", format!("prepared statement \"{name}\" does not exist"));
        Ok(redshift_sql::translate_prepared(prepared.ok_or_else(missing)?, arguments, self.reading())?)
    }

    /// The columns of a table that is to be written to; `None` where there is none of this name. They are asked for again
    /// when any session has changed the catalog.
    pub(super) fn targets(&mut self, name: &Name) -> Result<Option<Arc<Vec<TargetColumn>>>, SqlError> {
        if let Some(known) = self.targets.get(name) {
            return Ok(Some(known.clone()));
        }
        let table = match catalog::table(&self.connection, name.schema.as_deref(), &name.table) {
            Ok(table) => table,
            Err(error) if error.is_missing_relation() => return Ok(None),
            Err(error) => return Err(error),
        };
        let column = |column: &catalog::Column| TargetColumn {
            name: column.name.clone(),
            data_type: column.data_type,
            is_identity: column.attributes.identity.as_ref().is_some_and(|identity| !identity.by_default),
        };
        let columns = Arc::new(table.columns.iter().map(column).collect::<Vec<_>>());
        self.targets.insert(name.clone(), columns.clone());
        Ok(Some(columns))
    }
}
