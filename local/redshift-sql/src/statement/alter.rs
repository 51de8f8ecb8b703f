//! ALTER TABLE: what is to change. Redshift's own forms are read from the tokens, the common ones by the parser.

use sqlparser::ast::{
    AlterColumnOperation, AlterTable, AlterTableOperation, ColumnDef, Owner, RenameTableNameKind, Statement,
    TableConstraint,
};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::error::TranslateError;
use crate::parse::is_word;
use crate::parse::token_reader::{TokenReader, near};
use crate::statement::attributes;
use crate::statement::ddl::ColumnSpec;
use crate::statement::relation_name::Name;
use crate::types::Type;

#[derive(Debug)]
pub struct Alter {
    pub table: Name,
    pub if_exists: bool,
    pub change: Change,
}

#[derive(Debug)]
pub enum Change {
    AddColumn(Box<ColumnSpec>),
    DropColumn {
        column: String,
        if_exists: bool,
    },
    RenameColumn {
        from: String,
        to: String,
    },
    RenameTable(String),
    SetType {
        column: String,
        data_type: Type,
    },
    /// ALTER SORTKEY, ALTER DISTKEY, ALTER DISTSTYLE.
    Keys(Box<attributes::TableAttributes>),
    /// Moves the rows of another table. IGNOREEXTRA passes over columns that the target has not, FILLTARGET fills those that
    /// only the target has.
    Append {
        from: Name,
        ignore_extra: bool,
        fill_target: bool,
    },
    /// Columns with their new encodings.
    Encode(Vec<(String, String)>),
    AddKey(Box<TableConstraint>),
    DropKey {
        name: String,
        if_exists: bool,
    },
    Owner(String),
    /// Has no meaning here: ALTER ENCODE AUTO.
    Nothing,
}

impl Change {
    /// What it is called, where it may not stand in a transaction.
    pub fn outside_transaction(&self) -> Option<&'static str> {
        match self {
            Self::Append { .. } => Some("ALTER TABLE APPEND"),
            Self::SetType { .. } => Some("ALTER TABLE ALTER COLUMN"),
            _ => None,
        }
    }
}

/// Whether the statement is in a form that only Redshift has, and what it says.
pub fn redshift_only(tokens: &[TokenWithSpan]) -> Option<Result<Alter, TranslateError>> {
    if !is_word(&tokens.first()?.token, "ALTER") || !is_word(&tokens.get(1)?.token, "TABLE") {
        return None;
    }
    let mut at = 2;
    let mut parts = vec![name(&tokens.get(at)?.token)?];
    while tokens.get(at + 1).is_some_and(|token| token.token == Token::Period) {
        parts.push(name(&tokens.get(at + 2)?.token)?);
        at += 2;
    }
    let table = Name { table: parts.pop()?, schema: parts.pop() };
    let rest = &tokens[at + 1..];
    let is = |position: usize, keyword: &str| rest.get(position).is_some_and(|token| is_word(&token.token, keyword));
    let altered = |change| Some(Ok(Alter { table: table.clone(), if_exists: false, change }));
    if is(0, "APPEND") && is(1, "FROM") {
        return Some(append(&rest[2..]).map(|change| Alter { table, if_exists: false, change }));
    }
    if is(0, "ROW") && is(1, "LEVEL") && is(2, "SECURITY") {
        return Some(Err(TranslateError::unsupported("ALTER TABLE … ROW LEVEL SECURITY")));
    }
    if is(0, "OWNER") && is(1, "TO") && rest.len() == 3 {
        return name(&rest[2].token).map(|owner| Ok(Alter { table, if_exists: false, change: Change::Owner(owner) }));
    }
    if is(0, "ALTER") && is(1, "ENCODE") && is(2, "AUTO") && rest.len() == 3 {
        return altered(Change::Nothing);
    }
    if is(0, "ALTER") && is(1, "COLUMN") && is(3, "ENCODE") {
        return Some(encode(rest).map(|change| Alter { table, if_exists: false, change }));
    }
    let is_key = ["DISTKEY", "DISTSTYLE", "SORTKEY", "COMPOUND", "INTERLEAVED"].iter().any(|word| is(1, word));
    if is(0, "ALTER") && is_key {
        return Some(attributes::take_keys(rest[1..].to_vec()).map(|keys| Alter {
            table,
            if_exists: false,
            change: Change::Keys(Box::new(keys)),
        }));
    }
    None
}

