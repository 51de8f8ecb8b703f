//! CREATE TABLE and DROP in DuckDB's words. Keys are declared, not enforced, as in Redshift (C19): they are left
//! out of what DuckDB sees. A VARCHAR's length becomes a check on its bytes.

use sqlparser::ast::{
    ColumnDef, ColumnOption, CreateTable as Ast, CreateTableLikeDefaults, CreateTableLikeKind, CreateTableOptions,
    Ident, ObjectType, Statement,
};

use crate::bind::value_type::ValueType;
use crate::error::TranslateError;
use crate::parse::reserved_words::is_reserved;
use crate::parse::simple_expressions::literal as literal_text;
use crate::rules::casts::coerced;
use crate::statement::attributes::{ColumnAttributes, TableAttributes};
use crate::statement::keys;
use crate::statement::relation_name::{Name, quoted};
use crate::types::Type;

#[derive(Debug)]
pub struct CreateTable {
    pub name: Name,
    pub if_not_exists: bool,
    pub temporary: bool,
    pub attributes: TableAttributes,
    pub shape: Shape,
}

/// Where a new table's columns come from.
#[derive(Debug)]
pub enum Shape {
    Columns(Vec<ColumnSpec>),
    Query {
        /// DuckDB's SQL.
        query: String,
        /// The names of the columns, where other ones are given.
        names: Vec<String>,
        /// The types of the columns, where they are known.
        types: Option<Vec<ValueType>>,
    },
    Like {
        source: Name,
        with_defaults: bool,
    },
}

/// A column as DuckDB is to have it.
#[derive(Debug, Clone)]
pub struct ColumnSpec {
    pub name: String,
    /// DuckDB's type.
    pub duck: String,
    pub not_null: bool,
    /// DuckDB's SQL.
    pub default: Option<String>,
    /// The type of a text, with the bytes that it may have.
    pub text: Option<Type>,
    pub attributes: ColumnAttributes,
}

impl ColumnSpec {
    pub fn of(column: &ColumnDef, mut attributes: ColumnAttributes) -> Result<Self, TranslateError> {
        let data_type = Type::of(&column.data_type)?;
        let name = column.name.value.clone();
        attributes.data_type = data_type.name();
        attributes.encoding.get_or_insert_with(|| data_type.usual_encoding().to_owned());
        if attributes.identity.is_some() && !matches!(data_type, Type::Integer | Type::BigInt) {
            return Err(TranslateError::new(
                "42804",
                format!("identity column \"{name}\" must be of type INT or BIGINT"),
            ));
        }
        let mut spec = Self {
            name,
            duck: data_type.duck(),
            not_null: attributes.identity.is_some(),
            default: None,
            text: data_type.limit().map(|_| data_type),
            attributes,
        };
        for option in &column.options {
            match &option.option {
                ColumnOption::NotNull => spec.refuse_nulls(),
                ColumnOption::PrimaryKey(_) => spec.not_null = true,
                ColumnOption::Default(value)
                    if (data_type.reads_literals() || data_type == Type::TimestampTz)
                        && literal_text(value).is_some() =>
                {
                    spec.default = Some(coerced(value.clone(), data_type).to_string());
                }
                ColumnOption::Default(value) => spec.default = Some(value.to_string()),
                ColumnOption::Collation(name) => match name.to_string().trim_matches('"').to_lowercase().as_str() {
                    "case_insensitive" | "ci" => spec.attributes.ignores_case = true,
                    "case_sensitive" | "cs" => {}
                    other => return Err(TranslateError::unsupported(&format!("COLLATE {other}"))),
                },
                ColumnOption::Null | ColumnOption::Unique(_) | ColumnOption::ForeignKey(_) => {}
                other => return Err(TranslateError::unsupported(&format!("the column option {other}"))),
            }
        }
        Ok(spec)
    }

    fn refuse_nulls(&mut self) {
        self.not_null = true;
        if let Some(identity) = &mut self.attributes.identity {
            identity.is_nullable = false;
        }
    }

    /// As it stands in CREATE TABLE.
    fn definition(&self, sequence: Option<&str>) -> String {
        let name = quoted(&self.name);
        let mut text = format!("{name} {}", self.duck);
        if self.attributes.ignores_case {
            text.push_str(" COLLATE NOCASE");
        }
        match (sequence, &self.default) {
            (Some(sequence), _) => text.push_str(&format!(" DEFAULT nextval('{sequence}')")),
            (None, Some(default)) => text.push_str(&format!(" DEFAULT {default}")),
            (None, None) => {}
        }
        if self.not_null {
            text.push_str(" NOT NULL");
        }
        match self.text {
            Some(Type::Varchar(limit)) => text.push_str(&format!(" CHECK (strlen({name}) <= {limit})")),
            // A character of CHAR is a byte.
            Some(Type::Char(limit)) => {
                text.push_str(&format!(" CHECK (strlen({name}) = length({name})) CHECK (length({name}) <= {limit})"));
            }
            Some(Type::Varbyte(limit)) => {
                text.push_str(&format!(" CHECK (system.main.octet_length({name}) <= {limit})"));
            }
            _ => {}
        }
        text
    }
}

