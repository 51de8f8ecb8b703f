//! GRANT and REVOKE (r_GRANT, r_REVOKE).

use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::error::TranslateError;
use crate::parse::is_word;
use crate::parse::token_reader::{TokenReader, near};
use crate::statement::grant_kind::GrantKind;
use crate::statement::relation_name::Name;

/// Kinds of objects that there are none of here.
const WITHOUT_MEANING: &[&str] = &["MODEL", "DATASHARE", "EXTERNAL", "COPY"];

/// A user, a group, a role or PUBLIC, whom a privilege is granted to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub name: String,
    /// `user`, `group`, `role` or `public`, as the catalog has it.
    pub kind: &'static str,
    /// True for WITH GRANT OPTION, or WITH ADMIN OPTION where it is a role that is granted.
    pub with_option: bool,
}

/// A privilege, on the columns alone where any are named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantedPrivilege {
    pub name: String,
    pub columns: Vec<String>,
}

/// GRANT or REVOKE of privileges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub is_grant: bool,
    /// REVOKE GRANT OPTION FOR: the privilege stays.
    pub option_only: bool,
    pub kind: GrantKind,
    /// The objects; with `in_schemas`, the schemas that they are in. A scope has one without a name, and without a schema
    /// where it is the whole database.
    pub objects: Vec<Name>,
    pub in_schemas: bool,
    /// True for a scoped permission: on the objects that are there, and on those that come.
    pub is_scope: bool,
    pub privileges: Vec<GrantedPrivilege>,
    pub identities: Vec<Identity>,
}

/// GRANT or REVOKE of roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleGrant {
    pub is_grant: bool,
    /// REVOKE ADMIN OPTION FOR: the role stays.
    pub option_only: bool,
    pub roles: Vec<String>,
    pub identities: Vec<Identity>,
}

/// What GRANT and REVOKE do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantCommand {
    Privileges(Grant),
    Roles(RoleGrant),
    /// Has no meaning here: of roles of IAM, or on what there is none of.
    Nothing,
}

pub fn parse(tokens: &[TokenWithSpan]) -> Result<GrantCommand, TranslateError> {
    let is_grant = is_word(&tokens[0].token, "GRANT");
    let mut reader = TokenReader::new(&tokens[1..]);
    let option_only = !is_grant && takes_option(&mut reader)?;
    if reader.take_word("ASSUMEROLE") {
        return Ok(GrantCommand::Nothing);
    }
    if reader.take_word("ROLE") {
        let roles = role_names(&mut reader)?;
        let identities = identities(&mut reader, is_grant)?;
        return Ok(GrantCommand::Roles(RoleGrant { is_grant, option_only, roles, identities }));
    }
    let given = privileges(&mut reader)?;
    if reader.take_word("FOR") {
        let (kind, scope) = scope(&mut reader)?;
        let (objects, privileges) = (vec![scope], checked(kind, given)?);
        let identities = identities(&mut reader, is_grant)?;
        let grant =
            Grant { is_grant, option_only, kind, objects, in_schemas: false, is_scope: true, privileges, identities };
        return Ok(GrantCommand::Privileges(grant));
    }
    if !reader.take_word("ON") {
        return system(&mut reader, is_grant, given).map(GrantCommand::Privileges);
    }
    let Some((kind, in_schemas)) = kind(&mut reader)? else { return Ok(GrantCommand::Nothing) };
    let objects = objects(&mut reader, kind, in_schemas)?;
    let privileges = checked(kind, given)?;
    let identities = identities(&mut reader, is_grant)?;
    let is_scope = false;
    let grant = Grant { is_grant, option_only, kind, objects, in_schemas, is_scope, privileges, identities };
    Ok(GrantCommand::Privileges(grant))
}

/// The clause of ALTER DEFAULT PRIVILEGES: GRANT or REVOKE of privileges on TABLES, FUNCTIONS or PROCEDURES.
pub fn parse_default(reader: &mut TokenReader<'_>) -> Result<Grant, TranslateError> {
    let is_grant = reader.take_word("GRANT");
    if !is_grant {
        reader.word("REVOKE")?;
    }
    let option_only = !is_grant && takes_option(reader)?;
    let given = privileges(reader)?;
    reader.word("ON")?;
    let kind = match () {
        () if reader.take_word("FUNCTIONS") => GrantKind::Function,
        () if reader.take_word("PROCEDURES") => GrantKind::Procedure,
        () => reader.word("TABLES").map(|()| GrantKind::Table)?,
    };
    let privileges = checked(kind, given)?;
    let identities = identities(reader, is_grant)?;
    let (objects, in_schemas, is_scope) = (Vec::new(), true, false);
    Ok(Grant { is_grant, option_only, kind, objects, in_schemas, is_scope, privileges, identities })
}

