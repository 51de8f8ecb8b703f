//! `demo --simulate`: how long everything would take on AWS, by the stand-in's model, and the pictures of it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::project::Project;
use crate::real_data;

/// What a stage took, in seconds, as the line says that tells of its end.
fn seconds(told: &str, stage: &str) -> f64 {
    let line = told.lines().find(|line| line.starts_with(&format!("done {stage}")));
    let words: Vec<&str> = line.unwrap_or_else(|| panic!("no {stage} in {told}")).split_whitespace().collect();
    let number = |from_end: usize| words[words.len() - from_end].parse::<f64>().unwrap();
    let minutes = if words.len() > 4 && words[words.len() - 3] == "min" { number(4) } else { 0.0 };
    60.0 * minutes + number(2)
}

/// A demo on 8 slices, the size that the model is calibrated on.
fn simulated(project: &Project, data: &Path) -> String {
    project.run(["demo", "--simulate", "--data", data.to_str().unwrap()]).succeeded().stderr
}

fn with_eight_slices() -> Project {
    let project = Project::empty();
    project.edit("infra.toml", "nodes = 1", "nodes = 4");
    project
}

/// The objects of a directory joined into so many files, all else as it is.
fn joined(from: &Path, source: &str, files: usize, to: &Path) {
    let mut objects = Vec::new();
    let mut directories = vec![from.join(source)];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { directories.push(path) } else { objects.push(path) }
        }
    }
    objects.sort();
    std::fs::create_dir_all(to.join(source)).unwrap();
    let mut lines: Vec<String> = Vec::new();
    for object in &objects {
        lines.extend(std::fs::read_to_string(object).unwrap().lines().map(str::to_owned));
    }
    for file in 0..files {
        let (start, end) = (lines.len() * file / files, lines.len() * (file + 1) / files);
        std::fs::write(to.join(source).join(format!("{file:06}.json")), lines[start..end].join("\n")).unwrap();
    }
    for other in ["song_data", "log_data", "log_json_path.json"] {
        if !to.join(other).exists() {
            std::os::unix::fs::symlink(std::fs::canonicalize(from.join(other)).unwrap(), to.join(other)).unwrap();
        }
    }
}

#[test]
fn minutes_are_told_and_not_waited_for() {
    let project = with_eight_slices();
    let _ = project.run(["sample", "data", "--songs=800", "--events=500", "--days=3"]).succeeded();
    let begun = Instant::now();
    let gathered = simulated(&project, &project.path("data"));
    project.edit("infra.toml", "gather = \"always\"", "gather = \"never\"");
    let as_it_lies = simulated(&project, &project.path("data"));
    assert!(begun.elapsed() < Duration::from_secs(120), "it waited {:?}", begun.elapsed());
    // 58.3 s to start and 1.26 s a file on each of 8 slices; 800 reads of 100 ms, 256 at once.
    let near = |told: f64, expected: f64| assert!((told - expected).abs() < 2.0, "{told} and not {expected}");
    near(seconds(&as_it_lies, "copy staging_songs"), 184.0);
    near(seconds(&gathered, "copy staging_songs"), 60.0);
    near(seconds(&gathered, "gather songs"), 2.0);
    for told in [&gathered, &as_it_lies] {
        assert!(seconds(told, "wait for cluster") > 235.0, "{told}");
        assert!(told.contains("on AWS, by the model"), "{told}");
    }
}

#[test]
fn the_pictures_of_copy() {
    let asked = std::env::var_os("SPARKIFY_COPY_PICTURES").map(PathBuf::from);
    let project = with_eight_slices();
    project.edit("infra.toml", "gather = \"always\"", "gather = \"never\"");
    let (songs, parts, events): (&[usize], &[usize], u64) = match asked {
        Some(_) => {
            (&[1, 8, 64, 256, 1024, 4096, 14_896], &[1, 2, 4, 6, 7, 8, 9, 10, 12, 15, 16, 17, 24, 32, 64], 1_000_000)
        }
        None => (&[1, 30], &[1, 8], 300),
    };
    let sample = project.path("sample");
    let size = ["--songs=30".to_owned(), format!("--events={events}"), "--days=30".to_owned()];
    let _ = project.run(["sample", "sample"].into_iter().chain(size.iter().map(String::as_str))).succeeded();
    let original = asked.as_ref().and_then(|_| real_data::data()).unwrap_or_else(|| sample.clone());

    let measure = |from: &Path, source: &str, table: &str, files: usize| {
        let data = tempfile::tempdir_in(project.home.path()).unwrap();
        joined(from, source, files, data.path());
        (files, seconds(&simulated(&project, data.path()), &format!("copy {table}")))
    };
    let slow: Vec<_> = songs.iter().map(|files| measure(&original, "song_data", "staging_songs", *files)).collect();
    let combined: Vec<_> = parts.iter().map(|files| measure(&sample, "log_data", "staging_events", *files)).collect();
    assert!(slow[0].1 < slow[slow.len() - 1].1, "{slow:?}");
    assert!(combined[0].1 >= combined[1].1, "{combined:?}");

    let to = asked.unwrap_or_else(|| project.home.path().to_owned());
    let slow = curve("COPY of the 14,896 original songs (3.7 MB), by the number of files they lie in", &slow);
    let combined = bars("COPY of 1,000,000 events (440 MB), by the number of files", &combined);
    std::fs::write(to.join("slow.svg"), slow).unwrap();
    std::fs::write(to.join("combined.svg"), combined).unwrap();
}

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 360.0;
/// Room for the title and the scales.
const LEFT: f64 = 70.0;
const TOP: f64 = 56.0;
const BOTTOM: f64 = 310.0;

