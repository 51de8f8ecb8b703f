//! Redshift's SQL → DuckDB's. A statement is parsed, rewritten by rules that each have a name, and written out
//! again; what has no meaning in DuckDB is refused with the name of the construct, never run as something else.

mod alter;
mod arithmetic;
mod attributes;
mod bind;
mod casts;
mod catalog;
pub mod civil;
mod column_names;
mod comment;
mod comparison;
mod construct;
mod copy_conflicts;
mod copy_options;
mod credential;
mod cursor;
mod database;
mod date_functions;
pub mod datetime;
mod ddl;
mod depth;
mod dialect;
mod era;
mod error;
mod expression;
mod function_names;
mod function_types;
mod functions;
mod grant;
pub mod keys;
mod leader_node;
mod maintenance;
mod materialized;
mod merge;
mod names;
mod node_types;
mod normalize;
mod ordered_aggregates;
mod principals;
mod reserved_words;
mod schema;
mod scope;
mod show;
mod spelling;
mod statements;
mod table_factors;
mod token_reader;
mod transaction;
pub mod types;
mod typing;
pub mod udf;
mod unload_options;
mod value_type;
mod windows;
mod write;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use sqlparser::ast::{CreateView, Delete, Query, SetExpr, Statement, Value, ValueWithSpan, VisitMut, VisitorMut};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Span, Token, TokenWithSpan, Tokenizer};

use depth::MOST_NESTED;
use dialect::Redshift;
use typing::Types;

pub use alter::{Alter, Change};
pub use attributes::{ColumnAttributes, TableAttributes};
pub use bind::{Parameter, ParameterKind, Parameters};
pub use catalog::{Catalog, RelationColumn};
pub use comment::Comment;
pub use copy_options::{Compression, CopyCommand, Format, JsonFormat, TextFormat, TextShape};
pub use credential::Credential;
pub use ddl::{
    ColumnSpec, CreateTable, Drop, KeptView, Name, Shape, define, describe, describe_column, literal, quoted,
};
pub use depth::with_room;
pub use error::TranslateError;
pub use function_names::{KNOWN, OF_TEXTS};
pub use grant::Grant;
pub use keys::ForeignKey;
pub use leader_node::is_on_leader_node;
pub use maintenance::Maintenance;
pub use materialized::NewMaterialized;
pub use names::{rename_relations, rename_relations_in};
pub use node_types::{MOST_NODES, NODE_TYPES, NodeType};
pub use principals::{Kind, Principals, md5_of};
pub use reserved_words::is_reserved;
pub use schema::{AlterSchema, NewSchema, SchemaChange};
pub use show::{Grants, Show};
pub use statements::{first_word, statements, tokens};
pub use types::Type;
pub use unload_options::{UnloadCommand, UnloadFormat};
pub use value_type::ValueType;
pub use write::{Target, Write};

/// The macros that translated statements call, by Redshift's names: DuckDB's SQL, for a database that is opened.
pub const MACROS: &str = include_str!("macros.sql");

