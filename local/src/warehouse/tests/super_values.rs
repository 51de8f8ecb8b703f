//! Values of type SUPER.

use super::Warehouse;

/// query-super, Unnesting and Object unpivoting.
#[test]
fn a_path_in_from_leads_to_its_elements() {
    let mut w = Warehouse::new();
    w.does("create table nest (x super, y super)");
    w.does(r#"insert into nest select json_parse('[10,20,[30,31]]'), json_parse('[{"e":[{"c":"x"},{"c":"y"}]}]')"#);
    for (query, rows) in [
        ("select v from nest n, n.x[2] v order by 1", &["30", "31"][..]),
        ("select v, place from nest n, n.x[2] as v at place order by 1", &["30|0", "31|1"]),
        ("select v from nest n, n.x[0] v", &[]),
        ("select e.c from nest n left join n.y[0].e as e on true order by 1", &["\"x\"", "\"y\""]),
        ("select e.c from nest n, n.y l, l.e e order by 1", &["\"x\"", "\"y\""]),
        (
            r#"select attr, json_typeof(val) from (select json_parse('{"a":1,"b/c":"x"}') o) t, unpivot t.o as val at attr order by 1"#,
            &["a|number", "b/c|string"],
        ),
    ] {
        assert_eq!(w.rows(query), rows, "{query}");
    }
}

/// query-super, Lax semantics and Dynamic typing.
#[test]
fn a_number_and_its_digits_are_two_values() {
    let mut w = Warehouse::new();
    w.does("create table sup (id int, o super)");
    w.does(
        r#"insert into sup select 1, json_parse('{"k":1}') union all select 2, json_parse('{"k":"1"}')
           union all select 3, json_parse('{"k":"Good"}') union all select 4, json_parse('{"k":1.4}')"#,
    );
    for (condition, ids) in [
        ("o.k = 1", &["1"][..]),
        ("1 = o.k", &["1"]),
        ("s.o.k = 1", &["1"]),
        ("o.k = '1'", &["2"]),
        ("o.k > 1", &["4"]),
        ("o.k <> 1", &["4"]),
        ("s.id = 1", &["1"]),
        ("s.id > 3", &["4"]),
    ] {
        assert_eq!(w.rows(&format!("select id from sup s where {condition} order by id")), ids, "{condition}");
    }
    assert_eq!(
        w.rows("select o.k::int, s.o.k::float8, o.k::decimal(8,2), o.k::bigint from sup s order by id"),
        ["1|1|1.00|1", "1|1|1.00|1", "NULL|NULL|NULL|NULL", "1|1.4|1.40|1"]
    );
    assert_eq!(w.rows("select try_cast(s.id as decimal(8,2)), s.id::float8 from sup s where s.id = 3"), ["3.00|3"]);
    assert_eq!(w.refuses("set enable_case_sensitive_super_attribute to true"), "0A000");
    w.does("set enable_case_sensitive_super_attribute to false");
}

/// parse_json: without JSON_PARSE a text is a single string.
#[test]
fn a_text_that_is_computed_is_a_string_in_a_super() {
    let mut w = Warehouse::new();
    w.does("create table s (id int, v super)");
    w.does("create table texts (id int, t varchar(9))");
    w.does("insert into texts values (6, '6'), (7, null)");
    w.does("insert into s select 1, 'de'||'f 1'");
    w.does("insert into s values (2, '5'||''), (3, 5), (4, ('[1]')), (5, json_parse('[1]'))");
    w.does("insert into s (v, id) select t, id from texts");
    let all = "select id, json_typeof(v), json_serialize(v) from s order by id";
    let strings = ["1|string|\"def 1\"", "2|string|\"5\"", "3|number|5", "4|string|\"[1]\"", "5|array|[1]"];
    assert_eq!(w.rows(all)[..5], strings);
    assert_eq!(w.rows(all)[5..], ["6|string|\"6\"", "7|NULL|NULL"]);
    w.does("update s set v = replace(json_serialize(v), '1', '2') where id = 5");
    w.does("update s set v = s.v from texts where texts.id = s.id");
    w.does("update s set v = t from texts where texts.id = s.id - 1");
    assert_eq!(w.rows(all)[4..], ["5|string|\"[2]\"", "6|string|\"6\"", "7|string|\"6\""]);
    // Nobody knows which of its columns are texts before it is read.
    w.does("create table wide (id int, v super, n int)");
    assert_eq!(w.refuses("insert into s select * from texts"), "0A000");
    assert_eq!(w.refuses("insert into s select * from texts union all select * from texts"), "0A000");
    assert_eq!(w.refuses("insert into wide select texts.*, 1 from texts"), "0A000");
    w.does("insert into s select * from s where id = 5");
    assert_eq!(w.rows("select count(*) from s where id = 5 and json_typeof(v) = 'string'"), ["2"]);
}
