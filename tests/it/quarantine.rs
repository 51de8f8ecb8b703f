//! Rows that COPY rejects, kept in a table of their own on request: no row is lost or doubled, whatever happens between, and
//! what was corrected is loaded by `load --retry-rejected`.

use std::path::{Path, PathBuf};

use sparkify_local::Pace;

use crate::calls::{is_write, shown};
use crate::kill::kill_at;
use crate::load::files;
use crate::project::Project;
use crate::served::Served;

const SONGS: &str = "sparkify_infra_staging_songs_rejected";
const EVENTS: &str = "sparkify_infra_staging_events_rejected";
pub const RETRY: [&str; 2] = ["load", "--retry-rejected"];

/// Lets a source keep what its COPY rejects: the songs are gathered, the events are not.
fn keep(project: &Project, gather: &str) {
    let gather = format!("gather = \"{gather}\"");
    project.edit("infra.toml", &gather, &format!("{gather}\nquarantine = true"));
}

/// Gives so many songs a year that is no number; the songs as they were.
fn break_songs(project: &Project, count: usize) -> Vec<(PathBuf, String)> {
    let songs: Vec<_> = files(project, "data/song_data").into_iter().take(count).collect();
    let broken = songs.into_iter().map(|song| {
        let text = std::fs::read_to_string(&song).unwrap();
        let year = text.find("\"year\":").unwrap();
        std::fs::write(&song, format!("{}\"year\":\"nineteen\"}}", &text[..year])).unwrap();
        (song, text)
    });
    broken.collect()
}

fn address(project: &Project, path: &Path) -> String {
    format!("s3://udacity-dend/{}", path.strip_prefix(project.path("data")).unwrap().display())
}

/// A text as a literal of SQL.
fn literal(text: &str) -> String {
    format!("'{}'", text.trim_end().replace('\\', "\\\\").replace('\'', "''"))
}

/// Rows staged, rows in quarantine.
fn counted(project: &Project, staging: &str) -> (String, String) {
    let cloud = project.cloud();
    let count = |table: &str| cloud.value(&format!("select count(*) from {table}"));
    (count(staging), count(&format!("sparkify_infra_{staging}_rejected")))
}

fn pair(staged: usize, kept: usize) -> (String, String) {
    (staged.to_string(), kept.to_string())
}

