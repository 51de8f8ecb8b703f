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
