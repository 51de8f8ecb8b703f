//! One load at a time: an object in the stack's bucket that says who is loading, made only where there is none, and
//! renewed as long as the load lives.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

use crate::aws::{Aws, failed, is};
use crate::bucket_keys::LOCK;
use crate::download::download;
use crate::error::{Error, Result};
use crate::resource::Names;
use crate::resource::tags::time;

/// How long a lock holds that nobody renews: its load is dead then.
const HOLDS: Duration = Duration::from_secs(90);
const RENEWED_AFTER: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Holder {
    run: String,
    host: String,
    process: u32,
    /// RFC 3339.
    until: String,
}

/// Held until it is released. The lock of a process that died is overtaken.
pub struct Lock {
    object: LockObject,
    run: String,
    renewing: JoinHandle<()>,
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}

impl Lock {
    /// # Errors
    /// Where another load is under way: it is named.
    pub async fn take(aws: &Aws, names: &Names, run: &str) -> Result<Self> {
        let object = LockObject { s3: aws.s3.clone(), bucket: names.bucket.clone(), account: aws.account.clone() };
        let mut etag = match object.put(&holder(run), None).await? {
            Some(etag) => etag,
            // Somebody holds it: the dead are overtaken, by one of us only.
            None => match object.overtake(run).await? {
                Ok(etag) => etag,
                Err(other) => {
                    let Holder { run, host, process, until } = other;
                    return Err(Error::failed(format!(
                        "another load is under way: run {run}, process {process} on {host}"
                    ))
                    .hint(format!("Wait until it has ended. If it is dead, its lock ends at {until}.")));
                }
            },
        };
        let (held, renewed_at) = (run.to_owned(), object.clone());
        let renewing = tokio::spawn(async move {
            loop {
                tokio::time::sleep(RENEWED_AFTER).await;
                // A renewal that fails is tried again well before the lock ends.
                if let Ok(Some(renewed)) = renewed_at.put(&holder(&held), Some(&etag)).await {
                    etag = renewed;
                }
            }
        });
        Ok(Self { object, run: run.to_owned(), renewing })
    }

    /// Says when a lock ends that cannot be released.
    pub fn left(&self) -> String {
        format!("The lock of this load ends by itself within {} s.", HOLDS.as_secs())
    }

    /// Lets the next one in.
    ///
    /// # Errors
    /// Where the lock cannot be read or deleted: it ends by itself then.
    pub async fn release(&self) -> Result<()> {
        self.renewing.abort();
        let object = &self.object;
        if object.get().await?.is_none_or(|(holder, _)| holder.run != self.run) {
            return Ok(());
        }
        let call = object.s3.delete_object().bucket(&object.bucket).key(LOCK);
        let deleted = call.expected_bucket_owner(&object.account).send().await;
        deleted.map(drop).map_err(|error| failed(&format!("release the lock s3://{}/{LOCK}", object.bucket), &error))
    }
}

#[derive(Clone)]
struct LockObject {
    s3: aws_sdk_s3::Client,
    bucket: String,
    account: String,
}

impl LockObject {
    /// Puts the lock where there is none, or where there is still the one with this ETag; `None` where it is not so.
    async fn put(&self, holder: &Holder, instead_of: Option<&str>) -> Result<Option<String>> {
        let doing = format!("take the lock s3://{}/{LOCK}", self.bucket);
        let text = serde_json::to_vec(holder).map_err(|e| Error::failed(format!("cannot {doing}")).because(e))?;
        let call = self.s3.put_object().bucket(&self.bucket).key(LOCK).expected_bucket_owner(&self.account);
        let call = match instead_of {
            None => call.if_none_match("*"),
            Some(etag) => call.if_match(etag),
        };
        match call.body(text.into()).send().await {
            Ok(put) => Ok(Some(put.e_tag.unwrap_or_default())),
            Err(error) if is(&error, &["PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"]) => Ok(None),
            Err(error) => Err(failed(&doing, &error)),
        }
    }

    async fn get(&self) -> Result<Option<(Holder, String)>> {
        let doing = format!("read the lock s3://{}/{LOCK}", self.bucket);
        let call = self.s3.get_object().bucket(&self.bucket).key(LOCK).expected_bucket_owner(&self.account);
        let read = match download(&call, &doing, None).await {
            Ok(read) => read,
            Err(error) if error.is(&["NoSuchKey"]) => return Ok(None),
            Err(error) => return Err(error),
        };
        let unreadable = |error| Error::failed(format!("cannot {doing}")).because(error);
        Ok(Some((serde_json::from_slice(&read.bytes).map_err(unreadable)?, read.etag)))
    }

    /// Takes over the lock of a dead process; answers the holder if it is alive.
    async fn overtake(&self, run: &str) -> Result<std::result::Result<String, Holder>> {
        let taken = match self.get().await? {
            // Released just now.
            None => self.put(&holder(run), None).await?,
            Some((other, etag)) if is_dead(&other) || other.run == run => self.put(&holder(run), Some(&etag)).await?,
            Some((other, _)) => return Ok(Err(other)),
        };
        match taken {
            Some(etag) => Ok(Ok(etag)),
            None => {
                let quick = "another load took the lock first";
                let other = self.get().await?.map(|(other, _)| other);
                other.map(Err).ok_or_else(|| Error::failed(quick).hint("Run load again."))
            }
        }
    }
}

fn holder(run: &str) -> Holder {
    Holder { run: run.to_owned(), host: host(), process: std::process::id(), until: time(HOLDS) }
}

fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    let named = if name.is_empty() { std::env::var("HOSTNAME").unwrap_or_default() } else { name.to_owned() };
    if named.is_empty() { "an unnamed host".to_owned() } else { named }
}

/// Its time is over, or it was a process of this host and is gone.
fn is_dead(holder: &Holder) -> bool {
    let over = holder.until <= time(Duration::ZERO);
    let processes = std::path::Path::new("/proc");
    let gone = holder.host == host()
        && processes.join("self").exists()
        && !processes.join(holder.process.to_string()).exists();
    over || gone
}
