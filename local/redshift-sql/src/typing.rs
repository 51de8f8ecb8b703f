//! The types of a statement's expressions, before anything of it is rewritten.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use sqlparser::ast::{
    AccessExpr, Assignment, AssignmentTarget, BinaryOperator, DataType, Delete, Expr, FromTable, Function, FunctionArg,
    FunctionArgExpr, FunctionArgumentClause, FunctionArguments, GroupByExpr, Insert, JoinConstraint, JoinOperator,
    LimitClause, Merge, MergeAction, MergeInsertKind, MergeUpdateKind, NamedWindowExpr, ObjectName, OrderBy,
    OrderByKind, Query, Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, Statement, Subscript,
    TableFactor, TableObject, TableWithJoins, UnaryOperator, Update, UpdateTableFromKind, Value, Visit, Visitor,
    WindowSpec, WindowType,
};

use super::casts::unlimited;
use super::catalog::{Catalog, RelationColumn};
use super::column_names::named_like;
use super::ddl::Name;
use super::function_types;
use super::scope::{Alias, Columns, Relation, Resolved, Scope, renamed};
use super::types::Type;
use super::value_type::{MAX_PRECISION, ValueType};

/// What is known of a statement. An expression is known by its place in memory: the statement must not be moved between
/// this and its rewriting.
#[derive(Debug, Default)]
pub struct Types {
    found: HashMap<usize, ValueType>,
    laterals: HashMap<usize, usize>,
    /// By the number of the parameter.
    parameters: BTreeMap<usize, Type>,
    /// The columns of what an INSERT reads, or the values that an UPDATE assigns.
    given: Option<Vec<ValueType>>,
}

impl Types {
    /// The types of a statement; `arguments` are names that stand for values everywhere in it.
    pub fn of_statement(statement: &Statement, catalog: Option<&dyn Catalog>, arguments: &[(String, Type)]) -> Self {
        let arguments = arguments
            .iter()
            .map(|(name, data_type)| RelationColumn { name: name.clone(), value_type: ValueType::Of(*data_type) });
        let mut outermost = Scope::default();
        outermost.relations.push(Relation { name: String::new(), columns: Some(arguments.collect()) });
        let mut typer = Typer { catalog, types: Self::default(), common: Vec::new() };
        typer.statement(statement, &outermost);
        typer.types
    }

    pub fn of(&self, expr: &Expr) -> ValueType {
        self.found.get(&place(expr)).copied().unwrap_or(ValueType::Unknown)
    }

    /// The types of a call's arguments.
    pub fn of_arguments(&self, function: &Function) -> Vec<ValueType> {
        expressions(function).map(|argument| self.of(argument)).collect()
    }

    /// The place of the expression that a name stands for, where it is an alias that DuckDB does not know there.
    pub fn lateral(&self, expr: &Expr) -> Option<usize> {
        self.laterals.get(&place(expr)).copied()
    }

    /// True for an expression whose alias is used by another.
    pub fn is_named_by_lateral(&self, expr: &Expr) -> bool {
        !self.laterals.is_empty() && self.laterals.values().any(|named| *named == place(expr))
    }

    pub fn into_parameters(self) -> BTreeMap<usize, Type> {
        self.parameters
    }

    /// The types of the columns that an INSERT reads, or of the values that an UPDATE assigns, in their order; `None`
    /// where they are not known.
    pub fn given(&self) -> Option<Vec<ValueType>> {
        self.given.clone()
    }
}

/// Where an expression stands in memory.
pub fn place(expr: &Expr) -> usize {
    std::ptr::from_ref(expr).addr()
}

fn expressions(function: &Function) -> impl Iterator<Item = &Expr> {
    let list = match &function.args {
        FunctionArguments::List(list) => &list.args[..],
        _ => &[],
    };
    list.iter().filter_map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    })
}

struct Typer<'c> {
    catalog: Option<&'c dyn Catalog>,
    types: Types,
    /// The common table expressions that can be seen, the innermost last.
    common: Vec<Relation>,
}

