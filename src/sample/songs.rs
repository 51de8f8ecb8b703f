//! Songs of artists, one a file, in folders by the letters of their track id.

use serde::Serialize;
use serde_json::value::Value;

use super::words::{ADJECTIVES, BANDS, NOUNS, PLACES, SUFFIXES, pick};

#[derive(Debug, Clone)]
pub struct Artist {
    pub id: String,
    pub name: String,
    location: &'static str,
    coordinates: Option<(f64, f64)>,
}

/// One file; its fields are in the order of the original's keys.
#[derive(Debug, Clone, Serialize)]
pub struct Song {
    artist_id: String,
    artist_latitude: Option<f64>,
    artist_location: &'static str,
    artist_longitude: Option<f64>,
    pub artist_name: Value,
    pub duration: f64,
    num_songs: u8,
    song_id: String,
    pub title: Value,
    year: u16,
    #[serde(skip)]
    track: String,
}

impl Song {
    /// `song_data/A/B/C/TRABC….json`
    pub fn path(&self) -> String {
        let letters = &self.track[2..5];
        let folders: Vec<String> = letters.chars().map(String::from).collect();
        format!("song_data/{}/{}.json", folders.join("/"), self.track)
    }

    /// Escaped as the original is: pure ASCII, slashes with a backslash.
    pub fn json(&self) -> String {
        ascii(&serde_json::to_string(self).unwrap_or_default())
    }
}

/// JSON with `\uXXXX` for all that is not ASCII, and `\/`.
pub fn ascii(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '/' => out.push_str("\\/"),
            c if c.is_ascii() => out.push(c),
            c => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}"))),
        }
    }
    out
}

pub fn make(rng: &mut fastrand::Rng, count: u64) -> Vec<Song> {
    // About three songs an artist, as in the original with its variants of names.
    let artists: Vec<Artist> = (0..count.div_ceil(3).max(1)).map(|_| artist(rng)).collect();
    (0..count).map(|number| song(rng, &artists, number)).collect()
}

fn artist(rng: &mut fastrand::Rng) -> Artist {
    let name = match rng.u32(..150) {
        // A name of digits becomes a number in the file.
        0 => rng.u32(10..3000).to_string(),
        _ => pick(rng, &BANDS).replacen("{}", pick(rng, &ADJECTIVES), 1).replacen("{}", pick(rng, &NOUNS), 1),
    };
    let (location, coordinates) = pick(rng, &PLACES);
    Artist { id: id(rng, "AR"), name, location, coordinates }
}

fn song(rng: &mut fastrand::Rng, artists: &[Artist], number: u64) -> Song {
    let artist = &artists[rng.usize(..artists.len())];
    let title = match rng.u32(..300) {
        0 => rng.u32(1..2100).to_string(),
        1 => "4.6".to_owned(),
        _ => format!("{} {}{}", pick(rng, &ADJECTIVES), pick(rng, &NOUNS), pick(rng, &SUFFIXES)),
    };
    // Some songs name their artist with a guest: another spelling under the same id.
    let name = match rng.u32(..40) {
        0 => format!("{} feat. {}", artist.name, pick(rng, &NOUNS)),
        _ => artist.name.clone(),
    };
    Song {
        artist_id: artist.id.clone(),
        artist_latitude: artist.coordinates.map(|(latitude, _)| latitude),
        artist_location: artist.location,
        artist_longitude: artist.coordinates.map(|(_, longitude)| longitude),
        artist_name: text_or_number(&name),
        duration: f64::from(rng.u32(3_000_000..60_000_000)) / 100_000.0,
        num_songs: 1,
        song_id: id(rng, "SO"),
        title: text_or_number(&title),
        year: if rng.u32(..3) == 0 { 0 } else { rng.u16(1955..=2010) },
        track: track(rng, number),
    }
}

/// Whoever wrote the original turned every text that looks like a number into one.
fn text_or_number(text: &str) -> Value {
    match serde_json::from_str::<serde_json::Number>(text) {
        Ok(number) => Value::Number(number),
        Err(_) => Value::String(text.to_owned()),
    }
}

fn id(rng: &mut fastrand::Rng, prefix: &str) -> String {
    let letters: String = (0..5).map(|_| rng.uppercase()).collect();
    format!("{prefix}{letters}{:011X}", rng.u64(..1 << 44))
}

/// `TRA??…`: all songs lie under `song_data/A/`, spread over its 26 × 26 folders.
fn track(rng: &mut fastrand::Rng, number: u64) -> String {
    format!("TRA{}{}{}{:011X}", rng.uppercase(), rng.uppercase(), rng.uppercase(), number)
}