fn picture(title: &str, inside: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"ui-monospace, Menlo, Consolas, monospace\" font-size=\"12\" fill=\"#4a5a69\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"{LEFT}\" y=\"24\" font-size=\"15\" font-weight=\"bold\" fill=\"#16324f\">{title}</text>\n\
         <text x=\"{LEFT}\" y=\"42\">8 slices; a model of Redshift, run by the stand-in on a clock that does not wait</text>\n\
         {inside}</svg>\n"
    )
}

fn text(x: f64, y: f64, anchor: &str, words: &str) -> String {
    format!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{words}</text>\n")
}

fn line(y: f64, label: &str) -> String {
    let right = WIDTH - 20.0;
    format!("<path d=\"M {LEFT} {y:.1} H {right}\" stroke=\"#e8eef4\"/>\n{}", text(LEFT - 8.0, y + 4.0, "end", label))
}

fn duration(seconds: f64) -> String {
    if seconds < 120.0 { format!("{seconds:.0} s") } else { format!("{:.0} min", seconds / 60.0) }
}

/// Both scales logarithmic. The two ends are the points that were published.
fn curve(title: &str, points: &[(usize, f64)]) -> String {
    let most = points.last().unwrap().0 as f64;
    let x = |files: usize| LEFT + 30.0 + (WIDTH - LEFT - 80.0) * (files as f64).ln() / most.ln().max(1.0);
    let y = |seconds: f64| BOTTOM - (BOTTOM - TOP) * (seconds / 30.0).ln() / (6000.0_f64 / 30.0).ln();
    let mut inside = String::new();
    for seconds in [60.0, 300.0, 1200.0, 3600.0] {
        inside.push_str(&line(y(seconds), &duration(seconds)));
    }
    let path: Vec<String> = points.iter().map(|(files, took)| format!("{:.1} {:.1}", x(*files), y(*took))).collect();
    inside.push_str(&format!(
        "<path d=\"M {}\" fill=\"none\" stroke=\"#2a6fb0\" stroke-width=\"2\"/>\n",
        path.join(" L ")
    ));
    for (at, (files, took)) in points.iter().enumerate() {
        let is_published = at == 0 || at == points.len() - 1;
        let fill = if is_published { "#c8501e" } else { "#2a6fb0" };
        inside.push_str(&format!("<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"5\" fill=\"{fill}\"/>\n", x(*files), y(*took)));
        inside.push_str(&text(x(*files), y(*took) - 12.0, "middle", &duration(*took)));
        inside.push_str(&text(x(*files), BOTTOM + 18.0, "middle", &files.to_string()));
    }
    inside.push_str(&text(
        LEFT + 30.0,
        BOTTOM + 38.0,
        "start",
        "files; the two ends are what was published, and what the model is made from",
    ));
    picture(title, &inside)
}

/// A bar for each number of files; multiples of the slices stand out.
fn bars(title: &str, points: &[(usize, f64)]) -> String {
    let most = points.iter().map(|point| point.1).fold(1.0, f64::max);
    let y = |seconds: f64| BOTTOM - (BOTTOM - TOP - 20.0) * seconds / most;
    let step = (WIDTH - LEFT - 30.0) / points.len() as f64;
    let mut inside = String::new();
    for seconds in [0.0, 30.0, 60.0, 90.0, 120.0].into_iter().filter(|seconds| *seconds <= most) {
        inside.push_str(&line(y(seconds), &duration(seconds)));
    }
    for (at, (files, took)) in points.iter().enumerate() {
        let (left, top) = (LEFT + 10.0 + step * at as f64, y(*took));
        let fill = if files % 8 == 0 { "#2a8a57" } else { "#9db4c8" };
        inside.push_str(&format!(
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{fill}\"/>\n",
            step * 0.7,
            BOTTOM - top
        ));
        let middle = left + step * 0.35;
        inside.push_str(&text(middle, top - 6.0, "middle", &duration(*took)));
        inside.push_str(&text(middle, BOTTOM + 18.0, "middle", &files.to_string()));
    }
    inside.push_str(&text(
        LEFT + 10.0,
        BOTTOM + 38.0,
        "start",
        "files; green: as many on every slice, as `load` makes them",
    ));
    picture(title, &inside)
}