impl Typer<'_> {
    fn statement(&mut self, statement: &Statement, outer: &Scope<'_>) {
        match statement {
            Statement::Query(query) => drop(self.query(query, outer)),
            Statement::Insert(insert) => self.insert(insert, outer),
            Statement::Update(update) => self.update(update, outer),
            Statement::Delete(delete) => self.delete(delete, outer),
            Statement::Merge(merge) => self.merge(merge, outer),
            Statement::CreateTable(create) => {
                if let Some(query) = &create.query {
                    self.query(query, outer);
                }
            }
            Statement::CreateView(view) => drop(self.query(&view.query, outer)),
            _ => {}
        }
    }

    fn insert(&mut self, insert: &Insert, outer: &Scope<'_>) {
        let Some(source) = &insert.source else { return };
        let columns = self.query(source, outer);
        self.types.given = columns.map(|columns| columns.iter().map(|column| column.value_type).collect());
        let TableObject::TableName(name) = &insert.table else { return };
        let Some(table) = self.columns_of(name) else { return };
        let targets: Vec<ValueType> = match insert.columns.is_empty() {
            true => table.iter().map(|column| column.value_type).collect(),
            false => insert.columns.iter().map(|name| type_in(&table, &Name::of(name).table)).collect(),
        };
        self.assign_rows(&source.body, &targets);
    }

    /// Parameters among the values that a row gives to columns.
    fn assign_rows(&mut self, body: &SetExpr, targets: &[ValueType]) {
        match body {
            SetExpr::Values(values) => {
                for (value, target) in values.rows.iter().flat_map(|row| row.iter().zip(targets)) {
                    self.learn(value, *target);
                }
            }
            SetExpr::Select(select) => {
                for (item, target) in select.projection.iter().zip(targets) {
                    let (SelectItem::UnnamedExpr(value) | SelectItem::ExprWithAlias { expr: value, .. }) = item else {
                        return;
                    };
                    self.learn(value, *target);
                }
            }
            SetExpr::Query(query) => self.assign_rows(&query.body, targets),
            SetExpr::SetOperation { left, right, .. } => {
                self.assign_rows(left, targets);
                self.assign_rows(right, targets);
            }
            _ => {}
        }
    }

    fn update(&mut self, update: &Update, outer: &Scope<'_>) {
        let mut scope = Scope::within(Some(outer));
        self.table_with_joins(&update.table, &mut scope);
        if let Some(UpdateTableFromKind::BeforeSet(from) | UpdateTableFromKind::AfterSet(from)) = &update.from {
            self.from(from, &mut scope);
        }
        self.assignments(&update.assignments, &scope);
        let given = update.assignments.iter().map(|assignment| self.types.of(&assignment.value));
        self.types.given = Some(given.collect());
        self.each(&update.selection, &scope);
    }

    fn assignments(&mut self, assignments: &[Assignment], scope: &Scope<'_>) {
        for assignment in assignments {
            self.expr(&assignment.value, scope);
            if let (AssignmentTarget::ColumnName(name), Some(changed)) = (&assignment.target, scope.relations.first())
                && let Some(columns) = &changed.columns
            {
                self.learn(&assignment.value, type_in(columns, &Name::of(name).table));
            }
        }
    }

    fn delete(&mut self, delete: &Delete, outer: &Scope<'_>) {
        let mut scope = Scope::within(Some(outer));
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
        self.from(from, &mut scope);
        if let Some(using) = &delete.using {
            self.from(using, &mut scope);
        }
        self.each(&delete.selection, &scope);
    }

    fn merge(&mut self, merge: &Merge, outer: &Scope<'_>) {
        let mut scope = Scope::within(Some(outer));
        self.table_factor(&merge.table, &mut scope);
        self.table_factor(&merge.source, &mut scope);
        self.expr(&merge.on, &scope);
        for clause in &merge.clauses {
            self.each(&clause.predicate, &scope);
            match &clause.action {
                MergeAction::Insert(insert) => {
                    if let MergeInsertKind::Values(values) = &insert.kind {
                        values.rows.iter().flat_map(|row| row.iter()).for_each(|value| {
                            self.expr(value, &scope);
                        });
                    }
                }
                MergeAction::Update(update) => {
                    if let MergeUpdateKind::Set(assignments) = &update.kind {
                        self.assignments(assignments, &scope);
                    }
                }
                _ => {}
            }
        }
    }

    fn query(&mut self, query: &Query, outer: &Scope<'_>) -> Columns {
        let before = self.common.len();
        for table in query.with.iter().flat_map(|with| &with.cte_tables) {
            let is_recursive = query.with.as_ref().is_some_and(|with| with.recursive);
            let name = table.alias.name.value.clone();
            if is_recursive {
                // The part that does not read itself says what the columns are.
                let columns = match table.query.body.as_ref() {
                    SetExpr::SetOperation { left, .. } => self.set_expr(left, None, outer),
                    _ => None,
                };
                self.common.push(Relation { name: name.clone(), columns: renamed(columns, &table.alias) });
            }
            let columns = self.query(&table.query, outer);
            if is_recursive {
                self.common.pop();
            }
            self.common.push(Relation { name, columns: renamed(columns, &table.alias) });
        }
        let columns = self.set_expr(&query.body, query.order_by.as_ref(), outer);
        if let Some(LimitClause::LimitOffset { limit, offset, .. }) = &query.limit_clause {
            for count in limit.iter().chain(offset.as_ref().map(|offset| &offset.value)) {
                self.expr(count, outer);
                self.learn(count, ValueType::BIGINT);
            }
        }
        self.common.truncate(before);
        columns
    }

    fn set_expr(&mut self, body: &SetExpr, order_by: Option<&OrderBy>, outer: &Scope<'_>) -> Columns {
        match body {
            SetExpr::Select(select) => self.select(select, order_by, outer),
            SetExpr::Query(query) => self.query(query, outer),
            SetExpr::SetOperation { left, right, .. } => {
                let (left, right) = (self.set_expr(left, None, outer)?, self.set_expr(right, None, outer)?);
                let both = left.iter().zip(right.iter()).map(|(left, right)| RelationColumn {
                    name: left.name.clone(),
                    value_type: left.value_type.common(right.value_type),
                });
                Some(both.collect())
            }
            SetExpr::Values(values) => {
                let mut types: Vec<ValueType> = Vec::new();
                for row in &values.rows {
                    for (at, value) in row.iter().enumerate() {
                        let found = self.expr(value, outer);
                        match types.get_mut(at) {
                            Some(known) => *known = known.common(found),
                            None => types.push(found),
                        }
                    }
                }
                let named = types.into_iter().enumerate();
                Some(
                    named
                        .map(|(at, value_type)| RelationColumn { name: format!("column{}", at + 1), value_type })
                        .collect(),
                )
            }
            SetExpr::Insert(statement)
            | SetExpr::Update(statement)
            | SetExpr::Delete(statement)
            | SetExpr::Merge(statement) => {
                self.statement(statement, outer);
                None
            }
            SetExpr::Table(_) => None,
        }
    }

    fn select(&mut self, select: &Select, order_by: Option<&OrderBy>, outer: &Scope<'_>) -> Columns {
        let mut scope = Scope::within(Some(outer));
        self.from(&select.from, &mut scope);
        self.each(&select.selection, &scope);
        let is_grouped = !matches!(&select.group_by, GroupByExpr::Expressions(by, _) if by.is_empty());
        let mut columns = Some(Vec::new());
        for item in &select.projection {
            let found = self.select_item(item, &mut scope, is_grouped);
            if let (Some(all), Some(found)) = (&mut columns, &found) {
                all.extend(found.iter().cloned());
            } else {
                columns = None;
            }
        }
        if let GroupByExpr::Expressions(by, _) = &select.group_by {
            self.each(by, &scope);
        }
        for window in &select.named_window {
            if let NamedWindowExpr::WindowSpec(spec) = &window.1 {
                self.window(spec, &scope);
            }
        }
        self.each(&select.having, &scope);
        self.each(&select.qualify, &scope);
        self.order_by(order_by, &scope);
        columns.map(Into::into)
    }

    fn order_by(&mut self, order_by: Option<&OrderBy>, scope: &Scope<'_>) {
        if let Some(OrderBy { kind: OrderByKind::Expressions(by), .. }) = order_by {
            self.each(by.iter().map(|by| &by.expr), scope);
        }
    }

    /// The columns of an item of the SELECT, whose alias can be used from here on.
    fn select_item(&mut self, item: &SelectItem, scope: &mut Scope<'_>, is_grouped: bool) -> Columns {
        let one = |name: Option<String>, value_type| {
            Some([RelationColumn { name: name.unwrap_or_default(), value_type }].into())
        };
        match item {
            SelectItem::UnnamedExpr(expr) => {
                let value_type = self.item_expr(expr, scope, is_grouped);
                one(named_like(expr), value_type)
            }
            SelectItem::ExprWithAlias { expr, alias } => {
                let value_type = self.item_expr(expr, scope, is_grouped);
                scope.aliases.push(Alias { name: alias.value.clone(), value_type, place: place(expr) });
                one(Some(alias.value.clone()), value_type)
            }
            SelectItem::Wildcard(_) => scope.all_columns(),
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                scope.relation(&Name::of(name).table).and_then(|relation| relation.columns.clone())
            }
            _ => None,
        }
    }

    /// An expression among the columns of a SELECT. Where rows are grouped, DuckDB does not know its aliases there.
    fn item_expr(&mut self, expr: &Expr, scope: &Scope<'_>, is_grouped: bool) -> ValueType {
        let found = self.expr(expr, scope);
        if is_grouped && !scope.aliases.is_empty() {
            for (at, name) in identifiers(expr) {
                if let Resolved::Alias(_, named) = scope.resolve(&name) {
                    self.types.laterals.insert(at, named);
                }
            }
        }
        found
    }

    fn from(&mut self, from: &[TableWithJoins], scope: &mut Scope<'_>) {
        from.iter().for_each(|joined| self.table_with_joins(joined, scope));
    }

    fn table_with_joins(&mut self, joined: &TableWithJoins, scope: &mut Scope<'_>) {
        self.table_factor(&joined.relation, scope);
        for join in &joined.joins {
            self.table_factor(&join.relation, scope);
            if let Some(JoinConstraint::On(condition)) = constraint(&join.join_operator) {
                self.expr(condition, scope);
            }
        }
    }

    fn table_factor(&mut self, factor: &TableFactor, scope: &mut Scope<'_>) {
        let relation = match factor {
            TableFactor::Table { name, alias, args: None, .. } => {
                let called = alias.as_ref().map_or_else(|| Name::of(name).table, |alias| alias.name.value.clone());
                let columns = match leads_into_super(name, scope) {
                    true => {
                        let mut columns = vec![RelationColumn { name: called.clone(), value_type: ValueType::SUPER }];
                        let place = alias.as_ref().and_then(|alias| alias.at.as_ref());
                        columns.extend(
                            place.map(|at| RelationColumn { name: at.value.clone(), value_type: ValueType::BIGINT }),
                        );
                        Some(columns.into())
                    }
                    false => self.columns_of(name),
                };
                let columns = alias.as_ref().map_or(columns.clone(), |alias| renamed(columns, alias));
                Relation { name: called, columns }
            }
            TableFactor::Derived { subquery, alias, .. } => {
                let columns = self.query(subquery, scope);
                match alias {
                    Some(alias) => Relation { name: alias.name.value.clone(), columns: renamed(columns, alias) },
                    None => Relation { name: String::new(), columns },
                }
            }
            TableFactor::NestedJoin { table_with_joins, .. } => return self.table_with_joins(table_with_joins, scope),
            TableFactor::UnpivotExpr { expression, value_alias, attribute_alias } => {
                self.expr(expression, scope);
                let column = |name: &str, value_type| RelationColumn { name: name.to_owned(), value_type };
                let mut columns = vec![column(&value_alias.value, ValueType::SUPER)];
                columns.extend(attribute_alias.as_ref().map(|name| column(&name.value, ValueType::TEXT)));
                Relation { name: value_alias.value.clone(), columns: Some(columns.into()) }
            }
            TableFactor::Pivot { table, aggregate_functions, value_column, alias, .. } => {
                let mut inner = Scope::within(Some(scope));
                self.table_factor(table, &mut inner);
                aggregate_functions.iter().for_each(|aggregate| {
                    self.expr(&aggregate.expr, &inner);
                });
                value_column.iter().for_each(|column| {
                    self.expr(column, &inner);
                });
                unknown(alias.as_ref().map(|alias| alias.name.value.clone()))
            }
            TableFactor::Unpivot { table, alias, .. } => {
                self.table_factor(table, &mut Scope::within(Some(scope)));
                unknown(alias.as_ref().map(|alias| alias.name.value.clone()))
            }
            TableFactor::Table { name, alias, .. } => {
                let called = alias.as_ref().map_or_else(|| Name::of(name).table, |alias| alias.name.value.clone());
                unknown(Some(called))
            }
            _ => unknown(None),
        };
        scope.relations.push(relation);
    }

    /// The columns of what a name in FROM stands for.
    fn columns_of(&self, name: &ObjectName) -> Columns {
        let name = Name::of(name);
        let common = || self.common.iter().rev().find(|table| table.name == name.table);
        match name.schema.is_none().then(common).flatten() {
            Some(table) => table.columns.clone(),
            None => self.catalog?.columns(&name),
        }
    }

    fn each<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>, scope: &Scope<'_>) {
        for expr in exprs {
            self.expr(expr, scope);
        }
    }

    fn expr(&mut self, expr: &Expr, scope: &Scope<'_>) -> ValueType {
        let found = self.infer(expr, scope);
        if found != ValueType::Unknown {
            self.types.found.insert(place(expr), found);
        }
        found
    }

    fn infer(&mut self, expr: &Expr, scope: &Scope<'_>) -> ValueType {
        match expr {
            Expr::Identifier(ident) => match scope.resolve(&ident.value) {
                Resolved::Column(found) | Resolved::Alias(found, _) => found,
                Resolved::Nothing if ident.quote_style.is_none() => word(&ident.value),
                Resolved::Nothing | Resolved::Unsure => ValueType::Unknown,
            },
            Expr::CompoundIdentifier(parts) => scope.resolve_path(parts),
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
            Expr::Nested(inner) | Expr::Collate { expr: inner, .. } => self.expr(inner, scope),
            Expr::Value(value) => literal(&value.value),
            Expr::TypedString(typed) => type_named(&typed.data_type),
            Expr::Interval(_) => ValueType::Interval,
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
                let mut result = ValueType::Untyped;
                for when in conditions {
                    self.expr(&when.condition, scope);
                    result = result.common(self.expr(&when.result, scope));
                }
                else_result.iter().fold(result, |result, otherwise| result.common(self.expr(otherwise, scope)))
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
                self.each(
                    [Some(expr), substring_from.as_ref(), substring_for.as_ref()]
                        .into_iter()
                        .flatten()
                        .map(AsRef::as_ref),
                    scope,
                );
                ValueType::TEXT
            }
            Expr::Trim { trim_what, expr, trim_characters, .. } => {
                self.each(trim_what.as_deref().into_iter().chain([expr.as_ref()]), scope);
                self.each(trim_characters.iter().flatten(), scope);
                ValueType::TEXT
            }
            Expr::Subquery(query) => {
                let columns = self.query(query, scope);
                columns.and_then(|columns| columns.first().map(|first| first.value_type)).unwrap_or(ValueType::Unknown)
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
                self.each(&array.elem, scope);
                ValueType::Unknown
            }
            condition => self.condition(condition, scope),
        }
    }

    /// Expressions that are true or false.
    fn condition(&mut self, expr: &Expr, scope: &Scope<'_>) -> ValueType {
        match expr {
            Expr::IsFalse(inner)
            | Expr::IsNotFalse(inner)
            | Expr::IsTrue(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsNull(inner)
            | Expr::IsNotNull(inner)
            | Expr::IsUnknown(inner)
            | Expr::IsNotUnknown(inner) => self.each([inner.as_ref()], scope),
            Expr::IsDistinctFrom(left, right)
            | Expr::IsNotDistinctFrom(left, right)
            | Expr::AnyOp { left, right, .. }
            | Expr::AllOp { left, right, .. } => self.beside(left, &[right], scope),
            Expr::InList { expr, list, .. } => self.beside(expr, &list.iter().collect::<Vec<_>>(), scope),
            Expr::Between { expr, low, high, .. } => self.beside(expr, &[low, high], scope),
            Expr::InSubquery { expr, subquery, .. } => {
                self.expr(expr, scope);
                self.query(subquery, scope);
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
    fn beside(&mut self, one: &Expr, others: &[&Expr], scope: &Scope<'_>) {
        let wanted = self.expr(one, scope);
        for other in others {
            let found = self.expr(other, scope);
            self.learn(other, wanted);
            self.learn(one, found);
        }
    }

    fn binary(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr, scope: &Scope<'_>) -> ValueType {
        let (one, two) = (self.expr(left, scope), self.expr(right, scope));
        let found = match op {
            BinaryOperator::Plus => one.plus(two),
            BinaryOperator::Minus => one.minus(two),
            BinaryOperator::Multiply => one.times(two),
            BinaryOperator::Divide => one.over(two),
            BinaryOperator::Modulo => one.modulo(two),
            BinaryOperator::StringConcat => return ValueType::TEXT,
            BinaryOperator::BitwiseAnd
            | BinaryOperator::BitwiseOr
            | BinaryOperator::PGBitwiseXor
            | BinaryOperator::PGBitwiseShiftLeft
            | BinaryOperator::PGBitwiseShiftRight
            | BinaryOperator::BitwiseXor => return one,
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
                ValueType::TIMESTAMP | ValueType::TIMESTAMPTZ | ValueType::Of(Type::Time) => {}
                beside => self.learn(parameter, beside),
            }
        }
        found
    }

    fn function(&mut self, function: &Function, scope: &Scope<'_>) -> ValueType {
        let arguments: Vec<ValueType> = expressions(function).map(|argument| self.expr(argument, scope)).collect();
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
        let name = Name::of(&function.name).table.to_lowercase();
        match name.starts_with("percentile_") {
            true => function_types::answer(&name, &[order]),
            false => function_types::answer(&name, &arguments),
        }
    }

    fn window(&mut self, spec: &WindowSpec, scope: &Scope<'_>) {
        self.each(&spec.partition_by, scope);
        self.each(spec.order_by.iter().map(|by| &by.expr), scope);
    }

    /// A parameter is of this type, unless something was said of it before.
    fn learn(&mut self, parameter: &Expr, value_type: ValueType) {
        if let (Some(number), ValueType::Of(data_type)) = (parameter_number(parameter), value_type) {
            self.types.parameters.entry(number).or_insert(data_type);
        }
    }
}

fn unknown(name: Option<String>) -> Relation {
    Relation { name: name.unwrap_or_default(), columns: None }
}

fn type_in(columns: &[RelationColumn], name: &str) -> ValueType {
    let found = columns.iter().find(|column| column.name.eq_ignore_ascii_case(name));
    found.map_or(ValueType::Unknown, |column| column.value_type)
}

fn constraint(operator: &JoinOperator) -> Option<&JoinConstraint> {
    match operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint)
        | JoinOperator::CrossJoin(constraint) => Some(constraint),
        _ => None,
    }
}