/// What a statement asks the engine to do. Texts are DuckDB's SQL.
#[derive(Debug)]
pub enum Command {
    /// With the access mode, where one is named.
    Begin {
        read_only: Option<bool>,
    },
    Commit,
    Rollback,
    Copy(Box<CopyCommand>),
    Unload(Box<UnloadCommand>),
    /// A statement that answers rows.
    Query(String),
    /// A statement that changes rows and answers how many.
    Change(String),
    /// One that depends on the columns of the table.
    Write(Box<Write>),
    /// Several of them as one; what the last one changed counts.
    Changes(Vec<String>),
    CreateTable(Box<CreateTable>),
    Alter(Box<Alter>),
    Drop(Drop),
    CreateSchema(NewSchema),
    AlterSchema(AlterSchema),
    /// Statements that change the catalog, in one transaction.
    Define(Vec<String>),
    Grant(Grant),
    /// Users and groups.
    Principals(Principals),
    CreateView(Box<NewView>),
    CreateLateView(Box<NewView>),
    CreateMaterialized(Box<NewMaterialized>),
    /// ALTER MATERIALIZED VIEW … AUTO REFRESH.
    AutoRefresh {
        view: Name,
        on: bool,
    },
    /// A materialized view is filled anew.
    Refresh(Name),
    /// As Redshift's TRUNCATE: it commits the transaction that it runs in.
    Truncate(String),
    Explain(String),
    Show(Show),
    /// The access mode of the transaction that is open, or of those of the session that come.
    SetTransaction {
        read_only: Option<bool>,
        of_session: bool,
    },
    /// `None` sets it back.
    Set {
        name: String,
        value: Option<String>,
        /// Until the transaction ends.
        local: bool,
    },
    Declare {
        cursor: String,
        query: String,
    },
    /// How many rows; `None` for all.
    Fetch {
        cursor: String,
        count: Option<u64>,
    },
    Close(String),
    Prepare {
        name: String,
        statement: Prepared,
    },
    Execute {
        name: String,
        arguments: Vec<Vec<TokenWithSpan>>,
    },
    /// `None` for all.
    Deallocate(Option<String>),
    CreateDatabase(String),
    DropDatabase {
        name: String,
        /// Whether connections to it are ended.
        force: bool,
    },
    Comment(Comment),
    /// Has no meaning here: ANALYZE, LOCK and VACUUM, of tables that must be there.
    Maintenance(Maintenance),
    /// Has no meaning here: roles, default privileges.
    Accepted,
}

impl Command {
    /// The name of its kind in the query history.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Query(_) | Self::Fetch { .. } | Self::Declare { .. } => "SELECT",
            Self::Change(_) | Self::Changes(_) | Self::Write(_) => "DML",
            Self::Copy(_) => "COPY",
            Self::Unload(_) => "UNLOAD",
            Self::CreateTable(_)
            | Self::Alter(_)
            | Self::Drop(_)
            | Self::CreateSchema(_)
            | Self::AlterSchema(_)
            | Self::Define(_)
            | Self::Grant(_)
            | Self::Principals(_)
            | Self::CreateView(_)
            | Self::CreateLateView(_)
            | Self::CreateMaterialized(_)
            | Self::AutoRefresh { .. }
            | Self::Refresh(_)
            | Self::Truncate(_) => "DDL",
            _ => "UTILITY",
        }
    }

    /// Whether it may change the files of the database. What EXECUTE runs is not known here.
    pub fn may_write(&self) -> bool {
        !matches!(
            self,
            Self::Query(_)
                | Self::Unload(_)
                | Self::Explain(_)
                | Self::Show(_)
                | Self::Declare { .. }
                | Self::Fetch { .. }
        )
    }

    /// Whether it changes the database, and so is refused where a transaction is READ ONLY.
    pub fn writes(&self) -> bool {
        matches!(self.kind(), "DML" | "DDL" | "COPY")
            || matches!(self, Self::Comment(_) | Self::CreateDatabase(_) | Self::DropDatabase { .. })
    }
}

/// A view, and the query that it was made of, as it was written.
#[derive(Debug)]
pub struct NewView {
    pub view: CreateView,
    pub definition: String,
}

/// The tokens of a statement that is kept until it is executed.
#[derive(Debug, Clone)]
pub struct Prepared(Vec<TokenWithSpan>);

/// What begins so changes nothing that can be seen here, and is accepted.
const ACCEPTED: &[&[&str]] = &[&["CREATE", "ROLE"], &["DROP", "ROLE"], &["ALTER", "DEFAULT", "PRIVILEGES"]];

/// What Redshift has and this does not, by its first words.
const REFUSED: &[&[&str]] = &[
    &["CREATE", "EXTERNAL", "SCHEMA"],
    &["CREATE", "EXTERNAL", "TABLE"],
    &["CREATE", "EXTERNAL", "FUNCTION"],
    &["CREATE", "MODEL"],
    &["CREATE", "DATASHARE"],
    &["CREATE", "LIBRARY"],
    &["CREATE", "OR", "REPLACE", "PROCEDURE"],
    &["CREATE", "PROCEDURE"],
    &["CALL"],
    &["SAVEPOINT"],
    &["DISCARD"],
    &["ANALYZE", "COMPRESSION"],
];

