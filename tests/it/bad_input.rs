//! Wrong input gets a clear error, and nothing is lost.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::project::Project;

pub fn first_song(project: &Project) -> std::path::PathBuf {
    song(project, |mut entries| entries.remove(0))
}

/// The song that `choose` leads to, among the entries of each directory in their order.
pub fn song(project: &Project, choose: impl Fn(Vec<std::path::PathBuf>) -> std::path::PathBuf) -> std::path::PathBuf {
    let mut path = project.path("data/song_data");
    while path.is_dir() {
        let mut entries: Vec<_> = std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        path = choose(entries);
    }
    path
}

fn key_of(project: &Project, path: &std::path::Path) -> String {
    path.strip_prefix(project.path("data")).unwrap().display().to_string()
}

#[test]
fn infra_toml_with_mistakes() {
    let project = Project::with_sample(1, 1);
    project.edit("infra.toml", "node_type = \"ra3.large\"", "node_type = \"dc2.large\"");
    project.edit("infra.toml", "s3://udacity-dend/log_data/", "https://udacity-dend/log_data/");
    let output = project
        .run(["up"])
        .failed(2, &["2 mistakes", "infra.toml:10:13", "R10", "infra.toml:22:7", "s3://bucket/prefix/"]);
    assert!(output.stdout.is_empty());
    std::fs::write(project.path("infra.toml"), "stack = \"a\nregion =").unwrap();
    let _ = project.run(["down"]).failed(2, &["infra.toml:1:"]);
    std::fs::remove_file(project.path("infra.toml")).unwrap();
    let _ = project.run(["load"]).failed(2, &["cannot read infra.toml", "--config"]);
    assert!(!project.path(".sparkify").exists(), "nothing was opened");
}

#[test]
fn an_object_cut_in_half_is_named() {
    let project = Project::with_sample(50, 60);
    let _ = project.run(["up"]).succeeded();
    let _ = project.run(["load"]).succeeded();
    let good = project.star();
    let song = first_song(&project);
    let whole = std::fs::read_to_string(&song).unwrap();
    std::fs::write(&song, &whole[..whole.len() / 2]).unwrap();
    let place = format!("s3://udacity-dend/{}:1:", key_of(&project, &song));
    let _ = project.run(["load"]).failed(1, &[&place, "the JSON object is cut off", "Nothing was loaded"]);
    assert_eq!(project.star(), good);

    std::fs::write(&song, format!("[[{whole}]]")).unwrap();
    let _ = project.run(["load"]).failed(1, &[&place, "a JSON object was expected"]);
    // A list of objects is opened.
    std::fs::write(&song, format!("[{whole}]")).unwrap();
    let _ = project.run(["load"]).succeeded();
    assert_eq!(project.star(), good);
    std::fs::write(&song, whole).unwrap();
    let _ = project.run(["load"]).succeeded();
    assert_eq!(project.star(), good);
}

#[test]
fn a_log_line_cut_in_half_is_named() {
    let project = Project::with_sample(20, 60);
    let _ = project.run(["up"]).succeeded();
    let log = project.path("data/log_data/2018/11/2018-11-02-events.json");
    let mut lines: Vec<String> = std::fs::read_to_string(&log).unwrap().lines().map(str::to_owned).collect();
    lines[4].truncate(40);
    std::fs::write(&log, lines.join("\n")).unwrap();
    let place = "s3://udacity-dend/log_data/2018/11/2018-11-02-events.json:5: ";
    let _ = project
        .run(["load"])
        .failed(1, &["cannot copy into staging_events", place, "Invalid input line", "sys_load_error_detail"]);
}

