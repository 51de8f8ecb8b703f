//! What procedures say beside their answers, and what becomes of them.

use super::{Engine, MemoryLimit, Slices, Warehouse};

/// Severities and messages.
fn notices(w: &mut Warehouse) -> Vec<String> {
    w.session.take_notices().into_iter().map(|notice| format!("{} {}", notice.severity, notice.message)).collect()
}

#[test]
fn raise_reports_to_the_client() {
    let mut w = Warehouse::new();
    w.does(
        "create procedure p(a int, b varchar) as $$ \
         declare rec record; \
         begin \
           raise log 'for the server'; raise info 'a = %, b = %', a, b; raise notice '100%%'; \
           select into rec 1 as one, 'two' as two; raise warning '% %', rec.one, rec.two; \
           for i in 1..2 loop raise info '%', i; end loop; \
         end $$ language plpgsql",
    );
    w.does("call p(3, null)");
    assert_eq!(notices(&mut w), ["INFO a = 3, b = <NULL>", "NOTICE 100%", "WARNING 1 two", "INFO 1", "INFO 2"]);
}

#[test]
fn statements_of_a_procedure_report_what_they_do() {
    let mut w = Warehouse::new();
    w.does(
        "create procedure test_sp1(f1 int, f2 varchar(20)) as $$ declare min_val int; begin \
         drop table if exists tmp_tbl; create temp table tmp_tbl(id int); insert into tmp_tbl values (f1),(10001),(10002); \
         select into min_val min(id) from tmp_tbl; raise info 'min_val = %, f2 = %', min_val, f2; end; $$ language plpgsql",
    );
    w.does("call test_sp1(3,'book')");
    // r_CALL_procedure
    let expected = ["INFO Table \"tmp_tbl\" does not exist and will be skipped", "INFO min_val = 3, f2 = book"];
    assert_eq!(notices(&mut w), expected);
}

#[test]
fn a_loop_without_sql_can_be_cancelled() {
    let mut w = Warehouse::new();
    w.does("create procedure p() as $$ begin loop null; end loop; exception when others then null; end $$ language plpgsql");
    let cancel = w.session.new_canceller();
    let canceller = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(100));
        cancel.cancel();
    });
    assert_eq!(w.refuses("call p()"), "57014");
    canceller.join().expect("cancelled");
    let _ = w.session.new_canceller();
    assert_eq!(w.rows("select 1"), ["1"]);
}

#[test]
fn output_arguments_have_names_and_types() {
    let mut w = Warehouse::new();
    w.does(
        "create procedure p(inout a numeric(5, 2), out date, out c varchar) as $$ begin null; end $$ language plpgsql",
    );
    let columns = w.session.describe("call p(1)", &crate::Parameters::default()).expect("described").expect("columns");
    let found: Vec<_> = columns.iter().map(|column| (column.name.as_str(), column.type_name)).collect();
    assert_eq!(found, [("a", "numeric"), ("column2", "date"), ("c", "varchar")]);
    let run = w.run("call p(1)").expect("run").rows.expect("rows").columns;
    let ran: Vec<_> = run.iter().map(|column| (column.name.as_str(), column.type_name)).collect();
    assert_eq!(found, ran);
}

#[test]
fn procedures_outlive_a_restart() {
    let Warehouse { session, access, directory } = {
        let mut w = Warehouse::new();
        w.does("create procedure p(inout a int) as $$ begin a := a + 1; end $$ language plpgsql");
        w
    };
    drop(session);
    let slices = Slices { nodes: 2, per_node: 2 };
    let engine = Engine::open(directory.path(), "dwh", slices, MemoryLimit::default()).expect("engine");
    let session = engine.session("dwhadmin").expect("session");
    assert_eq!(Warehouse { session, access, directory }.rows("call p(1)"), ["2"]);
}

#[test]
fn what_is_computed_without_a_query_is_what_a_query_answers() {
    let mut w = Warehouse::new();
    for expression in [
        "1 + 2 * 3 - (4 - 5)",
        "2147483647 * 2",
        "'a  ' = 'a'",
        "'a' <> 'b'",
        "3 in (1, 2, 3)",
        "3 not in (1, 2)",
        "not (1 < 2 or 2 >= 3)",
        "true and 1 > 2",
        "'a' || 'b' || 7",
        "'a' || null is null",
        "1 = null or 1 = 1",
        "null is not null",
    ] {
        w.does(&format!(
            "create or replace procedure p(out r varchar) as $$ begin r := {expression}; end $$ language plpgsql"
        ));
        // The rows of a query: it is computed there.
        w.does(&format!(
            "create or replace procedure q(out r varchar) as $$ begin select {expression} into r; end $$ language plpgsql"
        ));
        let answers = ["call p()", "call q()"].map(|call| w.run(call).map(|outcome| outcome.rows.expect("row").rows));
        assert_eq!(answers[0], answers[1], "{expression}");
    }
}