/// What a statement is read with.
#[derive(Clone, Copy, Default)]
pub struct Reading<'s> {
    /// The database that it is for; without one nothing is known of its relations.
    pub catalog: Option<&'s dyn Catalog>,
    /// Names that stand for values of these types: the arguments of a function.
    arguments: &'s [(String, Type)],
    /// Names in quotes are not folded: enable_case_sensitive_identifier.
    pub keeps_case: bool,
}

impl<'s> Reading<'s> {
    pub fn new(catalog: Option<&'s dyn Catalog>, keeps_case: bool) -> Self {
        Self { catalog, arguments: &[], keeps_case }
    }
}

/// Reads one statement, with values for its parameters.
pub fn translate(text: &str, parameters: &Parameters, reading: Reading<'_>) -> Result<Command, TranslateError> {
    let mut tokens = one_statement(tokenize(text)?)?;
    bind::bind(&mut tokens, parameters)?;
    translate_tokens(tokens, reading)
}

/// Reads a statement that was prepared, with its arguments.
pub fn translate_prepared(
    prepared: &Prepared,
    arguments: &[Vec<TokenWithSpan>],
    reading: Reading<'_>,
) -> Result<Command, TranslateError> {
    let mut tokens = prepared.0.clone();
    bind::bind_arguments(&mut tokens, arguments)?;
    translate_tokens(tokens, reading)
}

/// The statements of a text, each as its own text, for protocols that send several at once.
///
/// # Errors
/// Where a literal, a name or a comment has no end, or a statement is too deep: none of them is run.
pub fn split(text: &str) -> Result<Vec<String>, TranslateError> {
    tokenize(text)?;
    Ok(statements(text).into_iter().map(str::to_owned).collect())
}

/// For every reading of tokens.
fn parser(tokens: Vec<TokenWithSpan>) -> Parser<'static> {
    Parser::new(&Redshift).with_recursion_limit(MOST_NESTED).with_tokens_with_locations(tokens)
}

fn tokenize(text: &str) -> Result<Vec<TokenWithSpan>, TranslateError> {
    let tokens = Tokenizer::new(&Redshift, text).tokenize_with_location();
    let tokens = tokens.map_err(|error| TranslateError::syntax(error.message))?;
    depth::check(&tokens)?;
    Ok(tokens)
}

/// What a statement does whose WITH stands before it: the first such word outside parentheses.
pub fn verb_behind_with(text: &str) -> Option<&'static str> {
    let mut depth = 0;
    tokenize(text).ok()?.into_iter().find_map(|token| {
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth -= 1,
            _ => {}
        }
        let verb = ["INSERT", "UPDATE", "DELETE", "MERGE"].into_iter().find(|verb| is_word(&token.token, verb));
        verb.filter(|_| depth == 0)
    })
}

fn starts_with(first: &[String], words: &[&str]) -> bool {
    first.len() >= words.len() && first.iter().zip(words).all(|(found, wanted)| found == wanted)
}

