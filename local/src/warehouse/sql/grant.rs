//! GRANT and REVOKE: written down, so that the catalog can tell of them. Nobody is kept from anything by them.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::{Command, is_word, literal};
use crate::warehouse::error::SqlError;

const OF_TABLE: &[&str] = &["SELECT", "INSERT", "UPDATE", "DELETE", "DROP", "REFERENCES", "ALTER", "TRUNCATE"];
const OF_SCHEMA: &[&str] = &["CREATE", "USAGE", "ALTER", "DROP"];
const OF_DATABASE: &[&str] = &["CREATE", "TEMPORARY", "USAGE"];

struct Reader<'a> {
    tokens: &'a [TokenWithSpan],
    at: usize,
}

/// What a GRANT on tables, schemas or databases writes down. `None` for grants of other kinds, which are accepted and
/// have no meaning here: of roles, on functions, of columns.
pub fn parse(tokens: &[TokenWithSpan]) -> Result<Option<Command>, SqlError> {
    let is_grant = is_word(&tokens[0].token, "GRANT");
    let mut reader = Reader { tokens, at: 1 };
    if !is_grant && reader.takes(&["GRANT", "OPTION", "FOR"]) {
        // The privilege stays.
        return Ok(None);
    }
    if reader.is("ASSUMEROLE") {
        return Ok(None);
    }
    let Some(privileges) = reader.privileges() else { return Ok(None) };
    let (kind, every) = match () {
        () if reader.takes(&["ALL", "TABLES", "IN", "SCHEMA"]) => ("TABLE", true),
        () if reader.takes(&["SCHEMA"]) => ("SCHEMA", false),
        () if reader.takes(&["DATABASE"]) => ("DATABASE", false),
        () if ["FUNCTION", "PROCEDURE", "LANGUAGE", "MODEL", "DATASHARE", "EXTERNAL", "COPY", "ALL"]
            .iter()
            .any(|word| reader.is(word)) =>
        {
            return Ok(None);
        }
        () => {
            reader.takes(&["TABLE"]);
            ("TABLE", false)
        }
    };
    let mut objects = vec![reader.name()?];
    while reader.comma() {
        objects.push(reader.name()?);
    }
    if !reader.takes(&[if is_grant { "TO" } else { "FROM" }]) {
        return Err(reader.near());
    }
    let mut identities = vec![reader.identity()?];
    while reader.comma() {
        identities.push(reader.identity()?);
    }
    if !is_grant {
        let _ = reader.takes(&["CASCADE"]) || reader.takes(&["RESTRICT"]);
    }
    if reader.at < tokens.len() {
        return Err(reader.near());
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
        return Err(SqlError::new("0LP01", message));
    }
    let mut statements = Vec::new();
    for object in &objects {
        let place = place(kind, every, object);
        if kind == "TABLE" && !every {
            // What is not there cannot be granted.
            let name: Vec<String> = object.iter().map(|part| format!("\"{}\"", part.replace('"', "\"\""))).collect();
            statements.push(format!("SELECT 1 FROM {} LIMIT 0", name.join(".")));
        }
        for (identity, identity_kind, grantable) in &identities {
            let (identity, identity_kind) = (literal(identity), literal(identity_kind));
            let list: Vec<String> = privileges.iter().map(|name| literal(name)).collect();
            let list = list.join(", ");
            statements.push(format!(
                "DELETE FROM redshift_system.privileges WHERE (kind, schema_name, object_name) IN \
                 (SELECT (kind, schema_name, object_name) FROM ({place})) AND privilege IN ({list}) \
                 AND identity = {identity} AND identity_type = {identity_kind}"
            ));
            if is_grant {
                statements.push(format!(
                    "INSERT INTO redshift_system.privileges SELECT place.*, privilege, {identity}, {identity_kind}, {grantable} \
                     FROM ({place}) AS place, unnest([{list}]) AS given (privilege)"
                ));
            }
        }
    }
    Ok(Some(Command::Define(statements)))
}

/// A query of the objects that are meant: kind, schema, name.
fn place(kind: &str, every: bool, name: &[String]) -> String {
    let last = name.last().map_or_else(String::new, |last| literal(last));
    match (kind, every, name) {
        ("TABLE", true, _) => format!(
            "SELECT 'TABLE' AS kind, schema_name, table_name AS object_name FROM redshift_system.relations WHERE schema_name = {last}"
        ),
        ("TABLE", false, [schema, _]) => {
            format!("SELECT 'TABLE' AS kind, {} AS schema_name, {last} AS object_name", literal(schema))
        }
        ("TABLE", false, _) => format!(
            "SELECT 'TABLE' AS kind, coalesce((SELECT schema_name FROM redshift_system.relations WHERE table_name = {last} \
             ORDER BY coalesce(list_position(current_schemas(false), schema_name), 1000) LIMIT 1), 'public') AS schema_name, {last} AS object_name"
        ),
        (kind, ..) => format!("SELECT '{kind}' AS kind, {last} AS schema_name, {last} AS object_name"),
    }
}

impl Reader<'_> {
    fn is(&self, keyword: &str) -> bool {
        self.tokens.get(self.at).is_some_and(|token| is_word(&token.token, keyword))
    }

    fn takes(&mut self, keywords: &[&str]) -> bool {
        let rest = self.tokens.get(self.at..).unwrap_or_default();
        let found =
            rest.len() >= keywords.len() && keywords.iter().zip(rest).all(|(word, token)| is_word(&token.token, word));
        self.at += if found { keywords.len() } else { 0 };
        found
    }

    fn comma(&mut self) -> bool {
        let found = self.tokens.get(self.at).is_some_and(|token| token.token == Token::Comma);
        self.at += usize::from(found);
        found
    }

    fn near(&self) -> SqlError {
        match self.tokens.get(self.at) {
            Some(token) => SqlError::syntax(format!("syntax error at or near \"{}\"", token.token)),
            None => SqlError::syntax("syntax error at end of input"),
        }
    }

    fn word(&mut self) -> Result<String, SqlError> {
        let Some(Token::Word(word)) = self.tokens.get(self.at).map(|token| &token.token) else {
            return Err(self.near());
        };
        self.at += 1;
        // Names in quotes are folded too.
        Ok(word.value.to_lowercase())
    }

    /// Those before ON; `None` where there is no ON behind a plain list.
    fn privileges(&mut self) -> Option<Vec<String>> {
        let mut found = Vec::new();
        loop {
            found.push(self.word().ok()?.to_uppercase());
            self.takes(&["PRIVILEGES"]);
            if self.takes(&["ON"]) {
                return Some(found);
            }
            if !self.comma() {
                return None;
            }
        }
    }

    /// The parts of a name, without the database's.
    fn name(&mut self) -> Result<Vec<String>, SqlError> {
        let mut parts = vec![self.word()?];
        while self.tokens.get(self.at).is_some_and(|token| token.token == Token::Period) {
            self.at += 1;
            parts.push(self.word()?);
        }
        Ok(parts.split_off(parts.len().saturating_sub(2)))
    }

    fn identity(&mut self) -> Result<(String, &'static str, bool), SqlError> {
        let kind = match () {
            () if self.takes(&["GROUP"]) => "group",
            () if self.takes(&["ROLE"]) => "role",
            () if self.is("PUBLIC") => "public",
            () => {
                self.takes(&["USER"]);
                "user"
            }
        };
        let name = self.word()?;
        Ok((name, kind, self.takes(&["WITH", "GRANT", "OPTION"])))
    }
}
