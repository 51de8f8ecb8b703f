//! JSON_EXTRACT_PATH_TEXT.

use sqlparser::ast::{Expr, Value};

use crate::parse::simple_expressions::literal;
use crate::rules::calls::Call;
use crate::rules::construct::{call, call_with, case, cast, text};
use crate::types::{Type, VARCHAR_MAX};

/// *JSON paths*: key by key; a last TRUE makes invalid JSON NULL. A key is one of objects only, and whatever signs it has.
pub fn json_path(mut given: Call) -> Expr {
    let flag = match given.arguments.last() {
        Some(Expr::Value(value)) => match value.value {
            Value::Boolean(flag) => Some(flag),
            _ => None,
        },
        _ => None,
    };
    if flag.is_some() {
        given.arguments.pop();
    }
    let json = given.take(0);
    let json = match flag {
        Some(true) => case(vec![(call("json_valid", [json.clone()]), json)], None),
        _ => json,
    };
    let path = &given.arguments[1..];
    match path.iter().map(pointer_step).collect::<Option<String>>() {
        Some(pointer) => call("json_extract_string", [json, text(&pointer)]),
        None => {
            let written = |value: Expr| cast(value, Type::Varchar(VARCHAR_MAX));
            let keys = given.arguments.drain(1..).map(written);
            call_with("redshift_json_text", std::iter::once(written(json)).chain(keys).collect())
        }
    }
}

/// A key as a step of a JSON pointer; `None` where it is computed, could be the place of an element, or would not stand
/// in a literal.
fn pointer_step(key: &Expr) -> Option<String> {
    let key = literal(key)?;
    let is_place = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit());
    (!is_place && !key.contains(['\'', '\\'])).then(|| format!("/{}", key.replace('~', "~0").replace('/', "~1")))
}
