//! `init --update`: the data has changed since, and what was written by hand stays.

use std::path::Path;

use crate::init::{put, with_data};
use crate::project::Project;

fn read(project: &Project, name: &str) -> String {
    std::fs::read_to_string(project.path(name)).unwrap()
}

fn answer(project: &Project, sql: &str) -> String {
    project.run(["query", sql]).succeeded().stdout
}

/// All files of the project, but not its data and its state.
fn files(project: &Project) -> Vec<(String, String)> {
    fn add(files: &mut Vec<(String, String)>, path: &Path) {
        if path.is_dir() {
            std::fs::read_dir(path).unwrap().for_each(|entry| add(files, &entry.unwrap().path()));
        } else {
            files.push((path.display().to_string(), std::fs::read_to_string(path).unwrap()));
        }
    }
    let mut files = Vec::new();
    add(&mut files, &project.path("infra.toml"));
    add(&mut files, &project.path("sql"));
    files.sort();
    files
}

/// Nothing is left to change.
fn is_settled(project: &Project) {
    let before = files(project);
    let told = project.run(["init", "--update"]).succeeded();
    assert!(told.stderr.contains("nothing to change"), "{}", told.stderr);
    assert_eq!(files(project), before);
}

#[test]
fn columns_are_added_and_become_wider_and_the_rest_stays() {
    let old = "{\"id\": 1, \"title\": \"short\", \"plays\": 5, \"seen\": \"2018-11-30\", \"gone\": \"x\"}";
    let project = with_data(&[("songs/1.json", old), ("sales/a.csv", "id,amount\n1,2\n")]);
    let _ = project.run(["init", "data", "--stack=update"]).succeeded();
    is_settled(&project);
    let schema = "sql/schema/02_songs.sql";
    project.edit(schema, "    title varchar(16),", "    title varchar(16) encode lzo, -- as sung");
    project.edit(schema, "plays integer", "plays bigint");
    project.edit(schema, "diststyle auto;", "diststyle even\nsortkey (id);");
    project.edit("sql/copy/sales.sql", "-- source: sales", "-- source: sales\n-- by hand");
    std::fs::create_dir_all(project.path("sql/transform")).unwrap();
    let transform = "-- One row: one.\ninsert into star select id from songs;\n";
    std::fs::write(project.path("sql/transform/star.sql"), transform).unwrap();
    is_settled(&project);

    put(&project, "songs/1.json", b"{\"id\": 1, \"title\": \"short\", \"plays\": 5, \"seen\": \"2018-11-30\"}");
    let new = "{\"id\": 3000000000, \"title\": \"a title that is longer than before\", \"plays\": 7, \"seen\": \"2018-12-01T10:20:30\", \
               \"moodRing\": \"lost\", \"tags\": [1]}";
    put(&project, "songs/2.json", format!("{{\"id\": 2}}\n{new}").as_bytes());
    put(&project, "sales/b.csv", b"id,amount,shop\n2,1.5,Ulm\n");
    put(&project, "returns/a.csv", b"id,why\n1,broken\n");
    let before = files(&project);
    let shown = project.run(["init", "--update", "--dry-run"]).succeeded();
    for says in [
        "'3000000000' in data/songs/2.json:2",
        "'a title that is longer than before'",
        "new key, first in data/songs/2.json:2",
        "no longer seen",
        "'auto ignorecase'",
        "'1.5' in data/sales/b.csv:2",
        "new field, first in data/sales/b.csv:1",
        "fillrecord",
        "new table, s3://update-data/returns/",
    ] {
        assert!(shown.stdout.contains(says), "'{says}' is not in\n{}", shown.stdout);
    }
    assert!(shown.stderr.contains("nothing was done"), "{}", shown.stderr);
    let hint = "sql/transform/star.sql reads songs, and knows nothing of moodring, tags";
    assert!(shown.stderr.contains(hint), "{}", shown.stderr);
    assert_eq!(files(&project), before);

    let told = project.run(["init", "--update"]).succeeded();
    assert_eq!(told.stdout, shown.stdout);
    assert!(told.stderr.contains("load --recreate"), "{}", told.stderr);
    assert_eq!(
        read(&project, schema),
        "-- One row: one record of songs, as it was written. Types and lengths follow from what was seen of it.\n\
         create table if not exists songs (\n    id    bigint,\n    title varchar(64) encode lzo, -- as sung\n    plays bigint,\n    \
         seen  timestamp,\n    gone  varchar(16),\n    moodring varchar(16),\n    tags  super\n)\ndiststyle even\nsortkey (id);\n"
    );
    let copy = read(&project, "sql/copy/sales.sql");
    for says in ["\n-- by hand\ncopy sales (id, amount, shop)\n", "\nfillrecord\n:options;"] {
        assert!(copy.contains(says), "'{says}' is not in\n{copy}");
    }
    assert!(read(&project, "infra.toml").contains("\n[sources.returns]\nurl = \"s3://update-data/returns/\"\n"));
    is_settled(&project);

    std::fs::remove_file(project.path("sql/transform/star.sql")).unwrap();
    let _ = project.run(["up", "--quiet"]).succeeded();
    let _ = project.run(["load", "--quiet"]).succeeded();
    assert_eq!(
        answer(&project, "select id, moodring, seen from songs order by 1"),
        "id,moodring,seen\n1,,2018-11-30 00:00:00\n2,,\n3000000000,lost,2018-12-01 10:20:30\n"
    );
    assert_eq!(answer(&project, "select * from sales order by 1"), "id,amount,shop\n1,2,\n2,1.5,Ulm\n");
    assert_eq!(answer(&project, "select * from returns"), "id,why\n1,broken\n");
}

