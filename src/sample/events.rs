//! Listening events: sessions of users, one file a day, in the order of time.

use serde::Serialize;
use serde_json::value::{RawValue, Value};

use super::songs::{Song, ascii};
use super::words::{ADJECTIVES, AGENTS, CITIES, FIRST_NAMES, LAST_NAMES, NOUNS, pick};

/// Midnight of 1 November 2018, UTC, in milliseconds.
const START: u64 = 1_541_030_400_000;
const DAY: u64 = 86_400_000;
/// Plays in a thousand whose song is in the song data.
const KNOWN_PER_MILLE: u32 = 50;

/// One file.
pub struct Day {
    pub path: String,
    pub lines: Vec<String>,
}

struct User {
    id: u64,
    first_name: &'static str,
    last_name: &'static str,
    gender: char,
    location: &'static str,
    agent: &'static str,
    registration: u64,
    paid: bool,
}

/// One line; its fields are in the order of the original's keys.
#[derive(Serialize)]
struct Line<'a> {
    artist: Value,
    auth: &'a str,
    #[serde(rename = "firstName")]
    first_name: Option<&'a str>,
    gender: Option<char>,
    #[serde(rename = "itemInSession")]
    item: u64,
    #[serde(rename = "lastName")]
    last_name: Option<&'a str>,
    length: Option<f64>,
    level: &'a str,
    location: Option<&'a str>,
    method: &'a str,
    page: &'a str,
    registration: Option<Box<RawValue>>,
    #[serde(rename = "sessionId")]
    session: u64,
    song: Value,
    status: u16,
    ts: u64,
    #[serde(rename = "userAgent")]
    agent: Option<&'a str>,
    #[serde(rename = "userId")]
    user: String,
}

pub fn make(rng: &mut fastrand::Rng, songs: &[Song], events: u64, days: u64) -> Vec<Day> {
    let mut users: Vec<User> = (0..(events / 80).max(2)).map(|number| user(rng, number)).collect();
    let mut session = 0;
    (0..days)
        .map(|day| {
            // The remainder goes to the last day.
            let count = events / days + if day + 1 == days { events % days } else { 0 };
            let start = START + day * DAY;
            let mut lines: Vec<(u64, String)> = Vec::new();
            while (lines.len() as u64) < count {
                session += 1;
                let left = count - lines.len() as u64;
                let at = rng.usize(..users.len());
                // Now and then somebody changes the level.
                if rng.u32(..40) == 0 {
                    users[at].paid = !users[at].paid;
                }
                lines.extend(one_session(rng, &users[at], songs, session, start, left));
            }
            lines.sort();
            let date = jiff::Timestamp::from_millisecond(i64::try_from(start).unwrap_or_default()).unwrap_or_default();
            Day {
                path: format!("log_data/{}-events.json", date.strftime("%Y/%m/%Y-%m-%d")),
                lines: lines.into_iter().map(|(_, line)| line).collect(),
            }
        })
        .collect()
}

fn user(rng: &mut fastrand::Rng, number: u64) -> User {
    let (first_name, gender) = pick(rng, &FIRST_NAMES);
    User {
        id: number + 2,
        first_name,
        last_name: pick(rng, &LAST_NAMES),
        gender,
        location: pick(rng, &CITIES),
        agent: pick(rng, &AGENTS),
        registration: START - rng.u64(DAY..60 * DAY),
        paid: rng.u32(..4) == 0,
    }
}

/// At most `most` events of one user, minutes apart, on one day.
fn one_session(
    rng: &mut fastrand::Rng,
    user: &User,
    songs: &[Song],
    session: u64,
    day: u64,
    most: u64,
) -> Vec<(u64, String)> {
    let count = rng.u64(1..=40).min(most);
    let mut ts = day + rng.u64(..DAY - count * 300_000);
    let logged_in = rng.u32(..30) != 0;
    (0..count)
        .map(|item| {
            ts += rng.u64(1_000..300_000);
            let plays = logged_in && rng.u32(..100) < 88;
            let (artist, song, length) = match plays {
                true => play(rng, songs),
                false => (Value::Null, Value::Null, None),
            };
            let page =
                if plays { "NextSong" } else { pick(rng, &["Home", "Home", "Login", "Help", "About", "Settings"]) };
            let registration = RawValue::from_string(format!("{}.0", user.registration)).ok();
            let line = Line {
                artist,
                auth: if logged_in { "Logged In" } else { "Logged Out" },
                first_name: logged_in.then_some(user.first_name),
                gender: logged_in.then_some(user.gender),
                item,
                last_name: logged_in.then_some(user.last_name),
                length,
                level: if user.paid { "paid" } else { "free" },
                location: logged_in.then_some(user.location),
                method: if plays { "PUT" } else { "GET" },
                page,
                registration: registration.filter(|_| logged_in),
                session,
                song,
                status: 200,
                ts,
                agent: logged_in.then_some(user.agent),
                user: if logged_in { user.id.to_string() } else { String::new() },
            };
            (ts, ascii(&serde_json::to_string(&line).unwrap_or_default()))
        })
        .collect()
}

fn play(rng: &mut fastrand::Rng, songs: &[Song]) -> (Value, Value, Option<f64>) {
    if !songs.is_empty() && rng.u32(..1000) < KNOWN_PER_MILLE {
        // A few songs are played far more than others.
        let favourite = (rng.f64() * rng.f64() * songs.len() as f64) as usize;
        let song = &songs[favourite.min(songs.len() - 1)];
        return (song.artist_name.clone(), song.title.clone(), Some(song.duration));
    }
    let artist = format!("{} {} Ensemble", pick(rng, &ADJECTIVES), pick(rng, &NOUNS));
    let song = format!("{} of the {}", pick(rng, &NOUNS), pick(rng, &NOUNS));
    (Value::String(artist), Value::String(song), Some(f64::from(rng.u32(3_000_000..60_000_000)) / 100_000.0))
}