/// Reserved words that published tables have as columns.
const TAKEN_AS_NAMES: [&str; 3] = ["interval", "language", "timestamp"];

/// A name that needs quotes and has none.
pub fn refuse_reserved(create: &Ast) -> Result<(), TranslateError> {
    let table = create.name.0.last().and_then(|part| part.as_ident());
    let columns = create.columns.iter().map(|column| &column.name);
    let needs_quotes = |name: &&Ident| {
        let word = name.value.to_ascii_lowercase();
        name.quote_style.is_none() && is_reserved(&word) && !TAKEN_AS_NAMES.contains(&word.as_str())
    };
    match table.into_iter().chain(columns).find(needs_quotes) {
        Some(name) => Err(TranslateError::syntax(format!("syntax error at or near \"{}\"", name.value))),
        None => Ok(()),
    }
}

/// `types` are those of the columns of its query.
pub fn create_table(
    create: Ast,
    mut attributes: TableAttributes,
    types: Option<Vec<ValueType>>,
) -> Result<CreateTable, TranslateError> {
    if create.or_replace || create.if_not_exists && create.query.is_some() {
        let word = if create.or_replace { "replace" } else { "as" };
        return Err(TranslateError::syntax(format!("syntax error at or near \"{word}\"")));
    }
    refuse_others(&create)?;
    let mut name = Name::of(&create.name);
    let temporary = create.temporary || name.table.starts_with('#');
    if temporary {
        name.schema = None;
    }
    let shape = match (&create.like, &create.query) {
        (Some(CreateTableLikeKind::Parenthesized(like) | CreateTableLikeKind::Plain(like)), _) => Shape::Like {
            source: Name::of(&like.name),
            with_defaults: like.defaults == Some(CreateTableLikeDefaults::Including),
        },
        (None, Some(query)) => {
            Shape::Query { query: query.to_string(), names: std::mem::take(&mut attributes.names), types }
        }
        (None, None) => {
            let spec = |column: &ColumnDef| {
                let mut found = attributes.columns.remove(&column.name.value.to_lowercase()).unwrap_or_default();
                // A sort key is not compressed, unless it is said to be.
                if found.encoding.is_none() && attributes.sortkey.contains(&column.name.value) {
                    found.encoding = Some("raw".to_owned());
                }
                ColumnSpec::of(column, found)
            };
            let mut columns = create.columns.iter().map(spec).collect::<Result<Vec<_>, _>>()?;
            keys::take(&create, &mut attributes)?;
            for column in &mut columns {
                column.not_null |= attributes.primary_key.contains(&column.name);
            }
            let missing = |key: &&String| !columns.iter().any(|column| column.name == **key);
            if let Some(key) = attributes.distkey.iter().chain(&attributes.sortkey).find(missing) {
                return Err(TranslateError::new("42703", format!("column \"{key}\" named in key does not exist")));
            }
            refuse_super_keys(&columns, &attributes)?;
            Shape::Columns(columns)
        }
    };
    Ok(CreateTable { name, if_not_exists: create.if_not_exists, temporary, attributes, shape })
}

/// A SUPER is neither a distribution key nor a sort key (limitations-super), nor is a VARBYTE (r_VARBYTE_type).
fn refuse_super_keys(columns: &[ColumnSpec], attributes: &TableAttributes) -> Result<(), TranslateError> {
    for column in columns {
        let found = Type::from_name(&column.attributes.data_type);
        let Some(data_type @ (Type::Super | Type::Varbyte(_))) = found else { continue };
        let kind = match () {
            () if attributes.distkey.as_deref() == Some(&column.name) => "distribution",
            () if attributes.sortkey.contains(&column.name) => "sort",
            () => continue,
        };
        let message = format!("column \"{}\" of type {} cannot be a {kind} key", column.name, data_type.short_name());
        return Err(TranslateError::new("0A000", message));
    }
    Ok(())
}