fn translate_tokens(mut tokens: Vec<TokenWithSpan>, reading: Reading<'_>) -> Result<Command, TranslateError> {
    let first = words(&tokens);
    if let Some(refused) = REFUSED.iter().find(|words| starts_with(&first, words)) {
        return Err(TranslateError::unsupported(&refused.join(" ")));
    }
    if ACCEPTED.iter().any(|words| starts_with(&first, words)) {
        return Ok(Command::Accepted);
    }
    if let Some(alter) = alter::redshift_only(&tokens) {
        return alter.map(Box::new).map(Command::Alter);
    }
    match first.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] if tokens.is_empty() => return Err(TranslateError::syntax("syntax error at end of input")),
        ["COPY", ..] => return copy_options::parse(&tokens).map(Box::new).map(Command::Copy),
        ["UNLOAD", ..] => return unload_options::parse(&tokens, reading).map(Box::new).map(Command::Unload),
        ["BEGIN", ..] | ["START", "TRANSACTION", ..] => return transaction::begin(&tokens),
        ["COMMIT" | "END", ..] => return transaction::end(&tokens, Command::Commit),
        ["ROLLBACK", "TO", ..] => return Err(TranslateError::unsupported("SAVEPOINT")),
        ["ROLLBACK" | "ABORT", ..] => return transaction::end(&tokens, Command::Rollback),
        ["SET", "TRANSACTION", ..]
        | ["SET", "LOCAL" | "SESSION", "TRANSACTION", ..]
        | ["SET", "SESSION", "CHARACTERISTICS", ..] => return transaction::set(&tokens),
        ["CREATE", "MATERIALIZED", "VIEW", ..] => return materialized::create(tokens, reading),
        ["REFRESH", "MATERIALIZED", "VIEW", ..] => return materialized::refresh(&tokens),
        ["ALTER", "MATERIALIZED", "VIEW", ..] => return materialized::alter(&tokens),
        ["DROP", "MATERIALIZED", "VIEW", ..] => return materialized::drop(&tokens),
        ["CREATE", "FUNCTION", ..] | ["CREATE", "OR", "REPLACE", "FUNCTION", ..] => {
            return udf::create(tokens, reading);
        }
        ["DROP", "FUNCTION", ..] => return udf::drop(tokens),
        ["CREATE", "SCHEMA", ..] => schema::refuse_quota(&tokens)?,
        ["ALTER", "SCHEMA", ..] => return schema::alter(&tokens),
        ["CREATE" | "ALTER" | "DROP", "USER" | "GROUP", ..] => return principals::parse(&tokens),
        ["CREATE", "DATABASE", ..] => return database::create(&tokens),
        ["DROP", "DATABASE", ..] => return database::drop(&tokens),
        ["GRANT" | "REVOKE", ..] => return Ok(grant::parse(&tokens)?.unwrap_or(Command::Accepted)),
        ["COMMENT", "ON", ..] => return comment::parse(tokens),
        ["ANALYZE" | "LOCK" | "VACUUM", ..] => return maintenance::parse(&tokens),
        ["SHOW", ..] => return show::parse(&tokens).map(Command::Show),
        ["SET" | "RESET", ..] => return show::parse_set(&tokens),
        ["EXPLAIN", ..] => {
            let skipped = 1 + usize::from(first.get(1).is_some_and(|word| word == "VERBOSE"));
            if tokens.get(skipped).is_some_and(|token| is_word(&token.token, "EXPLAIN")) {
                return Err(TranslateError::syntax("syntax error at or near \"EXPLAIN\""));
            }
            return match translate_tokens(tokens.split_off(skipped), reading)? {
                Command::Query(sql) | Command::Change(sql) => Ok(Command::Explain(sql)),
                Command::Write(write) => Ok(Command::Explain(write.sql())),
                _ => Err(TranslateError::unsupported("EXPLAIN of anything but queries and changes of rows")),
            };
        }
        ["DECLARE" | "FETCH" | "CLOSE" | "PREPARE" | "EXECUTE" | "DEALLOCATE", ..] => {
            return cursor::parse(&tokens, reading);
        }
        ["DELETE", ..] if !tokens.get(1).is_some_and(|token| is_word(&token.token, "FROM")) => {
            tokens.insert(1, TokenWithSpan::new(Token::make_word("FROM", None), Span::empty()));
        }
        ["MERGE", ..] if tokens.iter().rev().take(2).map(|token| &token.token).all(is_removal) => {
            return merge::without_duplicates(&tokens, reading);
        }
        _ => {}
    }
    let encoding =
        if starts_with(&first, &["ALTER", "TABLE"]) { attributes::take_encoding(&mut tokens)? } else { None };
    let (statement, mut attributes, types) = parse(tokens, reading)?;
    attributes.encoding = encoding;
    command(statement, attributes, &types)
}

/// The two words at the end of MERGE … REMOVE DUPLICATES.
fn is_removal(token: &Token) -> bool {
    is_word(token, "REMOVE") || is_word(token, "DUPLICATES")
}

/// Reads one statement without running it: a CREATE TABLE with what Redshift adds to it.
pub fn parse_table(text: &str) -> Result<(Statement, TableAttributes), TranslateError> {
    let (statement, attributes, _) = parse(one_statement(tokenize(text)?)?, Reading::default())?;
    Ok((statement, attributes))
}

