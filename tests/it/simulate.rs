//! `demo --simulate`: how long everything would take on AWS, by the stand-in's model, and the pictures of it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sparkify_local::CopyPace;

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

/// Everything that a demo reports on standard error.
fn simulated(project: &Project, data: &Path) -> String {
    project.run(["demo", "--simulate", "--data", data.to_str().unwrap()]).succeeded().stderr
}

/// Four nodes, as most of the published runs had.
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
    // R44: 4 s to start and 100 ms a file on each of 8 slices; 800 reads of 100 ms, 256 at once.
    let near = |told: f64, expected: f64| assert!((told - expected).abs() < 2.0, "{told} and not {expected}");
    near(seconds(&as_it_lies, "copy staging_songs"), 14.0);
    near(seconds(&gathered, "copy staging_songs"), 4.0);
    near(seconds(&gathered, "gather songs"), 2.0);
    for told in [&gathered, &as_it_lies] {
        assert!(seconds(told, "wait for cluster") > 235.0, "{told}");
        assert!(told.contains("on AWS, by the model"), "{told}");
    }
}

#[test]
fn the_pictures_of_copy() {
    let asked = std::env::var_os("SPARKIFY_COPY_PICTURES").map(PathBuf::from);
    let (project, large) = (Project::empty(), with_eight_slices());
    for project in [&project, &large] {
        project.edit("infra.toml", "gather = \"always\"", "gather = \"never\"");
    }
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

    let measure = |project: &Project, from: &Path, source: &str, table: &str, files: usize| {
        let data = tempfile::tempdir_in(project.home.path()).unwrap();
        joined(from, source, files, data.path());
        (files, seconds(&simulated(project, data.path()), &format!("copy {table}")))
    };
    let song = |files: &usize| measure(&project, &original, "song_data", "staging_songs", *files);
    let event = |files: &usize| measure(&large, &sample, "log_data", "staging_events", *files);
    let slow: Vec<_> = songs.iter().map(song).collect();
    let combined: Vec<_> = parts.iter().map(event).collect();
    assert!(slow[0].1 < slow[slow.len() - 1].1, "{slow:?}");
    assert!(combined[0].1 > combined[1].1 - 0.5, "{combined:?}");

    let to = asked.unwrap_or_else(|| project.home.path().to_owned());
    let slow = curve(&slow);
    let combined = bars(&combined);
    std::fs::write(to.join("slow.svg"), slow).unwrap();
    std::fs::write(to.join("combined.svg"), combined).unwrap();
}

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 360.0;
/// Room for the title and the scales.
const LEFT: f64 = 70.0;
const TOP: f64 = 56.0;
const BOTTOM: f64 = 310.0;

fn picture(title: &str, about: &str, inside: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"ui-monospace, Menlo, Consolas, monospace\" font-size=\"12\" fill=\"#4a5a69\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"{LEFT}\" y=\"24\" font-size=\"15\" font-weight=\"bold\" fill=\"#16324f\">{title}</text>\n\
         <text x=\"{LEFT}\" y=\"42\">{about}</text>\n\
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

/// Slices of the shipped infra.toml: one node.
const SLICES: usize = 2;

/// What the model says on both logarithmic scales, between the fast and the slow end (R44), and what was
/// published of these very files.
fn curve(points: &[(usize, f64)]) -> String {
    let most = points.last().unwrap().0 as f64;
    let x = |files: usize| LEFT + 30.0 + (WIDTH - LEFT - 165.0) * (files as f64).ln() / most.ln().max(1.0);
    let y = |seconds: f64| BOTTOM - (BOTTOM - TOP) * (seconds / 2.0).ln() / (6000.0_f64 / 2.0).ln();
    let mut inside = String::new();
    for seconds in [10.0, 60.0, 300.0, 1200.0, 3600.0] {
        inside.push_str(&line(y(seconds), &duration(seconds)));
    }
    let edge = |pace: CopyPace, files: usize| {
        let took = pace.takes(&vec![1; files], 3_716_227, SLICES).as_secs_f64();
        format!("{:.1} {:.1}", x(files), y(took))
    };
    let fast = points.iter().map(|point| edge(CopyPace::AWS_FASTEST, point.0));
    let slow = points.iter().rev().map(|point| edge(CopyPace::AWS_SLOWEST, point.0));
    let band: Vec<String> = fast.chain(slow).collect();
    inside.push_str(&format!("<path d=\"M {} Z\" fill=\"#dbe8f4\"/>\n", band.join(" L ")));
    let path: Vec<String> = points.iter().map(|(files, took)| format!("{:.1} {:.1}", x(*files), y(*took))).collect();
    inside.push_str(&format!(
        "<path d=\"M {}\" fill=\"none\" stroke=\"#2a6fb0\" stroke-width=\"2\"/>\n",
        path.join(" L ")
    ));
    for (files, took) in points {
        inside.push_str(&format!(
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\" fill=\"#2a6fb0\"/>\n",
            x(*files),
            y(*took)
        ));
        inside.push_str(&text(x(*files), y(*took) - 10.0, "middle", &duration(*took)));
        inside.push_str(&text(x(*files), BOTTOM + 18.0, "middle", &files.to_string()));
    }
    // Both of 14,896 files: one on one dc2.large, one on a cluster that nobody wrote down.
    let end = x(points.last().unwrap().0) + 14.0;
    for (from, to, label) in [(600.0, 900.0, "10 to 15 min"), (2400.0, 2700.0, "over 40 min")] {
        inside.push_str(&format!(
            "<path d=\"M {end:.1} {:.1} V {:.1}\" stroke=\"#c8501e\" stroke-width=\"4\" stroke-linecap=\"round\"/>\n",
            y(from),
            y(to)
        ));
        inside.push_str(&text(end + 8.0, y((from + to) / 2.0) + 4.0, "start", label));
    }
    inside.push_str(&text(
        LEFT + 30.0,
        BOTTOM + 38.0,
        "start",
        "files; red: what two people published of these files; pale: from the fastest published runs to the slowest",
    ));
    picture(
        "COPY of the 14,896 original songs (3.7 MB), by the number of files they lie in",
        "2 slices; a model of Redshift, run by the stand-in on a simulated clock",
        &inside,
    )
}

/// A bar for each number of files; multiples of the slices stand out.
fn bars(points: &[(usize, f64)]) -> String {
    let most = points.iter().map(|point| point.1).fold(1.0, f64::max);
    let y = |seconds: f64| BOTTOM - (BOTTOM - TOP - 20.0) * seconds / most;
    let step = (WIDTH - LEFT - 30.0) / points.len() as f64;
    let mut inside = String::new();
    for seconds in [0.0, 10.0, 20.0, 30.0, 40.0].into_iter().filter(|seconds| *seconds <= most) {
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
    picture(
        "COPY of 1,000,000 events (440 MB), by the number of files",
        "8 slices; a model of Redshift, run by the stand-in on a simulated clock",
        &inside,
    )
}
