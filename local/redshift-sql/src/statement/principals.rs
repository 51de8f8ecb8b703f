//! Users, groups and roles: kept in the database where they were made. Of passwords a hash is kept.

use md5::{Digest, Md5};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::error::TranslateError;
use crate::parse::is_word;
use crate::parse::token_reader::{TokenReader, near};
use crate::statement::ddl::literal;
use crate::statement::grant::role_name;

/// What is made, changed or dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrincipalKind {
    User,
    Group,
    Role,
}

/// What is done to them.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum PrincipalAction {
    #[default]
    Create,
    Alter,
    Drop,
}

/// A statement about users, groups or roles, and what must or must not be there before it.
#[derive(Debug, Default)]
pub struct Principals {
    pub action: PrincipalAction,
    /// The only user, where it is nothing that they may not do themselves.
    pub own: Option<String>,
    /// Those that must not exist yet.
    pub new: Vec<(PrincipalKind, String)>,
    /// Those that must exist.
    pub known: Vec<(PrincipalKind, String)>,
    /// Those that may have no privilege, and own nothing.
    pub unused: Vec<(PrincipalKind, String)>,
    pub statements: Vec<String>,
}

impl PrincipalKind {
    pub fn table(self) -> &'static str {
        match self {
            Self::User => "redshift_system.redshift_users",
            Self::Group => "redshift_system.redshift_user_groups",
            Self::Role => "redshift_system.redshift_roles",
        }
    }

    /// Its column in the table of members.
    fn member(self) -> &'static str {
        match self {
            Self::User => "user_name",
            Self::Group | Self::Role => "group_name",
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
        }
    }
}

const MEMBERS: &str = "redshift_system.redshift_group_members";

const ROLE_GRANTS: &str = "redshift_system.redshift_role_grants";

/// CREATE, ALTER and DROP of USER, GROUP and ROLE.
pub fn parse(tokens: &[TokenWithSpan]) -> Result<Principals, TranslateError> {
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| is_word(&token.token, word));
    let kind = match () {
        () if is(1, "USER") => PrincipalKind::User,
        () if is(1, "ROLE") => PrincipalKind::Role,
        () => PrincipalKind::Group,
    };
    let action = match () {
        () if is(0, "DROP") => PrincipalAction::Drop,
        () if is(0, "CREATE") => PrincipalAction::Create,
        () => PrincipalAction::Alter,
    };
    let mut reader = TokenReader::new(&tokens[2..]);
    let found = match (action, kind) {
        (PrincipalAction::Drop, PrincipalKind::Role) => drop_role(&mut reader)?,
        (PrincipalAction::Drop, _) => drop(&mut reader, kind)?,
        (PrincipalAction::Create, PrincipalKind::User) => create_user(&mut reader)?,
        (PrincipalAction::Create, PrincipalKind::Group) => create_group(&mut reader)?,
        (PrincipalAction::Create, PrincipalKind::Role) => create_role(&mut reader)?,
        (PrincipalAction::Alter, kind) => {
            let name = reader.name()?;
            match kind {
                _ if reader.take_word("RENAME") => rename(&mut reader, kind, name)?,
                PrincipalKind::User => alter_user(&mut reader, name)?,
                PrincipalKind::Group => alter_group(&mut reader, name)?,
                PrincipalKind::Role => alter_role(&mut reader, name)?,
            }
        }
    };
    reader.tokens.next().map_or(Ok(Principals { action, ..found }), |rest| Err(near(rest)))
}

/// CREATE ROLE name [EXTERNALID id]. Names of the system's have a colon, and are there.
fn create_role(reader: &mut TokenReader<'_>) -> Result<Principals, TranslateError> {
    let name = role_name(reader)?;
    if name.starts_with("sys:") || name.starts_with("ds:") {
        return Err(TranslateError::new("42939", format!("role name \"{name}\" is reserved")));
    }
    if reader.take_word("EXTERNALID") {
        return Err(TranslateError::unsupported("CREATE ROLE … EXTERNALID"));
    }
    let table = PrincipalKind::Role.table();
    let statement = format!(
        "INSERT INTO {table} SELECT {}, coalesce(max(id), 1000) + 1, redshift_system.redshift_user() FROM {table}",
        literal(&name)
    );
    Ok(Principals { new: vec![(PrincipalKind::Role, name)], statements: vec![statement], ..Principals::default() })
}

