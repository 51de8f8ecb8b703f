//! Small objects in every form that sources have: what gathering joins, and what COPY reads from where it lies.

use std::io::Write;

use crate::project::Project;

const INFRA: &str = "stack = \"forms\"\nregion = \"us-west-2\"\n[cluster]\nnode_type = \"ra3.large\"\nnodes = 1\n\
                     database = \"dev\"\n[local.buckets.forms-data]\npath = \"data\"\n[local.buckets.forms-paths]\npath = \"paths\"\n";

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

pub fn put(project: &Project, name: &str, content: impl AsRef<[u8]>) {
    let path = project.path(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

/// Each with the columns of its table, the format of its COPY, what infra.toml says of it, and whether it is gathered.
const SOURCES: [(&str, &str, &str, &str, bool); 8] = [
    ("lists", "id int", "format as json 'auto'", "", true),
    ("arrays", "id int, x varchar(8)", "json :'jsonpaths'", "jsonpaths = \"s3://forms-paths/rows.json\"", true),
    (
        "arrays_in_place",
        "id int, x varchar(8)",
        "json :'jsonpaths'",
        "jsonpaths = \"s3://forms-paths/rows.json\"\ngather = \"never\"",
        false,
    ),
    ("gz", "id int", "json 'auto' gzip", "", true),
    ("mixed", "id int", "json 'auto'", "", true),
    ("marked", "id int", "json 'auto'", "gather = \"always\"", true),
    ("csvs", "id int, x varchar(8)", "csv ignoreheader 1", "", true),
    ("chosen", "id int", "json 'auto'", "files = [\"*.json\"]\ngather = \"never\"", false),
];

#[test]
fn small_objects_of_every_form_are_loaded() {
    let project = Project::bare();
    let mut infra = INFRA.to_owned();
    for (name, columns, format, settings, _) in SOURCES {
        let url = name.trim_end_matches("_in_place");
        infra.push_str(&format!("\n[sources.{name}]\nurl = \"s3://forms-data/{url}/\"\n{settings}\n"));
        put(
            &project,
            &format!("sql/schema/{name}.sql"),
            format!("-- One row: one.\ncreate table if not exists {name} ({columns});\n"),
        );
        let copy =
            format!("-- One row: one.\n-- source: {name}\ncopy {name} from :'from' iam_role :'iam_role' {format}");
        put(&project, &format!("sql/copy/{name}.sql"), format!("{copy} :options;\n"));
    }
    put(&project, "infra.toml", &infra);
    put(&project, "paths/rows.json", "{\"jsonpaths\":[\"$[0]\",\"$[1]\"]}");
    for at in 0..2 {
        put(&project, &format!("data/lists/{at}.json"), format!("[\n {{\n  \"id\": {at}\n }},\n {{\"id\": 2}}\n]\n"));
        put(&project, &format!("data/arrays/{at}.json"), format!("[{at}, \"a\"]\n[2, \"b\"]"));
        put(&project, &format!("data/gz/{at}.json.gz"), gzip(&format!("{{\"id\": {at}}}{{\"id\": 2}}")));
        put(&project, &format!("data/csvs/{at}.csv"), format!("id,x\n{at},a\n2,b\n"));
        put(&project, &format!("data/chosen/{at}.json"), format!("{{\"id\": {at}}}{{\"id\": 2}}"));
        put(&project, &format!("data/chosen/{at}.csv"), "no data");
    }
    put(&project, "data/mixed/0.json", "{\"id\": 0}{\"id\": 2}");
    put(&project, "data/mixed/1.json.gz", gzip("[{\"id\": 1}, {\"id\": 2}]"));
    put(&project, "data/mixed/2.json.zst", zstd::encode_all(&b"[]"[..], 1).unwrap());
    put(&project, "data/marked/0.json", "\u{feff}{\"id\": 0}\r\n{\"id\": 1}\r\n{\"id\": 2}{\"id\": 2}");
    let _ = project.run(["up", "--quiet"]).succeeded();
    let loaded = project.run(["load", "--output=json"]).succeeded();
    let report = loaded.event("loaded");
    for (name, _, _, _, is_gathered) in SOURCES {
        let source = report["sources"].as_array().unwrap().iter().find(|source| source["source"] == name).unwrap();
        assert_eq!((source["staged"].as_u64(), source["parts"].is_u64()), (Some(4), is_gathered), "{name}: {source}");
        let ids = project.run(["query", &format!("select sum(id) as n from {name}")]).succeeded();
        assert_eq!(ids.stdout, "n\n5\n", "{name}");
    }
    let _ = project.run(["load", "--dry-run"]).succeeded();

    // A row of a list has its own file and line, the last of its object.
    put(&project, "data/lists/1.json", "[\n {\"id\": 1},\n {\n  \"id\": \"x\"\n }\n]\n");
    let _ = project.run(["load"]).failed(1, &["s3://forms-data/lists/1.json:5: id int4", "'x'"]);
    put(&project, "data/lists/1.json", "[\n {\"id\": 1},\n {\n  \"id\": 2\n }\n");
    let _ =
        project.run(["load"]).failed(1, &["s3://forms-data/lists/1.json:6:", "the list of JSON objects is cut off"]);
    project.edit("infra.toml", "[sources.csvs]", "[sources.csvs]\ngather = \"always\"");
    project.edit("sql/copy/csvs.sql", "csv ignoreheader 1", "delimiter ',' escape ignoreheader 1");
    let _ = project.run(["load"]).failed(2, &["csvs.sql has ESCAPE", "Remove `gather = \"always\"`"]);
}
