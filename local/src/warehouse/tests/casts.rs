//! Casts to numbers.

use super::Warehouse;

/// Invalid digits, as a cast of a text column is refused.
#[test]
fn a_text_with_other_signs_than_digits_is_no_integer() {
    let mut w = Warehouse::new();
    w.does("create table nums (v varchar(9), n int, b bigint)");
    w.does("insert into nums values (' 28 ', '7', 8)");
    let invalid =
        |sign: char, at: usize, name: &str| format!("22P02 Invalid digit, Value '{sign}', Pos {at}, Type: {name}");
    for (wrong, message) in [
        ("select '2.87'::int", invalid('.', 1, "Integer")),
        ("select cast('2.87' as smallint)", invalid('.', 1, "Short")),
        ("select convert(bigint, '1e3')", invalid('e', 1, "Long")),
        ("select '0x1F'::int", invalid('x', 1, "Integer")),
        ("select max(v || '.5')::int from nums", invalid(' ', 3, "Integer")),
        ("insert into nums (n) values ('2.87')", invalid('.', 1, "Integer")),
        ("insert into nums (b) select '2.87'", invalid('.', 1, "Long")),
        ("update nums set n = '2.87'", invalid('.', 1, "Integer")),
    ] {
        assert_eq!(w.fails(wrong), message, "{wrong}");
    }
    assert_eq!(
        w.rows("select v::int, '+5'::int, 2.87::int, n::bigint, count(*)::int, max(v)::bigint from nums group by 1, 4"),
        ["28|5|3|7|1|28"]
    );
    assert_eq!(
        w.rows("select try_cast('2.87' as int), try_cast(v as int), try_cast('x' as int) from nums"),
        ["NULL|28|NULL"]
    );
    w.does("insert into nums values ('28.98')");
    assert_eq!(w.fails("select v::int from nums where v like '28.%'"), invalid('.', 2, "Integer"));
    assert_eq!(w.rows("select count(*) from nums where v::decimal(8,2) > 28.5"), ["1"]);
}

/// r_Numeric_types201: 38 digits.
#[test]
fn a_decimal_of_38_digits_is_one() {
    let mut w = Warehouse::new();
    w.does("create table wide (d decimal(38,0), n bigint)");
    w.does("insert into wide values (9223372036854775808, 9223372036854775807)");
    let outcome =
        w.run("select d, sum(n) as n, 99999999999999999999999999999999999999::decimal(38,0) as m from wide group by d");
    let set = outcome.expect("rows").rows.expect("rows");
    let types: Vec<_> = set.columns.iter().map(|column| (column.type_name, column.precision)).collect();
    assert_eq!(types, [("numeric", 38), ("int8", 19), ("numeric", 38)]);
    assert_eq!(
        w.rows("select d, sum(n), d + 1 from wide group by d"),
        ["9223372036854775808|9223372036854775807|9223372036854775809"]
    );
}

#[test]
fn the_word_union_in_a_text_is_no_union() {
    let mut w = Warehouse::new();
    w.does("create table t (s varchar(20), n int)");
    w.does("insert into t values ('7', 7)");
    for wrong in [
        "insert into t (n) select s from t where s <> 'a UNION b'",
        "insert into t (n) select s /* UNION */ from t",
        "update t set n = s where s <> 'EXCEPT'",
    ] {
        assert_eq!(w.refuses(wrong), "42804", "{wrong}");
    }
    w.does("insert into t (n) select n from (select n from t union all select '0')");
}
