//! Aggregates of rows in an order.

use super::Warehouse;

/// r_LISTAGG, r_WF_LISTAGG.
#[test]
fn listagg_leaves_out_what_is_empty() {
    let mut w = Warehouse::new();
    w.does("create table la (k int, n int, t varchar(1000))");
    w.does("insert into la values (1, 10, 'aa'), (2, 2, 'bb'), (3, 10, ''), (4, null, null), (5, 7, 'aa')");
    for (query, rows) in [
        ("select listagg(t, ',') within group (order by k) from la where k < 5", &["aa,bb"][..]),
        ("select listagg(t) within group (order by k desc) from la", &["aabbaa"]),
        ("select listagg(t, ',') from la where k in (3, 4)", &["NULL"]),
        ("select listagg(all t, '-') within group (order by k) from la", &["aa-bb-aa"]),
        ("select listagg(distinct t, ',') within group (order by t desc) from la", &["bb,aa"]),
        ("select listagg(distinct n, ',') within group (order by n desc) from la", &["10,7,2"]),
        (
            "select k, listagg(t, '|') within group (order by k desc) over (partition by k % 2) from la where k > 1 \
             order by k",
            &["2|bb", "3|aa", "4|bb", "5|aa"],
        ),
        (
            "select k, listagg(distinct n, '|') within group (order by n) over () from la where k < 3 order by k",
            &["1|2|10", "2|2|10"],
        ),
    ] {
        assert_eq!(w.rows(query), rows, "{query}");
    }
    assert_eq!(w.refuses("select listagg(distinct t, ',') within group (order by k) from la"), "0A000");
    assert_eq!(w.refuses("select listagg(t, ',') over (order by k) from la"), "42601");
    w.does("create table long as select repeat('x', 1000)::varchar(1000) as t from generate_series(1, 66)");
    assert_eq!(w.fails("select len(listagg(t)) from long"), "XX000 Result size exceeds LISTAGG limit");
    assert_eq!(w.rows("select len(listagg(t)) from (select t from long limit 65) x"), ["65000"]);
}

/// r_WF_PERCENTILE_DISC: the value with the smallest cumulative distribution that is not less than the fraction.
#[test]
fn percentiles_count_in_their_order() {
    let mut w = Warehouse::new();
    w.does("create table t (n int)");
    w.does("insert into t values (10), (2), (10), (3), (null)");
    for (function, fraction, ascending, descending) in [
        ("percentile_disc", "0", "2", "10"),
        ("percentile_disc", "0.25", "2", "10"),
        ("percentile_disc", "0.5", "3", "10"),
        ("percentile_disc", "0.75", "10", "3"),
        ("percentile_disc", "1", "10", "2"),
        ("percentile_cont", "0", "2", "10"),
        ("percentile_cont", "0.5", "6.5", "6.5"),
        ("percentile_cont", "0.75", "10", "2.75"),
    ] {
        for (order, expected) in [("n", ascending), ("n desc", descending)] {
            let plain = format!("select {function}({fraction}) within group (order by {order}) from t");
            assert_eq!(w.rows(&plain), [expected], "{plain}");
            let over = format!("select distinct {function}({fraction}) within group (order by {order}) over () from t");
            assert_eq!(w.rows(&over), [expected], "{over}");
        }
    }
    assert_eq!(w.refuses("select percentile_disc(-0.5) within group (order by n) from t"), "22003");
    assert_eq!(w.refuses("select percentile_cont(0.5) within group (order by n) over (order by n) from t"), "42601");
}

/// r_WF_SUM, r_WF_first_value: with an ORDER BY, a frame; c_Window_functions: frames are of rows.
#[test]
fn a_window_with_an_order_has_a_frame() {
    let mut w = Warehouse::new();
    w.does("create table t (n int)");
    w.does("insert into t values (1), (2), (4)");
    let framed = "42601 Aggregate window functions with an ORDER BY clause require a frame clause";
    assert_eq!(w.fails("select sum(n) over (order by n) from t"), framed);
    assert_eq!(w.fails("select first_value(n) over (order by n) from t"), framed);
    assert_eq!(
        w.fails("select avg(n) over (order by n range between unbounded preceding and current row) from t"),
        "0A000 RANGE clause of window functions not yet implemented"
    );
    assert_eq!(
        w.rows("select sum(n) over (order by n rows unbounded preceding), lag(n) over (order by n), sum(n) over () from t order by n"),
        ["1|NULL|7", "3|1|7", "7|2|7"]
    );
}
