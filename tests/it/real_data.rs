//! The real data, where it is found: the numbers that the warehouse's first author published, and ours.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use sparkify_local::Mount;

use crate::project::{Project, REGION};

/// The data, unpacked once; `None` where there is none, said plainly.
pub fn data() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/sparkify-data");
    let packed = std::env::var_os("SPARKIFY_DATA").map_or(beside, PathBuf::from);
    if packed.join("song_data").is_dir() {
        return Some(packed);
    }
    if !packed.join("unpack").exists() {
        // Straight to stderr: what a passing test prints by macro is never seen.
        let _ = writeln!(
            std::io::stderr(),
            "NOT RUN: the Sparkify data is not at {} (set SPARKIFY_DATA)",
            packed.display()
        );
        return None;
    }
    let unpacked = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sparkify-data");
    let status = Command::new(packed.join("unpack")).arg(&unpacked).status().unwrap();
    assert!(status.success(), "{} failed", packed.join("unpack").display());
    Some(unpacked)
}

const SOURCES: [(&str, &str); 7] = [
    ("staging_songs", "14896"),
    ("staging_events", "8056"),
    ("songs", "14896"),
    ("songplays", "333"),
    ("time", "333"),
    ("users", "96"),
    ("artists", "9553"),
];

/// The published table, each number from staging alone.
const PUBLISHED: [(&str, &str); 7] = [
    ("14896", "select count(*) from staging_songs"),
    ("8056", "select count(*) from staging_events"),
    ("14896", "select count(distinct song_id) from staging_songs"),
    (
        "10025",
        "select count(*) from (select distinct artist_id, artist_name, artist_location, artist_latitude, artist_longitude \
         from staging_songs) as a",
    ),
    (
        "104",
        "select count(*) from (select distinct user_id, first_name, last_name, gender, level from staging_events \
         where page = 'NextSong') as u",
    ),
    (
        "333",
        "select count(*) from staging_events e join staging_songs s on e.song = s.title and e.artist = s.artist_name",
    ),
    (
        "333",
        "select count(distinct e.ts) from staging_events e \
         join staging_songs s on e.song = s.title and e.artist = s.artist_name",
    ),
];

/// Figures to hold a result against, from the description of the data.
const FIGURES: [(&str, &str); 14] = [
    ("6820", "select count(*) from staging_events where page = 'NextSong'"),
    ("6813", "select count(distinct ts) from staging_events where page = 'NextSong'"),
    ("8056", "select count(*) from (select distinct session_id, item_in_session from staging_events) as e"),
    ("217", "select count(distinct song_id) from songplays"),
    ("200", "select count(distinct artist_id) from songplays"),
    ("57", "select count(distinct user_id) from songplays"),
    ("6694", "select count(*) from staging_songs where len(artist_location) = 0"),
    // Eight more are nothing but blanks, which do not count in comparisons.
    ("6702", "select count(*) from staging_songs where artist_location = ''"),
    ("1", "select count(*) from staging_songs where artist_location is null"),
    ("9619", "select count(*) from staging_songs where artist_latitude is null and artist_longitude is null"),
    ("4762", "select count(*) from staging_songs where year = 0"),
    ("286", "select count(*) from staging_events where user_id = ''"),
    ("1", "select count(*) from staging_songs where title = '4.6'"),
    ("173", "select max(octet_length(title)) from staging_songs"),
];

#[test]
fn the_numbers_of_the_real_data() {
    let Some(data) = data() else { return };
    let project = Project::empty();
    let mount = format!("udacity-dend={}", data.display());
    let _ = project.run(["up", "--mount", &mount]).succeeded();
    let load = project.run(["load", "--mount", &mount]).succeeded();
    for (what, rows) in [
        ("distinct users in the events", "104"),
        ("distinct artists in the songs", "10025"),
        ("folded into the row of the same user", "8"),
    ] {
        let line = load.stdout.lines().find(|line| line.contains(what)).unwrap_or_default();
        assert!(line.trim_end().ends_with(rows), "{what}: '{line}'");
    }

    let first = {
        let sdk = project.cloud_with(BTreeMap::from([("udacity-dend".to_owned(), Mount::new(&data, REGION))]));
        for (table, rows) in SOURCES {
            assert_eq!(sdk.value(&format!("select count(*) from {table}")), rows, "{table}");
        }
        for (number, sql) in PUBLISHED.iter().chain(&FIGURES) {
            assert_eq!(sdk.value(sql), *number, "{sql}");
        }
        let top = sdk.rows(
            "select s.title, a.name, count(*) from songplays p join songs s on s.song_id = p.song_id \
             join artists a on a.artist_id = p.artist_id group by s.title, a.name order by count(*) desc limit 1",
        );
        assert_eq!(top, [["You're The One", "Dwight Yoakam", "37"]]);
        let ts = sdk.value("select min(ts) from staging_events");
        assert!(ts.starts_with("2018-11-01 "), "{ts}");
        drop(sdk);
        project.star()
    };

    let _ = project.run(["load", "--mount", &mount]).succeeded();
    assert_eq!(project.star(), first, "a second load gives the same tables");
    let _ = project.run(["down", "--mount", &mount]).succeeded();
    assert_eq!(project.everything(), Vec::<String>::new());
}
