//! `init`, `up`, `load` of data as registries ship it: every row of the source is in its table.

use std::io::Write;

use crate::copy::{ROLE, get, warehouse};
use crate::copy_values::may_unload;
use crate::init::{loaded, put, with_data};
use crate::project::{BUCKET, Project};

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

fn answer(project: &Project, sql: &str) -> String {
    project.run(["query", sql]).succeeded().stdout
}

/// Each file a table, whatever its kind, with what lies beside it.
#[test]
fn a_folder_of_all_kinds_is_loaded_as_it_comes() {
    let project = with_data(&[
        ("orders.csv", "order_id,amount\n1,.5\n\n2,-.25\n"),
        ("customers.json", "[\n  {\n    \"id\": 1,\n    \"email\": \"a\"\n  },\n  {\"id\": 2, \"email\": \"b\"}\n]\n"),
        ("events-1.jsonl", "\u{feff}{\"seen_at\": \"11/30/2018 9:05\"}\r\n{\"seen_at\": \"2018-12-01T00:00:00\"}\r\n"),
        ("README.md", "about"),
        ("LICENSE", "free"),
        ("archive.zip", "PK"),
    ]);
    put(&project, "events-2.jsonl.gz", &gzip("{\"seen_at\": \"1/2/2018 10:00:00\"}"));
    put(&project, "prices.csv.gz", &gzip("sku,price\nx,1\ny,2\n"));
    put(&project, "stock.json.zst", &zstd::encode_all(&b"{\"sku\": \"x\"} {\"sku\": \"y\"}"[..], 1).unwrap());
    let told = project.run(["init", "data", "--stack=kinds"]).succeeded();
    for words in ["LICENSE, README.md, archive.zip", "data/archive.zip: it is no ZIP archive"] {
        assert!(told.stderr.contains(words), "'{words}' is not in\n{}", told.stderr);
    }
    let infra = std::fs::read_to_string(project.path("infra.toml")).unwrap();
    assert_eq!(infra.matches("gather = \"always\"").count(), 2, "{infra}");
    let _ = project.run(["up", "--quiet"]).succeeded();
    let _ = project.run(["load", "--quiet"]).succeeded();
    assert_eq!(answer(&project, "select count(*) as n, sum(amount) as a from orders"), "n,a\n2,0.25\n");
    assert_eq!(answer(&project, "select id, email from customers order by 1"), "id,email\n1,a\n2,b\n");
    let events = "select count(*) as n, min(seen_at) as a, max(seen_at) as z from events";
    assert_eq!(answer(&project, events), "n,a,z\n3,2018-01-02 10:00:00,2018-12-01 00:00:00\n");
    assert_eq!(answer(&project, "select count(*) as n, sum(price) as p from prices"), "n,p\n2,3\n");
    assert_eq!(answer(&project, "select count(*) as n from stock"), "n\n2\n");
    // What comes later is of the same table.
    put(&project, "events-3.jsonl", b"{\"seen_at\": \"2019-01-01\"}");
    let _ = project.run(["load", "--quiet", "--mode=append"]).succeeded();
    assert_eq!(answer(&project, "select count(*) as n from events"), "n\n4\n");
}

