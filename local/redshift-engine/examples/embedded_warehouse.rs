//! A warehouse in the process of a program: loads a file with COPY, and prints the rows of a query.
//!
//! ```sh
//! cargo run -p redshift-engine --example embedded_warehouse
//! ```

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::sync::Arc;

use redshift_engine::{Access, DirectoryStorage, MemoryLimit, Place, Warehouses};

const SONGS: &str = r#"{"title": "Blue Train", "released": 1957}
{"title": "So What", "released": 1959}
"#;

const STATEMENTS: [&str; 3] = [
    "create table songs (title varchar(100), released int) distkey(title) sortkey(released)",
    "copy songs from 's3://music/songs.json' iam_role default json 'auto'",
    "select title, released from songs order by released",
];

fn main() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    // The bucket `music`.
    std::fs::create_dir(directory.path().join("music"))?;
    std::fs::write(directory.path().join("music/songs.json"), SONGS)?;

    let place = Place::new("warehouse", "dev", "admin");
    let warehouses = Warehouses::new(directory.path().join("warehouses"), MemoryLimit::default());
    let engine = warehouses.engine(&place.id, &place.database, place.slices)?;
    let mut session = engine.session(&place.admin)?;
    let access = Access::new(place, Arc::new(DirectoryStorage::new(directory.path())));
    for statement in STATEMENTS {
        let outcome = session.run(statement, &access, engine.next_query())?;
        for row in outcome.rows.into_iter().flat_map(|set| set.rows) {
            println!("{row:?}");
        }
    }
    Ok(())
}
