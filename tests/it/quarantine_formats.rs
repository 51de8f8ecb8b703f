//! Rejected rows of each format that COPY reads, in projects with tables of their own.

use serde_json::Value;

use crate::copy::gzip;
use crate::project::Project;
use crate::quarantine::RETRY;

const TEXTS: &str = "stack = \"texts\"\nregion = \"us-west-2\"\n[cluster]\nnode_type = \"ra3.large\"\nnodes = 1\n\
    database = \"dev\"\n[local.buckets.texts-data]\npath = \"data\"\n";

/// A file of a project.
fn put(project: &Project, name: &str, content: impl AsRef<[u8]>) {
    let path = project.path(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

/// A table with its source, and one object in it.
fn add_table(project: &Project, name: &str, columns: &str, format: &str, object: &str, content: &[u8]) {
    let infra = std::fs::read_to_string(project.path("infra.toml")).unwrap_or_else(|_| TEXTS.to_owned());
    let source = format!("\n[sources.{name}]\nurl = \"s3://texts-data/{name}/\"\nquarantine = true\n");
    put(project, "infra.toml", format!("{infra}{source}"));
    let create = format!("-- One row: one.\ncreate table if not exists {name} ({columns});\n");
    put(project, &format!("sql/schema/{name}.sql"), create);
    let copy = format!(
        "-- One row: one.\n-- source: {name}\ncopy {name} from :'from' iam_role :'iam_role' {format} :options;\n"
    );
    put(project, &format!("sql/copy/{name}.sql"), copy);
    put(project, &format!("data/{name}/{object}"), content);
}

/// The values of a query in a project of one's own, row by row.
fn asked(project: &Project, sql: &str) -> Vec<Value> {
    let rows = project.run(["query", sql, "--format=json"]).succeeded().stdout;
    rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn number(project: &Project, sql: &str) -> Option<i64> {
    asked(project, sql)[0]["n"].as_i64()
}

#[test]
fn rejected_rows_of_csv_and_of_packed_text_are_kept() {
    let project = Project::bare();
    let csv = "id,x\n1,a\n\"x\ny\",b\n2,too long a text\n3,\"c, d\"\n";
    add_table(&project, "plain", "id int, x varchar(8)", "csv ignoreheader 1", "a.csv", csv.as_bytes());
    add_table(&project, "packed", "id int, x varchar(8)", "csv ignoreheader as 1 gzip", "a.csv.gz", &gzip(csv));
    add_table(
        &project,
        "piped",
        "id int, x varchar(8)",
        "delimiter '|'",
        "a.txt",
        b"1|a\nx|b\n2|too long a text\n3|c, d\n",
    );
    let _ = project.run(["up", "--quiet"]).succeeded();
    for _ in 0..2 {
        let _ = project.run(["load"]).succeeded();
    }
    for (name, first, second, text) in
        [("plain", 3, 5, "\"x\ny\",b"), ("packed", 3, 5, "\"x\ny\",b"), ("piped", 2, 3, "x|b")]
    {
        let rejected = format!("sparkify_infra_{name}_rejected");
        assert_eq!(number(&project, &format!("select sum(id) as n from {name}")), Some(4), "{name}");
        let kept = asked(&project, &format!("select line, record::varchar as record from {rejected} order by line"));
        let lines: Vec<_> = kept.iter().map(|row| row["line"].as_i64().unwrap()).collect();
        assert_eq!((lines, kept[0]["record"].as_str()), (vec![first, second], Some(text)), "{name}");
        let _ = project.run(["query", &format!("alter table {name} alter column x type varchar(64)")]).succeeded();
    }
    let _ = project.run(RETRY).failed(10, &["3 accepted, 3 left in quarantine"]);
    for (name, text) in [("plain", "7,b"), ("packed", "7,b"), ("piped", "7|b")] {
        let rejected = format!("sparkify_infra_{name}_rejected");
        assert_eq!(number(&project, &format!("select sum(id) as n from {name}")), Some(6), "{name}");
        let _ = project.run(["query", &format!("update {rejected} set record = '{text}'")]).succeeded();
    }
    let _ = project.run(RETRY).succeeded();
    for name in ["plain", "packed", "piped"] {
        assert_eq!(number(&project, &format!("select sum(id) as n from {name} where x <> ''")), Some(13), "{name}");
    }

    // A record that was corrected into two changes nothing; one that was emptied stays, and holds up no other.
    let _ = project.run(["load"]).succeeded();
    let rejected = "sparkify_infra_plain_rejected";
    let change = |text: &str| format!("update {rejected} set record = '{text}' where line = 3");
    let _ = project.run(["query", &change("7,b\n8,c")]).succeeded();
    let _ = project.run(RETRY).failed(4, &["1 records were tried", "Nothing has changed"]);
    assert_eq!(number(&project, "select count(*) as n from plain"), Some(3));
    let _ = project.run(["query", &change("")]).succeeded();
    let other = format!("insert into {rejected} values ('r', 's3://b/k', 1, null, 'why', json_parse('\"8,d\"'))");
    let _ = project.run(["query", &other]).succeeded();
    let says = "1 of 2 rows accepted, 1 left in sparkify_infra_plain_rejected";
    let _ = project.run(RETRY).failed(10, &[says]);
    assert_eq!(number(&project, "select count(*) as n from plain"), Some(4));
    assert_eq!(number(&project, &format!("select count(*) as n from {rejected} where line = 3")), Some(1));
}

#[test]
fn records_on_several_lines_and_several_on_one() {
    let project = Project::bare();
    let list = b"[\n {\"id\": 1},\n {\n  \"id\": \"x\"\n }\n]\n";
    add_table(&project, "lists", "id int", "json 'auto'", "1.json", list);
    put(&project, "data/lists/2.json", "{\"id\": 2}");
    let _ = project.run(["up", "--quiet"]).succeeded();
    let load = project.run(["load"]).succeeded();
    assert!(load.stdout.contains("s3://texts-data/lists/1.json:5: id int4"), "{}", load.stdout);
    let kept =
        asked(&project, "select file, line, json_serialize(record) as record from sparkify_infra_lists_rejected");
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0]["file"].as_str(), kept[0]["line"].as_i64()), (Some("s3://texts-data/lists/1.json"), Some(3)));
    assert_eq!(kept[0]["record"], "{\"id\":\"x\"}");

    // All records of a line are told apart, some of them are not.
    put(&project, "data/lists/2.json", "{\"id\": \"y\"} {\"id\": \"z\"}");
    let _ = project.run(["load"]).succeeded();
    assert_eq!(number(&project, "select count(*) as n from sparkify_infra_lists_rejected"), Some(3));
    put(&project, "data/lists/2.json", "{\"id\": 2} {\"id\": \"z\"}");
    let says = [
        "s3://texts-data/lists/2.json:1: COPY rejected 1 records of this line, on which 2 stand",
        "Nothing was loaded",
    ];
    let _ = project.run(["load"]).failed(1, &says);
    // One that is too long to be kept is named.
    let long = format!("{{\"id\": \"{}\"}}\n", "x".repeat(70_000));
    put(&project, "data/lists/2.json", &long);
    let _ = project.run(["load"]).failed(1, &["lists/2.json:1: COPY rejected a record that is too long to be kept"]);
    assert_eq!(number(&project, "select count(*) as n from sparkify_infra_lists_rejected"), Some(3));
}