#[test]
fn a_column_too_short_is_named_by_the_original_file() {
    let project = Project::with_sample(80, 60);
    project.edit("sql/schema/02_staging_songs.sql", "title            varchar(512)", "title            varchar(5)");
    let _ = project.run(["up"]).succeeded();
    let place = format!(
        "s3://udacity-dend/{}:1: title varchar(5): String length exceeds DDL length",
        key_of(&project, &first_song(&project))
    );
    let _ = project.run(["load"]).failed(1, &["cannot copy into staging_songs", &place, "load --recreate"]);

    project.edit("sql/schema/02_staging_songs.sql", "title            varchar(5)", "title            varchar(512)");
    let _ = project.run(["load", "--recreate"]).succeeded();
    assert_eq!(project.cloud().value("select count(*) from staging_songs"), "80");
    let good = project.star();

    // A star that cannot be filled as its schema is now stays as it was, table and rows.
    project.edit("sql/schema/05_songs.sql", "title     varchar(512)", "title     varchar(5)");
    let says = ["cannot fill songs", "value too long for type character varying(5)"];
    let _ = project.run(["load", "--recreate"]).failed(1, &says);
    assert_eq!(project.star(), good);
    project.edit("sql/schema/05_songs.sql", "title     varchar(5)", "title     varchar(600)");
    let _ = project.run(["load", "--recreate"]).succeeded();
    assert_eq!(project.star(), good);
    let types = "select type from pg_table_def where tablename = 'songs' and \"column\" = 'title'";
    assert_eq!(project.cloud().value(types), "character varying(600)");
}

#[test]
fn rows_within_maxerror_are_reported_and_the_rest_is_loaded() {
    let project = Project::with_sample(40, 60);
    project.edit("sql/copy/staging_songs.sql", ":options", "maxerror 3 :options");
    let song = first_song(&project);
    let text = std::fs::read_to_string(&song).unwrap();
    let year = text.find("\"year\":").unwrap();
    std::fs::write(&song, format!("{}\"year\":\"unknown\"}}", &text[..year])).unwrap();
    let _ = project.run(["up"]).succeeded();
    let output = project.run(["load"]).succeeded();
    let place = format!(
        "s3://udacity-dend/{}:1: year int4: Invalid digit, Value 'u', Pos 0, Type: Integer",
        key_of(&project, &song)
    );
    assert!(output.stdout.contains(&place), "{}", output.stdout);
    assert_eq!(project.cloud().value("select count(*) from staging_songs"), "39");
}

#[test]
fn sources_that_are_not_there() {
    let project = Project::with_sample(5, 5);
    let _ = project.run(["up"]).succeeded();
    let _ =
        project.run(["load", "--prefix", "songs=Z/"]).failed(1, &["nothing to load", "s3://udacity-dend/song_data/Z/"]);
    std::fs::remove_dir_all(project.path("data")).unwrap();
    let _ = project.run(["load"]).failed(1, &["NoSuchBucket", "[local.buckets.udacity-dend]", "sample data"]);
    // A bucket of one's own is not made by the sample.
    project.edit("infra.toml", "s3://udacity-dend/song_data/", "s3://my-songs/song_data/");
    project.edit("infra.toml", "s3://udacity-dend/log_data/", "s3://my-songs/log_data/");
    let own = project.run(["load"]).failed(1, &["There is no bucket my-songs"]);
    assert!(!own.stderr.contains("sample data"), "{}", own.stderr);
    // What is left can still be taken down.
    let _ = project.run(["down"]).succeeded();
}

#[test]
fn a_second_process_is_told_of_the_first() {
    let project = Project::with_sample(5, 5);
    let _ = project.run(["up"]).succeeded();
    let held = project.cloud();
    let _ =
        project.run(["load"]).failed(1, &["another sparkify-infra is using the local state", "nothing was changed"]);
    drop(held);
    let _ = project.run(["load"]).succeeded();
}