/// True for `orders.lines` where `orders` stands before it in FROM.
fn leads_into_super(name: &ObjectName, scope: &Scope<'_>) -> bool {
    let first = name.0.first().and_then(|part| part.as_ident());
    name.0.len() > 1 && first.is_some_and(|first| scope.relations.iter().any(|relation| relation.name == first.value))
}

/// The names in an expression, outside of its subqueries, and where they stand.
fn identifiers(expr: &Expr) -> Vec<(usize, String)> {
    #[derive(Default)]
    struct Finds {
        found: Vec<(usize, String)>,
        queries: usize,
    }
    impl Visitor for Finds {
        type Break = ();
        fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
            self.queries += 1;
            ControlFlow::Continue(())
        }
        fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
            self.queries -= 1;
            ControlFlow::Continue(())
        }
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            if let (0, Expr::Identifier(ident)) = (self.queries, expr) {
                self.found.push((place(expr), ident.value.clone()));
            }
            ControlFlow::Continue(())
        }
    }
    let mut finds = Finds::default();
    let _ = expr.visit(&mut finds);
    finds.found
}

/// The type that a cast names; that of VARCHAR without a length is as long as can be.
fn type_named(data_type: &DataType) -> ValueType {
    if unlimited(data_type) {
        return ValueType::TEXT;
    }
    if matches!(data_type, DataType::Interval { .. }) {
        return ValueType::Interval;
    }
    Type::of(data_type).map_or(ValueType::Unknown, ValueType::Of)
}

