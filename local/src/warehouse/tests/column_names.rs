//! Names: columns before aliases, and what DuckDB knows of the whole SELECT only.

use super::Warehouse;

/// r_SELECT_list: a column of FROM takes precedence over an alias.
#[test]
fn a_column_comes_before_an_alias_of_its_name() {
    let mut w = Warehouse::new();
    w.does("create table nm (name varchar(20), ts timestamp)");
    w.does("insert into nm values ('ann', '2020-01-01'), ('bob', '2020-01-02')");
    let query = "select upper(name) as name from nm where name = 'ann' and ts < getdate() - 7";
    assert_eq!(w.rows(query), ["ANN"]);
    w.does(&format!("create table made as {query}"));
    w.does("create table into_it (name varchar(20))");
    w.does(&format!("insert into into_it {query}"));
    w.does(&format!("create view seen as {query}"));
    w.does(&format!("create materialized view kept as {query}"));
    for table in ["made", "into_it", "seen", "kept"] {
        assert_eq!(w.rows(&format!("select name from {table}")), ["ANN"], "{table}");
    }
    w.does("create table t (name varchar(20), n int)");
    w.does("insert into t values ('ann', 1), ('ANN', 2)");
    w.does(&format!("update t set n = n + 10 from ({query}) s where t.name = s.name"));
    w.does(
        "merge into t using (select lower(name) as name, ts + 1 as ts from nm where name = 'ann') s on t.name = s.name \
         when matched then update set n = 7 when not matched then insert values (s.name, 0)",
    );
    assert_eq!(w.rows("select name, n from t order by n"), ["ann|7", "ANN|12"]);
    w.does(&format!("delete from t using ({query}) s where t.name = s.name"));
    assert_eq!(w.rows("select name from t"), ["ann"]);

    w.does("create table ev (ts timestamp, n int)");
    w.does("insert into ev values ('2020-01-10 18:00', 1), ('2020-01-11 06:00', 3)");
    for (query, rows) in [
        (
            "select date_trunc('day', ts) as ts, sum(n) as n from ev where ts > timestamp '2020-01-11 12:00' - 1 \
             group by 1 order by 1",
            &["2020-01-10 00:00:00|1", "2020-01-11 00:00:00|3"][..],
        ),
        (
            "select n % 2 as n, (select max(n) from ev) as m, ts + 1 as l from ev order by l",
            &["1|3|2020-01-11 18:00:00", "1|3|2020-01-12 06:00:00"],
        ),
        ("select max(ts) as ts, max(ts) - 1 as b from ev", &["2020-01-11 06:00:00|2020-01-10 06:00:00"]),
    ] {
        assert_eq!(w.rows(query), rows, "{query}");
    }
}

#[test]
fn an_alias_is_none_of_a_subquery() {
    let mut w = Warehouse::new();
    w.does("create table wt (n int)");
    w.does("insert into wt values (1), (2)");
    w.does("create table wu (a1 int)");
    w.does("insert into wu values (2)");
    w.does("create table jb2 (ts varchar(9))");
    w.does("insert into jb2 values ('5')");
    let query = "select n + 5 as a1, ts / 2 as h from wt, jb2 where a1 not in (select a1 from wu)";
    assert_eq!(w.rows(&format!("select count(*) from ({query}) q")), ["2"]);
}

