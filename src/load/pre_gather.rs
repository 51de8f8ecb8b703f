//! Sources that are listed and gathered while the cluster is being created.

use std::collections::HashMap;

use super::copy_files::should_gather;
use super::copy_format::CopyFormat;
use super::source::{KnownObjects, Listing};
use super::{Load, copy_files};
use crate::config::Source;
use crate::error::Result;

/// Sources that were listed and gathered before the cluster was there, by name.
#[derive(Debug, Default)]
pub struct PreGathered(pub(super) HashMap<String, Listing>);

impl Load<'_> {
    /// Gathers what is to be gathered, for a cluster that is not there yet and so knows no object.
    pub(super) async fn gather_all(&self, sources: &[Source]) -> Result<PreGathered> {
        let files = copy_files::read(&self.stack.config.directory)?;
        let mut work = Vec::new();
        for file in &files {
            let source = copy_files::source_of(file, sources)?;
            work.push(async move {
                let from = self.stack.aws.s3_in(&source.region);
                let mut ahead = self.read_ahead(&from, source, file).await?;
                let listing = self.list(&from, source, &KnownObjects::new(), ahead.as_mut()).await?;
                if !should_gather(source, &listing, file) {
                    return Ok(None);
                }
                let gatherer = self.gatherer(&from, self.expected_slices(), CopyFormat::new(&file.statement));
                self.gather(&gatherer, source, &listing, &KnownObjects::new(), ahead).await?;
                Ok(Some((source.name.clone(), listing)))
            });
        }
        let gathered: Vec<_> = futures::future::try_join_all(work).await?;
        Ok(PreGathered(gathered.into_iter().flatten().collect()))
    }
}
