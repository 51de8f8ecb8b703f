//! `load --report`: one page, with all that the load says; looked at in a browser where there is one.

use std::path::PathBuf;
use std::process::Command;

use crate::project::Project;
use crate::real_data;

#[test]
fn a_load_as_a_page() {
    let project = Project::with_sample(40, 200);
    project.edit("sql/analysis/top_songs.sql", "Which songs are played most?", "Which <songs> & artists?");
    // One row is rejected, and told with its value.
    project.edit("sql/copy/staging_songs.sql", "format as json 'auto'", "format as json 'auto'\nmaxerror 5");
    let bad = "{\"song_id\": \"S\", \"title\": \"<b>t</b>\", \"artist_id\": \"A\", \"year\": \"nineteen\"}";
    std::fs::write(project.path("data/song_data/A/bad.json"), bad).unwrap();
    let _ = project.run(["up"]).succeeded();
    let told = project.run(["load", "--report", "out"]).succeeded();
    assert!(told.stderr.contains("report in out/report.html"), "{}", told.stderr);
    let page = std::fs::read_to_string(project.path("out/report.html")).unwrap();
    for part in [
        "<h1>Load of sparkify</h1>",
        "gather songs",
        "kept: plays",
        "left out: not a NextSong event",
        "Which &lt;songs&gt; &amp; artists?",
        "Rejected from s3://udacity-dend/song_data/: 1",
        "nineteen",
        "class=\"critical\"",
        "verdict warned",
        "Loaded and reconciled, but 1 row was rejected",
        // The columns, with their types.
        "<h3>songs: 40 rows</h3>",
        "data-label=type>character varying(32)<td class=n data-label=null>0<td class=n data-label=\"distinct\">40",
        // What the file names is drawn, and not the number of the week.
        "free + paid",
    ] {
        assert!(page.contains(part), "{part} is not in the page");
    }
    // Nothing from elsewhere, and no value is read as HTML.
    assert!(
        !page.contains("http:") && !page.contains("https:") && !page.contains("<script") && !page.contains("<b>t</b>")
    );
    assert!(looked_at(&project.path("out/report.html"), &project.path("out/report.png")));
    let _ = project.run(["load", "--report", "infra.toml/x"]).failed(1, &["cannot write", "the load itself is done"]);
}

#[test]
fn a_load_that_failed_replaces_the_page_of_the_last_good_one() {
    let project = Project::with_sample(40, 200);
    let _ = project.run(["up"]).succeeded();
    let _ = project.run(["load", "--report", "out"]).succeeded();
    let page = || std::fs::read_to_string(project.path("out/report.html")).unwrap();
    assert!(page().contains("verdict passed") && page().contains("Loaded and reconciled<"), "{}", page());
    std::fs::write(project.path("sql/check/none.sql"), "-- Any <song>?\nselect song_id from songs;\n").unwrap();
    let _ = project.run(["load", "--report", "out"]).failed(4, &["the check none failed", "report in out/report.html"]);
    for part in [
        "verdict failed",
        "the check none failed: Any &lt;song&gt;?",
        "as the last good load left it",
        "copy staging_songs",
    ] {
        assert!(page().contains(part), "{part} is not in {}", page());
    }
    assert!(!page().contains("Loaded and reconciled"), "{}", page());
    // That there is no page either hides nothing.
    let _ = project.run(["load", "--report", "infra.toml/x"]).failed(4, &["the check none failed", "cannot write"]);
}

/// A picture of the page by headless Chromium; `true` where there is none to take it.
fn looked_at(page: &std::path::Path, picture: &std::path::Path) -> bool {
    let Some(chromium) =
        ["/usr/bin/chromium", "/usr/bin/chromium-browser"].into_iter().map(PathBuf::from).find(|path| path.exists())
    else {
        return true;
    };
    let profile = tempfile::tempdir().unwrap();
    let ended = Command::new(chromium)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
        ])
        .args([
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--window-size=960,1500",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("--screenshot={}", picture.display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    ended.status.success() && std::fs::metadata(picture).is_ok_and(|picture| picture.len() > 20_000)
}

/// Draws `images/report.png` anew, of the original data: SPARKIFY_REPORT_PICTURE=images/report.png.
#[test]
fn the_picture_of_the_report() {
    let (Some(picture), Some(data)) = (std::env::var_os("SPARKIFY_REPORT_PICTURE"), real_data::data()) else { return };
    let project = Project::empty();
    let mount = format!("--mount=udacity-dend={}", data.display());
    let _ = project.run(["up", &mount]).succeeded();
    let _ = project.run(["load", "--report", "out", &mount]).succeeded();
    let picture = std::path::absolute(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(picture)).unwrap();
    assert!(looked_at(&project.path("out/report.html"), &picture));
}