#[test]
fn a_check_that_fails_leaves_the_last_good_load() {
    let project = Project::with_sample(60, 200);
    let _ = project.run(["up"]).succeeded();
    let _ = project.run(["load"]).succeeded();
    let good = project.star();
    std::fs::write(
        project.path("sql/check/no_songs.sql"),
        "-- Is there any song?\n-- severity: error\nselect song_id from songs;\n",
    )
    .unwrap();
    let _ = project.run(["sample", "data", "--songs=70", "--events=200", "--days=3"]).succeeded();
    let _ = project
        .run(["load"])
        .failed(4, &["the check no_songs failed", "song_id = SO", "as the last good load left it"]);
    assert_eq!(project.star(), good);

    std::fs::remove_file(project.path("sql/check/no_songs.sql")).unwrap();
    project.edit("sql/reconcile/songs.sql", "select 'kept', 'songs', count(*)", "select 'kept', 'songs', count(*) + 1");
    let _ = project.run(["load"]).failed(4, &["songs do not reconcile", "70 in, 71 kept and 0 left out"]);
    assert_eq!(project.star(), good);
}

#[test]
fn wrong_sql_files_are_named() {
    let project = Project::with_sample(5, 5);
    let _ = project.run(["up"]).succeeded();
    project.edit("sql/transform/03_songs.sql", "from staging_songs", "from staging_sons");
    let _ = project.run(["load"]).failed(1, &["cannot fill songs", "relation \"staging_sons\" does not exist"]);
    project.edit("sql/copy/staging_songs.sql", "-- source: songs", "-- sauce: songs");
    let _ = project.run(["load"]).failed(2, &["staging_songs.sql does not say which source"]);
}