/// What other databases can say of a new table, and the parser reads.
fn refuse_others(create: &Ast) -> Result<(), TranslateError> {
    let others = [
        ("CLONE", create.clone.is_some()),
        ("CLUSTER BY", create.cluster_by.is_some() || create.clustered_by.is_some()),
        ("COMMENT", create.comment.is_some()),
        ("INHERITS", create.inherits.is_some()),
        ("LOCATION", create.location.is_some()),
        ("ON COMMIT", create.on_commit.is_some()),
        ("PARTITION BY", create.partition_by.is_some() || create.partition_of.is_some()),
        ("STORED AS", create.file_format.is_some()),
        ("UNLOGGED", create.unlogged),
        ("WITH", create.table_options != CreateTableOptions::None),
    ];
    match others.iter().find(|(_, is_given)| *is_given) {
        Some((option, _)) => Err(TranslateError::unsupported(&format!("CREATE TABLE … {option}"))),
        None => Ok(()),
    }
}

/// Keeps the defaults as they were written, before they are said in DuckDB's words.
pub fn note_defaults<'c>(columns: impl IntoIterator<Item = &'c ColumnDef>, attributes: &mut TableAttributes) {
    for column in columns {
        let default = column.options.iter().find_map(|option| match &option.option {
            ColumnOption::Default(value) => Some(value.to_string()),
            _ => None,
        });
        if default.is_some() {
            attributes.columns.entry(column.name.value.to_lowercase()).or_default().default = default;
        }
    }
}

/// The statements that make a table of these columns. Sequences have names of their own, whatever becomes of the table's.
pub fn define(
    name: &Name,
    temporary: bool,
    columns: &[ColumnSpec],
    attributes: &TableAttributes,
) -> Result<Vec<String>, TranslateError> {
    let mut statements = Vec::new();
    let mut definitions = Vec::new();
    let mut columns = columns.to_vec();
    for column in &mut columns {
        let Some(identity) = &mut column.attributes.identity else {
            definitions.push(column.definition(None));
            continue;
        };
        if identity.sequence.is_empty() {
            identity.sequence = format!("redshift_identity_{:016x}", fastrand::u64(..));
            let (seed, step) = (identity.seed, identity.step);
            statements.push(format!(
                "CREATE SEQUENCE redshift_system.{} START WITH {seed} INCREMENT BY {step} MINVALUE {} MAXVALUE {}",
                identity.sequence,
                i64::MIN + 1,
                i64::MAX - 1
            ));
        }
        let sequence = format!("redshift_system.{}", identity.sequence);
        definitions.push(column.definition(Some(&sequence)));
    }
    let kind = if temporary { "TEMPORARY TABLE" } else { "TABLE" };
    statements.push(format!("CREATE {kind} {name} ({})", definitions.join(", ")));
    statements.push(describe(name, attributes)?);
    for column in &columns {
        statements.push(describe_column(name, &column.name, &column.attributes)?);
    }
    Ok(statements)
}

/// Redshift's attributes travel with the table as its comment, so that they are renamed, dropped and rolled back
/// together with it.
pub fn describe(name: &Name, attributes: &TableAttributes) -> Result<String, TranslateError> {
    Ok(format!("COMMENT ON TABLE {name} IS {}", comment(attributes)?))
}

/// What the comment of a view keeps.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct KeptView {
    /// What the catalog shows: its query, or where it is not bound to what it reads, all of it.
    #[serde(default)]
    pub definition: String,
    /// The names that were given to its columns.
    #[serde(default)]
    pub columns: Vec<String>,
    #[serde(default)]
    pub late: bool,
}

impl KeptView {
    pub fn describe(&self, name: &Name) -> Result<String, TranslateError> {
        Ok(format!("COMMENT ON VIEW {name} IS {}", comment(self)?))
    }
}

pub fn describe_column(name: &Name, column: &str, attributes: &ColumnAttributes) -> Result<String, TranslateError> {
    Ok(format!("COMMENT ON COLUMN {name}.{} IS {}", quoted(column), comment(attributes)?))
}

fn comment(attributes: &impl serde::Serialize) -> Result<String, TranslateError> {
    let json = serde_json::to_string(attributes).map_err(|error| TranslateError::new("XX000", error.to_string()))?;
    Ok(literal(&json))
}

/// What a DROP names.
#[derive(Debug)]
pub struct Drop {
    pub kind: ObjectType,
    pub names: Vec<Name>,
    pub if_exists: bool,
    pub cascade: bool,
}

pub fn drop(statement: &Statement) -> Result<Drop, TranslateError> {
    let Statement::Drop { object_type, if_exists, names, cascade, .. } = statement else {
        return Err(TranslateError::unsupported("this DROP"));
    };
    if !matches!(object_type, ObjectType::Table | ObjectType::View | ObjectType::MaterializedView | ObjectType::Schema)
    {
        return Err(TranslateError::unsupported(&format!("DROP {object_type}")));
    }
    Ok(Drop {
        kind: *object_type,
        names: names.iter().map(Name::of).collect(),
        if_exists: *if_exists,
        cascade: *cascade,
    })
}

/// A text as DuckDB reads it.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