/// DROP ROLE name [FORCE | RESTRICT]: with FORCE the role is revoked before.
fn drop_role(reader: &mut TokenReader<'_>) -> Result<Principals, TranslateError> {
    let name = role_name(reader)?;
    let by_force = reader.take_word("FORCE");
    let _ = !by_force && reader.take_word("RESTRICT");
    let (table, quoted) = (PrincipalKind::Role.table(), literal(&name));
    let mut found = Principals { known: vec![(PrincipalKind::Role, name.clone())], ..Principals::default() };
    if by_force {
        found.statements.push(format!(
            "DELETE FROM redshift_system.redshift_privileges WHERE identity = {quoted} AND identity_type = 'role'"
        ));
        found.statements.push(format!("DELETE FROM {ROLE_GRANTS} WHERE role_name = {quoted}"));
    } else {
        found.unused.push((PrincipalKind::Role, name));
    }
    found.statements.push(format!("DELETE FROM {ROLE_GRANTS} WHERE grantee = {quoted} AND grantee_type = 'role'"));
    found.statements.push(format!("DELETE FROM {table} WHERE name = {quoted}"));
    Ok(found)
}

/// ALTER ROLE name OWNER TO user; RENAME TO is that of all kinds.
fn alter_role(reader: &mut TokenReader<'_>, name: String) -> Result<Principals, TranslateError> {
    if !reader.take_word("OWNER") {
        return Err(TranslateError::unsupported("ALTER ROLE of anything but its name and its owner"));
    }
    reader.word("TO")?;
    let owner = literal(&reader.name()?);
    let statement =
        format!("UPDATE {} SET owner = {owner} WHERE name = {}", PrincipalKind::Role.table(), literal(&name));
    Ok(Principals { known: vec![(PrincipalKind::Role, name)], statements: vec![statement], ..Principals::default() })
}

fn drop(reader: &mut TokenReader<'_>, kind: PrincipalKind) -> Result<Principals, TranslateError> {
    let if_exists = reader.take_word("IF");
    if if_exists {
        reader.word("EXISTS")?;
    }
    let mut found = Principals::default();
    for name in reader.names()? {
        let (table, column, quoted) = (kind.table(), kind.member(), literal(&name));
        found.statements.push(format!("DELETE FROM {table} WHERE name = {quoted}"));
        found.statements.push(format!("DELETE FROM {MEMBERS} WHERE {column} = {quoted}"));
        if kind == PrincipalKind::User {
            found
                .statements
                .push(format!("DELETE FROM {ROLE_GRANTS} WHERE grantee = {quoted} AND grantee_type = 'user'"));
            found
                .statements
                .push(format!("DELETE FROM redshift_system.redshift_default_privileges WHERE owner = {quoted}"));
        }
        found.unused.push((kind, name.clone()));
        if !if_exists {
            found.known.push((kind, name));
        }
    }
    Ok(found)
}

fn join(group: &str, user: &str) -> String {
    format!(
        "INSERT INTO {MEMBERS} SELECT {g}, {u} WHERE NOT EXISTS (FROM {MEMBERS} WHERE group_name = {g} AND user_name = {u})",
        g = literal(group),
        u = literal(user)
    )
}

fn create_user(reader: &mut TokenReader<'_>) -> Result<Principals, TranslateError> {
    let name = reader.name()?;
    let options = options(reader, &name)?;
    let table = PrincipalKind::User.table();
    let [creates, rules] = [options.creates, options.rules].map(Option::unwrap_or_default);
    let password = options.password.flatten().map_or("NULL".to_owned(), |hash| literal(&hash));
    let until = options.until.map_or("NULL".to_owned(), |until| literal(&until));
    let mut found = Principals::default();
    found.statements.push(format!(
        "INSERT INTO {table} (name, id, creates_databases, is_superuser, password, valid_until, reads_system_log) \
         SELECT {}, coalesce(max(id), 100) + 1, {creates}, {rules}, {password}, CAST({until} AS TIMESTAMP), {} FROM {table}",
        literal(&name),
        options.reads_system_log.unwrap_or_default()
    ));
    for group in options.groups {
        found.statements.push(join(&group, &name));
        found.known.push((PrincipalKind::Group, group));
    }
    found.new.push((PrincipalKind::User, name));
    Ok(found)
}

