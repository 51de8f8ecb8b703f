//! What a statement is translated to, by the types that it is bound to.

use std::sync::Arc;

use super::catalog::{Catalog, RelationColumn, Signature};
use super::value_type::ValueType;
use crate::options::TranslateOptions;
use crate::parse::parameters::Parameters;
use crate::statement::relation_name::Name;
use crate::types::Type;

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

    fn function(&self, name: &str) -> Option<Signature> {
        (name == "f_day").then(|| Signature { arguments: vec![Type::Date], returns: Type::Decimal(8, 2) })
    }

    fn is_system_view(&self, _: &str) -> bool {
        false
    }
}

fn translated(sql: &str) -> String {
    match crate::translate::translate(sql, &Parameters::default(), TranslateOptions::new(Some(&Tables), false)) {
        Ok(crate::command::Command::Query(query)) => query.sql,
        other => panic!("{sql}: {other:?}"),
    }
}

fn parameters(sql: &str) -> Vec<String> {
    let found = crate::translate::parameter_types(sql, TranslateOptions::new(Some(&Tables), false));
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
        ("select price / a as x from t", "SELECT CAST(redshift_divided(price, a, '13') AS DECIMAL(19,13)) AS x FROM t"),
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
        "SELECT upper(min(name)) AS name, min(name) AS other FROM t GROUP BY redshift_trimmed(name)"
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
    assert!(translated(sql).ends_with("SELECT later + to_days(CAST(1 AS INTEGER)) AS x FROM w"), "{}", translated(sql));
    let correlated = "select (select max(x.ts) from t x where x.a = t.a) - 1 as y from t";
    assert!(translated(correlated).contains(") - to_days("), "{}", translated(correlated));
}

#[test]
fn numbers_have_the_types_of_the_reference() {
    for (sql, expected) in [
        ("select price * price as x from t", "SELECT CAST(price * price AS DECIMAL(17,4)) AS x FROM t"),
        ("select a + '5' as x from t", "SELECT a + CAST('5' AS INTEGER) AS x FROM t"),
        ("select a * 2::real as x from t", "SELECT CAST(a AS DOUBLE) * CAST(CAST(2 AS FLOAT) AS DOUBLE) AS x FROM t"),
        ("select a + null as x from t", "SELECT a + NULL AS x FROM t"),
    ] {
        assert_eq!(translated(sql), expected, "{sql}");
    }
}

#[test]
fn texts_of_subqueries_are_compared_without_blanks() {
    assert_eq!(
        translated("select a from t where name in (select name from t)"),
        "SELECT a FROM t WHERE redshift_trimmed(name) IN (SELECT redshift_trimmed(name) FROM t)"
    );
    assert_eq!(
        translated("select v.k from (select 'x ' as k) v where v.k = 'x'"),
        "SELECT v.k FROM (SELECT 'x ' AS k) v WHERE (redshift_is_text(v.k, 'x', 'x!'))"
    );
    assert_eq!(
        translated("select a from t where (a, name) = (1, 'b ')"),
        "SELECT a FROM t WHERE (a, redshift_trimmed(name)) = (1, 'b')"
    );
}

#[test]
fn literals_take_the_type_of_the_values_beside_them() {
    let date = |text: &str| format!("redshift_date_of_text(CAST('{text}' AS VARCHAR))");
    assert_eq!(
        translated("select d from t union all select '2/1/2020'"),
        format!("SELECT d FROM t UNION ALL SELECT {} AS \"?column?\"", date("2/1/2020"))
    );
    assert_eq!(
        translated("select coalesce(d, '12/31/9999') as x from t"),
        format!("SELECT coalesce(d, {}) AS x FROM t", date("12/31/9999"))
    );
    assert_eq!(
        translated("select case when a > 1 then '2/2/2020' else d end as x from t"),
        format!("SELECT CASE WHEN a > 1 THEN {} ELSE d END AS x FROM t", date("2/2/2020"))
    );
}

#[test]
fn a_function_of_the_users_has_the_types_that_it_was_created_with() {
    assert_eq!(
        translated("select f_day('1/5/2020') / 3 as x from t"),
        "SELECT CAST(redshift_divided(\"redshift_udf_f_day\"(redshift_date_of_text(CAST('1/5/2020' AS VARCHAR))), 3, '13') \
         AS DECIMAL(19,13)) AS x FROM t"
    );
    assert_eq!(parameters("select f_day($1)"), ["1 date"]);
}

#[test]
fn an_alias_called_as_a_part_of_a_date_is_no_part_of_one() {
    let sql = "select date_trunc('day', ts) as day, datediff(day, min(ts), max(ts)) as n from t group by 1";
    assert!(translated(sql).contains("date_diff('day', min(ts), max(ts))"), "{}", translated(sql));
}

#[test]
fn a_joined_column_is_there_once() {
    let sql = "with c (x, y) as (select * from (select a from t) p join (select a, d from t) q using (a)) select y - 1 as z from c";
    assert!(translated(sql).ends_with("SELECT y - 1 AS z FROM c"), "{}", translated(sql));
    assert!(refused(sql.replace("y - 1", "y - z").as_str()).contains("column \"z\" does not exist"));
}

#[test]
fn mistakes_are_refused() {
    for (sql, expected) in [
        ("select nothing from t", "42703 column \"nothing\" does not exist"),
        ("select x.nothing from t x", "42703 column nothing does not exist"),
        ("select a from t where a", "42804 argument of WHERE must be type boolean, not type integer"),
        ("select distinct on (a) a from t", "42601 syntax error at or near \"on\""),
        ("select * from (values (1)) as v", "42601 syntax error at or near \"values\""),
    ] {
        assert_eq!(refused(sql), expected, "{sql}");
    }
}

fn refused(sql: &str) -> String {
    match crate::translate(sql, &Parameters::default(), TranslateOptions::new(Some(&Tables), false)) {
        Err(error) => format!("{} {}", error.sqlstate, error.message),
        Ok(command) => panic!("{sql}: {command:?}"),
    }
}