/// Words that are functions without parentheses.
fn word(name: &str) -> ValueType {
    match name {
        "sysdate" => ValueType::TIMESTAMP,
        "current_date" => ValueType::DATE,
        "current_timestamp" => ValueType::TIMESTAMPTZ,
        "current_user" | "session_user" | "user" => ValueType::TEXT,
        _ => ValueType::Unknown,
    }
}

fn literal(value: &Value) -> ValueType {
    match value {
        Value::Boolean(_) => ValueType::BOOLEAN,
        Value::Number(digits, _) => number(digits),
        _ => ValueType::Untyped,
    }
}

/// The type of a number by its digits, as DuckDB reads them.
fn number(digits: &str) -> ValueType {
    if digits.contains(['e', 'E']) {
        return ValueType::DOUBLE;
    }
    match digits.find('.') {
        None if digits.parse::<i32>().is_ok() => ValueType::INTEGER,
        None if digits.parse::<i64>().is_ok() => ValueType::BIGINT,
        None => ValueType::Of(Type::Decimal(MAX_PRECISION, 0)),
        Some(point) => match (u8::try_from(digits.len() - 1), u8::try_from(digits.len() - 1 - point)) {
            (Ok(precision @ 1..=MAX_PRECISION), Ok(scale)) => ValueType::Of(Type::Decimal(precision, scale)),
            _ => ValueType::DOUBLE,
        },
    }
}