/// A FIFO that has no writer is waited for, for ever.
#[test]
fn only_regular_files_are_read() {
    let project = Project::with_sample(5, 5);
    let fifo = |name: &str| {
        let path = project.path(name);
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        // A reader gets a statement and does not wait: then the command succeeds, and the test fails.
        let writer = path.clone();
        std::thread::spawn(move || std::fs::write(writer, "-- One row: one.\nselect 1\n"));
        path
    };
    let says = "it is a FIFO, not a regular file";
    let _ = project.run(["up"]).succeeded();
    for folder in ["schema", "copy", "transform", "check", "reconcile"] {
        let name = format!("sql/{folder}/99_pipe.sql");
        let path = fifo(&name);
        let _ = project.run(["load"]).failed(2, &[&format!("cannot read {name}"), says]);
        std::fs::remove_file(path).unwrap();
    }
    fifo("sql/analysis/pipe.sql");
    let _ = project.run(["query", "--list"]).failed(2, &["cannot read sql/analysis/pipe.sql", says]);
    fifo("pipe.sql");
    let _ = project.run(["query", "-f", "pipe.sql"]).failed(2, &["cannot read pipe.sql", says]);
    std::fs::create_dir_all(project.path("more/t")).unwrap();
    fifo("more/t/pipe.json");
    std::fs::create_dir(project.path("here")).unwrap();
    let mut init = project.command(["init", "../more"]);
    init.current_dir(project.path("here"));
    let _ = project.output_of(init).failed(2, &["cannot read ../more/t/pipe.json", says]);

    // What is asked for by name is read, and so is what a link leads to.
    let mut command = project.command(["query", "-f", "/dev/stdin"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"select 7 as n").unwrap();
    assert_eq!(String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap(), "n\n7\n");
    std::fs::write(project.path("one.sql"), "select 1 as n").unwrap();
    std::os::unix::fs::symlink("one.sql", project.path("link.sql")).unwrap();
    assert_eq!(project.run(["query", "-f", "link.sql"]).succeeded().stdout, "n\n1\n");
    std::fs::remove_file(project.path("infra.toml")).unwrap();
    fifo("infra.toml");
    let _ = project.run(["status"]).failed(2, &["cannot read infra.toml", says]);
}

/// COPY leaves a key without a column out and says nothing.
#[test]
fn keys_without_a_column_are_named() {
    let project = Project::with_sample(30, 60);
    let _ = project.run(["up"]).succeeded();
    let load = project.run(["load"]).succeeded();
    assert!(!load.stderr.contains("no column"), "{}", load.stderr);
    let song = first_song(&project);
    let text = std::fs::read_to_string(&song).unwrap();
    std::fs::write(&song, text.replacen('{', "{\"mood\":\"lost\",\"Year\":1999,\"year\":1999,", 1)).unwrap();
    let place = format!("s3://udacity-dend/{}:1", key_of(&project, &song));
    let lost = format!(
        "songs: staging_songs has no column for these keys, which are not loaded:\n  \"Year\" (1 object), first in {place}\n  \
         \"mood\" (1 object), first in {place}\n"
    );
    let twice = "songs: keys come again in one object, and staging_songs takes one value of them: \"year\" (1 time)";
    // Gathered now, gathered before, and read without loading.
    for command in [&["load", "--quiet"][..], &["load"], &["load", "--check"]] {
        let load = project.run(command.iter().copied()).succeeded();
        assert!(load.stderr.contains(&lost) && load.stderr.contains(twice), "{command:?}: {}", load.stderr);
        assert_eq!(load.stderr.contains("gathered before"), command != ["load", "--quiet"], "{}", load.stderr);
    }
    let sources = |project: &Project| {
        let load = project.run(["load", "--output=json"]).succeeded();
        let lines = load.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let loaded = lines.into_iter().find(|line| line["event"] == "loaded").unwrap();
        loaded["sources"].as_array().unwrap().clone()
    };
    let told = sources(&project);
    let keys = serde_json::json!([
        { "key": "Year", "objects": 1, "first": place }, { "key": "mood", "objects": 1, "first": place },
    ]);
    assert_eq!((told[1]["staged"].as_u64(), &told[1]["unmatched_keys"]), (Some(30), &keys));
    // Jsonpaths choose their keys.
    assert!(told[0]["unmatched_keys"].is_null(), "{told:?}");
    // A list of columns takes no more than it has, and a case that does not matter hides no key.
    let columns =
        "artist_id, artist_latitude, artist_location, artist_longitude, artist_name, duration, song_id, title, year";
    project.edit("sql/copy/staging_songs.sql", "copy staging_songs", &format!("copy staging_songs ({columns})"));
    project.edit("sql/copy/staging_songs.sql", "'auto'", "'auto ignorecase'");
    let load = project.run(["load"]).succeeded();
    assert!(load.stderr.contains("\"num_songs\" (30 objects)") && !load.stderr.contains("\"Year\""), "{}", load.stderr);
    // Of what is copied from where it lies a sample is looked at.
    project.edit("infra.toml", "gather = \"always\"", "gather = \"never\"");
    let _ = project.run(["up"]).succeeded();
    let load = project.run(["load"]).succeeded();
    let sample = "not loaded (in a sample of 15 objects):\n  \"mood\" (1 object), first in ";
    assert!(load.stderr.contains(&format!("{sample}{place}\n")), "{}", load.stderr);
    assert_eq!(sources(&project)[1]["unmatched_keys"][1]["objects"], 15);
}

#[test]
fn a_table_has_one_copy_and_a_source_has_one_too() {
    let project = Project::with_sample(5, 5);
    let _ = project.run(["up"]).succeeded();
    let text = std::fs::read_to_string(project.path("infra.toml")).unwrap();
    std::fs::write(project.path("infra.toml"), format!("{text}\n[sources.more]\nurl = \"s3://udacity-dend/more/\"\n"))
        .unwrap();
    let load = project.run(["load"]).succeeded();
    assert!(load.stderr.contains("no file of sql/copy copies the source more: it is not loaded"), "{}", load.stderr);
    let copy = std::fs::read_to_string(project.path("sql/copy/staging_songs.sql")).unwrap();
    std::fs::write(project.path("sql/copy/02_staging_songs.sql"), &copy).unwrap();
    let _ = project.run(["load"]).failed(2, &["sql/copy/staging_songs.sql copy into the same table"]);
    std::fs::rename(project.path("sql/copy/02_staging_songs.sql"), project.path("sql/copy/other.sql")).unwrap();
    let _ = project.run(["load"]).failed(2, &["sql/copy/other.sql copies into staging_songs, and its name says other"]);
    let _ = project.run(["load", "--dry-run"]).failed(2, &["sql/copy/other.sql copies into staging_songs"]);
}
