//! Redshift's dialect as `sqlparser` knows it, with what it does not know of it yet.

use std::any::TypeId;

use sqlparser::ast::Expr;
use sqlparser::dialect::{Dialect, Precedence, RedshiftSqlDialect};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

#[derive(Debug)]
pub struct Redshift;

const KNOWN: RedshiftSqlDialect = RedshiftSqlDialect {};

/// What `sqlparser` knows is asked of it.
macro_rules! known {
    ($($name:ident),+) => { $(fn $name(&self) -> bool { KNOWN.$name() })+ };
}

impl Dialect for Redshift {
    /// Where the parser asks for Redshift, this is it.
    fn dialect(&self) -> TypeId {
        KNOWN.dialect()
    }

    /// GROUPING SETS, ROLLUP, CUBE.
    fn supports_group_by_expr(&self) -> bool {
        true
    }

    /// `INTERVAL YEAR TO MONTH` is a type.
    fn supports_interval_options(&self) -> bool {
        true
    }

    fn supports_comment_on(&self) -> bool {
        true
    }

    /// `(+)` behind a column in WHERE.
    fn supports_outer_join_operator(&self) -> bool {
        true
    }

    /// Square and cube roots, and absolute values.
    fn parse_prefix(&self, parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
        let function = match parser.peek_token_ref().token {
            Token::PGSquareRoot => "sqrt",
            Token::PGCubeRoot => "cbrt",
            Token::AtSign => "abs",
            _ => return None,
        };
        parser.next_token();
        Some(parser.parse_subexpr(self.prec_value(Precedence::MulDivModOp)).and_then(|operand| {
            let call = Parser::new(self).try_with_sql(&format!("{function}({operand})"));
            call.and_then(|mut parser| parser.parse_expr())
        }))
    }

    /// DIV is an operator in MySQL. Here it is a name.
    fn get_next_precedence(&self, parser: &Parser) -> Option<Result<u8, ParserError>> {
        match &parser.peek_token_ref().token {
            Token::Word(word) if word.keyword == Keyword::DIV => Some(Ok(self.prec_unknown())),
            Token::Sharp => Some(Ok(self.prec_value(Precedence::PgOther))),
            _ => KNOWN.get_next_precedence(parser),
        }
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        KNOWN.is_identifier_start(ch)
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        KNOWN.is_identifier_part(ch)
    }

    fn identifier_quote_style(&self, identifier: &str) -> Option<char> {
        KNOWN.identifier_quote_style(identifier)
    }

    fn is_reserved_for_identifier(&self, keyword: Keyword) -> bool {
        KNOWN.is_reserved_for_identifier(keyword)
    }

    known!(
        convert_type_before_value,
        supports_connect_by,
        supports_top_before_distinct,
        supports_partiql,
        supports_unpivot_expr,
        supports_string_escape_constant,
        supports_geometric_types,
        supports_bitwise_shift_operators,
        supports_array_typedef_with_brackets,
        allow_extract_single_quotes,
        supports_string_literal_backslash_escape,
        supports_select_wildcard_exclude,
        supports_select_wildcard_with_alias,
        supports_left_associative_joins_without_parens,
        supports_select_exclude,
        supports_create_table_like_parenthesized,
        supports_string_literal_concatenation_with_newline,
        supports_window_function_null_treatment_arg
    );
}
