//! Loading: appends in any order, one load at a time, what is remembered of a load, and every trap of the original data.

use sparkify_local::{Fault, Pace};

use crate::project::{BUCKET, Project, STAR};
use crate::served::Served;

/// The files under a folder of a sample: days of the log, or songs.
pub fn files(project: &Project, folder: &str) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![project.path(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

fn append(project: &Project) {
    project.edit("infra.toml", "[sources.songs]", "[load]\nmode = \"append\"\n\n[sources.songs]");
}

fn count(project: &Project, sql: &str) -> String {
    project.cloud().value(sql)
}

#[test]
fn days_appended_in_any_order_end_as_all_at_once() {
    let all = Project::empty();
    let _ = all.run(["sample", "data", "--songs=120", "--events=900", "--days=6"]).succeeded();
    let _ = all.run(["up"]).succeeded();
    let _ = all.run(["load"]).succeeded();
    let whole = all.star();
    let _ = all.run(["down"]).succeeded();
    append(&all);
    let days = files(&all, "data/log_data");
    let aside = tempfile::tempdir().unwrap();
    let away = |day: &std::path::Path| aside.path().join(day.file_name().unwrap());
    for seed in 0..4 {
        let mut order = days.clone();
        fastrand::Rng::with_seed(seed).shuffle(&mut order);
        order.iter().for_each(|day| std::fs::rename(day, away(day)).unwrap());
        let _ = all.run(["up"]).succeeded();
        let mut left = order.as_slice();
        let mut plays = Vec::new();
        while !left.is_empty() {
            // One to three days at a time.
            let (now, later) = left.split_at(left.len().min(1 + (seed as usize + left.len()) % 3));
            now.iter().for_each(|day| std::fs::rename(away(day), day).unwrap());
            let load = all.run(["load"]).succeeded();
            let known = order.len() - left.len();
            let shown = format!("{} + {known} loaded before", now.len());
            assert!(known == 0 || load.stdout.contains(&shown), "'{shown}' is not in\n{}", load.stdout);
            // What was there keeps its number: only new plays are written.
            let now = all.cloud().rows("select songplay_id, session_id, item_in_session from songplays order by 1");
            assert!(plays.iter().all(|play| now.contains(play)), "order {seed}: {plays:?} became {now:?}");
            plays = now;
            left = later;
        }
        assert_eq!(all.star(), whole, "order {seed}");
        // Nothing new: nothing is gathered and nothing is copied, and nothing is doubled.
        let load = all.run(["load"]).succeeded();
        assert!(!load.stderr.contains("copy") && !load.stderr.contains("gather"), "{}", load.stderr);
        assert_eq!(all.star(), whole, "order {seed}");
        let _ = all.run(["down"]).succeeded();
    }
}

/// As the help of `load` has it: `up` was told of no append.
#[test]
fn an_append_needs_no_second_up() {
    let project = Project::with_sample(40, 200);
    let day = files(&project, "data/log_data").remove(0);
    let aside = project.path("aside");
    std::fs::rename(&day, &aside).unwrap();
    let _ = project.run(["up"]).succeeded();
    let _ = project.run(["load"]).succeeded();
    let _ = project.run(["load", "--mode", "append"]).succeeded();
    std::fs::rename(&aside, &day).unwrap();
    let load = project.run(["load", "--mode", "append"]).succeeded();
    assert!(load.stdout.contains("1 + 2 loaded before"), "{}", load.stdout);
    assert_eq!(count(&project, "select count(*) from staging_events"), "200");
    let up = project.run(["up"]).succeeded();
    assert!(up.stderr.contains("nothing to do"), "{}", up.stderr);
}

#[test]
fn a_role_that_is_behind_infra_toml_is_told() {
    let project = Project::with_sample(5, 20);
    let _ = project.run(["up"]).succeeded();
    project.edit("infra.toml", "gather = \"always\"", "gather = \"never\"");
    let _ = project
        .run(["load"])
        .failed(1, &["Access Denied", "The role is not as infra.toml wants it", "run `sparkify-infra up`"]);
    let _ = project.run(["up"]).succeeded();
    let _ = project.run(["load"]).succeeded();
}

#[test]
fn an_append_refuses_what_has_changed_and_replace_begins_anew() {
    let project = Project::with_sample(40, 200);
    append(&project);
    let _ = project.run(["up"]).succeeded();
    // A replace first: what it loaded is not remembered, so that the first append begins with everything.
    let _ = project.run(["load", "--mode=replace"]).succeeded();
    let star = project.star();
    let _ = project.run(["load"]).succeeded();
    assert_eq!(project.star(), star);
    assert_eq!(count(&project, "select count(*) from staging_events"), "200");
    assert_eq!(count(&project, "select count(*) from sparkify_infra_staging_events_objects"), "3");
    let day = files(&project, "data/log_data").remove(1);
    let text = std::fs::read_to_string(&day).unwrap();
    std::fs::write(&day, format!("{text}\n{}", text.lines().next().unwrap())).unwrap();
    let _ = project.run(["load"]).failed(1, &["has changed since it was loaded", "load --mode replace"]);
    assert_eq!(project.star(), star);
    let _ = project.run(["load", "--mode=replace"]).succeeded();
    assert_eq!(count(&project, "select count(*) from staging_events"), "201");
    assert_eq!(count(&project, "select count(*) from sparkify_infra_staging_events_objects"), "0");
    let _ = project.run(["load"]).succeeded();
    assert_eq!(count(&project, "select count(*) from staging_events"), "201");
}

/// A stack whose append has loaded all days of events but one, which is there now.
fn with_a_new_day() -> Served {
    let served = Served::new(Project::with_sample(40, 200), Pace::AT_ONCE);
    append(&served.project);
    let day = files(&served.project, "data/log_data").remove(0);
    let aside = served.project.path("aside");
    std::fs::rename(&day, &aside).unwrap();
    let _ = served.run(["up"]).succeeded();
    let _ = served.run(["load"]).succeeded();
    std::fs::rename(&aside, &day).unwrap();
    served.faults.clear();
    served
}

#[test]
fn an_append_whose_answer_was_lost_is_not_doubled() {
    let served = with_a_new_day();
    let statements = |served: &Served| {
        served.faults.calls().iter().filter(|call| *call == "redshift-data:BatchExecuteStatement").count()
    };
    // The COPY has been committed, the star has not been touched.
    served.faults.at("redshift-data:BatchExecuteStatement", 2, Fault::LoseReply);
    let _ = served.run(["load"]).succeeded();
    assert!(statements(&served) >= 2);
    let rows = served.sdk().value("select count(*) from staging_events");
    assert_eq!(rows, "200");
    assert_eq!(served.sdk().value("select count(distinct run) from sparkify_infra_loads"), "2");
}

/// The COPY of a load that was killed goes on at Redshift (R27), and may end when another load has looked already.
#[test]
fn an_append_that_was_overtaken_copies_nothing() {
    let served = with_a_new_day();
    let sdk = served.sdk();
    let before = sdk.value("select count(*) from staging_events");
    let overtake = move || {
        sdk.sql("insert into sparkify_infra_staging_events_objects values ('s3://a/b', 'e', 1, 'r')").unwrap();
    };
    let act = Box::new(move || std::thread::spawn(overtake).join().unwrap());
    served.faults.at("redshift-data:BatchExecuteStatement", 2, Fault::Meanwhile(act));
    let says = ["another load has changed staging_events", "nothing was copied", "Run load again"];
    let _ = served.run(["load"]).failed(1, &says);
    assert_eq!(served.sdk().value("select count(*) from staging_events"), before);
    let _ = served.run(["load"]).succeeded();
    assert_eq!(served.sdk().value("select count(*) from staging_events"), "200");
}

#[test]
fn one_load_at_a_time_and_the_dead_are_overtaken() {
    let project = Project::with_sample(5, 5);
    let _ = project.run(["up"]).succeeded();
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().to_owned();
    let lock = |host: &str, process: u32, until: &str| {
        let text = format!(r#"{{"run":"run-of-another","host":"{host}","process":{process},"until":"{until}"}}"#);
        project.cloud().put(BUCKET, "load/lock.json", &text);
    };
    lock(&host, std::process::id(), "2999-01-01T00:00:00Z");
    let here = format!("run run-of-another, process {} on {host}", std::process::id());
    let _ = project.run(["load"]).failed(1, &["another load is under way", &here]);
    lock("elsewhere", 1, "2999-01-01T00:00:00Z");
    let _ = project.run(["load"]).failed(1, &["process 1 on elsewhere", "its lock ends at 2999"]);
    assert_eq!(count(&project, "select count(*) from pg_table_def where tablename = 'songs'"), "0", "nothing was done");

    // A process of this host that is gone, and one elsewhere whose time is over.
    lock(&host, 4_194_304, "2999-01-01T00:00:00Z");
    let _ = project.run(["load"]).succeeded();
    lock("elsewhere", 1, "2020-01-01T00:00:00Z");
    let _ = project.run(["load"]).succeeded();
    let sdk = project.cloud();
    let left = sdk.block_on(sdk.s3.list_objects_v2().bucket(BUCKET).prefix("load/lock").send()).unwrap();
    assert_eq!(left.contents().len(), 0, "it was released");
}

#[test]
fn the_warehouse_remembers_its_loads() {
    let project = Project::with_sample(30, 90);
    let _ = project.run(["up"]).succeeded();
    let _ = project.run(["load"]).succeeded();
    let row = project
        .cloud()
        .rows("select mode, version, staged, rejected, seconds > 0, fingerprint, report from sparkify_infra_loads");
    assert_eq!(row[0][..5], ["replace", env!("CARGO_PKG_VERSION"), "120", "0", "true"]);
    assert!(row[0][5].contains("staging_events=") && row[0][5].contains("staging_songs="), "{row:?}");
    let report: serde_json::Value = serde_json::from_str(&row[0][6]).unwrap();
    assert_eq!(report["sources"][1]["records"], 30);
    assert!(report["reconciliations"].as_array().unwrap().len() >= 5);
    // A load that a check refuses is not remembered.
    std::fs::write(project.path("sql/check/none.sql"), "-- Any song?\nselect song_id from songs;\n").unwrap();
    let _ = project.run(["load"]).failed(4, &["the check none failed"]);
    assert_eq!(count(&project, "select count(*) from sparkify_infra_loads"), "1");
    std::fs::remove_file(project.path("sql/check/none.sql")).unwrap();
    // Whatever a question says, it stays in its place.
    let quoted = "-- Is \"it's\" a \\ song\\'?\nselect song_id from songs where false;\n";
    std::fs::write(project.path("sql/check/quoted.sql"), quoted).unwrap();
    let _ = project.run(["load"]).succeeded();
    let report = count(&project, "select report from sparkify_infra_loads where report like '%quoted%'");
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let questions: Vec<_> =
        report["checks"].as_array().unwrap().iter().map(|check| check["question"].as_str()).collect();
    assert!(questions.contains(&Some("Is \"it's\" a \\ song\\'?")), "{questions:?}");
    std::fs::remove_file(project.path("sql/check/quoted.sql")).unwrap();

    // Parts of an earlier state of the source are forgotten.
    let _ = project.run(["sample", "data", "--songs=50", "--events=90", "--days=3", "--seed=7"]).succeeded();
    let _ = project.run(["load"]).succeeded();
    let sdk = project.cloud();
    let parts = sdk.block_on(sdk.s3.list_objects_v2().bucket(BUCKET).prefix("load/songs/").send()).unwrap();
    assert_eq!(parts.contents().len(), 4, "{:?}", parts.contents());
}

#[test]
fn check_tells_what_copy_would_reject_and_loads_nothing() {
    let project = Project::with_sample(30, 90);
    let _ = project.run(["up"]).succeeded();
    let check = project.run(["load", "--check"]).succeeded();
    assert!(check.stdout.contains("nothing was loaded"), "{}", check.stdout);
    assert_eq!(count(&project, "select count(*) from staging_songs"), "0");
    let _ = project.run(["load"]).succeeded();
    let (star, staged) = (project.star(), count(&project, "select count(*) from staging_songs"));
    project.edit("sql/copy/staging_songs.sql", ":options", "maxerror 5 :options");
    let song = crate::bad_input::first_song(&project);
    let text = std::fs::read_to_string(&song).unwrap();
    let year = text.find("\"year\":").unwrap();
    std::fs::write(&song, format!("{}\"year\":\"nineteen\"}}", &text[..year])).unwrap();
    let check = project.run(["load", "--check"]).succeeded();
    for words in ["nothing was loaded", "of 1 in all", ":1: year int4: Invalid digit", "'nineteen'"] {
        assert!(check.stdout.contains(words), "'{words}' is not in\n{}", check.stdout);
    }
    assert_eq!((project.star(), count(&project, "select count(*) from staging_songs")), (star, staged));
    project.edit("sql/copy/staging_songs.sql", "maxerror 5 :options", ":options");
    let says = ["cannot copy into staging_songs", ":1: year int4", "'nineteen'", "1 in all"];
    let check = project.run(["load", "--check"]).failed(1, &says);
    assert!(check.stdout.contains(" events ") && !check.stdout.contains(" songs "), "{}", check.stdout);
    // What is wrong with another source is not hidden by the first.
    let day = files(&project, "data/log_data").remove(0);
    std::fs::write(&day, "{\n").unwrap();
    let both = [&says[..], &["2 sources failed", "cannot copy into staging_events"]].concat();
    for command in [&["load", "--check"][..], &["load"]] {
        let _ = project.run(command.iter().copied()).failed(1, &both);
    }
}

#[test]
fn one_bad_object_among_thousands_is_named() {
    let project = Project::with_sample(3000, 10);
    let _ = project.run(["up"]).succeeded();
    let song = crate::bad_input::first_song(&project);
    let good = std::fs::read(&song).unwrap();
    std::fs::write(&song, "{\"num_songs\": 1, }").unwrap();
    let key = song.strip_prefix(project.path("data")).unwrap().display().to_string();
    let _ = project.run(["load"]).failed(1, &["object is not made of JSON objects", &key, "Nothing was loaded"]);
    std::fs::write(&song, good).unwrap();
    let _ = project.run(["load"]).succeeded();
    let counted = "select count(*), count(distinct song_id) from staging_songs";
    assert_eq!(project.cloud().rows(counted), [["3000", "3000"]]);
}

#[test]
fn an_object_that_changes_while_it_is_read_ends_the_load() {
    let served = Served::new(Project::with_sample(200, 10), Pace::AT_ONCE);
    let _ = served.run(["up"]).succeeded();
    // The last of them, which is not read before others were; the first object read may be the jsonpaths file.
    let song = crate::bad_input::song(&served.project, |mut entries| entries.pop().unwrap());
    let change = song.clone();
    served.faults.at(
        "s3:GetObject",
        2,
        Fault::Meanwhile(Box::new(move || std::fs::write(change, "{\"year\": 1}").unwrap())),
    );
    let key = song.strip_prefix(served.project.path("data")).unwrap().display().to_string();
    let _ = served.run(["load"]).failed(1, &[&key, "changed while it was being loaded", "Run load again"]);
    let _ = served.run(["load"]).succeeded();
    assert_eq!(served.sdk().value("select count(*) from staging_songs"), "200");
}

#[test]
fn reads_that_are_refused_or_lost_are_made_again() {
    let served = Served::new(Project::with_sample(200, 10), Pace::AT_ONCE);
    let _ = served.run(["up"]).succeeded();
    for call in 10..50 {
        served.faults.at("s3:GetObject", call, if call % 3 == 0 { Fault::LoseReply } else { Fault::Throttle });
    }
    let refused = Fault::Fail { status: 403, code: "AccessDenied".into(), message: "Access Denied".into() };
    served.faults.at("s3:GetObject", 5, refused);
    let _ = served.run(["load"]).succeeded();
    assert_eq!(served.sdk().value("select count(*) from staging_songs"), "200");
}

#[test]
fn gathered_by_gzip_and_by_choice_of_its_own() {
    let project = Project::with_sample(60, 100);
    project.edit("infra.toml", "[sources.songs]", "[load]\ncompression = \"gzip\"\n\n[sources.songs]");
    project.edit("infra.toml", "gather = \"always\"", "gather = \"auto\"");
    let _ = project.run(["up"]).succeeded();
    let load = project.run(["load"]).succeeded();
    assert!(load.stderr.contains("gather songs: 60 records in 1 part"), "{}", load.stderr);
    let sdk = project.cloud();
    let parts = sdk.block_on(sdk.s3.list_objects_v2().bucket(BUCKET).prefix("load/songs/").send()).unwrap();
    assert!(parts.contents().iter().any(|part| part.key().unwrap().ends_with(".json.gz")), "{:?}", parts.contents());
    assert_eq!(sdk.value("select count(*) from staging_songs"), "60");
}

/// Songs and events of our own making, with every trap that the original data has.
#[test]
fn every_trap_of_the_original_data() {
    let project = Project::empty();
    let songs = project.path("data/song_data/A/A/A");
    std::fs::create_dir_all(&songs).unwrap();
    let song = |name: &str, text: &str| std::fs::write(songs.join(name), text).unwrap();
    // 1: no newline at the end. 2: numbers where a string belongs. 3: "" and null, coordinates null, year 0.
    song(
        "1.json",
        r#"{"num_songs":1,"artist_id":"AR1","artist_latitude":null,"artist_longitude":null,"artist_location":"","artist_name":112,"song_id":"SO1","title":4.6,"duration":10.5,"year":0}"#,
    );
    song(
        "2.json",
        r#"{"num_songs":1,"artist_id":"AR2","artist_latitude":35.14968,"artist_longitude":-90.04892,"artist_location":null,"artist_name":"A \"quoted\" \u00e9 \/ name","song_id":"SO2","title":" blank before and behind ","duration":1e2,"year":1927}"#,
    );
    // 7: control characters, tabs, HTML.
    song(
        "3.json",
        "{\"num_songs\":1,\"artist_id\":\"AR3\",\"artist_latitude\":null,\"artist_longitude\":null,\"artist_location\":\"a\\tb <a href=\\\"x\\\">c</a>\",\"artist_name\":\"ctl\\u0013\\u001c\",\"song_id\":\"SO3\",\"title\":\"T\\u0019\",\"duration\":1,\"year\":2010}",
    );
    // 9: zero-byte markers, and a sibling prefix that is not ours.
    std::fs::write(project.path("data/song_data/marker"), "").unwrap();
    std::fs::create_dir_all(project.path("data/song-data")).unwrap();
    std::fs::write(project.path("data/song-data/other.json"), "not even JSON").unwrap();
    let logs = project.path("data/log_data/2018/11");
    std::fs::create_dir_all(&logs).unwrap();
    // 4: userId "" of somebody logged out. 5: registration as a float, ts in milliseconds. 6: doubly mis-encoded text.
    let out = r#"{"artist":null,"auth":"Logged Out","firstName":null,"gender":null,"itemInSession":0,"lastName":null,"length":null,"level":"free","location":null,"method":"PUT","page":"Login","registration":null,"sessionId":52,"song":null,"status":307,"ts":1541207073796,"userAgent":null,"userId":""}"#;
    let play = r#"{"artist":"A \"quoted\" \u00e9 \/ name","auth":"Logged In","firstName":"JosÃ\u0083Â©","gender":"M","itemInSession":1,"lastName":"X","length":100,"level":"paid","location":"L","method":"PUT","page":"NextSong","registration":1540919166796.0,"sessionId":52,"song":" blank before and behind ","status":200,"ts":1541207150796,"userAgent":"\"Mozilla\/5.0\"","userId":"73"}"#;
    std::fs::write(logs.join("2018-11-03-events.json"), format!("{out}\n{play}")).unwrap();
    let _ = project.run(["sample", "sample", "--songs=1", "--events=1"]).succeeded();
    std::fs::copy(project.path("sample/log_json_path.json"), project.path("data/log_json_path.json")).unwrap();

    let _ = project.run(["up"]).succeeded();
    let load = project.run(["load"]).succeeded();
    assert!(load.stdout.contains("3 + 1 empty"), "{}", load.stdout);
    let sdk = project.cloud();
    let staged = sdk.rows("select song_id, title, artist_name, artist_location, artist_latitude, year from staging_songs order by song_id");
    assert_eq!(staged[0], ["SO1", "4.6", "112", "", "NULL", "0"]);
    assert_eq!(staged[1][..4], ["SO2", " blank before and behind ", "A \"quoted\" é / name", "NULL"]);
    assert_eq!(staged[2][1..4], ["T\u{19}", "ctl\u{13}\u{1c}", "a\tb <a href=\"x\">c</a>"]);
    let events = sdk.rows("select user_id, first_name, registration, ts, user_agent from staging_events order by ts");
    assert_eq!((events.len(), events[0][0].as_str(), events[0][1].as_str()), (2, "", "NULL"));
    assert_eq!(events[1][1], "JosÃ\u{83}Â©");
    assert!(events[1][3].starts_with("2018-11-03 01:05:50.796"), "{events:?}");
    assert_eq!(events[1][4], "\"Mozilla/5.0\"");
    assert_eq!(sdk.value("select count(*) from songplays"), "1");
    assert!(STAR.iter().all(|(table, _)| sdk.sql(&format!("select count(*) from {table}")).is_ok()));
}

/// Reading ahead of the listing stops at a large object; what comes behind it is read all the same, in its order, also
/// where all of them together are more than may be held at once.
#[test]
fn large_objects_among_small_ones_lose_nothing() {
    let project = Project::with_sample(40, 20);
    let songs = files(&project, "data/song_data");
    let mut expected = songs.len();
    for song in songs.iter().skip(5).step_by(4) {
        let large = std::fs::read_to_string(song).unwrap();
        let copies = (9 << 20) / large.len();
        std::fs::write(song, format!("{large}\n").repeat(copies)).unwrap();
        expected += copies - 1;
    }
    let _ = project.run(["up"]).succeeded();
    let _ = project.run(["load", "--check"]).succeeded();
    let _ = project.run(["load"]).succeeded();
    let sdk = project.cloud();
    assert_eq!(sdk.value("select count(*) from staging_songs"), expected.to_string());
    assert_eq!(sdk.value("select count(distinct song_id) from staging_songs"), "40");
}
