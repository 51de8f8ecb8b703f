//! *Translation*: a statement is parsed, its names and types are bound, and rules write it for DuckDB.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use sqlparser::ast::{Delete, SetExpr, Statement, VisitMut};
use sqlparser::tokenizer::{Span, Token, TokenWithSpan};

use crate::bind::Types;
use crate::command::{Command, NewView, Prepared, QueryCommand};
use crate::copy::{copy_options, unload_options};
use crate::error::TranslateError;
use crate::external::{self, ExternalCommand};
use crate::options::TranslateOptions;
use crate::parse::parameters::{self, Parameters};
use crate::parse::refused_statements;
use crate::parse::{is_create_table, is_word, one_statement, parser, starts_with, token_rewrites, tokenize, words};
use crate::procedure::{Datum, Sql, calls, definition, sql};
use crate::rules::expansion::Expand;
use crate::rules::expression::Rewrite;
use crate::rules::normalize::Normalize;
use crate::rules::zones;
use crate::statement::attributes::{self, TableAttributes};
use crate::statement::ddl::{self, CreateTable, Shape};
use crate::statement::dml::DmlStatement;
use crate::statement::grant::GrantCommand;
use crate::statement::relation_name::Name;
use crate::statement::view_definition;
use crate::statement::{
    alter, cancel, changed_table, comment, cursor, database, default_privileges, explain, grant, lock, maintenance,
    materialized, merge, names, principals, required_privileges, schema, settings, show, transaction, udf,
};
use crate::types::Type;

/// Reads one statement, with values for its parameters.
pub fn translate(
    text: &str,
    parameters: &Parameters,
    reading: TranslateOptions<'_>,
) -> Result<Command, TranslateError> {
    let mut tokens = one_statement(tokenize(text)?)?;
    parameters::bind(&mut tokens, parameters)?;
    translate_tokens(tokens, reading)
}

/// Reads a statement that was prepared, with its arguments.
pub fn translate_prepared(
    prepared: &Prepared,
    arguments: &[Vec<TokenWithSpan>],
    reading: TranslateOptions<'_>,
) -> Result<Command, TranslateError> {
    let mut tokens = prepared.0.clone();
    parameters::bind_arguments(&mut tokens, arguments)?;
    translate_tokens(tokens, reading)
}

/// Reads SQL of a procedure, with values for its variables.
pub fn translate_sql(sql: &Sql, values: &[Datum], reading: TranslateOptions<'_>) -> Result<Command, TranslateError> {
    translate_tokens(sql.bound(values)?, reading)
}

/// A query for a value as another type.
pub fn translate_cast(value: &Datum, to: Type, reading: TranslateOptions<'_>) -> Result<Command, TranslateError> {
    translate_tokens(sql::cast(value, to)?, reading)
}

