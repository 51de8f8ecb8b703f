//! The types of expressions, by those of their parts.

use sqlparser::ast::{
    AccessExpr, BinaryOperator, Expr, Function, FunctionArgumentClause, FunctionArguments, Ident, Subscript,
    UnaryOperator, WindowSpec, WindowType,
};

use super::leader_node_functions::is_leader_node_only;
use super::literals::{OF_DATE_PARTS, literal, number_by_format, type_named, word};
use super::scope::{Relation, Resolved, Scope, settled_type};
use super::value_type::ValueType;
use super::{Typer, argument_expressions, function_types, place};
use crate::error::TranslateError;
use crate::interval_type::IntervalType;
use crate::statement::relation_name::Name;
use crate::types::Type;

impl Typer<'_> {
    pub(super) fn each<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>, scope: &Scope<'_>) {
        for expr in exprs {
            self.expr(expr, scope);
        }
    }

    pub(super) fn expr(&mut self, expr: &Expr, scope: &Scope<'_>) -> ValueType {
        let found = self.infer(expr, scope);
        if found != ValueType::Unknown {
            self.types.found.insert(place(expr), found);
        }
        found
    }

    pub(super) fn infer(&mut self, expr: &Expr, scope: &Scope<'_>) -> ValueType {
        match expr {
            Expr::Identifier(ident) if scope.merged(&ident.value).is_some() => {
                let Some(merged) = scope.merged(&ident.value) else { return ValueType::Unknown };
                self.types.expansion.names.insert(place(expr), merged.expr.clone());
                merged.value_type
            }
            Expr::Identifier(ident) => match scope.resolve(&ident.value) {
                Resolved::Column(found) => {
                    let owns = |scope: &Scope<'_>| scope.relations.iter().any(|relation| relation.has(&ident.value));
                    self.check_correlation(scope, owns);
                    found
                }
                Resolved::Alias(found, named) => {
                    if self.is_grouped {
                        self.types.laterals.insert(place(expr), named);
                        self.types.named.insert(named);
                    }
                    found
                }
                Resolved::Nothing => self.name_without_column(ident, scope),
                Resolved::Unsure => ValueType::Unknown,
            },
            Expr::CompoundIdentifier(parts) => {
                if let [relation, column, ..] = &parts[..]
                    && scope.relation(&relation.value).is_none()
                    && scope.is_beside(Some(&relation.value), &column.value)
                {
                    self.refuse(beside_in_from());
                }
                if let Some(missing) = scope.missing_in_path(parts) {
                    self.miss(format!("column {missing} does not exist"));
                }
                if let [relation, _] = &parts[..] {
                    let is_it = |known: &Relation| known.name.eq_ignore_ascii_case(&relation.value);
                    self.check_correlation(scope, |scope| scope.relations.iter().any(is_it));
                }
                scope.resolve_path(parts)
            }
            Expr::CompoundFieldAccess { root, access_chain } => {
                for step in access_chain {
                    if let AccessExpr::Subscript(Subscript::Index { index }) = step {
                        self.expr(index, scope);
                    }
                }
                match self.expr(root, scope) {
                    ValueType::SUPER => ValueType::SUPER,
                    _ => ValueType::Unknown,
                }
            }
            Expr::JsonAccess { value, .. } => {
                self.expr(value, scope);
                ValueType::SUPER
            }
            Expr::OuterJoin(inner) => {
                self.has_outer_join_operator = true;
                self.expr(inner, scope)
            }
            Expr::Nested(inner) | Expr::Collate { expr: inner, .. } => self.expr(inner, scope),
            Expr::Value(value) => literal(&value.value),
            Expr::TypedString(typed) => type_named(&typed.data_type),
            Expr::Interval(literal) => match IntervalType::of_literal(literal) {
                Ok(kind) => kind.map_or(ValueType::Interval, |kind| ValueType::Of(Type::Interval(kind))),
                Err(error) => {
                    self.refuse(error);
                    ValueType::Interval
                }
            },
            Expr::Cast { expr, data_type, .. } | Expr::Convert { expr, data_type: Some(data_type), .. } => {
                self.expr(expr, scope);
                let wanted = type_named(data_type);
                self.learn(expr, wanted);
                wanted
            }
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right, scope),
            Expr::UnaryOp { op, expr } => match (op, self.expr(expr, scope)) {
                (UnaryOperator::Not, _) => ValueType::BOOLEAN,
                (_, found) => found,
            },
            Expr::Case { operand, conditions, else_result, .. } => {
                self.each(operand.as_deref(), scope);
                let mut result = ValueType::Null;
                for when in conditions {
                    self.expr(&when.condition, scope);
                    result = result.common(self.expr(&when.result, scope));
                }
                let result = else_result.iter().fold(result, |result, other| result.common(self.expr(other, scope)));
                let results = conditions.iter().map(|when| &when.result).chain(else_result.as_deref());
                self.coerce_literals(results, result);
                result
            }
            Expr::Function(function) => self.function(function, scope),
            Expr::AtTimeZone { timestamp, time_zone } => {
                let zone = self.expr(time_zone, scope);
                let time = self.expr(timestamp, scope);
                function_types::answer("timezone", &[zone, time])
            }
            Expr::Extract { field, expr, .. } => {
                self.expr(expr, scope);
                match field.to_string().eq_ignore_ascii_case("epoch") {
                    true => ValueType::BIGINT,
                    false => ValueType::INTEGER,
                }
            }
            Expr::Ceil { expr, .. } | Expr::Floor { expr, .. } => {
                let found = self.expr(expr, scope);
                function_types::answer("floor", &[found])
            }
            Expr::Position { expr, r#in } => {
                self.each([expr.as_ref(), r#in], scope);
                ValueType::INTEGER
            }
            Expr::Substring { expr, substring_from, substring_for, .. } => {
                let found = self.expr(expr, scope);
                self.each(
                    [substring_from.as_ref(), substring_for.as_ref()].into_iter().flatten().map(AsRef::as_ref),
                    scope,
                );
                if found.is_bytes() { ValueType::BYTES } else { ValueType::TEXT }
            }
            Expr::Trim { trim_what, expr, trim_characters, .. } => {
                self.each(trim_what.as_deref(), scope);
                let text = self.expr(expr, scope);
                self.each(trim_characters.iter().flatten(), scope);
                function_types::answer("trim", &[text])
            }
            Expr::Subquery(query) => {
                let columns = self.query(query, scope);
                columns
                    .and_then(|columns| columns.first().map(|first| settled_type(first.value_type)))
                    .unwrap_or(ValueType::Unknown)
            }
            Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => {
                sets.iter().for_each(|set| self.each(set, scope));
                ValueType::Unknown
            }
            Expr::Tuple(parts) => {
                self.each(parts, scope);
                ValueType::Unknown
            }
            Expr::Array(array) => {
                if !array.named {
                    self.refuse(TranslateError::syntax("syntax error at or near \"[\""));
                }
                self.each(&array.elem, scope);
                ValueType::Unknown
            }
            condition => self.condition(condition, scope),
        }
    }

    /// Expressions that are true or false.
    pub(super) fn condition(&mut self, expr: &Expr, scope: &Scope<'_>) -> ValueType {
        match expr {
            Expr::IsFalse(inner)
            | Expr::IsNotFalse(inner)
            | Expr::IsTrue(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsNull(inner)
            | Expr::IsNotNull(inner)
            | Expr::IsUnknown(inner)
            | Expr::IsNotUnknown(inner) => self.each([inner.as_ref()], scope),
            Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
                self.beside(left, &[right], scope)
            }
            Expr::AnyOp { left, right, .. } | Expr::AllOp { left, right, .. } => {
                self.beside(left, &[right], scope);
                self.types.compared.insert(place(expr), self.types.of(right));
            }
            Expr::InList { expr, list, .. } => self.beside(expr, &list.iter().collect::<Vec<_>>(), scope),
            Expr::Between { expr, low, high, .. } => self.beside(expr, &[low, high], scope),
            Expr::InSubquery { expr: value, subquery, .. } => {
                self.expr(value, scope);
                let columns = self.query(subquery, scope);
                let first = columns.and_then(|columns| columns.first().map(|first| first.value_type));
                self.types.compared.insert(place(expr), first.unwrap_or(ValueType::Unknown));
            }
            Expr::Exists { subquery, .. } => drop(self.query(subquery, scope)),
            Expr::Like { expr, pattern, escape_char, .. }
            | Expr::ILike { expr, pattern, escape_char, .. }
            | Expr::SimilarTo { expr, pattern, escape_char, .. } => {
                self.each([expr.as_ref(), pattern], scope);
                self.each(escape_char.as_deref(), scope);
                self.learn(pattern, ValueType::TEXT);
            }
            _ => return ValueType::Unknown,
        }
        ValueType::BOOLEAN
    }

    /// A value, and those that it is compared with.
    pub(super) fn beside(&mut self, one: &Expr, others: &[&Expr], scope: &Scope<'_>) {
        let wanted = self.expr(one, scope);
        for other in others {
            let found = self.expr(other, scope);
            self.learn(other, wanted);
            self.learn(one, found);
        }
    }

    pub(super) fn binary(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr, scope: &Scope<'_>) -> ValueType {
        let (one, two) = (self.expr(left, scope), self.expr(right, scope));
        let found = match op {
            BinaryOperator::Plus => one.plus(two),
            BinaryOperator::Minus => one.minus(two),
            BinaryOperator::Multiply => one.times(two),
            BinaryOperator::Divide => one.over(two),
            BinaryOperator::Modulo => one.modulo(two),
            BinaryOperator::StringConcat if one.is_bytes() || two.is_bytes() => return ValueType::BYTES,
            BinaryOperator::StringConcat => {
                self.check_concatenation(one, two);
                return ValueType::TEXT;
            }
            BinaryOperator::BitwiseAnd
            | BinaryOperator::BitwiseOr
            | BinaryOperator::PGBitwiseXor
            | BinaryOperator::PGBitwiseShiftLeft
            | BinaryOperator::PGBitwiseShiftRight
            | BinaryOperator::BitwiseXor => return if two.is_bytes() { ValueType::BYTES } else { one },
            BinaryOperator::And | BinaryOperator::Or => return ValueType::BOOLEAN,
            BinaryOperator::PGExp => return ValueType::DOUBLE,
            // Comparisons, and matches of patterns.
            _ => {
                self.learn(left, two);
                self.learn(right, one);
                return ValueType::BOOLEAN;
            }
        };
        for (parameter, beside) in [(left, two), (right, one)] {
            // Days are added to a date, and dates taken from it; what is added to a time is not known.
            match beside {
                ValueType::DATE if *op == BinaryOperator::Plus => self.learn(parameter, ValueType::INTEGER),
                ValueType::TIMESTAMP | ValueType::TIMESTAMPTZ | ValueType::TIME | ValueType::TIMETZ => {}
                beside => self.learn(parameter, beside),
            }
        }
        found
    }

    pub(super) fn note_leader_node(&mut self, function: &str) {
        if is_leader_node_only(function) {
            self.leader_node.get_or_insert_with(|| function.to_owned());
        }
    }

    /// A BOOLEAN has no text that it could be joined to (r_Boolean_type).
    fn check_concatenation(&mut self, one: ValueType, two: ValueType) {
        let name = |side: ValueType| match side {
            ValueType::Of(kind) => kind.bare_name(),
            _ => "\"unknown\"".to_owned(),
        };
        if one == ValueType::BOOLEAN || two == ValueType::BOOLEAN {
            let message = format!("operator does not exist: {} || {}", name(one), name(two));
            self.refuse(TranslateError::new("42883", message));
        }
    }

    pub(super) fn function(&mut self, function: &Function, scope: &Scope<'_>) -> ValueType {
        let name = Name::of(&function.name).table.to_lowercase();
        self.note_leader_node(&name);
        let names_part = OF_DATE_PARTS.contains(&name.as_str());
        let typed = |(at, argument): (usize, &Expr)| match argument {
            Expr::Identifier(_) if at == 0 && names_part => ValueType::Untyped,
            argument => self.expr(argument, scope),
        };
        let arguments: Vec<ValueType> = argument_expressions(function).enumerate().map(typed).collect();
        if let FunctionArguments::List(list) = &function.args {
            for clause in &list.clauses {
                if let FunctionArgumentClause::OrderBy(by) = clause {
                    self.each(by.iter().map(|by| &by.expr), scope);
                }
            }
        }
        self.each(function.filter.as_deref(), scope);
        if let Some(WindowType::WindowSpec(spec)) = &function.over {
            self.window(spec, scope);
        }
        let mut order = ValueType::Unknown;
        for by in &function.within_group {
            order = self.expr(&by.expr, scope);
        }
        self.mark_counted_texts(&name, function);
        let answer = match name.starts_with("percentile_") {
            true => function_types::answer(&name, &[order]),
            false => function_types::answer(&name, &arguments),
        };
        if function_types::is_common(&name) {
            self.coerce_literals(argument_expressions(function), answer);
        }
        match (name.as_str(), answer) {
            ("decode", answer) => {
                let count = arguments.len();
                let results = argument_expressions(function).enumerate();
                let results = results.filter(|(at, _)| function_types::is_result_of_decode(*at, count));
                self.coerce_literals(results.map(|(_, result)| result), answer);
                answer
            }
            ("to_number", _) => number_by_format(argument_expressions(function).nth(1)),
            (name, ValueType::Unknown) => self.own_function(name, function),
            (_, answer) => answer,
        }
    }

    /// A function of the user's. Literals and parameters take the types of its arguments.
    fn own_function(&mut self, name: &str, function: &Function) -> ValueType {
        let Some(signature) = self.catalog.and_then(|catalog| catalog.function(name)) else {
            return ValueType::Unknown;
        };
        for (argument, kind) in argument_expressions(function).zip(&signature.arguments) {
            self.coerce([argument], *kind);
            self.learn(argument, ValueType::Of(*kind));
        }
        ValueType::Of(signature.returns)
    }

    pub(super) fn window(&mut self, spec: &WindowSpec, scope: &Scope<'_>) {
        let order = spec.order_by.iter().map(|by| &by.expr);
        self.each(spec.partition_by.iter().chain(order.clone()), scope);
        self.mark_distinct_texts(spec.partition_by.iter().chain(order));
    }

    /// A name that is no column: a function without parentheses, a whole row, or a mistake.
    fn name_without_column(&mut self, ident: &Ident, scope: &Scope<'_>) -> ValueType {
        if ident.quote_style.is_none()
            && let Some(answer) = word(&ident.value)
        {
            return answer;
        }
        if scope.relation(&ident.value).is_none() && scope.is_beside(None, &ident.value) {
            self.refuse(beside_in_from());
        } else if scope.relation(&ident.value).is_none() {
            self.miss(format!("column \"{}\" does not exist", ident.value));
        }
        ValueType::Unknown
    }

    fn miss(&mut self, message: String) {
        self.refuse(TranslateError::new("42703", message));
    }

    pub(super) fn refuse(&mut self, error: TranslateError) {
        self.types.refusal.get_or_insert(error);
    }
}

fn beside_in_from() -> TranslateError {
    TranslateError::new("42P10", "subquery in FROM may not refer to other relations of same query level")
}
