//! Functions of one's own in SQL: `CREATE FUNCTION f (int, int) RETURNS int STABLE AS $$ SELECT $1 + $2 $$ LANGUAGE sql`.
//! They are macros of DuckDB's, under a name that none of its own functions has.

use sqlparser::ast::DataType;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::command::Command;
use crate::error::TranslateError;
use crate::parse::parameters;
use crate::parse::parser;
use crate::parse::tokenize;
use crate::rules::function_names::UDF_PREFIX;
use crate::statement::relation_name::{Name, quoted};
use crate::types::Type;

struct Function {
    replace: bool,
    name: String,
    arguments: Vec<DataType>,
    returns: DataType,
    body: String,
    language: String,
}

/// CREATE FUNCTION.
pub fn create(
    tokens: Vec<TokenWithSpan>,
    translate: impl FnOnce(Vec<TokenWithSpan>, &[(String, Type)]) -> Result<Command, TranslateError>,
) -> Result<Command, TranslateError> {
    let function = read(tokens).map_err(TranslateError::from_parser)?;
    if !function.language.eq_ignore_ascii_case("sql") {
        return Err(TranslateError::unsupported(&format!("CREATE FUNCTION in {}", function.language)));
    }
    let names: Vec<String> = (1..=function.arguments.len()).map(|at| format!("redshift_argument_{at}")).collect();
    let arguments = names.iter().map(|name| tokenize(name)).collect::<Result<Vec<_>, _>>()?;
    let typed = |(name, data_type): (&String, &DataType)| Ok(format!("{name} {}", Type::of(data_type)?.duck()));
    let typed = names.iter().zip(&function.arguments).map(typed).collect::<Result<Vec<_>, TranslateError>>()?;
    let mut body = crate::parse::one_statement(tokenize(&function.body)?)?;
    parameters::bind_arguments(&mut body, &arguments)?;
    let named = names.iter().zip(&function.arguments).map(|(name, data_type)| Ok((name.clone(), Type::of(data_type)?)));
    let named = named.collect::<Result<Vec<_>, TranslateError>>()?;
    let Command::Query(query) = translate(body, &named)? else {
        return Err(TranslateError::new("42P13", "the body of a function is a SELECT"));
    };
    let (name, returns) = (macro_name(&function.name), Type::of(&function.returns)?.duck());
    let or_replace = if function.replace { "OR REPLACE " } else { "" };
    let sql = format!("CREATE {or_replace}MACRO {name}({}) AS CAST(({}) AS {returns})", typed.join(", "), query.sql);
    Ok(Command::Define(vec![sql]))
}

fn read(tokens: Vec<TokenWithSpan>) -> Result<Function, ParserError> {
    let mut parser = parser(tokens);
    parser.expect_keyword_is(Keyword::CREATE)?;
    let replace = parser.parse_keywords(&[Keyword::OR, Keyword::REPLACE]);
    parser.expect_keyword_is(Keyword::FUNCTION)?;
    let name = bare(&mut parser)?;
    parser.expect_token(&Token::LParen)?;
    let mut arguments = Vec::new();
    while !parser.consume_token(&Token::RParen) {
        // An argument may have a name, as those of Python do.
        if !matches!(parser.peek_nth_token(1).token, Token::Comma | Token::RParen | Token::LParen) {
            let named = parser.maybe_parse(|parser| {
                parser.parse_identifier()?;
                parser.parse_data_type()
            })?;
            match named {
                Some(data_type) => arguments.push(data_type),
                None => arguments.push(parser.parse_data_type()?),
            }
        } else {
            arguments.push(parser.parse_data_type()?);
        }
        let _ = parser.consume_token(&Token::Comma);
    }
    parser.expect_keyword_is(Keyword::RETURNS)?;
    let returns = parser.parse_data_type()?;
    let _ = parser.parse_one_of_keywords(&[Keyword::VOLATILE, Keyword::STABLE, Keyword::IMMUTABLE]);
    parser.expect_keyword_is(Keyword::AS)?;
    let body = match parser.next_token() {
        TokenWithSpan { token: Token::DollarQuotedString(text), .. } => text.value,
        TokenWithSpan { token: Token::SingleQuotedString(text), .. } => text,
        other => return parser.expected("the body of the function", other),
    };
    parser.expect_keyword_is(Keyword::LANGUAGE)?;
    let language = parser.parse_identifier()?.value;
    Ok(Function { replace, name, arguments, returns, body, language })
}

/// DROP FUNCTION.
pub fn drop(tokens: Vec<TokenWithSpan>) -> Result<Command, TranslateError> {
    let mut parser = parser(tokens);
    let mut read = || {
        parser.expect_keywords(&[Keyword::DROP, Keyword::FUNCTION])?;
        let exists = if parser.parse_keywords(&[Keyword::IF, Keyword::EXISTS]) { "IF EXISTS " } else { "" };
        Ok(format!("DROP MACRO {exists}{}", macro_name(&bare(&mut parser)?)))
    };
    read().map(|sql| Command::Define(vec![sql])).map_err(TranslateError::from_parser)
}

/// All stand in the schema that is behind every search path.
fn macro_name(function: &str) -> String {
    format!("redshift_system.{}", quoted(&format!("{UDF_PREFIX}{function}")))
}

/// The name without its schema: there is one namespace.
fn bare(parser: &mut Parser<'_>) -> Result<String, ParserError> {
    Ok(Name::of(&parser.parse_object_name(false)?).table.to_lowercase())
}