pub fn translate_tokens(
    mut tokens: Vec<TokenWithSpan>,
    reading: TranslateOptions<'_>,
) -> Result<Command, TranslateError> {
    let first = words(&tokens);
    if let Some(refused) = refused_statements::named(&first) {
        return Err(TranslateError::unsupported(&refused));
    }
    if is_create_table(&first) && external::is_iceberg(&tokens) {
        return Err(TranslateError::unsupported("CREATE TABLE … USING ICEBERG"));
    }
    if let Some(alter) = external_change(&first, &tokens) {
        return alter;
    }
    if let Some(alter) = alter::redshift_only(&tokens) {
        return alter.map(Box::new).map(Command::Alter);
    }
    match first.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] if tokens.is_empty() => return Err(TranslateError::syntax("syntax error at end of input")),
        ["COPY", "JOB", "ALTER" | "DROP" | "LIST" | "RUN" | "SHOW", ..] => {
            return Err(TranslateError::unsupported("COPY JOB"));
        }
        ["COPY", ..] => return copy_options::parse(&tokens).map(Box::new).map(Command::Copy),
        ["UNLOAD", ..] => {
            return unload_options::parse(&tokens, |query| translate_query(query, reading))
                .map(Box::new)
                .map(Command::Unload);
        }
        ["BEGIN", ..] | ["START", "TRANSACTION", ..] => return transaction::begin(&tokens),
        ["COMMIT" | "END", ..] => return transaction::end(&tokens, Command::Commit),
        ["ROLLBACK", "TO", ..] => return Err(TranslateError::unsupported("SAVEPOINT")),
        ["ROLLBACK" | "ABORT", ..] => return transaction::end(&tokens, Command::Rollback),
        ["SET", "TRANSACTION", ..]
        | ["SET", "LOCAL" | "SESSION", "TRANSACTION", ..]
        | ["SET", "SESSION", "CHARACTERISTICS", ..] => return transaction::set(&tokens),
        ["CREATE", "MATERIALIZED", "VIEW", ..] => {
            let created = materialized::create(tokens, |query| Ok(parse_statement(query, reading)?.0));
            return created.map(Box::new).map(Command::CreateMaterialized);
        }
        ["REFRESH", "MATERIALIZED", "VIEW", ..] => return materialized::refresh(&tokens).map(Command::Refresh),
        ["ALTER", "MATERIALIZED", "VIEW", ..] => {
            return materialized::alter(&tokens).map(|(view, on)| Command::AutoRefresh { view, on });
        }
        ["DROP", "MATERIALIZED", "VIEW", ..] => return materialized::drop(&tokens).map(Command::Drop),
        ["CREATE", "FUNCTION", ..] | ["CREATE", "OR", "REPLACE", "FUNCTION", ..] => {
            return udf::create(tokens, |body, arguments| {
                translate_tokens(body, TranslateOptions { arguments, ..reading })
            });
        }
        ["DROP", "FUNCTION", ..] => return udf::drop(tokens),
        ["CREATE", "PROCEDURE", ..] | ["CREATE", "OR", "REPLACE", "PROCEDURE", ..] => {
            return definition::create(tokens).map(Box::new).map(Command::CreateProcedure);
        }
        ["ALTER", "PROCEDURE", ..] => return definition::alter(&tokens).map(Command::AlterProcedure),
        ["DROP", "PROCEDURE", ..] => return definition::only_named(&tokens).map(Command::DropProcedure),
        ["CALL", ..] => return calls::parse(tokens).map(Box::new).map(Command::Call),
        ["DROP", "SCHEMA", ..] => {
            let drop = |tokens| match translate_tokens(tokens, reading)? {
                Command::Drop(drop) => Ok(drop),
                _ => Err(TranslateError::syntax("DROP EXTERNAL DATABASE stands behind DROP SCHEMA")),
            };
            if let Some(dropped) = external::schema::drop_database(&tokens, drop) {
                return dropped.map(Box::new).map(Command::External);
            }
        }
        ["CREATE", "SCHEMA", ..] => schema::refuse_quota(&tokens)?,
        ["ALTER", "SCHEMA", ..] => return schema::alter(&tokens).map(Command::AlterSchema),
        ["CREATE" | "ALTER" | "DROP", "USER" | "GROUP" | "ROLE", ..] => {
            return principals::parse(&tokens).map(Command::Principals);
        }
        ["CREATE", "DATABASE", ..] => return database::create(&tokens),
        ["ALTER", "DATABASE", ..] => return database::alter(&tokens),
        ["DROP", "DATABASE", ..] => return database::drop(&tokens),
        ["GRANT" | "REVOKE", ..] => {
            return Ok(match grant::parse(&tokens)? {
                GrantCommand::Privileges(grant) => Command::Grant(grant),
                GrantCommand::Roles(grant) => Command::GrantRoles(grant),
                GrantCommand::Nothing => Command::Accepted,
            });
        }
        ["ALTER", "DEFAULT", "PRIVILEGES", ..] => {
            return default_privileges::parse(&tokens).map(Command::DefaultPrivileges);
        }
        ["COMMENT", "ON", ..] => return comment::parse(tokens).map(Command::Comment),
        ["LOCK", ..] => return lock::parse(&tokens).map(Command::Lock),
        ["CANCEL", ..] => return cancel::parse(&tokens),
        ["ANALYZE" | "VACUUM", ..] => return maintenance::parse(&tokens).map(Command::Maintenance),
        ["SHOW", ..] => return show::parse(&tokens).map(Command::Show),
        ["SET", "SESSION", "AUTHORIZATION", ..]
        | ["SET", "LOCAL" | "SESSION", "SESSION", "AUTHORIZATION", ..]
        | ["RESET", "SESSION", "AUTHORIZATION", ..] => return settings::parse_authorization(&tokens),
        ["SET" | "RESET", ..] => return settings::parse_set(&tokens),
        ["EXPLAIN", ..] => {
            return explain::parse(
                tokens,
                |tokens| translate_tokens(tokens, reading),
                |tokens| normalize(tokens, reading),
            );
        }
        ["DECLARE" | "FETCH" | "CLOSE" | "PREPARE" | "EXECUTE" | "DEALLOCATE", ..] => {
            return cursor::parse(&tokens, |tokens| translate_tokens(tokens, reading));
        }
        ["DELETE", ..] => complete_delete(&mut tokens),
        ["MERGE", ..] if tokens.iter().rev().take(2).map(|token| &token.token).all(is_removal) => {
            return merge::without_duplicates(&tokens, |tokens| translate_tokens(tokens, reading));
        }
        _ => {}
    }
    let encoding =
        if starts_with(&first, &["ALTER", "TABLE"]) { attributes::take_encoding(&mut tokens)? } else { None };
    let (statement, mut attributes, types) = parse_statement(tokens, reading)?;
    attributes.encoding = encoding;
    command(statement, attributes, &types, reading)
}