#[test]
fn rejected_rows_of_a_gathered_source_are_kept_until_they_are_loaded() {
    let project = Project::with_sample(40, 60);
    let _ = project.run(["up"]).succeeded();
    let _ = project.run(["load"]).succeeded();
    let whole = project.star();
    let _ = project.run(RETRY).failed(2, &["no source keeps the rows", "quarantine = true"]);
    keep(&project, "always");
    let broken = break_songs(&project, 15);
    let check = project.run(["load", "--check"]).succeeded();
    assert!(check.stdout.contains("of 15 in all"), "{}", check.stdout);
    assert_eq!(counted(&project, "staging_songs"), pair(40, 0));

    // More than are shown, and a second load doubles none of them.
    for _ in 0..2 {
        let load = project.run(["load"]).succeeded();
        let says = format!("of 15 in all, kept in {SONGS}:");
        assert!(load.stdout.contains(&says), "'{says}' is not in\n{}", load.stdout);
        assert_eq!(counted(&project, "staging_songs"), pair(25, 15));
    }
    let report = project.run(["load", "--output=json"]).succeeded().event("loaded");
    let songs = report["sources"].as_array().unwrap().iter().find(|source| source["source"] == "songs").unwrap();
    let numbers = ["records", "staged", "rejected", "quarantined"].map(|key| songs[key].as_u64());
    assert_eq!(numbers, [Some(40), Some(25), Some(15), Some(15)]);
    assert_eq!(songs["quarantine"], SONGS);
    let mut kept = project.cloud().rows(&format!(
        "select file from {SONGS} where line = 1 and column_name = 'year' and reason like 'Invalid digit%' \
         and json_serialize(record) like '%\"year\":\"nineteen\"}}'"
    ));
    kept.sort();
    let mut expected: Vec<_> = broken.iter().map(|(song, _)| vec![address(&project, song)]).collect();
    expected.sort();
    assert_eq!(kept, expected);

    // As it is, it is rejected again.
    let retry = project.run(RETRY).failed(10, &["0 accepted, 15 left in quarantine"]);
    assert!(retry.stdout.contains(&format!("of 15 in all, kept in {SONGS}:")), "{}", retry.stdout);
    assert_eq!(counted(&project, "staging_songs"), pair(25, 15));

    // What was corrected is loaded, as JSON or as its text.
    for (at, (song, text)) in broken.iter().enumerate() {
        let record = if at == 0 { literal(text) } else { format!("json_parse({})", literal(text)) };
        let correct = format!("update {SONGS} set record = {record} where file = '{}'", address(&project, song));
        let _ = project.cloud().rows(&correct);
        if at == 0 {
            let _ = project.run(RETRY).failed(10, &["1 accepted, 14 left in quarantine", "1 of 15 rows accepted"]);
            assert_eq!(counted(&project, "staging_songs"), pair(26, 14));
        }
    }
    let planned = project.run(["load", "--retry-rejected", "--dry-run"]).succeeded().stdout;
    assert!(planned.contains(&format!("copy 14 rows of {SONGS} into staging_songs")), "{planned}");
    let _ = project.run(RETRY).succeeded();
    assert_eq!(counted(&project, "staging_songs"), pair(40, 0));
    assert_eq!(project.star(), whole);
    // Nothing is left to do, and the star stays.
    let retry = project.run(RETRY).succeeded();
    assert!(retry.stderr.contains(&format!("nothing is in {SONGS}")), "{}", retry.stderr);
    assert_eq!(project.star(), whole);

    // The source is read anew by a replace: it has the same mistakes.
    let _ = project.run(["load"]).succeeded();
    assert_eq!(counted(&project, "staging_songs"), pair(25, 15));
    for (song, text) in broken {
        std::fs::write(song, text).unwrap();
    }
    let _ = project.run(["load"]).succeeded();
    assert_eq!((counted(&project, "staging_songs"), project.star()), (pair(40, 0), whole));
}

#[test]
fn rows_that_were_too_long_are_loaded_once_their_column_is_wider() {
    let project = Project::with_sample(60, 90);
    let _ = project.run(["up"]).succeeded();
    let _ = project.run(["load"]).succeeded();
    let whole = project.star();
    keep(&project, "always");
    project.edit("sql/schema/02_staging_songs.sql", "title            varchar(512)", "title            varchar(5)");
    let _ = project.run(["load", "--recreate"]).succeeded();
    let (staged, kept) = counted(&project, "staging_songs");
    let (staged, kept): (usize, usize) = (staged.parse().unwrap(), kept.parse().unwrap());
    assert_eq!(staged + kept, 60);
    assert!(kept > 10, "{kept}");
    assert_ne!(project.star(), whole);
    let _ = project.cloud().rows("alter table staging_songs alter column title type varchar(512)");
    let retry = project.run(RETRY).succeeded();
    assert!(retry.stderr.contains(&format!("{kept} accepted, 0 left")), "{}", retry.stderr);
    assert_eq!((counted(&project, "staging_songs"), project.star()), (pair(60, 0), whole));
    // What is dropped with its staging table begins anew.
    let _ = project.run(["load", "--recreate"]).succeeded();
    assert_eq!(counted(&project, "staging_songs"), pair(staged, kept));
}

/// A COPY that fails for another reason than texts that are too long is not run again.
#[test]
fn a_copy_that_passes_over_too_few_rows_is_run_once() {
    let project = Project::with_sample(10, 20);
    let _ = project.run(["up"]).succeeded();
    keep(&project, "always");
    project.edit("infra.toml", "quarantine = true", "quarantine = true\non_unknown = \"add\"");
    project.edit("sql/copy/staging_songs.sql", ":options", "maxerror 1 :options");
    let _ = break_songs(&project, 1);
    let _ = project.run(["load"]).failed(1, &["cannot copy into staging_songs", "'nineteen'"]);
    let copies = "select count(*) from sys_load_history where table_name = 'staging_songs'";
    assert_eq!(project.cloud().value(copies), "1");
}

