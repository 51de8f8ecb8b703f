//! Keys of JSON that no column takes: refused, ignored, or given columns, as `on_unknown` says; and texts that are too long.

use crate::bad_input::first_song;
use crate::project::Project;

/// A warehouse with 30 songs, and an infra.toml that asks for this.
fn project(on_unknown: &str) -> Project {
    let project = Project::with_sample(30, 60);
    project.edit("infra.toml", "gather = \"always\"", &format!("gather = \"always\"\non_unknown = \"{on_unknown}\""));
    let _ = project.run(["up"]).succeeded();
    project
}

/// Gives the first song more keys; its address in S3.
fn add_keys(project: &Project, keys: &str) -> String {
    let song = first_song(project);
    let text = std::fs::read_to_string(&song).unwrap();
    std::fs::write(&song, text.replacen('{', &format!("{{{keys},"), 1)).unwrap();
    format!("s3://udacity-dend/{}", song.strip_prefix(project.path("data")).unwrap().display())
}

fn columns(project: &Project) -> Vec<Vec<String>> {
    let known = "'artist_id', 'artist_latitude', 'artist_location', 'artist_longitude', 'artist_name', 'duration', 'num_songs', 'song_id', 'title', 'year'";
    project.cloud().rows(&format!(
        "select \"column\", type from pg_table_def where tablename = 'staging_songs' and \"column\" not in ({known}) order by 1"
    ))
}

#[test]
fn keys_are_refused_before_anything_is_loaded() {
    let project = project("fail");
    let _ = project.run(["load"]).succeeded();
    let star = project.star();
    let place = add_keys(&project, "\"mood\":\"lost\"");
    let says = format!("which are not loaded:\n  \"mood\" (1 object), first in {place}:1");
    let _ = project.run(["load"]).failed(4, &[&says, "Nothing was loaded", "on_unknown"]);
    let _ = project.run(["load", "--dry-run"]).failed(4, &[&says]);
    let _ = project.run(["load", "--check"]).failed(4, &[&says]);
    assert_eq!(project.star(), star);
    assert_eq!(project.cloud().value("select count(*) from staging_songs"), "30");
    project.edit("infra.toml", "\"fail\"", "\"ignore\"");
    let load = project.run(["load"]).succeeded();
    assert!(!load.stderr.contains("mood"), "{}", load.stderr);
}

#[test]
fn keys_get_columns_in_the_transaction_of_their_copy() {
    let project = project("add");
    let _ = project.run(["load"]).succeeded();
    let place = add_keys(
        &project,
        "\"mood\":\"lost\",\"Key\":1,\"order\":7,\"notes\":[1,\"a\"],\"played\":\"2018-11-30T10:20:30\"",
    );
    let mood = "alter table staging_songs add column mood varchar(16)";
    let order = "alter table staging_songs add column \"order\" integer";
    let planned = project.run(["load", "--dry-run"]).succeeded().stdout;
    for says in [mood, order, "in the transaction of the COPY", "ALTER COLUMN TYPE"] {
        assert!(planned.contains(says), "'{says}' is not in\n{planned}");
    }
    assert_eq!(columns(&project), Vec::<Vec<String>>::new());

    // What fails leaves the table as it was.
    let copy = std::fs::read_to_string(project.path("sql/copy/staging_songs.sql")).unwrap();
    let song = first_song(&project);
    let text = std::fs::read_to_string(&song).unwrap();
    let year = text.find("\"year\":").unwrap();
    std::fs::write(&song, format!("{}\"year\":\"nineteen\"}}", &text[..year])).unwrap();
    let _ = project.run(["load"]).failed(1, &["cannot copy into staging_songs", "'nineteen'"]);
    assert_eq!(columns(&project), Vec::<Vec<String>>::new());
    std::fs::write(&song, text).unwrap();

    let load = project.run(["load"]).succeeded();
    for says in [
        format!("a column was added for a key first in {place}:1: {mood}.").as_str(),
        order,
        "\"Key\" (1 object)",
        "'auto ignorecase'",
    ] {
        assert!(load.stderr.contains(says), "'{says}' is not in\n{}", load.stderr);
    }
    let expected = [
        ["mood", "character varying(16)"],
        ["notes", "super"],
        ["order", "integer"],
        ["played", "character varying(64)"],
    ];
    assert_eq!(columns(&project), expected);
    let values = "select mood, \"order\", json_serialize(notes), played from staging_songs where mood is not null";
    assert_eq!(project.cloud().rows(values), [["lost", "7", "[1,\"a\"]", "2018-11-30T10:20:30"]]);
    assert_eq!(project.cloud().value("select count(*) from staging_songs"), "30");
    // Now they have columns.
    let load = project.run(["load"]).succeeded();
    assert!(!load.stderr.contains("added"), "{}", load.stderr);
    assert_eq!(std::fs::read_to_string(project.path("sql/copy/staging_songs.sql")).unwrap(), copy);
}

#[test]
fn columns_that_are_too_short_become_wider() {
    let project = project("add");
    project.edit("sql/schema/02_staging_songs.sql", "title            varchar(512)", "title            varchar(5)");
    let load = project.run(["load"]).succeeded();
    assert!(load.stderr.contains("alter table staging_songs alter column title type varchar("), "{}", load.stderr);
    let sdk = project.cloud();
    assert_eq!(sdk.value("select count(*) from staging_songs where len(title) > 5"), {
        let titles = crate::load::files(&project, "data/song_data");
        let title = |path: &std::path::PathBuf| {
            let song: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
            // Some titles are numbers.
            song["title"].as_str().map_or_else(|| song["title"].to_string(), str::to_owned).chars().count() > 5
        };
        titles.iter().filter(|path| title(path)).count().to_string()
    });
}

/// What COPY reads where it lies is looked at by a sample, packed or not.
#[test]
fn a_sample_of_what_is_not_gathered_gets_columns() {
    let project = project("add");
    project.edit("infra.toml", "gather = \"always\"", "gather = \"never\"");
    let _ = project.run(["up"]).succeeded();
    let place = add_keys(&project, "\"mood\":\"lost\"");
    let load = project.run(["load"]).succeeded();
    let says = format!("for a key first in {place}:1: alter table staging_songs add column mood varchar(16)");
    assert!(load.stderr.contains(&says), "{}", load.stderr);
    assert_eq!(project.cloud().value("select count(*) from staging_songs where mood = 'lost'"), "1");
}
