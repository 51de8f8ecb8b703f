//! Whose signatures count: those with the stand-in's own key, those of roles that were taken on, and those with any key
//! whose secret is the same word, as people write them for local clouds (`test` and `test`). A key of AWS's does not
//! count: its secret is not known.

use s3s::S3Result;
use s3s::auth::{S3Auth, SecretKey};

use crate::sessions::Sessions;

pub struct Keys(pub Sessions);

#[async_trait::async_trait]
impl S3Auth for Keys {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        Ok(SecretKey::from(self.0.secret(access_key)))
    }
}
