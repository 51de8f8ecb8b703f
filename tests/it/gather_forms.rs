//! Small objects of other kinds than JSON, joined each in its kind: nothing gets lost, and every row leads back to its file
//! and line.

use crate::copy::{ROLE, get, gzip, warehouse};
use crate::copy_values::may_unload;
use crate::forms::put;
use crate::project::{BUCKET, Project};

/// A project with one source, `facts`, which a COPY of this format reads into these columns.
fn project(columns: &str, format: &str) -> Project {
    let project = Project::bare();
    let infra = "stack = \"joined\"\nregion = \"us-west-2\"\n[cluster]\nnode_type = \"ra3.large\"\nnodes = 1\n\
                 database = \"dev\"\n[local.buckets.joined-data]\npath = \"data\"\n\
                 [sources.facts]\nurl = \"s3://joined-data/facts/\"\n";
    put(&project, "infra.toml", infra);
    put(&project, "sql/schema/facts.sql", format!("-- One row: one.\ncreate table if not exists facts ({columns});\n"));
    let copy = format!("copy facts\nfrom :'from'\niam_role :'iam_role'\n{format}\n:options;\n");
    put(&project, "sql/copy/facts.sql", format!("-- One row: one.\n-- source: facts\n{copy}"));
    project
}

/// Loads, and answers what the report says of the source: parts (none where it was copied as it lies), records, rows.
fn loaded(project: &Project, arguments: &[&str]) -> [Option<u64>; 3] {
    let arguments = ["load", "--output=json"].iter().chain(arguments).copied();
    let report = project.run(arguments).succeeded().event("loaded");
    ["parts", "records", "staged"].map(|what| report["sources"][0][what].as_u64())
}

fn answer(project: &Project, sql: &str) -> String {
    let answer = project.run(["query", sql]).succeeded().stdout;
    answer.lines().nth(1).unwrap_or_default().to_owned()
}

#[test]
fn many_csv_files_are_joined_and_every_row_leads_back() {
    const FILES: usize = 1_500;
    let project = project("id int, x varchar(64)", "csv ignoreheader 1");
    let file = |at: usize| {
        let end = if at.is_multiple_of(5) { "\r\n" } else { "\n" };
        let mark = if at.is_multiple_of(7) { "\u{feff}" } else { "" };
        let last = if at.is_multiple_of(3) { "" } else { end };
        let (first, second) = (2 * at, 2 * at + 1);
        format!("{mark}id,x{end}{first},\"line one\nline, \"\"two\"\" {at}\"{end}{second},plain{last}")
    };
    for at in 0..FILES {
        put(&project, &format!("data/facts/{at:04}.csv"), file(at));
    }
    put(&project, "data/facts/empty.csv", "");
    put(&project, "data/facts/header.csv", "id,x\n");
    let _ = project.run(["up", "--quiet"]).succeeded();
    let rows = 2 * FILES as u64;
    assert_eq!(loaded(&project, &[]), [Some(1), Some(rows), Some(rows)]);
    let texts: usize = (0..FILES).map(|at| format!("line one\nline, \"two\" {at}").len() + "plain".len()).sum();
    let expected = format!("{rows},{},{},{texts}", rows * (rows - 1) / 2, FILES + 1);
    let sql = "select count(*) as n, sum(id) as ids, count(distinct x) as texts, sum(len(x)) as signs from facts";
    assert_eq!(answer(&project, sql), expected);
    // An unchanged source is not read again.
    let again = project.run(["load"]).succeeded();
    assert!(again.stderr.contains("3000 records in 1 part, gathered before"), "{}", again.stderr);

    // Behind a header, and a record of two lines.
    put(&project, "data/facts/0700.csv", file(700).replace("1401,", "x1401,"));
    let place = "s3://joined-data/facts/0700.csv:4: id int4";
    let _ = project.run(["load"]).failed(1, &[place, "'x1401'"]);
    let _ = project.run(["load", "--check"]).failed(1, &[place]);
    project.edit("sql/copy/facts.sql", "ignoreheader 1", "ignoreheader 1 maxerror 3");
    assert_eq!(loaded(&project, &[]), [Some(1), Some(rows), Some(rows - 1)]);
    assert_eq!(answer(&project, sql).split(',').next(), Some("2999"));
}

