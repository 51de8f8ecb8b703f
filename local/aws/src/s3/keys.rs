//! Access keys that are accepted: the stand-in's own, those of sessions, and any key whose secret is the same word, as
//! people write them for local clouds (`test` and `test`). Keys of AWS are refused: their secrets are not known.

use s3s::S3Result;
use s3s::auth::{S3Auth, SecretKey};

use crate::sessions::Sessions;

pub struct AccessKeys(pub Sessions);

#[async_trait::async_trait]
impl S3Auth for AccessKeys {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        Ok(SecretKey::from(self.0.secret(access_key)))
    }
}