/// source [IGNOREEXTRA|FILLTARGET]: only one of the two.
fn append(tokens: &[TokenWithSpan]) -> Result<Change, TranslateError> {
    let mut reader = TokenReader::new(tokens);
    let (schema, table) = reader.table()?;
    let ignore_extra = reader.take_word("IGNOREEXTRA");
    let fill_target = !ignore_extra && reader.take_word("FILLTARGET");
    let change = Change::Append { from: Name { schema, table }, ignore_extra, fill_target };
    reader.tokens.next().map_or(Ok(change), |rest| Err(near(rest)))
}

/// ALTER COLUMN column ENCODE encoding, …
fn encode(tokens: &[TokenWithSpan]) -> Result<Change, TranslateError> {
    let mut reader = TokenReader::new(tokens);
    let mut columns = Vec::new();
    loop {
        reader.word("ALTER")?;
        reader.word("COLUMN")?;
        let column = reader.name()?;
        reader.word("ENCODE")?;
        columns.push((column, attributes::encoding(reader.name()?)?));
        if !reader.take(&Token::Comma) {
            return reader.tokens.next().map_or(Ok(Change::Encode(columns)), |rest| Err(near(rest)));
        }
    }
}

/// The columns that an ALTER TABLE adds.
pub fn added(alter: &AlterTable) -> impl Iterator<Item = &ColumnDef> {
    alter.operations.iter().filter_map(|operation| match operation {
        AlterTableOperation::AddColumn { column_def, .. } => Some(column_def),
        _ => None,
    })
}

fn name(token: &Token) -> Option<String> {
    match token {
        Token::Word(word) => Some(word.value.to_lowercase()),
        _ => None,
    }
}

pub fn parse(
    alter: AlterTable,
    statement: &Statement,
    mut attributes: attributes::TableAttributes,
) -> Result<Alter, TranslateError> {
    let unsupported = || {
        let text = statement.to_string();
        let words: Vec<&str> = text.split_whitespace().collect();
        TranslateError::unsupported(&format!("ALTER TABLE … {}", words.get(3..).unwrap_or_default().join(" ")))
    };
    let [operation] = &alter.operations[..] else { return Err(unsupported()) };
    let change = match operation {
        AlterTableOperation::AddColumn { column_def, if_not_exists: false, .. } => {
            let mut found = attributes.columns.remove(&column_def.name.value.to_lowercase()).unwrap_or_default();
            found.encoding = attributes.encoding;
            Change::AddColumn(Box::new(ColumnSpec::of(column_def, found)?))
        }
        AlterTableOperation::DropColumn { column_names, if_exists, .. } => match &column_names[..] {
            [column] => Change::DropColumn { column: column.value.clone(), if_exists: *if_exists },
            _ => return Err(unsupported()),
        },
        AlterTableOperation::RenameColumn { old_column_name, new_column_name } => {
            Change::RenameColumn { from: old_column_name.value.clone(), to: new_column_name.value.clone() }
        }
        AlterTableOperation::RenameTable {
            table_name: RenameTableNameKind::To(name) | RenameTableNameKind::As(name),
        } => match Name::of(name) {
            Name { schema: None, table } => Change::RenameTable(table),
            _ => return Err(TranslateError::syntax("syntax error at or near \".\"")),
        },
        AlterTableOperation::AlterColumn {
            column_name,
            op: AlterColumnOperation::SetDataType { data_type, using: None, .. },
        } => Change::SetType { column: column_name.value.clone(), data_type: Type::of(data_type)? },
        AlterTableOperation::AddConstraint { constraint, .. } => Change::AddKey(Box::new(constraint.clone())),
        AlterTableOperation::DropConstraint { name, if_exists, .. } => {
            Change::DropKey { name: name.value.clone(), if_exists: *if_exists }
        }
        AlterTableOperation::OwnerTo { new_owner: Owner::Ident(owner) } => Change::Owner(owner.value.to_lowercase()),
        _ => return Err(unsupported()),
    };
    Ok(Alter { table: Name::of(&alter.name), if_exists: alter.if_exists, change })
}
