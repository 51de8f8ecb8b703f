//! The region that a request is for: that in the scope of its signature.

use std::sync::Arc;

use crate::endpoint::{Endpoint, Services};
use crate::s3::{self, Buckets};

impl Endpoint {
    /// The same services in the region that a request is signed for: this one address stands for the endpoints of all.
    pub fn in_region(&self, region: &str) -> Self {
        if region == self.account.region {
            return self.clone();
        }
        let account = self.account.in_region(region);
        let buckets = Buckets { account: account.clone(), ..self.buckets.clone() };
        Self(Arc::new(Services {
            account,
            iam: self.iam.in_region(region),
            ec2: self.ec2.in_region(region),
            secrets: self.secrets.in_region(region),
            redshift: self.redshift.in_region(region),
            serverless: self.serverless.in_region(region),
            data_api: self.data_api.in_region(region),
            s3: s3::service(buckets.clone()),
            buckets,
            faults: self.faults.clone(),
        }))
    }
}

/// The region of a credential, `key/date/region/service/aws4_request`, where it is one.
pub fn region_of(credential: &str) -> Option<&str> {
    credential.split('/').nth(2).filter(|region| is_region(region))
}

/// Whether a text may be the name of a region, whether AWS has that region or not.
pub fn is_region(text: &str) -> bool {
    let is_sign = |sign: u8| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == b'-';
    !text.is_empty() && text.bytes().all(is_sign)
}