/// What Redshift changes in place is told as statements, which do.
#[test]
fn statements_change_the_tables_that_exist() {
    let project = with_data(&[("t/a.json", "{\"id\": 1, \"name\": \"x\"}")]);
    let _ = project.run(["init", "data", "--stack=alter"]).succeeded();
    let _ = project.run(["up", "--quiet"]).succeeded();
    let _ = project.run(["load", "--quiet"]).succeeded();
    put(&project, "t/b.json", b"{\"id\": 2, \"name\": \"a name of more than sixteen bytes\", \"order\": true}");
    let told = project.run(["init", "--update", "data"]).succeeded().stderr;
    for statement in ["alter table t alter column name type varchar(64)", "alter table t add column \"order\" boolean"]
    {
        assert!(told.contains(&format!("\n  {statement};\n")), "'{statement}' is not in\n{told}");
        let _ = project.run(["query", statement]).succeeded();
    }
    let _ = project.run(["load", "--quiet"]).succeeded();
    assert_eq!(answer(&project, "select id, \"order\" from t order by 1"), "id,order\n1,\n2,true\n");
}

#[test]
fn keys_that_jsonpaths_name_get_paths() {
    let project = with_data(&[("t/a.json", "{\"oid\": 1, \"orderId\": 2}")]);
    let _ = project.run(["init", "data", "--stack=paths", "--snake-case"]).succeeded();
    is_settled(&project);
    put(&project, "t/b.json", b"{\"oid\": 2, \"orderId\": 3, \"newKey\": \"x\"}");
    let _ = project.run(["init", "--update"]).succeeded();
    assert!(read(&project, "sql/schema/01_t.sql").contains("    new_key  varchar(16)\n"));
    assert!(read(&project, "sql/jsonpaths/t.json").contains("\"$['orderId']\",\n    \"$['newKey']\"\n"));
    is_settled(&project);
    let _ = project.run(["up", "--quiet"]).succeeded();
    let _ = project.run(["load", "--quiet"]).succeeded();
    assert_eq!(answer(&project, "select * from t order by 1"), "oid_,order_id,new_key\n1,2,\n2,3,x\n");
}

