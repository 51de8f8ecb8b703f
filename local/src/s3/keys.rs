//! Whose signatures count: those with the stand-in's own key, and those with any key whose secret is the same word, as
//! people write them for local clouds (`test` and `test`). A key of AWS's does not count: its secret is not known.

use s3s::S3Result;
use s3s::auth::{S3Auth, SecretKey};

use crate::{ACCESS_KEY, SECRET_KEY};

pub struct Keys;

/// The secret of a key.
pub fn secret_of(key: &str) -> &str {
    if key == ACCESS_KEY { SECRET_KEY } else { key }
}

#[async_trait::async_trait]
impl S3Auth for Keys {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        Ok(SecretKey::from(secret_of(access_key).to_owned()))
    }
}