/// r_QUALIFY_clause, r_WF_LAG.
#[test]
fn aggregates_and_windows_are_compared_as_their_types_are() {
    let mut w = Warehouse::new();
    w.does("create table visit (uid int, page varchar(20), ts timestamp)");
    w.does(
        "insert into visit values (1, 'home', '2024-01-01 10:00'), (1, 'home', '2024-01-01 10:05'), \
         (1, 'cart', '2024-01-01 10:09'), (10, 'far', '2024-02-01')",
    );
    for (query, rows) in [
        (
            "select lag(page) over (partition by uid order by ts) = page as same from visit where uid = 1 order by ts",
            &["NULL", "true", "false"][..],
        ),
        ("select uid from visit group by uid having max(page) = min(page)", &["10"]),
        (
            "select page from visit v where uid = 1 qualify last_value(page) over (partition by uid order by ts rows \
             between unbounded preceding and unbounded following) = page",
            &["cart"],
        ),
        ("select uid from visit group by uid having max(uid) > '9'", &["10"]),
        ("select uid + 0 as h from visit where h > '9'", &["10"]),
        ("select count(*) from visit having max(ts) > '2/1/2024'", &[]),
        ("select to_char(max(ts), 'YYYY-MM'), trunc(min(ts)), sign(sum(uid)) from visit", &["2024-02|2024-01-01|1"]),
        ("select ts as moment, to_char(moment, 'MM') as m from visit where m = '02'", &["2024-02-01 00:00:00|02"]),
        ("select sum(uid) as s, s - 1 as t, max(ts) - 1 as u from visit", &["13|12|2024-01-31 00:00:00"]),
        (
            "select uid, to_char(sum(uid), '99') as n from visit group by uid order by to_char(sum(uid), '99') desc",
            &["10| 10", "1|  3"],
        ),
    ] {
        assert_eq!(w.rows(query), rows, "{query}");
    }
}

#[test]
fn a_column_that_is_not_there_is_named() {
    let mut w = Warehouse::new();
    w.does("create table visit (page varchar(20), ts timestamp)");
    for query in [
        "select * from visit where page = pgae",
        "select * from visit where page = \"pgae\"",
        "select pgae::date from visit",
        "select pgae::varchar(3), page from visit",
        "select pgae::timestamptz from visit",
        "select to_char(pgae, 'YYYY') from visit",
        "select max(pgae) - 1 from visit",
        "select a.page from visit a join visit b on a.page = pgae",
    ] {
        assert_eq!(w.fails(query), "42703 column \"pgae\" does not exist", "{query}");
    }
    assert_eq!(w.fails("select v.pgae::timestamptz from visit v"), "42703 column pgae does not exist");
    assert_eq!(w.refuses("select nowhere.page from visit v where page = nowhere.page"), "42P01");
}

/// r_SELECT_list: an alias stands for what it names, also where rows are grouped.
#[test]
fn an_alias_is_used_beside_group_by() {
    let mut w = Warehouse::new();
    w.does("create table sale (a int, s varchar(5), d varchar(5))");
    w.does("insert into sale values (1, 'x', 'p'), (2, 'y', 'q')");
    assert_eq!(
        w.rows("select a * 2 as b, b + 1 as c, count(*) from sale group by 1, 2 order by 1"),
        ["2|3|1", "4|5|1"]
    );
    w.does("create view seen as select a * 2 as b, to_char(b, '9') as c, b + 1 as d, count(*) as n from sale group by b, c, 3");
    assert_eq!(w.rows("select b, c, d, n from seen order by b"), ["2| 2|3|1", "4| 4|5|1"]);
    let column = "select a * 2 as d, d || 'x' as c, count(*) from sale group by 1, 2 order by 1";
    assert_eq!(w.rows(column), ["2|px|1", "4|qx|1"]);
}

/// r_EXISTS_condition, r_CREATE_VIEW.
#[test]
fn a_view_with_a_correlated_subquery_can_be_read() {
    let mut w = Warehouse::new();
    w.does("create table cust (id int, name varchar(9))");
    w.does("create table ord (cid int, name varchar(9))");
    w.does("insert into cust values (1, 'ann'), (2, 'bob')");
    w.does("insert into ord values (2, 'ann '), (7, 'ann')");
    w.does("create view active as select id from cust where exists (select 1 from ord where ord.cid = cust.id)");
    assert_eq!(w.rows("select * from active"), ["2"]);
    w.does("begin");
    w.does(
        "create or replace view active as select id, (select count(*) from ord where ord.name = cust.name) as n from cust",
    );
    w.does("commit");
    assert_eq!(w.rows("select id, n from active order by id"), ["1|2", "2|0"]);
}