/// Where `record_path` and `record_key` say that records lie within a file, they are compared there.
#[test]
fn records_within_a_file_are_compared() {
    let features = "{\"type\": \"FeatureCollection\", \"features\": [\n{\"id\": 1, \"name\": \"Oslo\"}\n]}";
    let project = with_data(&[
        ("map/a.geojson", features),
        ("lands/a.json", "{\"de\": {\"n\": 1}, \"fr\": {\"n\": 2}, \"no\": {\"n\": 3}}"),
        ("rows/a.json", "{\"rows\": [{\"a\": 1}, {\"a\": 2}, {\"a\": 3}]}"),
        ("names/a.json", "[\"a\", \"b\"]"),
    ]);
    let _ = project.run(["init", "data", "--stack=inner"]).succeeded();
    is_settled(&project);
    put(&project, "map/a.geojson", features.replace("\"id\": 1", "\"new\": 1, \"id\": 3000000000").as_bytes());
    put(&project, "rows/a.json", b"{\"rows\": 1}");
    let shown = project.run(["init", "--update", "--dry-run"]).succeeded();
    for says in ["new key, first in data/map/a.geojson:2", "'3000000000' in data/map/a.geojson:2"] {
        assert!(shown.stdout.contains(says), "'{says}' is not in\n{}", shown.stdout);
    }
    // One table that cannot be compared is no reason to leave out the others.
    let says = "rows: not compared: data/rows/a.json:1:10: a list was expected at record_path";
    assert!(shown.stderr.contains(says), "'{says}' is not in\n{}", shown.stderr);
}

/// What somebody has chosen is not chosen anew.
#[test]
fn choices_stay() {
    let project = with_data(&[
        ("kept/a.json", "{\"seen\": \"2018-11-30T10:20:30\"}"),
        ("few/a.json", "{\"id\": 1}"),
        ("listed/a.json", "{\"id\": 1, \"b\": 2}"),
        ("mixed/a.json", "{\"id\": 1}"),
        ("moved/a.csv", "a,b\n1,x\n"),
    ]);
    let _ = project.run(["init", "data", "--stack=choices"]).succeeded();
    project.edit("sql/schema/02_kept.sql", "seen timestamp", "seen date -- keep: the day is enough");
    project.edit("infra.toml", "[sources.few]", "[sources.few]\non_unknown = \"ignore\"");
    project.edit("sql/copy/listed.sql", "copy listed", "copy listed (id)");
    project.edit("infra.toml", "/moved/\"", "/moved/a.csv\"");
    put(&project, "few/b.json", b"{\"id\": 2, \"new\": 1}");
    put(&project, "mixed/b.csv", b"id\n1\n");
    put(&project, "moved/b.csv", b"a,b\n2,y\n");
    let before = files(&project);
    let told = project.run(["init", "--update"]).succeeded();
    for says in [
        "kept.seen: its type stays, as `-- keep` says, and it does not hold '2018-11-30T10:20:30'",
        "few: keys without a column, as `on_unknown = \"ignore\"` says: new",
        "listed: keys without a column, for its COPY lists its columns: b",
        "mixed: data/mixed/b.csv is of another kind than its COPY reads",
        "s3://choices-data/moved/b.csv has the columns of moved, and [sources.moved] does not take it",
        "nothing to change",
    ] {
        assert!(told.stderr.contains(says), "'{says}' is not in\n{}", told.stderr);
    }
    assert_eq!(files(&project), before);
}

/// One that `init` has not written: jsonpaths that lie in S3, times in milliseconds.
#[test]
fn the_example_is_settled() {
    let project = Project::with_sample(30, 60);
    is_settled(&project);
}

#[test]
fn an_update_needs_a_project_and_its_data() {
    let project = Project::bare();
    let _ = project.run(["init", "--update"]).failed(2, &["cannot read infra.toml"]);
    let _ = project.run(["init", "data", "--dry-run"]).failed(2, &["--update"]);
    let _ = project.run(["init", "--update", "--example", "sparkify"]).failed(2, &["cannot be used with"]);
    let project = with_data(&[("t/a.csv", "a,b\n1,2\n")]);
    let _ = project.run(["init", "data", "--stack=gone"]).succeeded();
    let infra = read(&project, "infra.toml");
    let (sources, _) = infra.split_once("[local.buckets").unwrap();
    std::fs::write(project.path("infra.toml"), sources).unwrap();
    let _ =
        project.run(["init", "--update"]).failed(2, &["no directory plays a bucket of the sources", "[local.buckets"]);
    let _ = project.run(["init", "--update", "data"]).succeeded();
    // Two orders of fields are two tables.
    put(&project, "t/b.csv", b"b,a\n1,2\n");
    let told = project.run(["init", "--update", "data"]).succeeded().stderr;
    assert!(told.contains("one COPY reads one order of them"), "{told}");
}