fn create_group(reader: &mut TokenReader<'_>) -> Result<Principals, TranslateError> {
    let name = reader.name()?;
    let table = PrincipalKind::Group.table();
    let mut found = Principals::default();
    found
        .statements
        .push(format!("INSERT INTO {table} SELECT {}, coalesce(max(id), 100) + 1 FROM {table}", literal(&name)));
    let _ = reader.take_word("WITH");
    if reader.take_word("USER") {
        for user in reader.names()? {
            found.statements.push(join(&name, &user));
            found.known.push((PrincipalKind::User, user));
        }
    }
    found.new.push((PrincipalKind::Group, name));
    Ok(found)
}

fn rename(reader: &mut TokenReader<'_>, kind: PrincipalKind, name: String) -> Result<Principals, TranslateError> {
    reader.word("TO")?;
    let new = reader.name()?;
    let (from, to, table, column) = (literal(&name), literal(&new), kind.table(), kind.member());
    // A password is kept by a hash of the name: it goes with it, as in Redshift.
    let password = if kind == PrincipalKind::User { ", password = NULL" } else { "" };
    let word = kind.word();
    let mut statements = vec![
        format!("UPDATE {table} SET name = {to}{password} WHERE name = {from}"),
        format!("UPDATE {ROLE_GRANTS} SET grantee = {to} WHERE grantee = {from} AND grantee_type = '{word}'"),
    ];
    for kept in ["redshift_privileges", "redshift_default_privileges"] {
        statements.push(format!(
            "UPDATE redshift_system.{kept} SET identity = {to} WHERE identity = {from} AND identity_type = '{word}'"
        ));
    }
    statements.push(match kind {
        PrincipalKind::Role => format!("UPDATE {ROLE_GRANTS} SET role_name = {to} WHERE role_name = {from}"),
        _ => format!("UPDATE {MEMBERS} SET {column} = {to} WHERE {column} = {from}"),
    });
    if kind == PrincipalKind::User {
        for kept in ["redshift_owners", "redshift_default_privileges"] {
            statements.push(format!("UPDATE redshift_system.{kept} SET owner = {to} WHERE owner = {from}"));
        }
    }
    Ok(Principals { new: vec![(kind, new)], known: vec![(kind, name)], statements, ..Principals::default() })
}

fn alter_group(reader: &mut TokenReader<'_>, name: String) -> Result<Principals, TranslateError> {
    let adds = reader.take_word("ADD");
    if !adds && !reader.take_word("DROP") || !reader.take_word("USER") {
        return Err(TranslateError::syntax("ALTER GROUP needs ADD USER, DROP USER or RENAME TO"));
    }
    let mut found = Principals::default();
    for user in reader.names()? {
        found.statements.push(match adds {
            true => join(&name, &user),
            false => format!(
                "DELETE FROM {MEMBERS} WHERE group_name = {} AND user_name = {}",
                literal(&name),
                literal(&user)
            ),
        });
        found.known.push((PrincipalKind::User, user));
    }
    found.known.push((PrincipalKind::Group, name));
    Ok(found)
}

