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
