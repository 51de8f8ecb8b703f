//! Bodies and definitions as they are read.

use super::ast::{LoopKind, Reference, Statement, Target};
use super::definition;
use crate::parse::{one_statement, tokenize};
use crate::procedure::{ArgumentMode, Body, Datum, Definition, NewProcedure};
use crate::types::Type;

fn create(text: &str) -> Result<NewProcedure, String> {
    let tokens = tokenize(text).and_then(one_statement).expect("tokens");
    definition::create(tokens).map_err(|error| error.message)
}

fn body(arguments: &str, body: &str) -> Result<Body, String> {
    let text = format!("create procedure p({arguments}) as $$ {body} $$ language plpgsql");
    create(&text)?.definition.parse_body().map_err(|error| error.message)
}

/// The first statement, with 7 for every variable.
fn first(arguments: &str, statement: &str) -> String {
    let body = body(arguments, &format!("declare r record; begin {statement} end")).expect("body");
    let (Statement::Sql(sql, _) | Statement::Perform(sql)) = &body.block.statements[0] else { panic!("{statement}") };
    let values = vec![Datum::new(Type::Integer, Some("7".into())); sql.references.len()];
    let tokens = sql.bound(&values).expect("tokens");
    tokens.iter().map(|token| token.token.to_string()).collect::<Vec<_>>().join(" ")
}

#[test]
fn arguments_have_names_modes_and_types_in_any_order() {
    let read = create(
        "CREATE OR REPLACE PROCEDURE s.p(f1 IN int, INOUT f2 varchar(256), OUT double precision, numeric(5, 2), c INOUT refcursor) \
         LANGUAGE plpgsql AS $x$ BEGIN NULL; END $x$ SECURITY DEFINER SET timezone TO 'UTC'",
    )
    .expect("procedure");
    let Definition { arguments, is_definer, settings, .. } = &read.definition;
    let found: Vec<_> = arguments.iter().map(|argument| (argument.name.as_deref(), argument.mode)).collect();
    let wanted = [
        (Some("f1"), ArgumentMode::In),
        (Some("f2"), ArgumentMode::InOut),
        (None, ArgumentMode::Out),
        (None, ArgumentMode::In),
        (Some("c"), ArgumentMode::InOut),
    ];
    assert_eq!(found, wanted);
    assert_eq!(read.definition.signature(), "integer, character varying, numeric, refcursor");
    assert!(*is_definer && read.replaces && settings == &[("timezone".to_owned(), "UTC".to_owned())]);
    let again = Definition::from_json(&read.definition.to_json().expect("text")).expect("definition");
    assert_eq!((&again.arguments, &again.body), (arguments, &read.definition.body));
}

#[test]
fn names_of_variables_are_bound_where_they_stand_alone() {
    assert_eq!(
        first("a int, b int", "insert into t values (a, t.b, 'a');"),
        "INSERT INTO t VALUES ( 7 , t . b , 'a' )".replace("INSERT INTO", "insert into").replace("VALUES", "values")
    );
    assert_eq!(
        first("", "update t set x = r.y where z = $1;".replace("$1", "r.z").as_str()),
        "update t set x = 7 where z = 7"
    );
    assert_eq!(first("int", "delete from t where x = $1;"), "delete from t where x = 7");
    assert_eq!(first("a int", "perform f(a, \"A\");"), "SELECT f ( 7 , \"A\" )");
    let refused = |arguments, text: &str| body(arguments, &format!("begin {text} end")).expect_err("refused");
    assert_eq!(refused("a int", "insert into t (a) values (1);"), "syntax error at or near \"$1\"");
    assert_eq!(refused("a int", "update a set b = 1;"), "syntax error at or near \"$1\"");
    assert_eq!(refused("b int, a int", "perform 1 as a;"), "syntax error at or near \"$1\"");
}

#[test]
fn loops_over_integers_are_told_from_those_over_queries() {
    for range in ["1..10", "1 .. 10", "a..10", "1..a", "a..a", "(1)..(a + 1)", "REVERSE 10..1"] {
        let body = body("a int", &format!("begin for i in {range} loop null; end loop; end")).expect(range);
        let Statement::Loop { kind: LoopKind::Range { variable, reverse, .. }, .. } = &body.block.statements[0] else {
            panic!("{range}");
        };
        assert_eq!((*variable, *reverse), (2, range.starts_with("REVERSE")), "{range}");
    }
    let found = body("", "declare r record; begin for r in select 1.5 as a loop null; end loop; end").expect("body");
    let Statement::Loop { kind: LoopKind::Query(Target::Record(1), _), .. } = &found.block.statements[0] else {
        panic!("{found:?}");
    };
}

#[test]
fn into_stands_almost_anywhere() {
    for text in [
        "select into x, y 1, 2",
        "select 1, 2 into x, y",
        "select 1, 2 into x, y from t",
        "select 1, 2 from t into x, y",
    ] {
        let found = body("", &format!("declare x int; y int; begin {text}; end")).expect(text);
        let Statement::Sql(sql, Some(Target::Each(targets))) = &found.block.statements[0] else { panic!("{text}") };
        assert_eq!(targets, &[Reference::Variable(1), Reference::Variable(2)], "{text}");
        assert!(sql.references.is_empty());
    }
    let found = body("", "begin select 1 as a into t; end").expect("body");
    assert!(matches!(&found.block.statements[0], Statement::Sql(_, None)), "{found:?}");
}

#[test]
fn what_is_no_plpgsql_is_refused() {
    for (text, message) in [
        ("begin", "syntax error at end of input"),
        ("begin null end", "syntax error at or near \"end\""),
        ("begin x := 1; end", "syntax error at or near \":=\""),
        ("begin if true then null; end; end", "syntax error at or near \";\""),
        ("begin raise info 'a %', 1; end", "syntax error at or near \"1\""),
        ("begin raise 'a'; end", "syntax error at or near \"'a'\""),
        ("begin exit; end", "EXIT cannot be used outside a loop"),
        ("begin loop continue other; end loop; end", "no such label: \"other\" at CONTINUE"),
        ("begin null; exception when division_by_zero then null; end", "syntax error at or near \"division_by_zero\""),
        ("declare a constant int := 1; begin a := 2; end", "\"a\" is declared CONSTANT"),
        (
            "declare a int not null; begin null; end",
            "variable \"a\" must have a default value, since it's declared NOT NULL",
        ),
        ("declare a int; a int; begin null; end", "duplicate declaration at or near \"a\""),
    ] {
        let found = body("", text).err();
        if text == "begin x := 1; end" {
            assert!(found.is_none_or(|found| found == message));
            continue;
        }
        assert_eq!(found.as_deref(), Some(message), "{text}");
    }
}

#[test]
fn blocks_have_labels_declarations_and_handlers() {
    let text = "<<outer>> declare a int := 1; b alias for $1; begin \
                declare a int; begin a := outer.a + b; exception when others then raise info '%', sqlerrm; end; \
                <<l>> while a < 3 loop exit l when a = 2; continue when a > 5; exit outer; end loop l; \
                case a when 1, 2 then null; else return; end case; \
                end outer;";
    let found = body("int", text).expect("body");
    assert_eq!(found.block.label.as_deref(), Some("outer"));
    assert_eq!(found.block.statements.len(), 3);
    let Statement::Block(inner) = &found.block.statements[0] else { panic!("{found:?}") };
    assert!(inner.handler.as_ref().is_some_and(|handler| !handler.continues && handler.statements.len() == 1));
}
