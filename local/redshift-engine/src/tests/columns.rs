//! Names and types of the columns that a statement answers.

use super::Warehouse;
use crate::ResultColumn;

fn columns(w: &mut Warehouse, sql: &str) -> Vec<ResultColumn> {
    w.run(sql).expect("answer").rows.expect("rows").columns
}

#[test]
fn columns_without_a_name_are_called_as_redshift_calls_them() {
    let mut w = Warehouse::new();
    let sql = "select count(*), max(1), 1 + 1, 'x', 1::bigint, lower('A') || 'b', nvl(null, 1), case when true then 1 end, \
               getdate(), extract(year from sysdate)";
    let names: Vec<String> = columns(&mut w, sql).into_iter().map(|column| column.name).collect();
    assert_eq!(
        names,
        ["count", "max", "?column?", "?column?", "int8", "?column?", "coalesce", "case", "getdate", "date_part"]
    );
}

#[test]
fn names_in_quotes_keep_their_case_where_that_is_asked_for() {
    let mut w = Warehouse::new();
    w.does("set enable_case_sensitive_identifier to true");
    w.does("create table \"Mixed\" (\"Id\" int encode zstd, j super)");
    let columns = columns(&mut w, "select \"Id\", j.\"Name\".\"First\" as \"F\" from \"Mixed\"");
    let names: Vec<String> = columns.into_iter().map(|column| column.name).collect();
    assert_eq!(names, ["Id", "F"]);
}

/// r_Numeric_types201: 38 digits.
#[test]
fn a_decimal_of_38_digits_is_one() {
    let mut w = Warehouse::new();
    w.does("create table wide (d decimal(38,0), n bigint)");
    let sql = "select d, sum(n) as n, 99999999999999999999999999999999999999::decimal(38,0) as m from wide group by d";
    let types: Vec<_> = columns(&mut w, sql).iter().map(|column| (column.type_name, column.precision)).collect();
    assert_eq!(types, [("numeric", 38), ("numeric", 38), ("numeric", 38)]);
}

#[test]
fn a_change_behind_with_answers_no_rows() {
    let mut w = Warehouse::new();
    w.does("create table into_it (a int, b int default 5)");
    let changed = w.run("with w as (select 7 a, 8 b) insert into into_it select a, b from w").expect("a row");
    assert_eq!((changed.count, changed.rows.is_none()), (1, true));
}
