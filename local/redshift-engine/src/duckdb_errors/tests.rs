//! DuckDB's errors, and what they are answered as.

use super::*;

/// Errors as DuckDB says them, and what Redshift answers.
const ANSWERS: &[(&str, &str)] = &[
    ("Catalog Error: Table with name t does not exist!\nDid you mean \"u\"?", "42P01 relation \"t\" does not exist"),
    (
        "Catalog Error: Table with name stl_x does not exist!",
        "0A000 the system view stl_x is not supported by the local Redshift",
    ),
    ("Catalog Error: Schema with name s does not exist!", "3F000 schema \"s\" does not exist"),
    ("Catalog Error: Table with name \"t\" already exists!", "42P07 Relation \"t\" already exists"),
    (
        "Catalog Error: Scalar Function with name redshift_udf_f does not exist!",
        "42883 function f() is not supported by the local Redshift",
    ),
    ("Catalog Error: Type with name x does not exist!", "XX000 Catalog Error: Type with name x does not exist!"),
    ("Binder Error: Referenced column \"a\" not found in FROM clause!", "42703 column \"a\" does not exist"),
    (
        "Binder Error: No function matches the given name and argument types 'sum(VARCHAR)'. You might need",
        "42883 function sum(character varying) does not exist",
    ),
    (
        "Binder Error: No function matches the given name and argument types '+(DATE, DECIMAL(3,1))'. You might need",
        "42883 operator does not exist: date + decimal(3,1)",
    ),
    (
        "Conversion Error: Could not convert string 'a' to INT32 when casting from source column b",
        "22P02 invalid input syntax for type integer: \"a\"",
    ),
    ("Conversion Error: something else", "22P02 something else"),
    (
        "Constraint Error: CHECK constraint failed on table t with expression CHECK((strlen(a) <= 3))",
        "22001 value too long for type character varying(3)",
    ),
    (
        "Constraint Error: CHECK constraint failed on table t with expression CHECK((length(a) <= 3))",
        "22001 value too long for type character(3)",
    ),
    ("INTERRUPT Error: Interrupted!", "57014 Query cancelled on user's request"),
    ("Invalid Input Error: f: Result size exceeds 64 KB", "54000 Result size exceeds 64 KB"),
    ("a word: and more", "XX000 a word: and more"),
];

/// The same with what DuckDB adds as JSON.
const WITH_SUBTYPES: &[(&str, &str, &str)] = &[
    ("Catalog", r#""error_subtype":"MISSING_ENTRY","type":"Table","name":"t""#, "42P01 relation \"t\" does not exist"),
    ("Catalog", r#""error_subtype":"MISSING_ENTRY","type":"Schema","name":"s""#, "3F000 schema \"s\" does not exist"),
    ("Catalog", r#""error_subtype":"MISSING_ENTRY","type":"Type","name":"x""#, "XX000 Catalog Error: …"),
    (
        "Catalog",
        r#""error_subtype":"ENTRY_ALREADY_EXISTS","type":"Schema","name":"s""#,
        "42P07 Relation \"s\" already exists",
    ),
    ("Binder", r#""error_subtype":"COLUMN_NOT_FOUND","name":"a""#, "42703 column \"a\" does not exist"),
    (
        "Binder",
        r#""error_subtype":"NO_MATCHING_FUNCTION","call":"sum(VARCHAR)""#,
        "42883 function sum(character varying) does not exist",
    ),
];

fn answer(text: &str) -> String {
    let SqlError { sqlstate, message } = translate(&DuckError::new(text));
    format!("{sqlstate} {message}")
}

#[test]
fn each_error_has_its_code_and_its_words() {
    for (text, expected) in ANSWERS {
        assert_eq!(answer(text), *expected, "{text}");
    }
    for (kind, info, expected) in WITH_SUBTYPES {
        let text = format!(r#"{{"exception_type":"{kind}","exception_message":"…",{info}}}"#);
        assert_eq!(answer(&text), *expected, "{text}");
    }
}

#[test]
fn a_session_gets_its_errors_with_their_subtypes() {
    let directory = tempfile::tempdir().expect("directory");
    let slices = super::super::Slices { nodes: 1, per_node: 1 };
    let memory = super::super::MemoryLimit::new(0);
    let engine = super::super::Engine::open(directory.path(), "dwh", slices, memory).expect("engine");
    let session = engine.session("admin").expect("session");
    for (sql, subtype) in [
        ("SELECT a", Some("COLUMN_NOT_FOUND")),
        ("SELECT * FROM nowhere", Some("MISSING_ENTRY")),
        ("CREATE TABLE t (a INTEGER); CREATE TABLE t (a INTEGER)", Some("ENTRY_ALREADY_EXISTS")),
        ("SELECT sum('a'::DATE)", Some("NO_MATCHING_FUNCTION")),
        ("SELECT 'a'::INTEGER", None),
    ] {
        let error = session.connection.execute_batch(sql).expect_err(sql).to_string();
        assert_eq!(DuckError::new(&error).subtype(), subtype, "{error}");
    }
}