/// GRANT OPTION FOR, or ADMIN OPTION FOR of roles.
fn takes_option(reader: &mut TokenReader<'_>) -> Result<bool, TranslateError> {
    let takes = reader.take_word("GRANT") || reader.take_word("ADMIN");
    if takes {
        reader.word("OPTION")?;
        reader.word("FOR")?;
    }
    Ok(takes)
}

fn system(reader: &mut TokenReader<'_>, is_grant: bool, given: Vec<GrantedPrivilege>) -> Result<Grant, TranslateError> {
    let kind = GrantKind::System;
    let identities = identities(reader, is_grant)?;
    if let Some(other) = identities.iter().find(|identity| identity.kind != "role") {
        return Err(TranslateError::syntax(format!("syntax error at or near \"{}\"", other.name)));
    }
    let (objects, privileges) = (vec![Name::default()], checked(kind, given)?);
    let (option_only, in_schemas, is_scope) = (false, false, false);
    Ok(Grant { is_grant, option_only, kind, objects, in_schemas, is_scope, privileges, identities })
}

/// The scope of a scoped permission: FOR *kind* IN a database, or in a schema of the database.
fn scope(reader: &mut TokenReader<'_>) -> Result<(GrantKind, Name), TranslateError> {
    let kind = match () {
        () if reader.take_word("SCHEMAS") => GrantKind::Schema,
        () if reader.take_word("FUNCTIONS") => GrantKind::Function,
        () if reader.take_word("PROCEDURES") => GrantKind::Procedure,
        () if reader.take_word("LANGUAGES") => GrantKind::Language,
        () => reader.word("TABLES").map(|()| GrantKind::Table)?,
    };
    reader.word("IN")?;
    let schema = match kind != GrantKind::Schema && reader.take_word("SCHEMA") {
        true => Some(reader.name()?),
        false => None,
    };
    // A database is named where no schema is, and can be named behind one.
    if schema.is_none() {
        reader.word("DATABASE")?;
        reader.name()?;
    } else if reader.take_word("DATABASE") {
        reader.name()?;
    }
    Ok((kind, Name { schema, table: String::new() }))
}

/// The kind of the objects, and whether the schemas are named that they are in; `None` for what there is none of.
fn kind(reader: &mut TokenReader<'_>) -> Result<Option<(GrantKind, bool)>, TranslateError> {
    if reader.take_word("ALL") {
        let kind = match () {
            () if reader.take_word("FUNCTIONS") => GrantKind::Function,
            () if reader.take_word("PROCEDURES") => GrantKind::Procedure,
            () => reader.word("TABLES").map(|()| GrantKind::Table)?,
        };
        reader.word("IN")?;
        reader.word("SCHEMA")?;
        return Ok(Some((kind, true)));
    }
    let kinds =
        [GrantKind::Schema, GrantKind::Database, GrantKind::Function, GrantKind::Procedure, GrantKind::Language];
    if let Some(kind) = kinds.into_iter().find(|kind| reader.take_word(kind.word())) {
        return Ok(Some((kind, false)));
    }
    if WITHOUT_MEANING.iter().any(|word| reader.take_word(word)) {
        return Ok(None);
    }
    reader.take_word("TABLE");
    Ok(Some((GrantKind::Table, false)))
}

fn objects(reader: &mut TokenReader<'_>, kind: GrantKind, in_schemas: bool) -> Result<Vec<Name>, TranslateError> {
    let mut objects = Vec::new();
    loop {
        let (schema, mut table) = reader.table()?;
        if !in_schemas && matches!(kind, GrantKind::Function | GrantKind::Procedure) {
            table.push_str(&arguments(reader)?);
        }
        objects.push(Name { schema, table });
        if !reader.take(&Token::Comma) {
            return Ok(objects);
        }
    }
}

/// The types of a function's arguments, as they are written.
fn arguments(reader: &mut TokenReader<'_>) -> Result<String, TranslateError> {
    let mut text = String::new();
    let mut depth = 0;
    while let Some(token) = reader.tokens.as_slice().first() {
        match &token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth -= 1,
            _ if depth == 0 => break,
            _ => {}
        }
        if matches!((text.chars().last(), &token.token), (Some(last), Token::Word(_)) if last.is_alphanumeric()) {
            text.push(' ');
        }
        text.push_str(&token.token.to_string().to_lowercase());
        reader.tokens.next();
    }
    Ok(text)
}

