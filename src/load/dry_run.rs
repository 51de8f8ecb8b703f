//! What a load would do, from the same files and listings, without doing it.

use super::sql::{self, SqlFile};
use super::stage::{should_gather, size};
use super::{Load, LoadOptions, source};
use crate::config::Source;
use crate::error::Result;
use crate::event::LoadStep;

/// R21.
pub const BATCH: usize = 40;
const BATCH_EXECUTE: &str = "redshift-data:BatchExecuteStatement";
const EXECUTE: &str = "redshift-data:ExecuteStatement";

impl Load<'_> {
    /// # Errors
    /// Where a source cannot be listed, or a file of `sql/` is not as it should be.
    pub async fn dry_run(&self, sources: &[Source], options: &LoadOptions) -> Result<Vec<LoadStep>> {
        let directory = &self.config.directory;
        let [schema, copies, transforms, checks, sums] =
            ["schema", "copy", "transform", "check", "reconcile"].map(|folder| sql::files(directory, folder));
        let (schema, copies, transforms, checks, sums) = (schema?, copies?, transforms?, checks?, sums?);
        let (star, staging) = sql::divided(&schema, &transforms);
        let mut steps = Vec::new();
        let mut add = |does: String, why: String, writes| steps.push(LoadStep { does, why, writes });
        if options.recreate {
            let tables = names(&staging);
            add(format!("drop {tables}"), "they are made anew".into(), batches(staging.len()));
        }
        let why = "those that are there stay as they are".into();
        add(format!("create tables {}", names(&schema.iter().collect::<Vec<_>>())), why, batches(schema.len()));
        for file in &copies {
            let source = self.source_of(file, sources)?;
            let from = self.aws.s3_in(&source.region);
            let listing = source::list(&from, source).await?;
            let found =
                format!("{} objects, {} under {}", listing.objects.len(), size(listing.bytes()), source.location);
            if should_gather(source, &listing) {
                let planned = self.gatherer(&from).planned(source, &listing).await?;
                let (does, writes) = match planned.parts {
                    None => (format!("take the parts of {} as they are", source.name), Vec::new()),
                    // The parts, the index, the manifest.
                    Some(parts) => {
                        let does = format!("gather {} into {} under {}", source.name, counted(parts), planned.home);
                        (does, vec!["s3:PutObject"; parts + 2])
                    }
                };
                add(does, found.clone(), writes);
            }
            let writes = vec![BATCH_EXECUTE, EXECUTE];
            add(format!("empty {} and copy {} into it", file.name, source.name), found, writes);
        }
        let mut statements = 2 + 2 * transforms.len() + checks.len() + sums.len();
        if options.recreate {
            statements += 2 * star.len();
        }
        let tables = names(&transforms.iter().collect::<Vec<_>>());
        add(
            format!("fill {tables} in one transaction"),
            format!("{} checks and {} sums may refuse it before it commits", checks.len(), sums.len()),
            vec![EXECUTE; statements],
        );
        Ok(steps)
    }
}

fn counted(parts: usize) -> String {
    if parts == 1 { "1 part".to_owned() } else { format!("{parts} parts") }
}

fn names(files: &[&SqlFile]) -> String {
    files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn batches(statements: usize) -> Vec<&'static str> {
    vec![BATCH_EXECUTE; statements.div_ceil(BATCH)]
}
