//! What the COPY of one source works with.

use super::Load;
use super::source::{KnownObjects, Listing};
use super::sql::SqlFile;
use super::table_plan::TablePlan;
use crate::config::Source;

/// One source on its way into its staging table.
pub(super) struct Staging<'a> {
    pub(super) load: &'a Load<'a>,
    pub(super) file: &'a SqlFile,
    pub(super) source: &'a Source,
    pub(super) listing: &'a Listing,
    pub(super) known: &'a KnownObjects,
    pub(super) from: &'a aws_sdk_s3::Client,
    pub(super) plan: &'a TablePlan,
}
