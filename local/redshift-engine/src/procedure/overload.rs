//! The choice among procedures of one name (the page "Naming stored procedures").

use redshift_sql::procedure::{Argument, Datum, ProcedureCall, VariableType};
use redshift_sql::{Name, Type};

use super::catalog::{self, Procedure};
use crate::error::SqlError;
use crate::session::Session;

/// The procedure that takes as many arguments, and of types that come nearest.
pub fn choose(session: &Session, call: &ProcedureCall, values: &[Datum]) -> Result<Procedure, SqlError> {
    let mut fitting = catalog::find(session, &call.name)?;
    fitting.retain(|procedure| inputs(procedure).count() == values.len());
    let is_untyped: Vec<bool> = call.arguments.iter().map(|argument| argument.is_untyped).collect();
    let mut scored = Vec::new();
    for procedure in fitting {
        let scores = inputs(&procedure).zip(values).zip(&is_untyped);
        let scores = scores.map(|((argument, value), is_untyped)| distance(value.data_type, *is_untyped, argument));
        if let Some(score) = scores.sum::<Option<u32>>() {
            scored.push((score, procedure));
        }
    }
    let best = scored.iter().map(|(score, _)| *score).min();
    let mut nearest = scored.into_iter().filter(|(score, _)| Some(*score) == best).map(|(_, procedure)| procedure);
    match (nearest.next(), nearest.next()) {
        // The same signature may stand in several schemas: the first of the search path counts.
        (Some(first), Some(second)) if first.signature != second.signature => {
            let signature = signature(values, &is_untyped);
            Err(SqlError::new("42725", format!("procedure {}({signature}) is not unique", full(&call.name))))
        }
        (Some(first), _) => Ok(first),
        (None, _) => Err(catalog::missing(&call.name, Some(&signature(values, &is_untyped)))),
    }
}

fn full(name: &Name) -> String {
    name.schema.as_ref().map_or(name.table.clone(), |schema| format!("{schema}.{}", name.table))
}

fn inputs(procedure: &Procedure) -> impl Iterator<Item = &Argument> {
    procedure.definition.arguments.iter().filter(|argument| argument.is_input())
}

fn signature(values: &[Datum], is_untyped: &[bool]) -> String {
    let name = |(value, is_untyped): (&Datum, &bool)| match is_untyped {
        true => "unknown".to_owned(),
        false => value.data_type.bare_name(),
    };
    values.iter().zip(is_untyped).map(name).collect::<Vec<_>>().join(", ")
}

/// The distance of a value from the type of an argument; `None` where there is no conversion.
fn distance(from: Type, is_untyped: bool, argument: &Argument) -> Option<u32> {
    let VariableType::Value(to) = argument.data_type else {
        return matches!(from, Type::Varchar(_) | Type::Char(_)).then_some(u32::from(!is_untyped));
    };
    let is_text = |data_type| matches!(data_type, Type::Varchar(_) | Type::Char(_));
    if is_untyped {
        return Some(u32::from(!is_text(to)));
    }
    match (rank(from), rank(to)) {
        _ if from.bare_name() == to.bare_name() => Some(0),
        // Numbers become greater ones by themselves, and others where nothing fits better.
        (Some(from), Some(to)) if from < to => Some(to - from),
        (Some(_), Some(_)) => Some(20),
        _ if is_text(from) && is_text(to) => Some(1),
        _ if from.becomes(to) => Some(10),
        _ if is_text(from) => Some(30),
        _ => None,
    }
}

fn rank(data_type: Type) -> Option<u32> {
    Some(match data_type {
        Type::SmallInt => 1,
        Type::Integer => 2,
        Type::BigInt => 3,
        Type::Decimal(..) => 4,
        Type::Real => 5,
        Type::Double => 6,
        _ => return None,
    })
}