/// Reads a query, as it stands in UNLOAD.
pub fn translate_query(text: &str, reading: Reading<'_>) -> Result<String, TranslateError> {
    let tokens = one_statement(tokenize(text)?)?;
    let query = parser(tokens.clone()).parse_query();
    if query.is_ok_and(|query| query.limit_clause.is_some()) {
        return Err(TranslateError::new("0A000", "LIMIT clause is not supported in the outer SELECT of UNLOAD"));
    }
    match translate_tokens(tokens, reading)? {
        Command::Query(sql) => Ok(sql),
        _ => Err(TranslateError::syntax("only a query can be unloaded")),
    }
}

fn parse(
    mut tokens: Vec<TokenWithSpan>,
    reading: Reading<'_>,
) -> Result<(Statement, TableAttributes, Types), TranslateError> {
    spelling::spell_out(&mut tokens);
    let (tokens, mut attributes) = match is_create_table(&words(&tokens)) {
        true => attributes::take(tokens)?,
        false => (tokens, TableAttributes::default()),
    };
    let mut parser = parser(tokens);
    let mut statement = parser.parse_statement().map_err(TranslateError::from_parser)?;
    match parser.peek_token().token {
        Token::EOF => {}
        rest => return Err(TranslateError::syntax(format!("syntax error at or near \"{rest}\""))),
    }
    match &statement {
        Statement::CreateTable(create) => {
            ddl::refuse_reserved(create)?;
            ddl::note_defaults(&create.columns, &mut attributes);
        }
        Statement::AlterTable(alter) => ddl::note_defaults(alter::added(alter), &mut attributes),
        Statement::CreateView(view) => attributes.definition = definition(&view.query),
        _ => {}
    }
    match rewrite(&mut statement, reading) {
        ControlFlow::Break(refused) => Err(refused),
        ControlFlow::Continue(types) => Ok((statement, attributes, types)),
    }
}

/// Writes a statement for DuckDB. It stays where it is: its expressions are known by their places.
fn rewrite(statement: &mut Statement, reading: Reading<'_>) -> ControlFlow<TranslateError, Types> {
    statement.visit(&mut normalize::Normalize::new(reading))?;
    let types = Types::of_statement(statement, reading.catalog, reading.arguments);
    statement.visit(&mut expression::Rewrite::new(&types, reading))?;
    ControlFlow::Continue(types)
}

/// The types of `$1`, `$2`, … where a client leaves them to the server, by their numbers: from what each stands beside.
/// What nothing is said of is left out, and so is everything in a statement that cannot be read.
pub fn parameter_types(text: &str, reading: Reading<'_>) -> BTreeMap<usize, Type> {
    let parsed = tokenize(text).and_then(one_statement).ok().and_then(|mut tokens| {
        spelling::spell_out(&mut tokens);
        parser(tokens).parse_statement().ok()
    });
    let Some(mut statement) = parsed else { return BTreeMap::new() };
    if statement.visit(&mut normalize::Normalize::new(reading)).is_break() {
        return BTreeMap::new();
    }
    Types::of_statement(&statement, reading.catalog, reading.arguments).into_parameters()
}

/// The query of a view as it was written, which the catalog shows.
fn definition(query: &Query) -> String {
    // So that it says the same when it is read again.
    struct Escapes;
    impl VisitorMut for Escapes {
        type Break = ();
        fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<()> {
            if let Value::SingleQuotedString(text) = &mut value.value
                && text.contains(['\\', '\''])
            {
                *text = text.replace('\\', r"\\").replace('\'', r"\'");
            }
            ControlFlow::Continue(())
        }
    }
    let mut query = query.clone();
    let _ = query.visit(&mut Escapes);
    query.to_string()
}

