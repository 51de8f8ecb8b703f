//! What lies in which region, and all of it at once.

use super::Serverless;
use super::namespace::{self, Namespace};
use crate::error::ApiResult;

impl Serverless {
    /// The namespaces and workgroups of a region.
    pub fn in_region(&self, region: &str) -> Self {
        Self {
            store: self.store.in_region(region),
            account: self.account.in_region(region),
            secrets: self.secrets.in_region(region),
            ..self.clone()
        }
    }

    /// The namespaces and workgroups of every region that has any.
    pub fn every_region(&self) -> ApiResult<Vec<Self>> {
        Ok(self.store.regions()?.iter().map(|region| self.in_region(region)).collect())
    }

    /// The ids of the warehouses that are here.
    pub fn place_ids(&self) -> ApiResult<Vec<String>> {
        let all: Vec<Namespace> = self.store.list(namespace::KIND)?;
        Ok(all.iter().map(|namespace| self.directory(&namespace.name)).collect())
    }

    /// Removes the data of the namespaces; `state` removes what is known of them, in all regions at once.
    pub fn reset(&self) -> ApiResult<()> {
        let all: Vec<Namespace> = self.store.list(namespace::KIND)?;
        for namespace in all {
            self.logins.remove_warehouse(&self.wire, &self.directory(&namespace.name))?;
            if let Some(secret) = &namespace.secret {
                self.secrets.delete(secret)?;
            }
        }
        Ok(())
    }

    /// Where a namespace's databases lie: no cluster's name has a point.
    pub(super) fn directory(&self, namespace: &str) -> String {
        self.store.unique_name(&format!("serverless.{namespace}"))
    }
}
