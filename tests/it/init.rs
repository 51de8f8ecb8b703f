//! `init`: from a directory of one's own data to queried tables.

use std::io::Write;
use std::path::Path;

use crate::project::Project;

/// JSON with awkward keys, CSV with and without a header, compressed too.
fn shop() -> Project {
    let project = Project::bare();
    let write = |path: &str, text: &[u8]| {
        let path = project.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    for day in 1..=20 {
        let text = format!(
            "{{\"orderId\": {day}, \"order\": \"A-{day}\", \"placed at\": \"2026-11-{day:02}T10:00:00Z\", \"total\": {day}.5, \"paid\": true, \
             \"items\": [{{\"sku\": \"x\"}}], \"note\": null}}\n{{\"orderId\": 3000000000, \"order\": \"é\", \"placed at\": \"2026-11-{day:02}T11:00:00+01:00\"}}"
        );
        write(&format!("data/orders/2026/11/{day:02}.json"), text.as_bytes());
    }
    write("data/customers/all.csv", b"id,name,zip,since\n1,\"Smith, Ann\",01067,2020-01-31\n2,O'Neil,10115,\n");
    write("data/prices/a.tsv", b"1\t2.50\n2\t10\n");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(b"sku;in stock\nx;7\ny;0\n").unwrap();
    write("data/stock levels/today.csv.gz", &packed.finish().unwrap());
    project
}

#[test]
fn from_ones_own_data_to_queried_tables() {
    let project = shop();
    let told = project.run(["init", "data", "--stack=shop"]).succeeded();
    for words in ["orders", "placed at", "timestamptz", "written: infra.toml, .gitignore, 16 files in sql/"] {
        assert!(told.stdout.contains(words), "'{words}' is not in\n{}", told.stdout);
    }
    assert_eq!(std::fs::read_to_string(project.path(".gitignore")).unwrap(), "/.sparkify\n");
    let schema = std::fs::read_to_string(project.path("sql/schema/02_orders.sql")).unwrap();
    for column in
        ["orderid", "bigint", "\"order\"", "\"placed at\"", "timestamptz", "double precision", "boolean", "super"]
    {
        assert!(schema.contains(column), "{column} is not in\n{schema}");
    }
    let _ = project.run(["up"]).succeeded();
    let loaded = project.run(["load"]).succeeded();
    assert!(loaded.stdout.contains("4 of 4 checks passed"), "{}", loaded.stdout);
    let answer = |sql: &str| project.run(["query", sql]).succeeded().stdout;
    assert_eq!(
        answer(
            "select count(*) as n, min(\"placed at\") as first, sum(total) as total, count(note) as notes from orders"
        ),
        "n,first,total,notes\n40,2026-11-01 10:00:00+00,220,0\n"
    );
    assert_eq!(
        answer("select name, zip, since from customers order by id"),
        "name,zip,since\n\"Smith, Ann\",01067,2020-01-31\nO'Neil,10115,\n"
    );
    assert_eq!(answer("select sum(column_2) as total from prices"), "total\n12.5\n");
    assert_eq!(answer("select sku, \"in stock\" from stock_levels order by 1"), "sku,in stock\nx,7\ny,0\n");
    let glance = project.run(["query", "orders-at-a-glance"]).succeeded();
    assert!(glance.stdout.starts_with("rows,first,last\n40,2026-11-01 10:00:00+00,"), "{}", glance.stdout);
    let _ = project.run(["down"]).succeeded();
    let _ = project.run(["init", "data"]).failed(2, &["infra.toml is there already", "nothing was written"]);
}

/// Whatever its form, and though `up` was told of no append.
#[test]
fn what_init_writes_can_be_appended_to() {
    let project = shop();
    let _ = project.run(["init", "data", "--stack=shop"]).succeeded();
    for command in [&["up"][..], &["load"], &["load", "--mode", "append"]] {
        let _ = project.run(command.iter().copied()).succeeded();
    }
    std::fs::write(project.path("data/orders/2026/11/21.json"), "{\"orderId\": 21, \"order\": \"A-21\"}").unwrap();
    std::fs::write(project.path("data/customers/more.csv"), "id,name,zip,since\n3,Ann,1,2026-01-31\n").unwrap();
    std::fs::write(project.path("data/prices/b.tsv"), "3\t1.00\n").unwrap();
    for _ in 0..2 {
        let _ = project.run(["load", "--mode", "append"]).succeeded();
        for (table, rows) in [("orders", "41"), ("customers", "3"), ("prices", "3"), ("stock_levels", "2")] {
            let counted = project.run(["query", &format!("select count(*) as n from {table}")]).succeeded();
            assert_eq!(counted.stdout, format!("n\n{rows}\n"), "{table}");
        }
    }
}

#[test]
fn what_cannot_be_loaded_is_told_and_nothing_is_written() {
    let project = Project::bare();
    let data = project.path("data");
    let _ = project.run(["init", "data"]).failed(2, &["cannot read data"]);
    std::fs::create_dir(&data).unwrap();
    let _ = project.run(["init", "data"]).failed(2, &["there is nothing to load in data", ".json"]);
    for (name, text, says) in [
        ("list.json", "1 2", &["list.json is not made of JSON objects", "one after the other, or in one list"][..]),
        ("list.json", "{\"a\": 1", &["list.json is not JSON"][..]),
        ("list.json", "[{\"a\": 1}", &["list.json is not JSON", "cut off"][..]),
        ("list.json", "[]", &["there is no record in data/list.json"][..]),
        ("list.json", "{\"\": 1}", &["a key that no column can have"][..]),
        ("list.csv", "a,b\n", &["there is no record in data/list.csv"][..]),
        ("README.md", "about", &["there is nothing to load in data"][..]),
    ] {
        put(&project, name, text.as_bytes());
        let _ = project.run(["init", "data"]).failed(2, says);
        std::fs::remove_file(data.join(name)).unwrap();
    }
    put(&project, "list.json", b"{\"a\": 1}");
    let _ = project.run(["init", "data", "--stack=No_Good"]).failed(2, &["--stack No_Good"]);
    // One of several is broken: its rows would be missing.
    put(&project, "logs/1.json", b"{\"a\": 1}");
    put(&project, "logs/2.json", b"{\"a\": 1");
    let _ = project.run(["init", "data"]).failed(2, &["data/logs/2.json is not JSON"]);
    assert!(!project.path("infra.toml").exists() && !project.path("sql").exists());
    std::fs::remove_dir_all(data.join("logs")).unwrap();
    put(&project, "broken.json", b"{\"a\": 1");
    assert_eq!(loaded(&project, "select a from list"), "a\n1\n");
}

/// Names that a warehouse keeps for itself, headers as pandas writes them, and names with colons.
#[test]
fn awkward_names_load_too() {
    let project = Project::bare();
    let write = |path: &str, text: &str| {
        let path = project.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("data/user/a.json", "{\"userId\": 1, \"userid\": null, \"order\": \"x\"}");
    write("data/My-Data/a.csv", ",time:utc,2019\n0,2020-01-01,5\n1,2020-01-02,6\n");
    write("data/my_data/a.csv", "name,name\nx,y\n");
    let _ = project.run(["init", "data", "--stack=odd"]).succeeded();
    let _ = project.run(["up", "--quiet"]).succeeded();
    let _ = project.run(["load", "--quiet"]).succeeded();
    let answer = |sql: &str| project.run(["query", sql]).succeeded().stdout;
    assert_eq!(answer("select userid, userid_2, \"order\" from user_"), "userid,userid_2,order\n1,,x\n");
    assert_eq!(
        answer("select column_1, \"time:utc\", \"2019\" from my_data order by 1"),
        "column_1,time:utc,2019\n0,2020-01-01,5\n1,2020-01-02,6\n"
    );
    assert_eq!(answer("select name, name_2 from my_data_2"), "name,name_2\nx,y\n");
}

/// A project with these files under data/.
pub fn with_data(files: &[(&str, &str)]) -> Project {
    let project = Project::bare();
    files.iter().for_each(|(name, text)| put(&project, name, text.as_bytes()));
    project
}

pub fn put(project: &Project, name: &str, content: &[u8]) {
    let path = project.path("data").join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

/// Loads what `init` wrote for the data, and answers a question.
pub fn loaded(project: &Project, question: &str) -> String {
    let _ = project.run(["init", "data", "--stack=own"]).succeeded();
    let _ = project.run(["up", "--quiet"]).succeeded();
    let _ = project.run(["load", "--quiet"]).succeeded();
    project.run(["query", question]).succeeded().stdout
}

#[test]
fn keys_that_come_late_have_columns() {
    let early = "{\"id\":1,\"v\":1}\n".repeat(200_000);
    let project = with_data(&[
        ("ev/a.json", &format!("{early}{{\"id\":200001,\"v\":1,\"later\":\"kept\"}}\n")),
        ("ev/b.json", "{\"id\":200002,\"v\":1,\"also\":\"kept\",\"ID2\":7}\n{\"id\":200003,\"V\":1.5}"),
    ]);
    let counts = loaded(
        &project,
        "select count(*) as n, max(later) as later, max(also) as also, max(id2) as id2, max(v) as v from ev",
    );
    assert_eq!(counts, "n,later,also,id2,v\n200003,kept,kept,7,1.5\n");
}

#[test]
fn two_kinds_of_records_are_not_one_table() {
    let customers = "{\"customer_id\": 0, \"email\": \"c0@example.org\"}";
    let orders = "{\"order_id\": 0, \"customer_id\": 0, \"amount\": 0.5}";
    let project = with_data(&[("customers.json", customers), ("orders.json", orders)]);
    let joined = "select email, amount from customers join orders on customers.customer_id = orders.customer_id";
    assert_eq!(loaded(&project, joined), "email,amount\nc0@example.org,0.5\n");
    // Files of one kind may have other keys: their names say so, or most of their keys.
    let project = with_data(&[
        ("ev/2026-11-01.json", "{\"id\": 1, \"click\": 1}"),
        ("ev/2026-11-02.json", "{\"id\": 2, \"view\": 1}"),
        ("people/ann.json", "{\"id\": 1, \"name\": \"Ann\", \"age\": 3}"),
        ("people/bob.json", "{\"id\": 1, \"name\": \"Bob\"}"),
    ]);
    assert_eq!(loaded(&project, "select sum(click) as c, sum(view) as v from ev"), "c,v\n1,1\n");
}

#[test]
fn whole_numbers_keep_their_digits() {
    let project = with_data(&[
        ("n/a.json", "{\"id\": 12345678901234567890123456789012345678, \"mixed\": 9007199254740993, \"more\": 1}"),
        ("n/b.json", "{\"id\": -1, \"mixed\": 0.5, \"more\": 123456789012345678901234567890123456789}"),
    ]);
    assert_eq!(
        loaded(&project, "select id, mixed, more from n order by id"),
        "id,mixed,more\n-1,0.5,123456789012345678901234567890123456789\n\
         12345678901234567890123456789012345678,9007199254740993,1\n"
    );
}

#[test]
fn what_no_table_holds_is_told_at_once() {
    // Of a file with one object alone each key might be a row.
    let wide: Vec<String> = (0..1_601).map(|number| format!("\"c{number}\": 1")).collect();
    let project = with_data(&[("wide/a.json", &format!("{{{}}} {{}}", wide.join(",")))]);
    let _ = project.run(["init", "data"]).failed(2, &["data/wide/a.json: a table has at most 1600 columns"]);
    let project = with_data(&[("wide/a.json", &format!("{{{}}} {{}}", wide[1..].join(",")))]);
    let _ = project.run(["init", "data"]).succeeded();
    let name = "x".repeat(90);
    let longer: Vec<String> = (0..1_600).map(|number| format!("\"{name}{number}\": 1")).collect();
    let project = with_data(&[("wide/a.json", &format!("{{{}}} {{}}", longer.join(",")))]);
    let told = project.run(["init", "data", "--stack=wide"]).succeeded().stderr;
    assert!(told.contains("sql/schema/01_wide.sql has") && told.contains("the Data API takes 102400"), "{told}");
    let _ = project.run(["up", "--quiet"]).succeeded();
    let _ = project.run(["load"]).failed(2, &["sql/schema/01_wide.sql has", "the Data API takes 102400"]);

    let text = "x".repeat(70_000);
    let project = with_data(&[
        ("docs/a.json", &format!("{{\"id\": 1, \"body\": \"{text}\"}}")),
        ("nested/a.json", &format!("{{\"id\": 1, \"payload\": {{\"signature\": \"{text}\"}}}}")),
        ("twice/a.json", "{\"a\": 1, \"a\": 2}"),
        ("notes.txt", "about"),
        ("twice/.b.json", "{\"a\": 3}"),
    ]);
    let told = project.run(["init", "data"]).succeeded().stderr;
    for words in [
        "docs.body: a text of 70000 bytes, and the longest that COPY takes has 65535",
        "it is cut off there, as `truncatecolumns` of sql/copy/docs.sql says",
        "nested.payload: a text of 70000 bytes",
        "its row is rejected, and nothing cuts off a text within a SUPER",
        "twice: an object has the key 'a' twice",
        "no JSON, CSV or Parquet by their names, so that no table has them: notes.txt",
        "data/twice/.b.json is hidden, and was not read",
    ] {
        assert!(told.contains(words), "'{words}' is not in\n{told}");
    }
    // No column can be wider than the widest.
    project.edit("sql/copy/docs.sql", " truncatecolumns", "");
    let _ = project.run(["up", "--quiet"]).succeeded();
    let load = project.run(["load"]).failed(1, &["No column is wider", "truncatecolumns"]);
    assert!(!load.stderr.contains("Widen"), "{}", load.stderr);
}

#[test]
fn what_is_no_plain_text_of_one_form_is_refused() {
    let refused = |name: &str, content: &[u8], says: &[&str]| {
        let project = Project::bare();
        put(&project, name, content);
        let _ = project.run(["init", "data"]).failed(2, says);
    };
    let utf16: Vec<u8> = "\u{feff}id,name\n1,x\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    refused("t/a.csv", &utf16, &["data/t/a.csv is UTF-16", "iconv"]);
    refused("t/a.csv", b"\xef\xbb\xbf1,2\n3,4\n", &["a.csv begins with a byte-order mark, which would be data"]);
    refused("t/a.csv", b"a,b\n1,2\n1,2,3\n", &["data/t/a.csv:3: 3 fields, and 2 columns"]);
    let project = Project::bare();
    put(&project, "t/a.csv", b"\xef\xbb\xbfid,name\n1,x\n");
    assert_eq!(loaded(&project, "select id, name from t"), "id,name\n1,x\n");
}

/// Nothing but the program is needed: it is installed without its repository.
#[test]
fn the_example_is_that_of_the_repository() {
    let project = Project::bare();
    let written = project.run(["init", "--example", "sparkify"]).succeeded().stdout;
    for path in written.lines() {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        assert_eq!(std::fs::read(project.path(path)).unwrap(), std::fs::read(shipped).unwrap(), "{path}");
    }
    for path in ["infra.toml", "sql/schema/07_songplays.sql", "sql/reconcile/events.sql"] {
        assert!(written.lines().any(|line| line == path), "{path} is not in\n{written}");
    }
    let _ = project.run(["init", "--example", "sparkify"]).failed(2, &["infra.toml is there already"]);
    let _ = project.run(["init", "--example", "sparkify", "data"]).failed(2, &["cannot be used with"]);
    let _ = project.run(["init"]).failed(2, &["DATA"]);
    let _ = project.run(["sample", "data", "--songs=20", "--events=30"]).succeeded();
    let _ = project.run(["up", "--load"]).succeeded();
    let _ = project.run(["down"]).succeeded();
}

#[test]
fn the_demo_needs_no_infra_toml() {
    let project = Project::bare();
    std::fs::create_dir_all(project.path(".sparkify/demo/sql/check")).unwrap();
    std::fs::write(project.path(".sparkify/demo/sql/check/of_another_version.sql"), "-- Is it?\nselect 1;\n").unwrap();
    let demo = project.run(["demo", "--songs=20", "--events=30"]).succeeded();
    assert!(demo.stderr.contains("There is no infra.toml here"), "{}", demo.stderr);
    let left: Vec<_> = std::fs::read_dir(project.path(".")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [".sparkify"]);
    let _ = project.run(["demo", "--config=other.toml"]).failed(2, &["cannot read other.toml"]);
}
