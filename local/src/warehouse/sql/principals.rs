//! Users and groups: kept in the database where they were made, so that the catalog can tell of them. What they may do is
//! not looked at; of their passwords a hash is kept.

use md5::{Digest, Md5};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::{Command, is_word, literal};
use crate::warehouse::copy::TokenReader as Reader;
use crate::warehouse::error::SqlError;

/// What is made, changed or dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    User,
    Group,
}

/// A statement about users or groups, and what must or must not be there before it.
#[derive(Debug)]
pub struct Principals {
    pub kind: Kind,
    /// Those that must not exist yet.
    pub new: Vec<String>,
    /// Those that must exist.
    pub known: Vec<String>,
    pub statements: Vec<String>,
}

impl Kind {
    pub fn table(self) -> &'static str {
        match self {
            Self::User => "redshift_system.redshift_users",
            Self::Group => "redshift_system.redshift_user_groups",
        }
    }

    /// Its column in the table of members.
    fn member(self) -> &'static str {
        match self {
            Self::User => "user_name",
            Self::Group => "group_name",
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
        }
    }
}

const MEMBERS: &str = "redshift_system.redshift_group_members";

/// CREATE, ALTER and DROP of USER and GROUP.
pub fn parse(tokens: &[TokenWithSpan]) -> Result<Command, SqlError> {
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| is_word(&token.token, word));
    let kind = if is(1, "USER") { Kind::User } else { Kind::Group };
    let mut reader = Reader::new(&tokens[2..]);
    let mut found = Principals { kind, new: Vec::new(), known: Vec::new(), statements: Vec::new() };
    let join = |group: &str, user: &str| {
        format!(
            "INSERT INTO {MEMBERS} SELECT {g}, {u} WHERE NOT EXISTS (FROM {MEMBERS} WHERE group_name = {g} AND user_name = {u})",
            g = literal(group),
            u = literal(user)
        )
    };
    if is(0, "DROP") {
        let if_exists = reader.take_word("IF") && reader.take_word("EXISTS");
        let names = reader.names()?;
        let column = kind.member();
        for name in &names {
            found.statements.push(format!("DELETE FROM {} WHERE name = {}", kind.table(), literal(name)));
            found.statements.push(format!("DELETE FROM {MEMBERS} WHERE {column} = {}", literal(name)));
        }
        found.known = if if_exists { Vec::new() } else { names };
        return Ok(Command::Principals(found));
    }
    let name = reader.name()?;
    let (table, quoted) = (kind.table(), literal(&name));
    let options = reader.tokens.as_slice();
    let has = |word: &str| options.iter().any(|option| is_word(&option.token, word));
    match (is(0, "CREATE"), kind) {
        (true, Kind::User) => {
            let (creates, rules) = (has("CREATEDB"), has("CREATEUSER"));
            let password = password(options, &name)?.flatten().map_or("NULL".to_owned(), |hash| literal(&hash));
            found.statements.push(format!(
                "INSERT INTO {table} SELECT {quoted}, coalesce(max(id), 100) + 1, {creates}, {rules}, {password} FROM {table}"
            ));
            while let Some(option) = reader.tokens.next() {
                if is_word(&option.token, "IN") && reader.take_word("GROUP") {
                    found.statements.extend(reader.names()?.iter().map(|group| join(group, &name)));
                }
            }
            found.new.push(name);
        }
        (true, Kind::Group) => {
            found
                .statements
                .push(format!("INSERT INTO {table} SELECT {quoted}, coalesce(max(id), 100) + 1 FROM {table}"));
            let _ = reader.take_word("WITH");
            if reader.take_word("USER") {
                found.statements.extend(reader.names()?.iter().map(|user| join(&name, user)));
            }
            found.new.push(name);
        }
        (false, _) if reader.take_word("RENAME") => {
            let _ = reader.take_word("TO");
            let to = literal(&reader.name()?);
            let column = kind.member();
            // A password is kept by a hash of the name: it goes with it, as in Redshift.
            let password = if kind == Kind::User { ", password = NULL" } else { "" };
            found.statements.push(format!("UPDATE {table} SET name = {to}{password} WHERE name = {quoted}"));
            found.statements.push(format!("UPDATE {MEMBERS} SET {column} = {to} WHERE {column} = {quoted}"));
            found.known.push(name);
        }
        (false, Kind::Group) => {
            let adds = reader.take_word("ADD");
            if !adds && !reader.take_word("DROP") || !reader.take_word("USER") {
                return Err(SqlError::syntax("ALTER GROUP needs ADD USER, DROP USER or RENAME TO"));
            }
            for user in reader.names()? {
                found.statements.push(match adds {
                    true => join(&name, &user),
                    false => {
                        format!("DELETE FROM {MEMBERS} WHERE group_name = {quoted} AND user_name = {}", literal(&user))
                    }
                });
            }
            found.known.push(name);
        }
        (false, Kind::User) => {
            if let Some(password) = password(options, &name)? {
                let password = password.map_or("NULL".to_owned(), |hash| literal(&hash));
                found.statements.push(format!("UPDATE {table} SET password = {password} WHERE name = {quoted}"));
            }
            for (column, on, off) in
                [("creates_databases", "CREATEDB", "NOCREATEDB"), ("is_superuser", "CREATEUSER", "NOCREATEUSER")]
            {
                if has(on) || has(off) {
                    let value = has(on);
                    found.statements.push(format!("UPDATE {table} SET {column} = {value} WHERE name = {quoted}"));
                }
            }
        }
    }
    Ok(Command::Principals(found))
}

/// The hash of the password that the options name; `Some(None)` where they disable it.
fn password(options: &[TokenWithSpan], user: &str) -> Result<Option<Option<String>>, SqlError> {
    let Some(at) = options.iter().position(|option| is_word(&option.token, "PASSWORD")) else { return Ok(None) };
    match options.get(at + 1).map(|option| &option.token) {
        Some(Token::SingleQuotedString(password)) => hash_of(password, user).map(|hash| Some(Some(hash))),
        Some(token) if is_word(token, "DISABLE") => Ok(Some(None)),
        _ => Err(SqlError::syntax("PASSWORD needs a text, or DISABLE")),
    }
}

/// What is kept of a password, as Redshift keeps it: `md5`, and the hash of password and user. One may come so already.
fn hash_of(password: &str, user: &str) -> Result<String, SqlError> {
    if password.strip_prefix("md5").is_some_and(|hash| hash.len() == 32) {
        return Ok(password.to_lowercase());
    }
    let has = |is: fn(char) -> bool| password.contains(is);
    let is_strong = has(|sign| sign.is_ascii_uppercase())
        && has(|sign| sign.is_ascii_lowercase())
        && has(|sign| sign.is_ascii_digit())
        && (8..=64).contains(&password.len());
    match is_strong {
        true => Ok(md5_of(password, user)),
        false => Err(SqlError::new(
            "22023",
            "The password must have 8 to 64 characters, an upper case letter, a lower case letter and a number.",
        )),
    }
}

/// What is kept of a user's password.
pub fn md5_of(password: &str, user: &str) -> String {
    format!("md5{:x}", Md5::digest(format!("{password}{user}")))
}