/// JSON that is copied from where it lies, by jsonpaths: malformed, and with a time that is none.
#[test]
fn rejected_rows_of_json_in_place_are_kept() {
    let project = Project::with_sample(20, 60);
    let _ = project.run(["up"]).succeeded();
    let _ = project.run(["load"]).succeeded();
    let whole = project.star();
    keep(&project, "never");
    let log = project.path("data/log_data/2018/11/2018-11-02-events.json");
    let good: Vec<String> = std::fs::read_to_string(&log).unwrap().lines().map(str::to_owned).collect();
    let mut lines = good.clone();
    lines[4].truncate(40);
    lines[8] = lines[8].replace("\"ts\":", "\"ts\":\"never\",\"was\":");
    std::fs::write(&log, lines.join("\n")).unwrap();
    let load = project.run(["load"]).succeeded();
    assert!(load.stdout.contains(&format!("of 2 in all, kept in {EVENTS}:")), "{}", load.stdout);
    let kept = project.cloud().rows(&format!("select file, line, json_typeof(record) from {EVENTS} order by line"));
    let file = address(&project, &log);
    assert_eq!(kept, [[file.as_str(), "5", "string"], [file.as_str(), "9", "object"]]);
    assert_eq!(project.cloud().value(&format!("select record::varchar from {EVENTS} where line = 5")), lines[4]);
    assert_eq!(counted(&project, "staging_events"), pair(58, 2));

    for (line, record) in [(5, literal(&good[4])), (9, format!("json_parse({})", literal(&good[8])))] {
        let _ = project.cloud().rows(&format!("update {EVENTS} set record = {record} where line = {line}"));
    }
    let _ = project.run(RETRY).succeeded();
    assert_eq!((counted(&project, "staging_events"), project.star()), (pair(60, 0), whole));
}

#[test]
fn an_append_adds_to_what_is_kept_and_doubles_nothing() {
    let project = Project::with_sample(40, 90);
    keep(&project, "always");
    project.edit("infra.toml", "[sources.songs]", "[load]\nmode = \"append\"\n\n[sources.songs]");
    let broken = break_songs(&project, 4);
    let aside = project.path("aside.json");
    std::fs::rename(&broken[0].0, &aside).unwrap();
    let _ = project.run(["up"]).succeeded();
    let _ = project.run(["load"]).succeeded();
    assert_eq!(counted(&project, "staging_songs"), pair(36, 3));
    std::fs::rename(&aside, &broken[0].0).unwrap();
    for _ in 0..2 {
        let _ = project.run(["load"]).succeeded();
        assert_eq!(counted(&project, "staging_songs"), pair(36, 4));
    }
    // What was corrected stays loaded: an append does not read its object again.
    let (song, text) = &broken[1];
    let file = address(&project, song);
    let correct = format!("update {SONGS} set record = json_parse({}) where file = '{file}'", literal(text));
    let _ = project.cloud().rows(&correct);
    let _ = project.run(RETRY).failed(10, &["1 accepted, 3 left in quarantine"]);
    let _ = project.run(["load"]).succeeded();
    assert_eq!(counted(&project, "staging_songs"), pair(37, 3));
}