/// The privileges before ON, FOR, TO or FROM.
fn privileges(reader: &mut TokenReader<'_>) -> Result<Vec<GrantedPrivilege>, TranslateError> {
    let mut found = Vec::new();
    loop {
        let mut words = vec![reader.name()?.to_uppercase()];
        let ends = |reader: &TokenReader<'_>| {
            let next = reader.tokens.as_slice().first().map(|next| &next.token);
            next.is_none_or(|next| ["ON", "FOR", "TO", "FROM"].iter().any(|word| is_word(next, word)))
        };
        while !ends(reader)
            && matches!(reader.tokens.as_slice().first(), Some(next) if matches!(next.token, Token::Word(_)))
        {
            words.push(reader.name()?.to_uppercase());
        }
        let name = match words.join(" ").as_str() {
            "ALL PRIVILEGES" => "ALL".to_owned(),
            "TEMP" => "TEMPORARY".to_owned(),
            other => other.to_owned(),
        };
        found.push(GrantedPrivilege { name, columns: reader.columns()? });
        if !reader.take(&Token::Comma) {
            return Ok(found);
        }
    }
}

/// The privileges, where there are such on objects of the kind.
fn checked(kind: GrantKind, given: Vec<GrantedPrivilege>) -> Result<Vec<GrantedPrivilege>, TranslateError> {
    let mut found = Vec::new();
    for privilege in given {
        let known: &[&str] = match privilege.columns.is_empty() {
            true => kind.privileges(),
            false => &["SELECT", "UPDATE"],
        };
        match privilege.name.as_str() {
            "ALL" => found.extend(
                known
                    .iter()
                    .map(|name| GrantedPrivilege { name: (*name).to_owned(), columns: privilege.columns.clone() }),
            ),
            name if known.contains(&name) && (privilege.columns.is_empty() || kind == GrantKind::Table) => {
                found.push(privilege);
            }
            name => {
                let message = format!("invalid privilege type {name} for {}", kind.word().to_lowercase());
                return Err(TranslateError::new("0LP01", message));
            }
        }
    }
    Ok(found)
}

/// The rest of the statement: TO or FROM, whom.
fn identities(reader: &mut TokenReader<'_>, is_grant: bool) -> Result<Vec<Identity>, TranslateError> {
    reader.word(if is_grant { "TO" } else { "FROM" })?;
    let mut identities = vec![identity(reader)?];
    while reader.take(&Token::Comma) {
        identities.push(identity(reader)?);
    }
    if !is_grant {
        let _ = reader.take_word("CASCADE") || reader.take_word("RESTRICT");
    }
    reader.tokens.next().map_or(Ok(identities), |rest| Err(near(rest)))
}

fn identity(reader: &mut TokenReader<'_>) -> Result<Identity, TranslateError> {
    let kind = match () {
        () if reader.take_word("GROUP") => "group",
        () if reader.take_word("ROLE") => "role",
        () => {
            reader.take_word("USER");
            "user"
        }
    };
    let name = role_name(reader)?;
    let kind = if kind == "user" && name == "public" { "public" } else { kind };
    let with_option = reader.take_word("WITH");
    if with_option {
        if !reader.take_word("GRANT") {
            reader.word("ADMIN")?;
        }
        reader.word("OPTION")?;
        // Groups, roles and PUBLIC have no option to grant (r_GRANT).
        if kind != "user" {
            return Err(TranslateError::new("0LP01", "grant options can only be granted to users"));
        }
    }
    Ok(Identity { name, kind, with_option })
}

/// The names of roles, with commas between them.
pub fn role_names(reader: &mut TokenReader<'_>) -> Result<Vec<String>, TranslateError> {
    let mut names = vec![role_name(reader)?];
    while reader.take(&Token::Comma) {
        names.push(role_name(reader)?);
    }
    Ok(names)
}

/// A name, or one of the system's, which has a colon in it: `sys:operator`.
pub fn role_name(reader: &mut TokenReader<'_>) -> Result<String, TranslateError> {
    let name = reader.name()?;
    match reader.take(&Token::Colon) {
        true => Ok(format!("{name}:{}", reader.name()?)),
        false => Ok(name),
    }
}
