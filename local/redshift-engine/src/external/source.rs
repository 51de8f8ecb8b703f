//! The objects that an external table is made of.

use super::catalog::{self, Found};
use crate::copy::manifest;
use crate::error::SqlError;
use crate::session::Session;
use crate::storage::{Address, Storage};
use redshift_sql::Compression;
use redshift_sql::external::alter::PartitionValues;
use redshift_sql::external::table::ExternalTable;

/// An object, and the partition that it lies in.
pub struct Object {
    pub address: Address,
    /// Bytes.
    pub size: u64,
    /// The values of the partition keys, in their order.
    pub partition: Vec<String>,
}

/// All objects of a table: those of its partitions where it has partition keys, else those of its location.
pub fn objects(session: &Session, storage: &dyn Storage, found: &Found, table: &str) -> Result<Vec<Object>, SqlError> {
    let mut places = vec![(PartitionValues::new(), found.table.location.clone())];
    if !found.table.partition_keys.is_empty() {
        places = catalog::partitions(&session.connection, &found.database, table)?;
    }
    let mut all = Vec::new();
    for (values, location) in places {
        session.check_cancelled()?;
        let keys = found.table.partition_keys.iter();
        let partition: Vec<String> = keys.map(|key| values.get(&key.name).cloned().unwrap_or_default()).collect();
        let address = Address::parse(&location).or_else(|_| Address::parse(&format!("{location}/")))?;
        storage.check_region(&address.bucket, None)?;
        for (address, size) in listed(session, storage, &address)? {
            all.push(Object { address, size, partition: partition.clone() });
        }
    }
    Ok(all)
}

/// The objects of a location: a folder, with or without the slash at its end, or a manifest, which is named as a whole.
fn listed(session: &Session, storage: &dyn Storage, location: &Address) -> Result<Vec<(Address, u64)>, SqlError> {
    let mut folder = location.clone();
    if !folder.key.is_empty() && !folder.key.ends_with('/') {
        if storage.list(location)?.iter().any(|object| object.key == location.key) {
            return manifest(location, storage, None, true, &session.canceller());
        }
        folder.key.push('/');
    }
    let data = storage.list(&folder)?.into_iter().filter(|object| is_data(&folder, &object.key));
    Ok(data.map(|object| (Address { bucket: folder.bucket.clone(), key: object.key }, object.size)).collect())
}

/// Hidden files are passed over: names that begin with a period, an underscore or a hash mark, or end with a tilde
/// (c-spectrum-external-tables). So are the zero-byte markers of folders.
fn is_data(folder: &Address, key: &str) -> bool {
    let below = key.strip_prefix(&folder.key).unwrap_or(key);
    let is_hidden = |name: &str| name.starts_with(['.', '_', '#']) || name.ends_with('~');
    !below.is_empty() && !below.ends_with('/') && !below.split('/').any(is_hidden)
}

/// How a file of text is compressed, as the table says, or the ending of its name (c-spectrum-data-files).
///
/// # Errors
/// 0A000 for what is not read here.
pub fn compression(address: &Address, table: &ExternalTable) -> Result<Compression, SqlError> {
    let name = address.key.rsplit('/').next().unwrap_or_default();
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase());
    let named = table.parameters.get("compression_type").map(|named| named.to_lowercase()).or(ending);
    match named.as_deref() {
        Some("gz" | "gzip") => Ok(Compression::Gzip),
        Some("bz2" | "bzip2") => Ok(Compression::Bzip2),
        Some(other @ ("deflate" | "lz4" | "lzo" | "snappy" | "zst")) => {
            Err(SqlError::unsupported(&format!("text of external tables that is compressed as {other}")))
        }
        _ => Ok(Compression::None),
    }
}