#[test]
fn a_kill_at_any_stage_loses_and_doubles_no_row() {
    let project = Project::with_sample(300, 300);
    keep(&project, "always");
    let _ = break_songs(&project, 20);
    let _ = project.run(["up"]).succeeded();
    let _ = project.run(["load"]).succeeded();
    assert_eq!(counted(&project, "staging_songs"), pair(280, 20));
    // Twenty more, so that every stage has something to do.
    let _ = break_songs(&project, 40);
    for stage in ["...  gather songs", "...  copy staging_songs", "done copy", "...  transform"] {
        kill_at(&project, &["load"], stage);
        let found = counted(&project, "staging_songs");
        assert!(found == pair(280, 20) || found == pair(260, 40), "{found:?} after a kill at '{stage}'");
    }
    let _ = project.run(["load"]).succeeded();
    assert_eq!(counted(&project, "staging_songs"), pair(260, 40));
    let good =
        format!("update {SONGS} set record = json_parse(replace(json_serialize(record), '\"nineteen\"', '1999'))");
    let _ = project.cloud().rows(&good);
    for stage in ["...  retry staging_songs", "...  transform"] {
        kill_at(&project, &RETRY, stage);
        let found = counted(&project, "staging_songs");
        assert!(found == pair(260, 40) || found == pair(300, 0), "{found:?} after a kill at '{stage}'");
    }
    let _ = project.run(RETRY).succeeded();
    assert_eq!(counted(&project, "staging_songs"), pair(300, 0));
    assert_eq!(project.cloud().value("select count(*) from songs"), "300");
}

#[test]
fn columns_that_are_too_short_become_wider_before_rows_are_kept() {
    let project = Project::with_sample(40, 60);
    project.edit("infra.toml", "gather = \"always\"", "gather = \"always\"\non_unknown = \"add\"\nquarantine = true");
    project.edit("sql/schema/02_staging_songs.sql", "title            varchar(512)", "title            varchar(5)");
    let _ = break_songs(&project, 3);
    let _ = project.run(["up"]).succeeded();
    let load = project.run(["load"]).succeeded();
    assert!(load.stderr.contains("alter table staging_songs alter column title type varchar("), "{}", load.stderr);
    assert_eq!(counted(&project, "staging_songs"), pair(37, 3));
}

#[test]
fn a_copy_says_itself_how_many_rows_it_passes_over_and_some_pass_over_none() {
    let project = Project::with_sample(20, 30);
    keep(&project, "always");
    let _ = break_songs(&project, 3);
    let _ = project.run(["up"]).succeeded();
    project.edit("sql/copy/staging_songs.sql", ":options", "maxerror 3 :options");
    let _ = project.run(["load"]).failed(1, &["cannot copy into staging_songs", "3 in all"]);
    project.edit("sql/copy/staging_songs.sql", "maxerror 3", "maxerror 4");
    let _ = project.run(["load"]).succeeded();
    assert_eq!(counted(&project, "staging_songs"), pair(17, 3));
    project.edit("infra.toml", "gather = \"always\"", "gather = \"never\"");
    project.edit("sql/copy/staging_songs.sql", "format as json 'auto'\nmaxerror 4", "format as parquet");
    let says = ["staging_songs.sql reads a format of which no rejected record can be kept", "[sources.songs]"];
    let _ = project.run(["load"]).failed(2, &says);
}

#[test]
fn what_is_shown_is_what_is_done() {
    let project = Project::with_sample(30, 40);
    keep(&project, "always");
    keep(&project, "never");
    let served = Served::new(project, Pace::AT_ONCE);
    let _ = served.run(["up"]).succeeded();
    let assert_as_shown = |command: &[&str]| {
        let dry = served.run(command.iter().copied().chain(["--dry-run", "--output=json"])).succeeded();
        let mut planned = shown(&dry, "load_planned");
        let mut made = served.calls_of(command.iter().copied());
        made.retain(|call| is_write(call));
        // Sources are copied side by side: what they write comes in no certain order.
        planned.sort();
        made.sort();
        assert_eq!(planned, made, "{command:?}");
    };
    assert_as_shown(&["load"]);
    assert_as_shown(&RETRY);
    let _ = break_songs(&served.project, 3);
    let _ = served.run(["load", "--mode=replace"]).succeeded();
    let good =
        format!("update {SONGS} set record = json_parse(replace(json_serialize(record), '\"nineteen\"', '1999'))");
    let _ = served.sdk().rows(&good);
    assert_as_shown(&RETRY);
    assert_eq!(served.sdk().value("select count(*) from staging_songs"), "30");
}
