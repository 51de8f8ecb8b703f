//! `init`: from a directory of one's own data to queried tables.

use std::io::Write;

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
    assert!(told.stdout.contains("orders") && told.stdout.contains("sql/schema/02_orders.sql"), "{}", told.stdout);
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

#[test]
fn what_cannot_be_loaded_is_told_and_nothing_is_written() {
    let project = Project::bare();
    let data = project.path("data");
    let _ = project.run(["init", "data"]).failed(2, &["cannot read data"]);
    std::fs::create_dir(&data).unwrap();
    let _ = project.run(["init", "data"]).failed(2, &["there is nothing to load in data", ".json"]);
    std::fs::write(data.join("list.json"), "[{\"a\": 1}]").unwrap();
    let _ = project.run(["init", "data"]).failed(2, &["list.json is not JSON objects", "jq -c '.[]'"]);
    std::fs::write(data.join("list.json"), "{\"a\": 1").unwrap();
    let _ = project.run(["init", "data"]).failed(2, &["list.json is not JSON"]);
    std::fs::write(data.join("list.json"), "{\"a\": 1}").unwrap();
    std::fs::write(data.join("more.csv"), "a\n1\n").unwrap();
    let _ = project.run(["init", "data"]).failed(2, &["are of two kinds"]);
    std::fs::remove_file(data.join("list.json")).unwrap();
    std::fs::write(data.join("other.csv"), "b,a\n1,2\n").unwrap();
    std::fs::write(data.join("more.csv"), "a,b\n1,2\n").unwrap();
    let _ = project.run(["init", "data"]).failed(2, &["do not have the same columns", "by their place"]);
    std::fs::remove_file(data.join("other.csv")).unwrap();
    std::fs::write(data.join("more.csv"), "").unwrap();
    let _ = project.run(["init", "data"]).failed(2, &["there is no record in"]);
    std::fs::create_dir(data.join("sub")).unwrap();
    std::fs::rename(data.join("more.csv"), data.join("sub/more.csv")).unwrap();
    std::fs::write(data.join("sub/README.md"), "about").unwrap();
    let _ = project.run(["init", "data"]).failed(2, &["README.md is neither JSON nor CSV"]);
    std::fs::remove_dir_all(data.join("sub")).unwrap();
    std::fs::write(data.join("list.json"), "{\"\": 1}").unwrap();
    let _ = project.run(["init", "data"]).failed(2, &["a key that no column can have"]);
    std::fs::write(data.join("list.json"), "{\"a\": 1}").unwrap();
    std::fs::write(data.join("more.csv"), "a\n1\n").unwrap();
    let _ = project.run(["init", "data", "--stack=No_Good"]).failed(2, &["--stack No_Good"]);
    assert!(!project.path("infra.toml").exists() && !project.path("sql").exists());
    // All of it one table, named after the directory.
    std::fs::remove_file(data.join("more.csv")).unwrap();
    let _ = project.run(["init", "data"]).succeeded();
    let _ = project.run(["up", "--quiet"]).succeeded();
    let _ = project.run(["load", "--quiet"]).succeeded();
    assert_eq!(project.run(["query", "select a from data"]).succeeded().stdout, "a\n1\n");
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
    assert_eq!(answer("select \"order\" from user_"), "order\nx\n");
    assert_eq!(
        answer("select column_1, \"time:utc\", \"2019\" from my_data order by 1"),
        "column_1,time:utc,2019\n0,2020-01-01,5\n1,2020-01-02,6\n"
    );
    assert_eq!(answer("select name, name_2 from my_data_2"), "name,name_2\nx,y\n");
}
