//! ALTER TABLE: what is to change. Redshift's own forms are read from the tokens, the common ones by the parser.

use sqlparser::ast::{
    AlterColumnOperation, AlterTable, AlterTableOperation, RenameTableNameKind, Statement, TableConstraint,
};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::ddl::{ColumnSpec, Name};
use super::types::Type;
use super::{attributes, is_word};
use crate::warehouse::error::SqlError;

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
    /// Moves the rows of another table. Columns that only one of the two has are passed over where that is asked for.
    Append {
        from: Name,
        ignore_extra: bool,
        fill_extra: bool,
    },
    Encode {
        column: String,
        encoding: String,
    },
    AddKey(Box<TableConstraint>),
    DropKey {
        name: String,
        if_exists: bool,
    },
    /// A declaration that changes nothing here: owners.
    Nothing,
}

/// Whether the statement is in a form that only Redshift has, and what it says.
pub fn redshift_only(tokens: &[TokenWithSpan]) -> Option<Result<Alter, SqlError>> {
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
        let names: Vec<String> = rest[2..]
            .iter()
            .map_while(|token| match &token.token {
                Token::Period => Some(None),
                option if is_word(option, "IGNOREEXTRA") || is_word(option, "FILLEXTRA") => None,
                other => name(other).map(Some),
            })
            .flatten()
            .take(2)
            .collect();
        let asks = |option: &str| rest.iter().any(|token| is_word(&token.token, option));
        let source = match &names[..] {
            [schema, table] => Name { schema: Some(schema.clone()), table: table.clone() },
            [table] => Name { schema: None, table: table.clone() },
            _ => return Some(Err(SqlError::syntax("syntax error at or near \"FROM\""))),
        };
        return altered(Change::Append {
            from: source,
            ignore_extra: asks("IGNOREEXTRA"),
            fill_extra: asks("FILLEXTRA"),
        });
    }
    if is(0, "OWNER") {
        return altered(Change::Nothing);
    }
    if is(0, "ALTER") && is(1, "ENCODE") {
        return altered(Change::Nothing);
    }
    if is(0, "ALTER") && is(1, "COLUMN") && is(3, "ENCODE") {
        let word = |at: usize| rest.get(at).and_then(|token| name(&token.token));
        return match (word(2), word(4)) {
            (Some(column), Some(encoding)) => altered(Change::Encode { column, encoding }),
            _ => Some(Err(SqlError::syntax("syntax error at end of input"))),
        };
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
) -> Result<Alter, SqlError> {
    let unsupported = || {
        let text = statement.to_string();
        let words: Vec<&str> = text.split_whitespace().collect();
        SqlError::unsupported(&format!("ALTER TABLE … {}", words.get(3..).unwrap_or_default().join(" ")))
    };
    let [operation] = &alter.operations[..] else { return Err(unsupported()) };
    let change = match operation {
        AlterTableOperation::AddColumn { column_def, .. } => {
            let found = attributes.columns.remove(&column_def.name.value).unwrap_or_default();
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
        } => Change::RenameTable(Name::of(name).table),
        AlterTableOperation::AlterColumn { column_name, op: AlterColumnOperation::SetDataType { data_type, .. } } => {
            Change::SetType { column: column_name.value.clone(), data_type: Type::of(data_type)? }
        }
        AlterTableOperation::AddConstraint { constraint, .. } => Change::AddKey(Box::new(constraint.clone())),
        AlterTableOperation::DropConstraint { name, if_exists, .. } => {
            Change::DropKey { name: name.value.clone(), if_exists: *if_exists }
        }
        AlterTableOperation::OwnerTo { .. } => Change::Nothing,
        _ => return Err(unsupported()),
    };
    Ok(Alter { table: Name::of(&alter.name), if_exists: alter.if_exists, change })
}