#[test]
fn text_that_cannot_be_joined_is_named() {
    let project = project("id int, x varchar(64)", "csv ignoreheader 1");
    for at in 0..4 {
        put(&project, &format!("data/facts/{at}.csv"), format!("id,x\n{at},a\n"));
    }
    let _ = project.run(["up", "--quiet"]).succeeded();
    put(&project, "data/facts/1.csv", "id,x\n1,a\n5,\"open\n6,b\n");
    put(&project, "data/facts/2.csv", "X,ID\na,2\n");
    let told = project.run(["load"]).failed(
        1,
        &[
            "cannot join 2 objects with the others of facts",
            "s3://joined-data/facts/1.csv:3:1: the quote that opens on this line is not closed",
            "s3://joined-data/facts/2.csv:1:1: column 1 of its header is \"x\", and that of s3://joined-data/facts/0.csv is \"id\"",
            "COPY fills columns by position",
            "`gather = \"never\"` in [sources.facts]",
        ],
    );
    assert!(!told.stderr.contains("remove"), "{}", told.stderr);
    // Of a quote no source of its own is of any use.
    put(&project, "data/facts/2.csv", "ID,\"X\"\n2,a\n");
    let told = project.run(["load"]).failed(1, &["cannot join an object", "`gather = \"never\"` in [sources.facts]"]);
    assert!(!told.stderr.contains("by position"), "{}", told.stderr);
    put(&project, "data/facts/1.csv", "id,x\n1,a\n");
    assert_eq!(loaded(&project, &[]), [Some(1), Some(4), Some(4)]);
}

#[test]
fn every_kind_of_text_is_joined_packed_or_not() {
    for (format, texts, ids) in [
        ("csv gzip ignoreheader 1", ["id,x\n1,\"a\nb\"", "id,x\n2,b\n"], "2,3"),
        ("delimiter '|'", ["1|\"a\n", "2|b\\"], "2,3"),
        ("ignoreblanklines", ["1|a\r\n\r\n\r\n2|b\r\n\r\n", "\n3|c\n"], "3,6"),
        ("fixedwidth 'id:2,x:3'", ["1 abc", "2 d  \n3 e  \n"], "3,6"),
        ("json 'auto' gzip", ["{\"id\": 1}", "[{\"id\": 2}]"], "2,3"),
    ] {
        let project = project("id int, x varchar(8)", format);
        for (at, text) in texts.iter().enumerate() {
            let bytes = if format.contains("gzip") { gzip(text) } else { text.as_bytes().to_vec() };
            put(&project, &format!("data/facts/{at}"), bytes);
        }
        let _ = project.run(["up", "--quiet"]).succeeded();
        let (rows, _) = ids.split_once(',').unwrap();
        let rows: Option<u64> = rows.parse().ok();
        assert_eq!(loaded(&project, &[]), [Some(1), rows, rows], "{format}");
        assert_eq!(answer(&project, "select count(*) as n, sum(id) as ids from facts"), ids, "{format}");
    }
}

#[test]
fn text_by_other_rules_stays_where_it_lies() {
    let project = project("id int, x varchar(8)", "delimiter '|' escape");
    put(&project, "data/facts/1.txt", "1|a\\\nb\n");
    put(&project, "data/facts/2.txt", "2|b\\|c\n");
    let _ = project.run(["up", "--quiet"]).succeeded();
    let planned = project.run(["load", "--dry-run"]).succeeded();
    assert!(planned.stdout.contains("not gathered, since its COPY has ESCAPE"), "{}", planned.stdout);
    assert_eq!(loaded(&project, &[]), [None, None, Some(2)]);
}