fn command(statement: Statement, attributes: TableAttributes, types: &Types) -> Result<Command, TranslateError> {
    match statement {
        // WITH … INSERT, UPDATE or DELETE.
        Statement::Query(query)
            if matches!(
                query.body.as_ref(),
                SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_)
            ) =>
        {
            Ok(Command::Change(query.to_string()))
        }
        Statement::Query(mut query) => {
            let SetExpr::Select(select) = query.body.as_mut() else { return Ok(Command::Query(query.to_string())) };
            let Some(into) = select.into.take() else { return Ok(Command::Query(query.to_string())) };
            let name = Name::of_expression(into.targets.first())?;
            let temporary = into.temporary || name.table.starts_with('#');
            let shape = Shape::Query(query.to_string(), Vec::new());
            Ok(Command::CreateTable(Box::new(CreateTable { name, if_not_exists: false, temporary, attributes, shape })))
        }
        Statement::Insert(_) | Statement::Update(_) => Write::new(statement, types).map(Box::new).map(Command::Write),
        Statement::Delete(Delete { returning: Some(_), .. }) => {
            Err(TranslateError::syntax("syntax error at or near \"returning\""))
        }
        Statement::Delete(_) | Statement::Merge(_) => Ok(Command::Change(statement.to_string())),
        Statement::CreateTable(create) => ddl::create_table(create, attributes).map(Box::new).map(Command::CreateTable),
        Statement::AlterTable(ref alter) => {
            alter::parse(alter.clone(), &statement, attributes).map(Box::new).map(Command::Alter)
        }
        Statement::CreateView(mut view) => {
            let is_late = std::mem::take(&mut view.with_no_schema_binding);
            let view = Box::new(NewView { view, definition: attributes.definition });
            Ok(if is_late { Command::CreateLateView(view) } else { Command::CreateView(view) })
        }
        Statement::CreateSchema { .. } => schema::create(statement),
        Statement::Drop { .. } => ddl::drop(&statement).map(Command::Drop),
        Statement::Truncate(truncate) => match &truncate.table_names[..] {
            _ if truncate.if_exists || truncate.identity.is_some() || truncate.cascade.is_some() => {
                Err(TranslateError::syntax("TRUNCATE takes the name of a table and nothing else"))
            }
            [table] => Ok(Command::Truncate(format!("DELETE FROM {}", table.name))),
            _ => Err(TranslateError::unsupported("TRUNCATE of several tables")),
        },
        other => {
            let text = other.to_string();
            let name: Vec<&str> = text.split_whitespace().take(2).collect();
            Err(TranslateError::unsupported(&name.join(" ")))
        }
    }
}

/// The tokens that mean something, of the only statement there is (R21: one a call).
fn one_statement(tokens: Vec<TokenWithSpan>) -> Result<Vec<TokenWithSpan>, TranslateError> {
    let mut tokens = tokens;
    for token in &mut tokens {
        // The tokenizer has undone the escapes of E'…'; the parser knows the plain form only.
        if let Token::EscapedStringLiteral(text) = &mut token.token {
            token.token = Token::SingleQuotedString(std::mem::take(text));
        }
    }
    let mut kept: Vec<TokenWithSpan> =
        tokens.into_iter().filter(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF)).collect();
    while kept.last().is_some_and(|token| token.token == Token::SemiColon) {
        kept.pop();
    }
    match kept.iter().any(|token| token.token == Token::SemiColon) {
        true => Err(TranslateError::new("42601", "cannot insert multiple commands into a prepared statement")),
        false => Ok(kept),
    }
}

/// The leading words of a statement, in upper case.
fn words(tokens: &[TokenWithSpan]) -> Vec<String> {
    let word = |token: &TokenWithSpan| match &token.token {
        Token::Word(word) => Some(word.value.to_uppercase()),
        _ => None,
    };
    tokens.iter().map_while(word).take(8).collect()
}

fn is_create_table(words: &[String]) -> bool {
    words.first().is_some_and(|word| word == "CREATE") && words.iter().skip(1).take(3).any(|word| word == "TABLE")
}

/// Whether a token is this keyword, unquoted.
pub fn is_word(token: &Token, keyword: &str) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(keyword))
}

#[cfg(test)]
mod tests {
    use super::verb_behind_with;

    #[test]
    fn what_stands_behind_a_with() {
        let verb = |text| verb_behind_with(text).expect("verb");
        assert_eq!(verb("with w as (select 1 a) insert into t select a from w"), "INSERT");
        assert_eq!(verb("with w as (select 'delete' from x),v as (select 2)\nupdate t set a = 1"), "UPDATE");
        assert_eq!(verb("WITH w AS (SELECT (1)) DELETE FROM t USING w"), "DELETE");
        assert_eq!(verb("with w as (select ')' a /* ( */) update t set a = 1"), "UPDATE");
    }
}
