//! Users and groups: kept in the database where they were made, so that the catalog can tell of them. What they may do is
//! not looked at, and their passwords are not kept.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::{Command, is_word, literal};
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

    pub fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
        }
    }
}

const MEMBERS: &str = "redshift_system.redshift_group_members";

struct Reader<'t> {
    tokens: &'t [TokenWithSpan],
    at: usize,
}

impl Reader<'_> {
    fn take(&mut self, word: &str) -> bool {
        let found = self.tokens.get(self.at).is_some_and(|token| is_word(&token.token, word));
        self.at += usize::from(found);
        found
    }

    fn name(&mut self) -> Result<String, SqlError> {
        let name = match self.tokens.get(self.at).map(|token| &token.token) {
            Some(Token::Word(word)) if word.quote_style.is_some() => word.value.clone(),
            Some(Token::Word(word)) => word.value.to_lowercase(),
            Some(other) => return Err(SqlError::syntax(format!("syntax error at or near \"{other}\""))),
            None => return Err(SqlError::syntax("syntax error at end of input")),
        };
        self.at += 1;
        Ok(name)
    }

    fn names(&mut self) -> Result<Vec<String>, SqlError> {
        let mut names = vec![self.name()?];
        while self.tokens.get(self.at).is_some_and(|token| token.token == Token::Comma) {
            self.at += 1;
            names.push(self.name()?);
        }
        Ok(names)
    }

    /// Whether these words stand one behind the other anywhere in the rest.
    fn has(&self, words: &[&str]) -> bool {
        self.tokens[self.at..]
            .windows(words.len())
            .any(|tokens| tokens.iter().zip(words).all(|(token, word)| is_word(&token.token, word)))
    }
}

/// CREATE, ALTER and DROP of USER and GROUP.
pub fn parse(tokens: &[TokenWithSpan]) -> Result<Command, SqlError> {
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| is_word(&token.token, word));
    let kind = if is(1, "USER") { Kind::User } else { Kind::Group };
    let mut reader = Reader { tokens, at: 2 };
    let mut found = Principals { kind, new: Vec::new(), known: Vec::new(), statements: Vec::new() };
    let join = |group: &str, user: &str| {
        format!(
            "INSERT INTO {MEMBERS} SELECT {g}, {u} WHERE NOT EXISTS (FROM {MEMBERS} WHERE group_name = {g} AND user_name = {u})",
            g = literal(group),
            u = literal(user)
        )
    };
    if is(0, "DROP") {
        let if_exists = reader.take("IF") && reader.take("EXISTS");
        let names = reader.names()?;
        let column = if kind == Kind::User { "user_name" } else { "group_name" };
        for name in &names {
            found.statements.push(format!("DELETE FROM {} WHERE name = {}", kind.table(), literal(name)));
            found.statements.push(format!("DELETE FROM {MEMBERS} WHERE {column} = {}", literal(name)));
        }
        found.known = if if_exists { Vec::new() } else { names };
        return Ok(Command::Principals(found));
    }
    let name = reader.name()?;
    let (table, quoted) = (kind.table(), literal(&name));
    match (is(0, "CREATE"), kind) {
        (true, Kind::User) => {
            let (creates, rules) = (reader.has(&["CREATEDB"]), reader.has(&["CREATEUSER"]));
            found.statements.push(format!(
                "INSERT INTO {table} SELECT {quoted}, coalesce(max(id), 100) + 1, {creates}, {rules} FROM {table}"
            ));
            while reader.at < tokens.len() {
                if reader.take("IN") && reader.take("GROUP") {
                    found.statements.extend(reader.names()?.iter().map(|group| join(group, &name)));
                } else {
                    reader.at += 1;
                }
            }
            found.new.push(name);
        }
        (true, Kind::Group) => {
            found
                .statements
                .push(format!("INSERT INTO {table} SELECT {quoted}, coalesce(max(id), 100) + 1 FROM {table}"));
            let _ = reader.take("WITH");
            if reader.take("USER") {
                found.statements.extend(reader.names()?.iter().map(|user| join(&name, user)));
            }
            found.new.push(name);
        }
        (false, _) if reader.take("RENAME") => {
            let _ = reader.take("TO");
            let to = literal(&reader.name()?);
            let column = if kind == Kind::User { "user_name" } else { "group_name" };
            found.statements.push(format!("UPDATE {table} SET name = {to} WHERE name = {quoted}"));
            found.statements.push(format!("UPDATE {MEMBERS} SET {column} = {to} WHERE {column} = {quoted}"));
            found.known.push(name);
        }
        (false, Kind::Group) => {
            let adds = reader.take("ADD");
            if !adds && !reader.take("DROP") || !reader.take("USER") {
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
            for (column, on, off) in
                [("creates_databases", "CREATEDB", "NOCREATEDB"), ("is_superuser", "CREATEUSER", "NOCREATEUSER")]
            {
                if reader.has(&[on]) || reader.has(&[off]) {
                    let value = reader.has(&[on]);
                    found.statements.push(format!("UPDATE {table} SET {column} = {value} WHERE name = {quoted}"));
                }
            }
        }
    }
    Ok(Command::Principals(found))
}
