//! The tags of namespaces and workgroups.

use super::Serverless;
use super::input::{ResourceInput, Tags};
use super::namespace::{self, Namespace};
use super::workgroup::{self, Workgroup};
use crate::error::{ApiError, ApiResult};

impl Serverless {
    /// The tags of a namespace or a workgroup, when they have been changed.
    pub(super) fn change_tags(&self, resource: &ResourceInput, change: impl FnOnce(&mut Tags)) -> ApiResult<Tags> {
        let arn = &resource.resource_arn;
        let namespaces: Vec<Namespace> = self.store.list(namespace::KIND)?;
        let workgroups: Vec<Workgroup> = self.store.list(workgroup::KIND)?;
        if let Some(mut found) = namespaces.into_iter().find(|found| found.arn(&self.account) == *arn) {
            change(&mut found.tags);
            self.store.put(namespace::KIND, &found.name, &found)?;
            Ok(found.tags)
        } else if let Some(mut found) = workgroups.into_iter().find(|found| found.arn(&self.account) == *arn) {
            change(&mut found.tags);
            self.store.put(workgroup::KIND, &found.name, &found)?;
            Ok(found.tags)
        } else {
            Err(ApiError::invalid("ResourceNotFoundException", format!("{arn} does not exist.")))
        }
    }
}