/// *DELETE t* is DELETE FROM t.
fn complete_delete(tokens: &mut Vec<TokenWithSpan>) {
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| is_word(&token.token, word));
    if is(0, "DELETE") && !is(1, "FROM") {
        tokens.insert(1, TokenWithSpan::new(Token::make_word("FROM", None), Span::empty()));
    }
}

/// CREATE EXTERNAL SCHEMA, CREATE EXTERNAL TABLE, and what only external tables have of ALTER TABLE; `None` for other
/// statements.
fn external_change(first: &[String], tokens: &[TokenWithSpan]) -> Option<Result<Command, TranslateError>> {
    let change = if starts_with(first, &["CREATE", "EXTERNAL", "SCHEMA"]) {
        external::schema::create(tokens).map(ExternalCommand::CreateSchema)
    } else if starts_with(first, &["CREATE", "EXTERNAL", "TABLE"]) {
        external::table::create(tokens).map(ExternalCommand::CreateTable)
    } else if starts_with(first, &["ALTER", "TABLE"]) {
        external::alter::parse(tokens)?.map(ExternalCommand::AlterTable)
    } else {
        return None;
    };
    Some(change.map(Box::new).map(Command::External))
}

/// The two words at the end of MERGE … REMOVE DUPLICATES.
fn is_removal(token: &Token) -> bool {
    is_word(token, "REMOVE") || is_word(token, "DUPLICATES")
}

/// Reads one statement without running it: a CREATE TABLE with what Redshift adds to it.
pub fn parse_table(text: &str) -> Result<(Statement, TableAttributes), TranslateError> {
    let (statement, attributes, _) = parse_statement(one_statement(tokenize(text)?)?, TranslateOptions::default())?;
    Ok((statement, attributes))
}

