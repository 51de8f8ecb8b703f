//! A data set of the shape of the original: songs one a file, events one file a day. The same seed gives the same
//! bytes. Its words are its own.

mod events;
mod songs;
mod words;

use std::fs;
use std::path::Path;

use crate::cli::SampleSize;
use crate::error::{Error, Result};
use crate::interrupt;

/// The bucket that the sample stands in for.
pub const BUCKET: &str = "udacity-dend";

/// Counts of the sample that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenSample {
    pub songs: u64,
    pub events: u64,
    pub files: u64,
}

/// Names the columns of the events in the order that COPY wants them in.
const JSON_PATHS: [&str; 18] = [
    "artist",
    "auth",
    "firstName",
    "gender",
    "itemInSession",
    "lastName",
    "length",
    "level",
    "location",
    "method",
    "page",
    "registration",
    "sessionId",
    "song",
    "status",
    "ts",
    "userAgent",
    "userId",
];

/// Writes the data set. Files of an earlier sample are replaced; those it has no more are removed with their folder.
///
/// # Errors
/// Where the directory holds something else than a sample, or cannot be written; `Interrupted` between two files.
pub fn write(directory: &Path, size: SampleSize) -> Result<WrittenSample> {
    make_room(directory)?;
    let mut rng = fastrand::Rng::with_seed(size.seed);
    let songs = songs::make(&mut rng, size.songs);
    for song in &songs {
        interrupt::safe_point().map_err(unfinished)?;
        // No file of the original ends in a newline.
        put(&directory.join(song.path()), &song.json())?;
    }
    let days = events::make(&mut rng, &songs, size.events, size.days);
    for day in &days {
        interrupt::safe_point().map_err(unfinished)?;
        put(&directory.join(&day.path), &day.lines.join("\n"))?;
    }
    let paths: Vec<String> = JSON_PATHS.iter().map(|key| format!("        \"$['{key}']\"")).collect();
    put(&directory.join("log_json_path.json"), &format!("{{\n    \"jsonpaths\": [\n{}\n    ]\n}}", paths.join(",\n")))?;
    let events = days.iter().map(|day| day.lines.len() as u64).sum();
    Ok(WrittenSample { songs: songs.len() as u64, events, files: songs.len() as u64 + days.len() as u64 + 1 })
}

fn unfinished(error: Error) -> Error {
    error.hint("The sample is not complete: run the command again, which replaces what was written.")
}

/// An earlier sample goes; anything else is left alone, and is a reason to stop.
fn make_room(directory: &Path) -> Result<()> {
    let failed = |error: std::io::Error| {
        Error::failed(format!("cannot write the sample to {}", directory.display())).because(error)
    };
    let marker = directory.join(".sparkify-sample");
    if !marker.exists() && directory.exists() && fs::read_dir(directory).map_err(failed)?.next().is_some() {
        return Err(Error::usage(format!("{} is not empty and holds no sample of ours", directory.display()))
            .hint("Name another directory."));
    }
    for part in ["song_data", "log_data"] {
        match fs::remove_dir_all(directory.join(part)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
    }
    fs::create_dir_all(directory).map_err(failed)?;
    fs::write(marker, "").map_err(failed)
}

fn put(path: &Path, content: &str) -> Result<()> {
    let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(path, content));
    written.map_err(|error| Error::failed(format!("cannot write {}", path.display())).because(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(songs: u64, events: u64) -> SampleSize {
        SampleSize { songs, events, days: 3, seed: 7 }
    }

    fn contents(directory: &Path) -> std::collections::BTreeMap<String, String> {
        let mut found = std::collections::BTreeMap::new();
        let mut left = vec![directory.to_owned()];
        while let Some(next) = left.pop() {
            for entry in fs::read_dir(next).expect("folder") {
                let path = entry.expect("entry").path();
                match path.is_dir() {
                    true => left.push(path),
                    false => {
                        let name = path.strip_prefix(directory).expect("inside").display().to_string();
                        found.insert(name, fs::read_to_string(path).expect("text"));
                    }
                }
            }
        }
        found
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let (one, two) = (tempfile::tempdir().expect("dir"), tempfile::tempdir().expect("dir"));
        let written = write(one.path(), size(60, 200)).expect("written");
        write(two.path(), size(10, 20)).expect("written");
        write(two.path(), size(60, 200)).expect("written again");
        assert_eq!(contents(one.path()), contents(two.path()));
        assert_eq!((written.songs, written.events, written.files), (60, 200, 64));
    }

    #[test]
    fn a_directory_with_something_else_in_it_is_left_alone() {
        let directory = tempfile::tempdir().expect("dir");
        fs::write(directory.path().join("thesis.txt"), "mine").expect("file");
        assert!(write(directory.path(), size(1, 1)).is_err());
        assert_eq!(contents(directory.path()).len(), 1);
    }

    #[test]
    fn it_has_the_quirks_of_the_original() {
        let directory = tempfile::tempdir().expect("dir");
        write(directory.path(), size(800, 1500)).expect("written");
        let all = contents(directory.path());
        assert!(all.values().all(|text| !text.ends_with('\n')), "no final newline");
        let songs: Vec<serde_json::Value> = all
            .iter()
            .filter(|(name, _)| name.starts_with("song_data/A/"))
            .map(|(_, text)| serde_json::from_str(text).expect("json"))
            .collect();
        assert_eq!(songs.len(), 800);
        assert!(songs.iter().any(|song| song["title"].is_number()), "numbers where strings belong");
        let lines = all.iter().filter(|(name, _)| name.starts_with("log_data/")).flat_map(|(_, text)| text.lines());
        let events: Vec<serde_json::Value> = lines.map(|line| serde_json::from_str(line).expect("json")).collect();
        for level in ["free", "paid"] {
            assert!(events.iter().any(|event| event["level"] == level));
        }
        let is_known = |event: &&serde_json::Value| {
            songs.iter().any(|song| song["title"] == event["song"] && song["artist_name"] == event["artist"])
        };
        assert!(events.iter().any(|event| is_known(&event)), "plays that match songs");
    }
}