/// A file of JSON that is one value is not one row.
#[test]
fn records_within_a_file_are_rows() {
    let graph = "{\"nodes\": [{\"id\": 1}, {\"id\": 2}],\n \"links\": [{\"from\": 1, \"to\": 2}]}";
    let codes: Vec<String> = (1..=20).map(|code| format!("\"{code}.10\": \"c{code}\"")).collect();
    let project = with_data(&[
        (
            "places.geojson",
            "{\"type\": \"FeatureCollection\", \"name\": \"x\", \"features\": [\n\
             {\"type\": \"Feature\", \"properties\": {\"name\": \"Oslo\"}, \"geometry\": null},\n\
             {\"type\": \"Feature\", \"properties\": {\"name\": \"Rome\"}, \"geometry\": null}\n]}\n",
        ),
        ("types.json", "{\"a/b\": {\"source\": \"iana\"}, \"c/d\": {\"source\": \"x\"},\n\"e/f\": {\"source\": null}}"),
        ("names.json", "[\"Ann\", \"Bea\", [1, 2]]"),
        ("graph.json", graph),
        ("codes.json", &format!("{{{}}}", codes.join(",\n"))),
        ("iris.csv", "2,3,no,yes\n1,2,3,4,0\n5,6,7,8,1\n"),
        ("body.csv", "Weight Waist\n191 36\n189 37\n"),
        ("cars.csv", "\"mpg\",\"cyl\"\n\"Mazda RX4\",21,6\n\"Datsun 710\",22.8,4\n"),
    ]);
    let told = project.run(["init", "data", "--stack=within"]).succeeded();
    for words in [
        "places: its rows are what 'features' has; no table has what is beside it: type, name",
        "types: each key of the file is a row, and the column key has it",
        "names: its values are no objects, and the column value has them",
        "iris: the first line has fewer fields than all others",
        "cars: the first line has one name fewer than the rows have fields",
    ] {
        assert!(told.stderr.contains(words), "'{words}' is not in\n{}", told.stderr);
    }
    let _ = project.run(["up", "--quiet"]).succeeded();
    let _ = project.run(["load", "--quiet"]).succeeded();
    assert_eq!(answer(&project, "select properties.name::varchar as n from places order by 1"), "n\nOslo\nRome\n");
    assert_eq!(answer(&project, "select key, source from types order by 1"), "key,source\na/b,iana\nc/d,x\ne/f,\n");
    assert_eq!(answer(&project, "select count(*) as n from names"), "n\n3\n");
    let counts = "select (select count(*) from graph_nodes) as n, (select count(*) from graph_links) as l";
    assert_eq!(answer(&project, counts), "n,l\n2,1\n");
    assert_eq!(
        answer(&project, "select min(key) as k, max(value) as v, count(*) as n from codes"),
        "k,v,n\n1.10,c9,20\n"
    );
    assert_eq!(answer(&project, "select sum(column_5) as s, count(*) as n from iris"), "s,n\n1,2\n");
    assert_eq!(answer(&project, "select sum(waist) as w from body"), "w\n73\n");
    assert_eq!(
        answer(&project, "select row_name, cyl from cars order by 2"),
        "row_name,cyl\nDatsun 710,4\nMazda RX4,6\n"
    );
    // Another path is another set of parts.
    project.edit("infra.toml", "record_path = [\"nodes\"]", "record_path = [\"links\"]");
    let _ = project.run(["load", "--quiet"]).succeeded();
    assert_eq!(answer(&project, counts), "n,l\n1,1\n");
    project.edit("infra.toml", "record_path = [\"links\"]", "record_path = [\"arcs\"]");
    let _ = project.run(["load"]).failed(1, &["graph.json:1:1: the key \"arcs\" was expected at record_path"]);
}

/// Names over two lines are passed over whole; what COPY rejects has no table, and the rest is loaded.
#[test]
fn quotes_in_csv_are_those_that_copy_takes() {
    let project = with_data(&[
        ("people.csv", "id,\"TDCJ\nNumber\",height\n1,7,\"6' 1\"\"\"\n2,8,\"5' 9\"\"\"\n"),
        ("sprint.csv", "name,time\n\"H. \\\"Barney\\\" Ewell\",10.40\n"),
    ]);
    let told = project.run(["init", "data", "--stack=quotes"]).succeeded().stderr;
    for words in [
        "people: its names go over 2 lines, as `ignoreheader 2` of its COPY says",
        "data/sprint.csv is not CSV (line 2: a field goes on behind its closing quote, and COPY rejects its row): no table has it",
    ] {
        assert!(told.contains(words), "'{words}' is not in\n{told}");
    }
    let _ = project.run(["up", "--quiet"]).succeeded();
    let _ = project.run(["load", "--quiet"]).succeeded();
    let rows = "id,tdcj number,height\n1,7,\"6' 1\"\"\"\n2,8,\"5' 9\"\"\"\n";
    assert_eq!(answer(&project, "select * from people order by id"), rows);
}