/// Reads a query, as it stands in UNLOAD.
pub fn translate_query(text: &str, reading: TranslateOptions<'_>) -> Result<String, TranslateError> {
    let tokens = one_statement(tokenize(text)?)?;
    let query = parser(tokens.clone()).parse_query();
    if query.is_ok_and(|query| query.limit_clause.is_some()) {
        return Err(TranslateError::new("0A000", "LIMIT clause is not supported in the outer SELECT of UNLOAD"));
    }
    match translate_tokens(tokens, reading)? {
        Command::Query(query) => Ok(query.sql),
        _ => Err(TranslateError::syntax("only a query can be unloaded")),
    }
}

/// Reads one statement in Redshift's words, its names folded; nothing of it is bound to the database.
///
/// # Errors
/// 42601, and what no statement may name.
pub fn parse_normalized(text: &str, reading: TranslateOptions<'_>) -> Result<Statement, TranslateError> {
    normalize(one_statement(tokenize(text)?)?, reading)
}

fn normalize(mut tokens: Vec<TokenWithSpan>, reading: TranslateOptions<'_>) -> Result<Statement, TranslateError> {
    complete_delete(&mut tokens);
    let (mut statement, _) = parse_alone(tokens)?;
    match statement.visit(&mut Normalize::new(reading)) {
        ControlFlow::Break(refused) => Err(refused),
        ControlFlow::Continue(()) => Ok(statement),
    }
}

fn parse_alone(mut tokens: Vec<TokenWithSpan>) -> Result<(Statement, TableAttributes), TranslateError> {
    token_rewrites::spell_out(&mut tokens);
    let (tokens, attributes) = match is_create_table(&words(&tokens)) {
        true => attributes::take(tokens)?,
        false => (tokens, TableAttributes::default()),
    };
    let mut parser = parser(tokens);
    let statement = parser.parse_statement().map_err(TranslateError::from_parser)?;
    match parser.peek_token().token {
        Token::EOF => Ok((statement, attributes)),
        rest => Err(TranslateError::syntax(format!("syntax error at or near \"{rest}\""))),
    }
}

pub fn parse_statement(
    tokens: Vec<TokenWithSpan>,
    reading: TranslateOptions<'_>,
) -> Result<(Statement, TableAttributes, Types), TranslateError> {
    let names_pseudo_columns = !reading.hides_pseudo_columns && external::relation::names_pseudo_columns(&tokens);
    let reading = TranslateOptions { names_pseudo_columns, ..reading };
    let (mut statement, mut attributes) = parse_alone(tokens)?;
    match &statement {
        Statement::CreateTable(create) => {
            ddl::refuse_reserved(create)?;
            ddl::note_defaults(&create.columns, &mut attributes);
        }
        Statement::AlterTable(alter) => ddl::note_defaults(alter::added(alter), &mut attributes),
        Statement::CreateView(view) => {
            if view.with_no_schema_binding {
                names::refuse_unqualified(&view.query)?;
            }
            attributes.definition = view_definition::definition(&view.query);
        }
        _ => {}
    }
    match rewrite(&mut statement, reading) {
        ControlFlow::Break(refused) => Err(refused),
        ControlFlow::Continue(types) => Ok((statement, attributes, types)),
    }
}

/// Writes a statement for DuckDB. It stays where it is: its expressions are known by their places.
fn rewrite(statement: &mut Statement, reading: TranslateOptions<'_>) -> ControlFlow<TranslateError, Types> {
    statement.visit(&mut Normalize::new(reading))?;
    let mut types = Types::of_statement(statement, reading.catalog, reading.arguments);
    if !types.expansion().is_empty() && !types.is_refused() {
        statement.visit(&mut Expand::new(types.expansion()))?;
        types = Types::of_statement(statement, reading.catalog, reading.arguments);
    }
    if let Err(refused) = types.check() {
        return ControlFlow::Break(refused);
    }
    if let Some(required) = reading.required {
        required.borrow_mut().extend(required_privileges::of_statement(statement, &types));
    }
    if reading.has_zone
        && let Err(refused) = zones::check(statement, &types)
    {
        return ControlFlow::Break(refused);
    }
    statement.visit(&mut Rewrite::new(&types, reading))?;
    ControlFlow::Continue(types)
}

