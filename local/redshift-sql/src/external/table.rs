//! CREATE EXTERNAL TABLE (r_CREATE_EXTERNAL_TABLE).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::columns::{self, ExternalColumn};
use super::format::{FileFormat, serde_of};
use super::relation::PSEUDO_COLUMNS;
use crate::copy::copy_options::unescaped;
use crate::error::TranslateError;
use crate::parse::is_word;
use crate::parse::token_reader::{TokenReader, near};
use crate::statement::relation_name::Name;

#[derive(Debug)]
pub struct NewExternalTable {
    pub name: Name,
    pub table: ExternalTable,
}

/// An external table, as the data catalog has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalTable {
    pub columns: Vec<ExternalColumn>,
    /// The columns of PARTITIONED BY, whose values the files do not have.
    pub partition_keys: Vec<ExternalColumn>,
    pub location: String,
    pub input_format: String,
    pub output_format: String,
    /// The class that reads records.
    pub serialization_lib: String,
    pub serde_parameters: BTreeMap<String, String>,
    /// TABLE PROPERTIES.
    pub parameters: BTreeMap<String, String>,
}

/// # Errors
/// 0A000 for what cannot be read here, 42601 where LOCATION is missing.
pub fn create(tokens: &[TokenWithSpan]) -> Result<NewExternalTable, TranslateError> {
    let mut reader = TokenReader::new(&tokens[3..]);
    let name = reader.external_table()?;
    let as_query = || TranslateError::unsupported("CREATE EXTERNAL TABLE AS");
    if reader.tokens.as_slice().first().is_none_or(|token| token.token != Token::LParen) {
        return Err(as_query());
    }
    let columns = columns::read(&mut reader)?;
    let (mut partition_keys, mut row_format, mut location) = (Vec::new(), None, None);
    let (mut file_format, mut parameters) = (FileFormat::text(), BTreeMap::new());
    while let Some(token) = reader.tokens.next() {
        let is = |word: &str| is_word(&token.token, word);
        match () {
            () if is("PARTITIONED") => {
                reader.word("BY")?;
                partition_keys = columns::read(&mut reader)?;
            }
            () if is("ROW") => {
                reader.word("FORMAT")?;
                row_format = Some(row(&mut reader)?);
            }
            () if is("STORED") => {
                reader.word("AS")?;
                file_format = stored_as(&mut reader)?;
            }
            () if is("LOCATION") => location = Some(reader.location()?),
            () if is("TABLE") => {
                reader.word("PROPERTIES")?;
                parameters = reader.properties()?;
            }
            () if is("AS") => return Err(as_query()),
            () => return Err(near(token)),
        }
    }
    let location = location.ok_or_else(|| TranslateError::syntax("CREATE EXTERNAL TABLE needs LOCATION"))?;
    let usual = (serde_of(&file_format).to_owned(), BTreeMap::new());
    let (serialization_lib, serde_parameters) = row_format.unwrap_or(usual);
    let FileFormat { input_format, output_format } = file_format;
    let table = ExternalTable {
        columns,
        partition_keys,
        location,
        input_format,
        output_format,
        serialization_lib,
        serde_parameters,
        parameters,
    };
    table.check_names(&name)?;
    table.format()?;
    Ok(NewExternalTable { name, table })
}

/// What follows ROW FORMAT: the class that reads records, and its parameters.
fn row(reader: &mut TokenReader<'_>) -> Result<(String, BTreeMap<String, String>), TranslateError> {
    if reader.take_word("SERDE") {
        let class = reader.string()?;
        let mut properties = BTreeMap::new();
        if reader.take_word("WITH") {
            reader.word("SERDEPROPERTIES")?;
            properties = reader.properties()?;
        }
        return Ok((class, properties));
    }
    reader.word("DELIMITED")?;
    let mut properties = BTreeMap::new();
    loop {
        let is_field = reader.take_word("FIELDS");
        if !is_field && !reader.take_word("LINES") {
            return Ok((serde_of(&FileFormat::text()).to_owned(), properties));
        }
        reader.word("TERMINATED")?;
        reader.word("BY")?;
        let sign = unescaped(&reader.string()?);
        if is_field {
            properties.insert("field.delim".to_owned(), sign.clone());
            properties.insert("serialization.format".to_owned(), sign);
        } else if sign == "\n" {
            properties.insert("line.delim".to_owned(), sign);
        } else {
            return Err(TranslateError::unsupported("LINES TERMINATED BY anything but '\\n'"));
        }
    }
}

fn stored_as(reader: &mut TokenReader<'_>) -> Result<FileFormat, TranslateError> {
    if reader.take_word("INPUTFORMAT") {
        let input_format = reader.string()?;
        reader.word("OUTPUTFORMAT")?;
        return Ok(FileFormat { input_format, output_format: reader.string()? });
    }
    FileFormat::named(&reader.name()?)
}

impl ExternalTable {
    /// The columns in their order: those of the files, then the partition keys.
    pub fn all_columns(&self) -> impl Iterator<Item = &ExternalColumn> {
        self.columns.iter().chain(&self.partition_keys)
    }

    fn check_names(&self, name: &Name) -> Result<(), TranslateError> {
        if let Some(pseudo) =
            PSEUDO_COLUMNS.iter().find(|pseudo| self.all_columns().any(|column| column.name == **pseudo))
        {
            return Err(TranslateError::new(
                "42701",
                format!("column name \"{pseudo}\" conflicts with a pseudocolumn"),
            ));
        }
        let names: Vec<&str> = self.all_columns().map(|column| column.name.as_str()).collect();
        match names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
            Some((_, twice)) => {
                let message = format!("column \"{twice}\" of \"{}\" specified more than once", name.table);
                Err(TranslateError::new("42701", message))
            }
            None => Ok(()),
        }
    }
}