fn alter_user(reader: &mut TokenReader<'_>, name: String) -> Result<Principals, TranslateError> {
    let options = options(reader, &name)?;
    if !options.groups.is_empty() {
        return Err(TranslateError::syntax("syntax error at or near \"IN\""));
    }
    let password = options.password.map(|hash| hash.map_or("NULL".to_owned(), |hash| literal(&hash)));
    let until = options.until.map(|until| format!("CAST({} AS TIMESTAMP)", literal(&until)));
    let changes = [
        ("password", password),
        ("valid_until", until),
        ("creates_databases", options.creates.map(|creates| creates.to_string())),
        ("is_superuser", options.rules.map(|rules| rules.to_string())),
        ("reads_system_log", options.reads_system_log.map(|reads| reads.to_string())),
    ];
    let set = |(column, value): (&str, Option<String>)| {
        let table = PrincipalKind::User.table();
        value.map(|value| format!("UPDATE {table} SET {column} = {value} WHERE name = {}", literal(&name)))
    };
    let own = (changes.iter().all(|(column, value)| *column == "password" || value.is_none())).then(|| name.clone());
    let statements = changes.into_iter().filter_map(set).collect();
    Ok(Principals { own, known: vec![(PrincipalKind::User, name)], statements, ..Principals::default() })
}

/// The options of CREATE USER and ALTER USER that are kept.
#[derive(Default)]
struct Options {
    /// The hash of the password; `Some(None)` where it is disabled.
    password: Option<Option<String>>,
    creates: Option<bool>,
    rules: Option<bool>,
    reads_system_log: Option<bool>,
    until: Option<String>,
    groups: Vec<String>,
}

/// CONNECTION LIMIT and SESSION TIMEOUT have no meaning here.
fn options(reader: &mut TokenReader<'_>, user: &str) -> Result<Options, TranslateError> {
    let mut found = Options::default();
    while let Some(option) = reader.tokens.next() {
        let Token::Word(word) = &option.token else { return Err(near(option)) };
        match word.value.to_uppercase().as_str() {
            "WITH" => {}
            "PASSWORD" if reader.take_word("DISABLE") => found.password = Some(None),
            "PASSWORD" => found.password = Some(Some(hash_of(&reader.string()?, user)?)),
            "CREATEDB" => found.creates = Some(true),
            "NOCREATEDB" => found.creates = Some(false),
            "CREATEUSER" => found.rules = Some(true),
            "NOCREATEUSER" => found.rules = Some(false),
            "IN" => {
                reader.word("GROUP")?;
                found.groups.extend(reader.names()?);
            }
            "VALID" => {
                reader.word("UNTIL")?;
                found.until = Some(reader.string()?);
            }
            "SYSLOG" => {
                reader.word("ACCESS")?;
                let unrestricted = reader.take_word("UNRESTRICTED");
                if !unrestricted {
                    reader.word("RESTRICTED")?;
                }
                found.reads_system_log = Some(unrestricted);
            }
            "CONNECTION" => {
                reader.word("LIMIT")?;
                if !reader.take_word("UNLIMITED") {
                    reader.number()?;
                }
            }
            "SESSION" => {
                reader.word("TIMEOUT")?;
                reader.number()?;
            }
            other @ ("SET" | "RESET" | "EXTERNALID") => {
                return Err(TranslateError::unsupported(&format!("{other} of a user")));
            }
            _ => return Err(near(option)),
        }
    }
    Ok(found)
}

/// What is kept of a password, as Redshift keeps it: `md5`, and the hash of password and user. One may come so already.
fn hash_of(password: &str, user: &str) -> Result<String, TranslateError> {
    if password.strip_prefix("md5").is_some_and(|hash| hash.len() == 32) {
        return Ok(password.to_lowercase());
    }
    if password.starts_with("sha256|") {
        return Err(TranslateError::unsupported("PASSWORD 'sha256|…'"));
    }
    let has = |is: fn(char) -> bool| password.contains(is);
    let is_strong = has(|sign| sign.is_ascii_uppercase())
        && has(|sign| sign.is_ascii_lowercase())
        && has(|sign| sign.is_ascii_digit())
        && (8..=64).contains(&password.len());
    match is_strong {
        true => Ok(md5_of(password, user)),
        false => Err(TranslateError::new(
            "22023",
            "The password must have 8 to 64 characters, an upper case letter, a lower case letter and a number.",
        )),
    }
}

/// What is kept of a user's password.
pub fn md5_of(password: &str, user: &str) -> String {
    format!("md5{:x}", Md5::digest(format!("{password}{user}")))
}