/// The number of `$1`.
fn parameter_number(expr: &Expr) -> Option<usize> {
    let Expr::Value(value) = expr else { return None };
    let Value::Placeholder(name) = &value.value else { return None };
    name.strip_prefix('$')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Parameters, Reading};

    #[derive(Debug)]
    struct Tables;

    impl Catalog for Tables {
        fn columns(&self, relation: &Name) -> Option<Arc<[RelationColumn]>> {
            let columns: &[(&str, ValueType)] = match relation.table.as_str() {
                "t" => &[
                    ("a", ValueType::INTEGER),
                    ("d", ValueType::DATE),
                    ("name", ValueType::TEXT),
                    ("ts", ValueType::TIMESTAMP),
                    ("price", ValueType::Of(Type::Decimal(8, 2))),
                    ("data", ValueType::SUPER),
                ],
                _ => return None,
            };
            let column = |(name, value_type): &(&str, ValueType)| RelationColumn {
                name: (*name).to_owned(),
                value_type: *value_type,
            };
            Some(columns.iter().map(column).collect())
        }

        fn is_system_view(&self, _: &str) -> bool {
            false
        }
    }

    fn translated(sql: &str) -> String {
        match crate::translate(sql, &Parameters::default(), Reading::new(Some(&Tables), false)) {
            Ok(crate::Command::Query(text)) => text,
            other => panic!("{sql}: {other:?}"),
        }
    }

    fn parameters(sql: &str) -> Vec<String> {
        let found = crate::parameter_types(sql, Reading::new(Some(&Tables), false));
        found.iter().map(|(number, found)| format!("{number} {}", found.short_name())).collect()
    }

    #[test]
    fn a_parameter_is_of_the_type_of_what_it_stands_beside() {
        assert_eq!(parameters("select $1::float8, $2, cast($3 as date)"), ["1 float8", "3 date"]);
        assert_eq!(parameters("select * from t x where x.a = $1 and $2 < d limit $3"), ["1 int4", "2 date", "3 int8"]);
        assert_eq!(
            parameters("select d + $1, a * $2 from t where d between $3 and $4"),
            ["1 int4", "2 int4", "3 date", "4 date"]
        );
        assert_eq!(
            parameters("delete from t where name in ($1, $2) or a in (1, $3)"),
            ["1 varchar", "2 varchar", "3 int4"]
        );
        assert_eq!(
            parameters("insert into t values ($1, $2, $3), ($4, '2020-01-01', null)"),
            ["1 int4", "2 date", "3 varchar", "4 int4"]
        );
        assert_eq!(parameters("insert into t (name, a) select $1, $2 from other"), ["1 varchar", "2 int4"]);
        assert_eq!(parameters("update t set d = $1, a = a + $2 where a = upper($3)"), ["1 date", "2 int4"]);
        assert_eq!(parameters("select 1 from t where d - d > $1 and d - $2 = 3"), ["1 int4", "2 date"]);
        assert_eq!(parameters("with t as (select 'x'::varchar a) select a from t where a = $1"), ["1 varchar"]);
        assert!(parameters("select from where $1").is_empty());
    }

    #[test]
    fn operators_are_chosen_by_type() {
        for (sql, expected) in [
            ("select ts - 7 as x from t", "SELECT ts - to_days(CAST(7 AS INTEGER)) AS x FROM t"),
            ("select d - 7 as x from t", "SELECT d - 7 AS x FROM t"),
            ("select a / 2 as x from t", "SELECT a / 2 AS x FROM t"),
            ("select name + '!' as x from t", "SELECT name || '!' AS x FROM t"),
            (
                "select price / a as x from t",
                "SELECT CAST(redshift_divided(price, a, '13') AS DECIMAL(19,13)) AS x FROM t",
            ),
            (
                "select max(ts) - 1 as ts, min(ts) as b from t",
                "SELECT max(ts) - to_days(CAST(1 AS INTEGER)) AS ts, min(ts) AS b FROM t",
            ),
        ] {
            assert_eq!(translated(sql), expected, "{sql}");
        }
    }

    #[test]
    fn comparisons_are_chosen_by_type() {
        for (condition, expected) in [
            ("name = 'ann'", "(redshift_is_text(name, 'ann', 'ann!'))"),
            ("upper(name) = 'ANN '", "system.main.rtrim(upper(name), ' ') = 'ANN'"),
            ("a = 1", "a = 1"),
            ("d = '2020-01-01'", "d = '2020-01-01'"),
            ("d = name", "d = redshift_date_of_text(CAST(name AS VARCHAR))"),
            ("data.k = 'x'", "(redshift_is_super(data.k, 'x'))"),
            ("data.k > 1", "redshift_number_in_super(data.k) > 1"),
            ("ts < getdate() - 7", "ts < redshift_now('second') - to_days(CAST(7 AS INTEGER))"),
        ] {
            assert_eq!(
                translated(&format!("select a from t where {condition}")),
                format!("SELECT a FROM t WHERE {expected}")
            );
        }
    }

    #[test]
    fn an_alias_beside_group_by_is_what_it_names() {
        assert_eq!(
            translated("select a * 2 as b, b + 1 as c, sum(a) as s from t group by a"),
            "SELECT a * 2 AS b, (a * 2) + 1 AS c, sum(a) AS s FROM t GROUP BY a"
        );
        assert_eq!(
            translated("select upper(name) as name, name as other from t group by name"),
            "SELECT upper(name) AS name, name AS other FROM t GROUP BY name"
        );
    }

    #[test]
    fn types_come_through_subqueries_and_common_tables() {
        for from in ["(select ts from t) s", "(select max(ts) as ts from t) s"] {
            assert_eq!(
                translated(&format!("select s.ts + 1 as x from {from}")).split(" FROM").next(),
                Some("SELECT s.ts + to_days(CAST(1 AS INTEGER)) AS x")
            );
        }
        let sql = "with w (later) as (select ts from t union all select d from t) select later + 1 as x from w";
        assert!(
            translated(sql).ends_with("SELECT later + to_days(CAST(1 AS INTEGER)) AS x FROM w"),
            "{}",
            translated(sql)
        );
        let correlated = "select (select max(x.ts) from t x where x.a = t.a) - 1 as y from t";
        assert!(translated(correlated).contains(") - to_days("), "{}", translated(correlated));
    }
}