#[test]
fn a_text_that_is_longer_than_any_column_is_cut_off() {
    let text = "x".repeat(70_000);
    let project = with_data(&[
        (
            "flags.json",
            &format!("[{{\"country\": \"NO\", \"flag\": \"{text}\"}}, {{\"country\": \"SE\", \"flag\": \"y\"}}]"),
        ),
        ("notes.csv", &format!("id,note\n1,{text}\n2,y\n")),
    ]);
    let lengths = "select (select max(len(flag)) from flags) as f, (select max(len(note)) from notes) as n, \
                   (select count(*) from flags) + (select count(*) from notes) as c";
    assert_eq!(loaded(&project, lengths), "f,n,c\n65535,65535,4\n");
}

#[test]
fn kinds_in_one_folder_are_tables_each() {
    let project = with_data(&[
        ("sales/part-1.json", "{\"id\": 1}\n{\"id\": 2}"),
        ("sales/part-2.json", "[{\"id\": 3}]"),
        ("sales/part-1.csv", "id,name\n1,a\n2,b\n"),
        ("sales/notes.md", "about"),
        ("sales/_SUCCESS", ""),
    ]);
    let counts = "select (select count(*) from sales_json) as j, (select count(*) from sales_csv) as c";
    assert_eq!(loaded(&project, counts), "j,c\n3,2\n");
    let infra = std::fs::read_to_string(project.path("infra.toml")).unwrap();
    assert!(infra.contains("files = [\"*.json\"]") || infra.contains("files = [\"part-*.json\"]"), "{infra}");
}

