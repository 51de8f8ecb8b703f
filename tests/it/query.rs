//! `query`: statements, files, standard input, analyses.

use std::io::Write;
use std::process::Stdio;

use crate::project::Project;

fn loaded() -> Project {
    let project = Project::with_sample(60, 300);
    let _ = project.run(["up"]).succeeded();
    let _ = project.run(["load"]).succeeded();
    project
}

#[test]
fn statements_files_standard_input_and_analyses() {
    let project = loaded();
    let csv = project.run(["query", "select 1 as one, 'a, b' as text, null as nothing, '' as empty"]).succeeded();
    assert_eq!(csv.stdout, "one,text,nothing,empty\n1,\"a, b\",,\"\"\n");
    let json =
        project.run(["query", "--format=json", "select 1 as one, 1.50 as price, true as ok, 'é' as text"]).succeeded();
    assert_eq!(json.stdout, "{\"one\":1,\"price\":1.50,\"ok\":true,\"text\":\"é\"}\n");
    let table = project.run(["query", "--format=table", "select count(*) from songs"]).succeeded();
    assert!(table.stdout.contains("60") && table.stdout.contains("(1 row)"), "{}", table.stdout);

    let expanded = project.run(["query", "-x", "select 1 as one, 'a b' as text"]).succeeded();
    assert_eq!(expanded.stdout, "─[ row 1 ]────\n one   1\n text  a b\n(1 row)\n");
    let _ = project.run(["query", "-x", "--format=csv", "select 1"]).failed(2, &["cannot be used with"]);

    // Several statements share a session; what they change is told aside.
    std::fs::write(
        project.path("several.sql"),
        "create temporary table t (id int); -- a comment; with a semicolon\ninsert into t values (1), (2);\nselect sum(id) as total from t;\n",
    )
    .unwrap();
    let several = project.run(["query", "-f", "several.sql"]).succeeded();
    assert_eq!(several.stdout, "total\n3\n");
    assert!(several.stderr.contains("INSERT 2"), "{}", several.stderr);
    let mut command = project.command(["query"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"select 7 as n;\nselect 8 as n").unwrap();
    assert_eq!(String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap(), "n\n7\n\nn\n8\n");

    // Every analysis that is shipped runs and answers something.
    let listed = project.run(["query", "--list"]).succeeded().stdout;
    let names: Vec<&str> = listed.lines().skip(2).filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.contains(&"top-songs") && names.len() >= 7, "{listed}");
    for name in names {
        let answer = project.run(["query", name]).succeeded();
        assert!(answer.stdout.lines().count() > 1, "{name}: {}", answer.stdout);
    }
    let _ = project.run(["query", "top-song"]).failed(2, &["there is no analysis top-song", "Did you mean top-songs?"]);
    let _ = project.run(["query", "select * from nowhere"]).failed(1, &["relation \"nowhere\" does not exist"]);
    let _ = project.run(["query", "select 1; select * from nowhere; select 2"]).failed(1, &["statement 2 of 3 failed"]);
    let _ = project.run(["query", "-f", "missing.sql"]).failed(2, &["cannot read missing.sql"]);
    let _ = project.run(["query", ";"]).failed(2, &["there is no statement to run"]);
    let _ = project.run(["down"]).succeeded();
    let _ = project.run(["query", "select 1"]).failed(1, &["the warehouse is not up", "sparkify-infra up"]);
}

/// Many rows come page by page, and a reader who has seen enough is no failure.
#[test]
fn a_result_of_many_pages() {
    let project = Project::with_sample(1, 1);
    let _ = project.run(["up"]).succeeded();
    let many = project.run(["query", "select generate_series as n from generate_series(1, 25000)"]).succeeded();
    assert_eq!(many.stdout.lines().count(), 25_001);
    let mut command = project.command(["query", "select generate_series as n from generate_series(1, 200000)"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}

/// A prebuilt libduckdb has ICU, which takes the machine's time zone unless it is told another.
#[test]
fn times_are_in_utc_wherever_the_machine_is() {
    let project = Project::empty();
    let _ = project.run(["up"]).succeeded();
    let mut command = project.command([
        "query",
        "select '2026-07-01 10:00:00+02'::timestamptz::varchar as a, '2026-07-01 10:00:00'::timestamp::timestamptz as b, \
         extract(hour from '2026-07-01 10:00:00+02'::timestamptz) as c",
    ]);
    command.env("TZ", "Europe/Zurich");
    let told = project.output_of(command).succeeded();
    assert_eq!(told.stdout, "a,b,c\n2026-07-01 08:00:00+00,2026-07-01 10:00:00+00,8\n");
}