/// The types of `$1`, `$2`, … where a client leaves them to the server, by their numbers: from what each stands beside.
/// What nothing is said of is left out, and so is everything in a statement that cannot be read.
pub fn parameter_types(text: &str, reading: TranslateOptions<'_>) -> BTreeMap<usize, Type> {
    let parsed = tokenize(text).and_then(one_statement).ok().and_then(|mut tokens| {
        token_rewrites::spell_out(&mut tokens);
        parser(tokens).parse_statement().ok()
    });
    let Some(mut statement) = parsed else { return BTreeMap::new() };
    if statement.visit(&mut Normalize::new(reading)).is_break() {
        return BTreeMap::new();
    }
    Types::of_statement(&statement, reading.catalog, reading.arguments).into_parameters()
}

fn command(
    statement: Statement,
    attributes: TableAttributes,
    types: &Types,
    reading: TranslateOptions<'_>,
) -> Result<Command, TranslateError> {
    match statement {
        // WITH … INSERT, UPDATE or DELETE.
        Statement::Query(query)
            if matches!(
                query.body.as_ref(),
                SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_)
            ) =>
        {
            let table = changed_table::target_of_body(&query.body).unwrap_or_default();
            Ok(Command::Change { table, sql: query.to_string() })
        }
        Statement::Query(mut query) => {
            let into = match query.body.as_mut() {
                SetExpr::Select(select) => select.into.take(),
                _ => None,
            };
            let Some(into) = into else {
                return Ok(Command::Query(QueryCommand { sql: query.to_string(), columns: types.columns() }));
            };
            let name = Name::of_expression(into.targets.first())?;
            let temporary = into.temporary || name.table.starts_with('#');
            let shape = Shape::Query { query: query.to_string(), names: Vec::new(), types: types.columns() };
            Ok(Command::CreateTable(Box::new(CreateTable { name, if_not_exists: false, temporary, attributes, shape })))
        }
        Statement::Insert(_) | Statement::Update(_) | Statement::Merge(_) => {
            DmlStatement::new(statement, types, reading.has_zone).map(Box::new).map(Command::Write)
        }
        Statement::Delete(Delete { returning: Some(_), .. }) => {
            Err(TranslateError::syntax("syntax error at or near \"returning\""))
        }
        Statement::Delete(_) => {
            let table = changed_table::target(&statement).unwrap_or_default();
            Ok(Command::Change { table, sql: statement.to_string() })
        }
        Statement::CreateTable(create) => {
            ddl::create_table(create, attributes, types.columns()).map(Box::new).map(Command::CreateTable)
        }
        Statement::AlterTable(ref alter) => {
            alter::parse(alter.clone(), &statement, attributes).map(Box::new).map(Command::Alter)
        }
        Statement::CreateView(mut view) => {
            let is_late = std::mem::take(&mut view.with_no_schema_binding);
            let view = Box::new(NewView { view, definition: attributes.definition });
            Ok(if is_late { Command::CreateLateView(view) } else { Command::CreateView(view) })
        }
        Statement::CreateSchema { .. } => schema::create(statement).map(Command::CreateSchema),
        Statement::Drop { .. } => ddl::drop(&statement).map(Command::Drop),
        Statement::Truncate(truncate) => match &truncate.table_names[..] {
            _ if truncate.if_exists || truncate.identity.is_some() || truncate.cascade.is_some() => {
                Err(TranslateError::syntax("TRUNCATE takes the name of a table and nothing else"))
            }
            [table] => {
                Ok(Command::Truncate { table: Name::of(&table.name), sql: format!("DELETE FROM {}", table.name) })
            }
            _ => Err(TranslateError::unsupported("TRUNCATE of several tables")),
        },
        other => {
            let text = other.to_string();
            let name: Vec<&str> = text.split_whitespace().take(2).collect();
            Err(TranslateError::unsupported(&name.join(" ")))
        }
    }
}
