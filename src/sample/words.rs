//! The words that the sample is made of.

pub const ADJECTIVES: [&str; 24] = [
    "Amber", "Broken", "Crimson", "Distant", "Electric", "Faded", "Gentle", "Hollow", "Iron", "Jaded", "Kind", "Lonely",
    "Midnight", "Northern", "Open", "Paper", "Quiet", "Restless", "Silver", "Tender", "Upper", "Velvet", "Wandering", "Yellow",
];

pub const NOUNS: [&str; 28] = [
    "Anchor", "Bridge", "Canyon", "Dancer", "Engine", "Forest", "Garden", "Harbor", "Island", "Journey", "Kite", "Lantern",
    "Mirror", "Notebook", "Ocean", "Parade", "Quarry", "River", "Signal", "Train", "Umbrella", "Valley", "Window", "Xylophone",
    "Yard", "Zephyr", "Orchard", "Tower",
];

pub const SUFFIXES: [&str; 8] = ["", "", "", "", " (Live)", " (Album Version)", " (Remix)", " (feat. The Neighbours)"];

pub const BANDS: [&str; 12] = [
    "The {} {}s", "{} {}", "{} {} Orchestra", "DJ {} {}", "{} & the {}s", "{} {} Quartet", "Los {} {}s", "{} {} Collective",
    "{} {} / Friends", "Señor {} {}", "{} {} Band", "MC {} {}",
];

pub const PLACES: [(&str, Option<(f64, f64)>); 14] = [
    ("", None), ("", None), ("", None), ("", None), ("", None), ("Lisbon, Portugal", Some((38.72635, -9.14843))),
    ("Portland, OR", Some((45.51179, -122.67563))), ("Oslo, Norway", Some((59.91228, 10.74998))), ("Brooklyn, NY", None),
    ("Kyoto, Japan", Some((35.00944, 135.7685))), ("Austin, TX ", Some((30.26759, -97.74299))), ("Accra, Ghana", None),
    ("London, England", Some((51.50632, -0.12714))), ("<a href=\"/places/1\">Montréal</a>", None),
];

pub const FIRST_NAMES: [(&str, char); 24] = [
    ("Ada", 'F'), ("Bruno", 'M'), ("Carla", 'F'), ("Dmitri", 'M'), ("Elena", 'F'), ("Farid", 'M'), ("Grace", 'F'), ("Hugo", 'M'),
    ("Ines", 'F'), ("Jonas", 'M'), ("Keiko", 'F'), ("Luis", 'M'), ("Mara", 'F'), ("Nils", 'M'), ("Oda", 'F'), ("Pavel", 'M'),
    ("Quinn", 'F'), ("Rafael", 'M'), ("Sofia", 'F'), ("Tariq", 'M'), ("Uma", 'F'), ("Viktor", 'M'), ("Wanda", 'F'), ("Yusuf", 'M'),
];

pub const LAST_NAMES: [&str; 20] = [
    "Abara", "Berg", "Costa", "Dahl", "Eriksen", "Fontana", "Gupta", "Haas", "Ito", "Jansen", "Kovac", "Lindqvist", "Moreau",
    "Novak", "Okafor", "Petrov", "Quist", "Rossi", "Silva", "Tanaka",
];

pub const CITIES: [&str; 12] = [
    "Albany, NY", "Boise, ID", "Columbus, OH", "Denver-Aurora, CO", "El Paso, TX", "Fresno, CA", "Green Bay, WI", "Honolulu, HI",
    "Madison, WI", "Portland-Vancouver, OR-WA", "San Jose-Oakland, CA", "Tampa-Clearwater, FL",
];

pub const AGENTS: [&str; 5] = [
    "\"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/36.0.1985.125 Safari/537.36\"",
    "\"Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/35.0.1916.153 Safari/537.36\"",
    "\"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_4) AppleWebKit/537.78.2 (KHTML, like Gecko) Version/7.0.6 Safari/537.78.2\"",
    "Mozilla/5.0 (Windows NT 6.1; WOW64; rv:31.0) Gecko/20100101 Firefox/31.0",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:31.0) Gecko/20100101 Firefox/31.0",
];

/// One of these, by the sample's chance.
pub fn pick<T: Copy>(rng: &mut fastrand::Rng, from: &[T]) -> T {
    from[rng.usize(..from.len())]
}
