//! `schema`: the tables of `sql/schema/` as a picture.

use std::path::Path;

use sparkify_local::schema;

use super::Outcome;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::load::sql;
use crate::view::{self, diagram};

pub fn run(config: &Path) -> Result<Outcome> {
    let config = Config::read(config)?;
    let mut tables = Vec::new();
    for file in sql::files(&config.directory, "schema")? {
        let shape = schema::read(&file.statement)
            .map_err(|error| Error::usage(format!("cannot read {}", file.path.display())).because(error))?;
        tables.push((shape, file.title));
    }
    view::document(&diagram::draw(&tables));
    Ok(Outcome::Done)
}
