//! GRANT and REVOKE: written down, so that the catalog can tell of them. Nobody is kept from anything by them.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::error::TranslateError;
use crate::parse::is_word;
use crate::parse::token_reader::{TokenReader, near};
use crate::statement::ddl::literal;
use crate::statement::relation_name::Name;

const OF_TABLE: &[&str] = &["SELECT", "INSERT", "UPDATE", "DELETE", "DROP", "REFERENCES", "ALTER", "TRUNCATE"];
const OF_SCHEMA: &[&str] = &["CREATE", "USAGE", "ALTER", "DROP"];
const OF_DATABASE: &[&str] = &["CREATE", "TEMPORARY", "USAGE"];
/// What else can be granted on.
const WITHOUT_MEANING: &[&str] = &["FUNCTION", "PROCEDURE", "LANGUAGE", "MODEL", "DATASHARE", "EXTERNAL", "COPY"];

/// What a GRANT or REVOKE writes down, and the schemas that must be there.
#[derive(Debug)]
pub struct Grant {
    pub schemas: Vec<String>,
    pub statements: Vec<String>,
}

/// What a GRANT on tables, schemas or databases writes down. `None` for grants of other kinds, which are accepted and
/// have no meaning here: of roles, on functions, of columns.
pub fn parse(tokens: &[TokenWithSpan]) -> Result<Option<Grant>, TranslateError> {
    let is_grant = is_word(&tokens[0].token, "GRANT");
    let mut reader = TokenReader::new(&tokens[1..]);
    // REVOKE GRANT OPTION FOR leaves the privilege.
    let option_only = !is_grant && reader.take_word("GRANT");
    if option_only {
        reader.word("OPTION")?;
        reader.word("FOR")?;
    }
    if reader.take_word("ASSUMEROLE") {
        return Ok(None);
    }
    let Some(privileges) = privileges(&mut reader) else { return Ok(None) };
    let (kind, every) = match () {
        () if reader.take_word("SCHEMA") => ("SCHEMA", false),
        () if reader.take_word("DATABASE") => ("DATABASE", false),
        () if reader.take_word("ALL") => {
            if !reader.take_word("TABLES") {
                return Ok(None);
            }
            reader.word("IN")?;
            reader.word("SCHEMA")?;
            ("TABLE", true)
        }
        () if WITHOUT_MEANING.iter().any(|word| reader.take_word(word)) => return Ok(None),
        () => {
            reader.take_word("TABLE");
            ("TABLE", false)
        }
    };
    let mut objects = vec![reader.table()?];
    while reader.take(&Token::Comma) {
        objects.push(reader.table()?);
    }
    reader.word(if is_grant { "TO" } else { "FROM" })?;
    let mut identities = vec![identity(&mut reader)?];
    while reader.take(&Token::Comma) {
        identities.push(identity(&mut reader)?);
    }
    if !is_grant {
        let _ = reader.take_word("CASCADE") || reader.take_word("RESTRICT");
    }
    if let Some(rest) = reader.tokens.next() {
        return Err(near(rest));
    }

    let usual = match kind {
        "TABLE" => OF_TABLE,
        "SCHEMA" => OF_SCHEMA,
        _ => OF_DATABASE,
    };
    let privileges: Vec<String> = match privileges.iter().any(|name| name == "ALL") {
        true => usual.iter().map(|&name| name.to_owned()).collect(),
        false => privileges.into_iter().map(|name| if name == "TEMP" { "TEMPORARY".into() } else { name }).collect(),
    };
    if let Some(other) = privileges.iter().find(|name| !usual.contains(&name.as_str())) {
        let message = format!("invalid privilege type {other} for {}", kind.to_lowercase());
        return Err(TranslateError::new("0LP01", message));
    }
    let mut grant = Grant { schemas: Vec::new(), statements: Vec::new() };
    let statements = &mut grant.statements;
    for (schema, name) in &objects {
        if every || kind == "SCHEMA" {
            grant.schemas.push(name.clone());
        }
        let place = place(kind, every, schema.as_deref(), name);
        if kind == "TABLE" && !every {
            // What is not there cannot be granted.
            let table = Name { schema: schema.clone(), table: name.clone() };
            statements.push(format!("SELECT 1 FROM {table} LIMIT 0"));
        }
        for (identity, identity_kind, grantable) in &identities {
            let (identity, identity_kind) = (literal(identity), literal(identity_kind));
            let list: Vec<String> = privileges.iter().map(|name| literal(name)).collect();
            let list = list.join(", ");
            let change = match option_only {
                true => "UPDATE redshift_system.redshift_privileges SET grantable = false",
                false => "DELETE FROM redshift_system.redshift_privileges",
            };
            statements.push(format!(
                "{change} WHERE (kind, schema_name, object_name) IN \
                 (SELECT (kind, schema_name, object_name) FROM ({place})) AND privilege IN ({list}) \
                 AND identity = {identity} AND identity_type = {identity_kind}"
            ));
            if is_grant {
                statements.push(format!(
                    "INSERT INTO redshift_system.redshift_privileges SELECT place.*, privilege, {identity}, {identity_kind}, {grantable} \
                     FROM ({place}) AS place, unnest([{list}]) AS given (privilege)"
                ));
            }
        }
    }
    Ok(Some(grant))
}

/// A query of the objects that are meant: kind, schema, name.
fn place(kind: &str, every: bool, schema: Option<&str>, name: &str) -> String {
    let name = literal(name);
    match (kind, every, schema) {
        ("TABLE", true, _) => format!(
            "SELECT 'TABLE' AS kind, schema_name, table_name AS object_name FROM redshift_system.redshift_relations WHERE schema_name = {name}"
        ),
        ("TABLE", false, Some(schema)) => {
            format!("SELECT 'TABLE' AS kind, {} AS schema_name, {name} AS object_name", literal(schema))
        }
        ("TABLE", false, None) => format!(
            "SELECT 'TABLE' AS kind, coalesce((SELECT schema_name FROM redshift_system.redshift_relations WHERE table_name = {name} \
             ORDER BY coalesce(list_position(current_schemas(false), schema_name), 1000) LIMIT 1), 'public') AS schema_name, {name} AS object_name"
        ),
        (kind, ..) => format!("SELECT '{kind}' AS kind, {name} AS schema_name, {name} AS object_name"),
    }
}

/// The privileges before ON; `None` where there is no ON behind a plain list.
fn privileges(reader: &mut TokenReader<'_>) -> Option<Vec<String>> {
    let mut found = Vec::new();
    loop {
        found.push(reader.name().ok()?.to_uppercase());
        reader.take_word("PRIVILEGES");
        if reader.take_word("ON") {
            return Some(found);
        }
        if !reader.take(&Token::Comma) {
            return None;
        }
    }
}

/// A name, what it is of, and whether they may grant it on.
fn identity(reader: &mut TokenReader<'_>) -> Result<(String, &'static str, bool), TranslateError> {
    let kind = match () {
        () if reader.take_word("GROUP") => "group",
        () if reader.take_word("ROLE") => "role",
        () => {
            reader.take_word("USER");
            "user"
        }
    };
    let name = reader.name()?;
    let grantable = reader.take_word("WITH");
    if grantable {
        reader.word("GRANT")?;
        reader.word("OPTION")?;
    }
    let kind = if name == "public" { "public" } else { kind };
    Ok((name, kind, grantable))
}