#[test]
fn an_append_joins_what_is_new() {
    let project = project("id int, x varchar(8)", "csv ignoreheader 1");
    put(&project, "data/facts/1.csv", "id,x\n1,a\n");
    put(&project, "data/facts/2.csv", "id,x\n2,b");
    // Gathered while the cluster is being created.
    let _ = project.run(["up", "--load", "--quiet"]).succeeded();
    assert_eq!(loaded(&project, &["--mode=append"]), [Some(1), Some(2), Some(2)]);
    put(&project, "data/facts/3.csv", "id,x\n3,c\n4,d\n");
    put(&project, "data/facts/4.csv", "id,x\n5,e\n");
    assert_eq!(loaded(&project, &["--mode=append"]), [Some(1), Some(3), Some(3)]);
    assert_eq!(loaded(&project, &["--mode=append"]), [Some(0), Some(0), Some(0)]);
    assert_eq!(answer(&project, "select count(*) as n, sum(id) as ids from facts"), "5,15");
}

/// Files of Parquet with the rows of these queries.
fn parquet(queries: &[String]) -> Vec<Vec<u8>> {
    let (_project, sdk) = warehouse();
    may_unload(&sdk);
    let unload = |(at, query): (usize, &String)| {
        let to = format!("'s3://{BUCKET}/load/songs/{at}/' iam_role '{ROLE}'");
        sdk.sql(&format!("unload ('{query}') to {to} parquet parallel off")).unwrap();
        get(&sdk, &format!("songs/{at}/000.parquet"))
    };
    queries.iter().enumerate().map(unload).collect()
}

#[test]
fn parquet_is_joined_by_its_row_groups() {
    let rows = |at: usize| {
        let id = 2 * at;
        format!("select {id}::int as id, ''text {at}''::varchar(20) as x union all select {}, null", id + 1)
    };
    let mut queries: Vec<String> = (0..12).map(rows).collect();
    queries.push("select 1000::bigint as id, ''other''::varchar(20) as x".to_owned());
    let files = parquet(&queries);
    let project = project("id int, x varchar(20)", "format as parquet");
    for (at, bytes) in files.iter().enumerate() {
        put(&project, &format!("data/facts/{at:02}.parquet"), bytes);
    }
    put(&project, "data/facts/_SUCCESS", "");
    let _ = project.run(["up", "--quiet"]).succeeded();
    // Those of one schema are one part.
    assert_eq!(loaded(&project, &[]), [Some(2), Some(25), Some(25)]);
    let sql = "select count(*) as n, sum(id) as ids, count(x) as texts, count(distinct x) as others from facts";
    assert_eq!(answer(&project, sql), format!("25,{},13,13", 23 * 24 / 2 + 1000));

    // A check reads its footers, and runs no COPY: NOLOAD is not for Parquet.
    let remark = "COPY checks Parquet only when it loads";
    let check = project.run(["load", "--check"]).succeeded().stdout;
    assert!(check.contains(&format!("nothing was loaded\nfacts: {remark}")), "{check}");
    let check = project.run(["load", "--check", "--output=json"]).succeeded().event("checked");
    let facts = &check["sources"][0];
    assert_eq!((facts["remark"].as_str(), facts["records"].as_u64()), (Some(remark), Some(25)));

    // COPY names the part, and no row.
    std::fs::remove_file(project.path("data/facts/12.parquet")).unwrap();
    project.edit("sql/schema/facts.sql", "varchar(20)", "varchar(5)");
    let objects =
        "has the rows of 12 objects, from s3://joined-data/facts/00.parquet to s3://joined-data/facts/11.parquet";
    let _ = project.run(["load", "--recreate"]).failed(1, &[objects, "`gather = \"never\"` in [sources.facts]"]);

    put(&project, "data/facts/03.parquet", &files[3][..files[3].len() - 9]);
    let place = "s3://joined-data/facts/03.parquet:1:1: it is no Parquet";
    let told = project.run(["load"]).failed(1, &["cannot join an object with the others of facts", place]);
    assert!(!told.stderr.contains("remove"), "{}", told.stderr);
}
