//! Queries: what stands in FROM, and the columns that a SELECT answers.

use sqlparser::ast::{
    Expr, GroupByExpr, Ident, Join, JoinConstraint, JoinOperator, LimitClause, NamedWindowExpr, ObjectName, OrderBy,
    OrderByKind, Query, Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, TableFactor, TableWithJoins,
    WildcardAdditionalOptions,
};

use super::catalog::{RelationColumn, is_system};
use super::joins::constraint;
use super::scope::{Alias, Columns, Relation, Scope, renamed, settled};
use super::value_type::ValueType;
use super::{Typer, merged_columns, place};
use crate::error::TranslateError;
use crate::parse::simple_expressions::named_like;
use crate::rules::exclude::excluded;
use crate::statement::relation_name::Name;
use crate::types::Type;

impl Typer<'_> {
    pub(super) fn query(&mut self, query: &Query, outer: &Scope<'_>) -> Columns {
        let before = self.common.len();
        let outside = std::mem::replace(&mut self.is_grouped, false);
        for table in query.with.iter().flat_map(|with| &with.cte_tables) {
            let is_recursive = query.with.as_ref().is_some_and(|with| with.recursive);
            let name = table.alias.name.value.clone();
            if is_recursive {
                // The part that does not read itself says what the columns are.
                let columns = match table.query.body.as_ref() {
                    SetExpr::SetOperation { left, .. } => self.set_expr(left, None, outer),
                    _ => None,
                };
                self.common.push(Relation::new(name.clone(), renamed(settled(columns), &table.alias)));
            }
            let columns = self.query(&table.query, outer);
            if is_recursive {
                self.common.pop();
            }
            self.common.push(Relation::new(name, renamed(settled(columns), &table.alias)));
        }
        let columns = self.set_expr(&query.body, query.order_by.as_ref(), outer);
        if let Some(LimitClause::LimitOffset { limit, offset, .. }) = &query.limit_clause {
            for count in limit.iter().chain(offset.as_ref().map(|offset| &offset.value)) {
                self.expr(count, outer);
                self.learn(count, ValueType::BIGINT);
            }
        }
        self.common.truncate(before);
        self.is_grouped = outside;
        columns
    }

    pub(super) fn set_expr(&mut self, body: &SetExpr, order_by: Option<&OrderBy>, outer: &Scope<'_>) -> Columns {
        match body {
            SetExpr::Select(select) => self.select(select, order_by, outer),
            SetExpr::Query(query) => self.query(query, outer),
            SetExpr::SetOperation { .. } => self.set_operation(body, outer),
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

    pub(super) fn select(&mut self, select: &Select, order_by: Option<&OrderBy>, outer: &Scope<'_>) -> Columns {
        let mut scope = Scope::within(Some(outer));
        scope.outputs = merged_columns::merges(&select.from).then(Vec::new);
        self.from(&select.from, &mut scope);
        if let Some(outputs) = scope.outputs.take().filter(|_| !scope.merged.is_empty()) {
            self.types.expansion.stars.insert(place(select), outputs);
        }
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
        let outside = std::mem::replace(&mut self.has_outer_join_operator, false);
        self.clause("WHERE", select.selection.as_ref(), &scope);
        if std::mem::replace(&mut self.has_outer_join_operator, outside) {
            self.outer_join_names(select, &scope);
        }
        if let GroupByExpr::Expressions(by, _) = &select.group_by {
            self.each(by, &scope);
        }
        for window in &select.named_window {
            if let NamedWindowExpr::WindowSpec(spec) = &window.1 {
                self.window(spec, &scope);
            }
        }
        self.clause("HAVING", select.having.as_ref(), &scope);
        self.each(&select.qualify, &scope);
        self.order_by(order_by, &scope);
        self.check_sorted_aggregates(select);
        self.distinct_columns(select, &scope);
        self.group_texts(select, order_expressions(order_by), &scope);
        columns.map(Into::into)
    }

    /// A condition, which is of no other type than BOOLEAN.
    fn clause(&mut self, name: &str, condition: Option<&Expr>, scope: &Scope<'_>) {
        let Some(condition) = condition else { return };
        if let ValueType::Of(found) = self.expr(condition, scope)
            && !matches!(found, Type::Boolean | Type::Super)
        {
            let message = format!("argument of {name} must be type boolean, not type {}", found.bare_name());
            self.refuse(TranslateError::new("42804", message));
        }
    }

    pub(super) fn order_by(&mut self, order_by: Option<&OrderBy>, scope: &Scope<'_>) {
        self.each(order_expressions(order_by), scope);
    }

    /// The columns of an item of the SELECT, whose alias can be used from here on.
    pub(super) fn select_item(&mut self, item: &SelectItem, scope: &mut Scope<'_>, is_grouped: bool) -> Columns {
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
            SelectItem::Wildcard(options) => left_by(options, scope.all_columns()),
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                let columns = scope.relation(&Name::of(name).table).and_then(|relation| relation.columns.clone());
                left_by(options, columns)
            }
            _ => None,
        }
    }

    /// An expression among the columns of a SELECT.
    fn item_expr(&mut self, expr: &Expr, scope: &Scope<'_>, is_grouped: bool) -> ValueType {
        let outside = std::mem::replace(&mut self.is_grouped, is_grouped);
        let found = self.expr(expr, scope);
        self.is_grouped = outside;
        found
    }

    pub(super) fn from(&mut self, from: &[TableWithJoins], scope: &mut Scope<'_>) {
        from.iter().for_each(|joined| self.table_with_joins(joined, scope));
    }

    pub(super) fn table_with_joins(&mut self, joined: &TableWithJoins, scope: &mut Scope<'_>) {
        let first = scope.relations.len();
        let left = scope.outputs.as_ref().map_or(0, Vec::len);
        self.table_factor(&joined.relation, scope);
        for join in &joined.joins {
            let second = scope.relations.len();
            let right = scope.outputs.as_ref().map_or(0, Vec::len);
            self.table_factor(&join.relation, scope);
            match constraint(&join.join_operator) {
                Some(JoinConstraint::On(condition)) => {
                    scope.is_joining = true;
                    self.expr(condition, scope);
                    scope.is_joining = false;
                    if matches!(join.join_operator, JoinOperator::FullOuter(_)) {
                        self.check_full_join(condition, scope, first..second);
                    }
                }
                Some(JoinConstraint::Using(names)) => {
                    let names = names.iter().map(|name| Name::of(name).table).collect();
                    self.merge_columns(join, names, (left, right), scope);
                }
                Some(JoinConstraint::Natural) => {
                    let shared = shared_columns(scope, first);
                    self.merge_columns(join, shared, (left, right), scope);
                }
                _ => {}
            }
        }
    }

    fn merge_columns(&mut self, join: &Join, names: Vec<String>, sides: (usize, usize), scope: &mut Scope<'_>) {
        if let Some(condition) = scope.merge(sides, &names, &join.join_operator) {
            self.types.expansion.joins.insert(place(join), condition);
        }
        join_columns(scope, names);
    }

    pub(super) fn table_factor(&mut self, factor: &TableFactor, scope: &mut Scope<'_>) {
        let relation = match factor {
            TableFactor::Table { name, alias, args: None, .. } => {
                let called = alias.as_ref().map_or_else(|| Name::of(name).table, |alias| alias.name.value.clone());
                let columns = match leads_into_super(name, scope)
                    && !self.catalog.is_some_and(|catalog| is_system(catalog, name))
                {
                    true => {
                        self.types.unnested.insert(std::ptr::from_ref(name).addr());
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
                Relation::new(called, columns)
            }
            TableFactor::Derived { subquery, alias, .. } => {
                let around = Scope { siblings: &scope.relations, outer: scope.outer, ..Scope::default() };
                let columns = settled(self.query(subquery, &around));
                match alias {
                    Some(alias) => Relation::new(alias.name.value.clone(), renamed(columns, alias)),
                    None => Relation::new(String::new(), columns),
                }
            }
            TableFactor::NestedJoin { table_with_joins, .. } => return self.table_with_joins(table_with_joins, scope),
            TableFactor::UnpivotExpr { expression, value_alias, attribute_alias } => {
                self.expr(expression, scope);
                let column = |name: &str, value_type| RelationColumn { name: name.to_owned(), value_type };
                let mut columns = vec![column(&value_alias.value, ValueType::SUPER)];
                columns.extend(attribute_alias.as_ref().map(|name| column(&name.value, ValueType::TEXT)));
                Relation::new(value_alias.value.clone(), Some(columns.into()))
            }
            TableFactor::Pivot { table, aggregate_functions, value_column, alias, .. } => {
                let mut inner = Scope::within(Some(scope));
                self.table_factor(table, &mut inner);
                if let Some(columns) = inner.all_columns() {
                    let names = columns.iter().map(|column| column.name.clone()).collect();
                    self.types.expansion.pivots.insert(place(factor), names);
                }
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
                self.note_leader_node(&Name::of(name).table.to_lowercase());
                let called = alias.as_ref().map_or_else(|| Name::of(name).table, |alias| alias.name.value.clone());
                unknown(Some(called))
            }
            _ => unknown(None),
        };
        scope.add(relation);
    }

    /// The columns of what a name in FROM stands for.
    pub(super) fn columns_of(&self, name: &ObjectName) -> Columns {
        let name = Name::of(name);
        let common = || self.common.iter().rev().find(|table| table.name == name.table);
        match name.schema.is_none().then(common).flatten() {
            Some(table) => table.columns.clone(),
            None => self.catalog?.columns(&name),
        }
    }
}

/// The columns of a `*` without those that EXCLUDE names.
fn left_by(options: &WildcardAdditionalOptions, columns: Columns) -> Columns {
    let Some(list) = &options.opt_exclude else { return columns };
    let left_out = excluded(list);
    let is_left = |column: &&RelationColumn| !left_out.iter().any(|name| name.eq_ignore_ascii_case(&column.name));
    Some(columns?.iter().filter(is_left).cloned().collect())
}

pub(super) fn order_expressions(order_by: Option<&OrderBy>) -> impl Iterator<Item = &Expr> + Clone {
    let by = match order_by {
        Some(OrderBy { kind: OrderByKind::Expressions(by), .. }) => &by[..],
        _ => &[],
    };
    by.iter().map(|by| &by.expr)
}

fn unknown(name: Option<String>) -> Relation {
    Relation::new(name.unwrap_or_default(), None)
}

/// Notes that the last relation has these columns in common with those before it.
fn join_columns(scope: &mut Scope<'_>, names: impl IntoIterator<Item = String>) {
    if let Some(last) = scope.relations.last_mut() {
        last.joined.extend(names);
    }
}

/// The columns of the last relation that one before it in the same join has, too.
fn shared_columns(scope: &Scope<'_>, first: usize) -> Vec<String> {
    let Some((last, before)) = scope.relations[first..].split_last() else { return Vec::new() };
    let names = |relation: &Relation| -> Vec<String> {
        relation.columns.iter().flat_map(|columns| columns.iter()).map(|column| column.name.clone()).collect()
    };
    let known: Vec<String> = before.iter().flat_map(names).collect();
    names(last).into_iter().filter(|name| known.iter().any(|known| known.eq_ignore_ascii_case(name))).collect()
}

/// True for `orders.lines` where `orders` stands before it in FROM, and for `line` where that is an element.
fn leads_into_super(name: &ObjectName, scope: &Scope<'_>) -> bool {
    let Some(first) = name.0.first().and_then(|part| part.as_ident()) else { return false };
    let mut found = scope.relations.iter().filter(|relation| relation.name == first.value);
    found.any(|relation| name.0.len() > 1 || relation.is_element()) || leads_out_of_subquery(name, scope.outer)
}

/// True for `o.lines` in a subquery where `o` stands in the FROM of a query around it.
fn leads_out_of_subquery(name: &ObjectName, outer: Option<&Scope<'_>>) -> bool {
    let parts: Option<Vec<&Ident>> = name.0.iter().map(|part| part.as_ident()).collect();
    match (outer, parts.as_deref()) {
        (Some(outer), Some([first])) => outer.relation(&first.value).is_some_and(Relation::is_element),
        (Some(outer), Some(parts)) => {
            let parts: Vec<Ident> = parts.iter().map(|part| (*part).clone()).collect();
            outer.resolve_path(&parts).is_super()
        }
        _ => false,
    }
}