#[test]
fn the_folders_of_hive_are_columns() {
    let day = |day: u32| format!("sales/dt=2024-01-0{day}/country=DE/a.json");
    let files: Vec<(String, String)> =
        (1..=3).map(|at| (day(at), format!("{{\"id\": {at}}}\n{{\"id\": 0}}"))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let project = with_data(&files);
    let question = "select dt, country, count(*) as n, max(id) as id from sales group by 1, 2 order by 1";
    assert_eq!(
        loaded(&project, question),
        "dt,country,n,id\n2024-01-01,DE,2,1\n2024-01-02,DE,2,2\n2024-01-03,DE,2,3\n"
    );
    let schema = std::fs::read_to_string(project.path("sql/schema/01_sales.sql")).unwrap();
    assert!(schema.contains("dt      date"), "{schema}");
    // Of CSV nobody reads the folder.
    let project = with_data(&[("dt=1/a.csv", "id\n1\n"), ("dt=2/a.csv", "id\n2\n")]);
    let told = project.run(["init", "data"]).succeeded().stderr;
    assert!(told.contains("data: dt is in the names of folders only"), "{told}");
}

#[test]
fn what_stands_for_null_and_days_in_other_orders() {
    let project = with_data(&[
        ("flights/a.csv", "id,delay,code,day,odd\n1,NA,NA,30.11.2018,01.02.2018\n2,7,DE,01.12.2018,x\n3,\\N,FR,NA,?\n"),
        ("short/a.csv", "a,b,c\n1,2,3\n4\n5,6\n7,8,9,\n"),
    ]);
    put(&project, "latin/a.csv", b"name,n\ncaf\xe9,1\nx,2\n");
    let told = project.run(["init", "data", "--stack=nulls"]).succeeded();
    for words in [
        "flights.delay: texts, for '\\N' (1 times) beside other values: COPY takes one word for NULL, here 'NA'",
        "flights.code: 'NA' is NULL here too (1 times), as `null as 'NA'` of the COPY says",
        "latin: it has bytes that are no UTF-8, which are loaded as '?'",
    ] {
        assert!(told.stderr.contains(words), "'{words}' is not in\n{}", told.stderr);
    }
    let _ = project.run(["up", "--quiet"]).succeeded();
    let _ = project.run(["load", "--quiet"]).succeeded();
    assert_eq!(
        answer(&project, "select id, delay, code, day from flights order by id"),
        "id,delay,code,day\n1,,,2018-11-30\n2,7,DE,2018-12-01\n3,\\N,FR,\n"
    );
    assert_eq!(answer(&project, "select a, b, c from short order by a"), "a,b,c\n1,2,3\n4,,\n5,6,\n7,8,9\n");
    assert_eq!(answer(&project, "select count(*) as n from latin where name like 'caf?%'"), "n\n1\n");
    assert_eq!(answer(&project, "select count(*) as n from latin"), "n\n2\n");
}

#[test]
fn names_that_no_column_has() {
    let project = with_data(&[
        ("t/a.json", "{\"oid\": 1, \"orderId\": 2, \"z\": 3, \"a\": 4}\n{\"oid\": 5}"),
        ("u/a.csv", "xmin,Order ID,orderID\n1,2,3\n"),
    ]);
    let _ = project.run(["init", "data", "--stack=names", "--snake-case"]).succeeded();
    let _ = project.run(["up", "--quiet"]).succeeded();
    let _ = project.run(["load", "--quiet"]).succeeded();
    assert_eq!(answer(&project, "select * from t order by 1"), "oid_,order_id,z,a\n1,2,3,4\n5,,,\n");
    assert_eq!(answer(&project, "select * from u"), "xmin_,order_id,order_id_2\n1,2,3\n");
    let _ = project.run(["load", "--dry-run"]).succeeded();
}

/// The data is where the project is.
#[test]
fn data_in_the_working_directory() {
    let project = Project::bare();
    for (name, text) in [("iris.csv", "a,b\n1,x\n2,y\n"), ("cars.csv", "model,year\nx,1999\n")] {
        std::fs::write(project.path(name), text).unwrap();
    }
    std::fs::write(project.path(".gitignore"), "target").unwrap();
    let _ = project.run(["init", ".", "--stack=here"]).succeeded();
    let _ = project.run(["up", "--quiet"]).succeeded();
    let _ = project.run(["load", "--quiet"]).succeeded();
    let counts = "select (select count(*) from iris) as i, (select count(*) from cars) as c";
    assert_eq!(answer(&project, counts), "i,c\n2,1\n");
    assert_eq!(std::fs::read_to_string(project.path(".gitignore")).unwrap(), "target\n/.sparkify\n");
}

#[test]
fn parquet_has_its_own_schema() {
    let (_served, sdk) = warehouse();
    may_unload(&sdk);
    let rows = "select 1::bigint as id, ''é''::varchar(9) as name, 1.5::decimal(5,2) as price, date ''2018-11-30'' as day, true as ok \
                union all select 2, null, null, null, false";
    let to = format!("'s3://{BUCKET}/load/songs/pq/' iam_role '{ROLE}'");
    sdk.sql(&format!("unload ('{rows}') to {to} parquet parallel off")).unwrap();
    let file = get(&sdk, "songs/pq/000.parquet");
    let project = Project::bare();
    put(&project, "sales/a.parquet", &file);
    put(&project, "sales/b.parquet", &file);
    put(&project, "sales/c.csv", b"x,y\n1,2\n");
    let told = project.run(["init", "data", "--stack=columnar"]).succeeded().stdout;
    for words in ["bigint", "numeric(5,2)", "varchar(16)", "boolean", "date"] {
        assert!(told.contains(words), "'{words}' is not in\n{told}");
    }
    let _ = project.run(["up", "--quiet"]).succeeded();
    let _ = project.run(["load", "--quiet"]).succeeded();
    let question = "select count(*) as n, max(name) as name, sum(price) as price, max(day) as day from sales";
    assert_eq!(answer(&project, question), "n,name,price,day\n4,é,3.00,2018-11-30\n");
}
