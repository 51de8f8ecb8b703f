//! The whole state at once: made empty, kept under a name, brought back; and databases that are copied for a test. While
//! something else writes, objects with their records are kept of one moment, and databases of later ones.

#[cfg(test)]
mod tests;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use http::StatusCode;
use redshift_engine::sync::locked;
use redshift_engine::{Place, SqlError};
use tempfile::TempDir;

use crate::Cloud;
use crate::error::{ApiError, StoreError};
use crate::store::Store;

/// Where snapshots lie in a state.
const SNAPSHOTS: &str = "snapshots";
/// The parts of a snapshot beside the dump of the store.
const OBJECTS: &str = "objects";
const WAREHOUSES: &str = "warehouses";

/// How often objects are moved aside again, because a body came in where they were.
const MOVES: u32 = 10;

/// What is to be made empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reset {
    All,
    /// One service, by the name that requests are signed for: `s3`, `iam`, …
    Service(String),
    /// One database: its template's copy again, or empty where it is no copy.
    Database {
        /// Where it is not named, the only one with such a database.
        cluster: Option<String>,
        database: String,
    },
}

/// Why the state is not as it was asked for.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ControlError {
    pub status: u16,
    pub message: String,
}

impl ControlError {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status: status.as_u16(), message: message.into() }
    }

    fn from_io(path: &Path, error: std::io::Error) -> Self {
        StoreError::from_io(path, error).into()
    }
}

impl From<ApiError> for ControlError {
    fn from(error: ApiError) -> Self {
        Self::new(error.status, error.message)
    }
}

impl From<StoreError> for ControlError {
    fn from(error: StoreError) -> Self {
        ApiError::from(error).into()
    }
}

impl From<SqlError> for ControlError {
    fn from(error: SqlError) -> Self {
        let status = match error.sqlstate {
            "3D000" => StatusCode::NOT_FOUND,
            "42P04" | "55006" => StatusCode::CONFLICT,
            "42602" => StatusCode::BAD_REQUEST,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.message)
    }
}

type Result<T> = std::result::Result<T, ControlError>;

const SERVICES: [&str; 8] =
    ["ec2", "iam", "redshift", "redshift-data", "redshift-serverless", "s3", "secretsmanager", "sts"];

impl Cloud {
    /// Makes the state empty, or a part of it. Snapshots and mounted directories stay.
    ///
    /// # Errors
    /// Where there is no such part, or it cannot be removed.
    pub fn reset(&self, what: &Reset) -> Result<()> {
        match what {
            Reset::All => SERVICES.iter().try_for_each(|service| self.reset_service(service)),
            Reset::Service(service) => self.reset_service(service),
            Reset::Database { cluster, database } => {
                let place = match cluster {
                    Some(cluster) => self.place(cluster)?,
                    None => self.place_with(database)?,
                };
                Ok(self.endpoint.redshift.warehouses.reset_database(&place, database)?)
            }
        }
    }

    fn reset_service(&self, service: &str) -> Result<()> {
        let services = &self.endpoint;
        let store = &services.buckets.store;
        match service {
            "ec2" => store.remove_kinds(&["ec2-security-group"])?,
            "iam" => {
                store.remove_kinds(&["iam-role", "iam-policy", "iam-instance-profile", "iam-service-linked-role"])?
            }
            "redshift" => {
                for here in services.redshift.every_region()? {
                    here.reset()?;
                }
                store.remove_kinds(&["redshift-snapshot"])?;
            }
            "redshift-serverless" => {
                for here in services.serverless.every_region()? {
                    here.reset()?;
                }
                store.remove_kinds(&["serverless-namespace", "serverless-workgroup"])?;
            }
            "redshift-data" => services.data_api.forget_statements(),
            "s3" => {
                store.remove_kinds(&["bucket", "upload"])?;
                self.replace_objects(None, Store::clear_objects)?;
            }
            "secretsmanager" => services.secrets.set_own(Default::default()),
            "sts" => services.buckets.sessions.clear(),
            other => {
                let message = format!("there is no service '{other}' here; it is one of {}", SERVICES.join(", "));
                return Err(ControlError::new(StatusCode::BAD_REQUEST, message));
            }
        }
        Ok(())
    }

    /// Keeps the whole state under a name, in the place of one that has it.
    ///
    /// # Errors
    /// Where the name is none, or there is no room.
    pub fn snapshot(&self, name: &str) -> Result<()> {
        let store = &self.endpoint.buckets.store;
        let target = self.snapshot_path(name)?;
        let building = self.scratch()?;
        // No object changes, and no bytes of one are removed, until all that records name are linked.
        let guard = store.change();
        store.dump(building.path())?;
        link_tree(&store.directory().join(OBJECTS), &building.path().join(OBJECTS))?;
        drop(guard);
        let warehouses = building.path().join(WAREHOUSES);
        make_directory(&warehouses)?;
        self.endpoint.redshift.warehouses.copy_all(&warehouses)?;
        locked(&self.unwritten).insert(name.to_owned(), self.endpoint.secrets.every_own());
        remove_tree(&target)?;
        std::fs::rename(building.path(), &target).map_err(|error| ControlError::from_io(&target, error))
    }

    /// Makes the state what it was when the snapshot was taken. Connections to warehouses end; their ports stay.
    ///
    /// # Errors
    /// Where there is no such snapshot, or it cannot be read.
    pub fn restore(&self, name: &str) -> Result<()> {
        let (services, source) = (&self.endpoint, self.snapshot_path(name)?);
        if !source.is_dir() {
            let message = format!("there is no snapshot '{name}'; there are: {}", self.snapshots()?.join(", "));
            return Err(ControlError::new(StatusCode::NOT_FOUND, message));
        }
        services.data_api.forget_sessions();
        services.redshift.warehouses.replace_all(&source.join(WAREHOUSES))?;
        self.replace_objects(Some(&source.join(OBJECTS)), |store| store.load(&source))?;
        services.secrets.set_own(locked(&self.unwritten).get(name).cloned().unwrap_or_default());
        self.follow_places()
    }

    /// Changes the records as `change` says, and puts the files of `source`, or none, in the place of all objects. Those
    /// that were there are moved aside first: bodies that are coming in keep a directory from being removed.
    fn replace_objects(
        &self,
        source: Option<&Path>,
        change: impl FnOnce(&Store) -> std::result::Result<(), StoreError>,
    ) -> Result<()> {
        let buckets = &self.endpoint.buckets;
        let aside = self.scratch()?;
        let new = aside.path().join("new");
        match source {
            Some(source) => link_tree(source, &new)?,
            None => make_directory(&new)?,
        }
        let _guard = buckets.store.change();
        buckets.leases.forget_discarded();
        let objects = buckets.store.directory().join(OBJECTS);
        // Behind the records, so that nothing is collected that they name.
        let changed = change(&buckets.store).map_err(ControlError::from);
        let changed = changed.and_then(|()| exchange(&objects, &new, aside.path()));
        buckets.leases.refuse_earlier();
        changed
    }

    /// A directory beside the snapshots that is none of them, and is removed when it is dropped.
    fn scratch(&self) -> Result<TempDir> {
        let parent = self.endpoint.buckets.store.directory().join(SNAPSHOTS);
        make_directory(&parent)?;
        let made = tempfile::Builder::new().prefix(".").tempdir_in(&parent);
        made.map_err(|error| ControlError::from_io(&parent, error))
    }

    /// The names of the snapshots.
    ///
    /// # Errors
    /// Where they cannot be listed.
    pub fn snapshots(&self) -> Result<Vec<String>> {
        let directory = self.endpoint.buckets.store.directory().join(SNAPSHOTS);
        let names = entries(&directory)?.into_iter().filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()));
        let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
        names.sort();
        Ok(names)
    }

    /// Copies a database with everything in it, for a test that may change it.
    ///
    /// # Errors
    /// Where there is no such cluster or template, or a database of this name already.
    pub fn copy_database(&self, cluster: &str, template: &str, database: &str) -> Result<()> {
        let warehouses = &self.endpoint.redshift.warehouses;
        Ok(warehouses.copy_database(&self.place(cluster)?, template, database)?)
    }

    /// Drops a database, whoever is connected to it.
    ///
    /// # Errors
    /// Where there is none, or it is the one that its cluster was created with.
    pub fn drop_database(&self, cluster: &str, database: &str) -> Result<()> {
        Ok(self.endpoint.redshift.warehouses.drop_database(&self.place(cluster)?, database)?)
    }

    /// The warehouse of a cluster, or of a workgroup.
    fn place(&self, name: &str) -> Result<Place> {
        let services = &self.endpoint;
        let found = services.redshift.place(&name.to_lowercase());
        found.or_else(|missing| services.serverless.place(name).map_err(|_| missing)).map_err(|error| {
            // It says which cluster, and whether it is there.
            ControlError::new(StatusCode::NOT_FOUND, error.message)
        })
    }

    /// The only cluster that has a database of this name.
    fn place_with(&self, database: &str) -> Result<Place> {
        let redshift = &self.endpoint.redshift;
        let places = redshift.clusters()?.into_iter().filter_map(|cluster| redshift.place(&cluster.id).ok());
        let mut found: Vec<Place> = places.filter(|place| redshift.warehouses.has(place, database)).collect();
        match (found.pop(), found.is_empty()) {
            (Some(place), true) => Ok(place),
            (Some(_), false) => {
                let message = format!("several clusters have a database '{database}': say which, ?cluster=NAME");
                Err(ControlError::new(StatusCode::CONFLICT, message))
            }
            (None, _) => {
                Err(ControlError::new(StatusCode::NOT_FOUND, format!("no cluster has a database '{database}'")))
            }
        }
    }

    /// Closes the ports of warehouses that are gone, and opens those of others.
    fn follow_places(&self) -> Result<()> {
        let services = &self.endpoint;
        let mut ids = Vec::new();
        for here in services.redshift.every_region()? {
            ids.extend(here.place_ids()?);
        }
        for here in services.serverless.every_region()? {
            ids.extend(here.place_ids()?);
        }
        services.redshift.wire.retain(|id| ids.iter().any(|known| known == id));
        Ok(services.redshift.open_doors()?)
    }

    fn snapshot_path(&self, name: &str) -> Result<PathBuf> {
        let is_good = |sign: char| sign.is_ascii_alphanumeric() || "._-".contains(sign);
        match (1..=64).contains(&name.len()) && name.chars().all(is_good) && !name.starts_with('.') {
            true => Ok(self.endpoint.buckets.store.directory().join(SNAPSHOTS).join(name)),
            false => {
                let message =
                    format!("'{name}' is no name of a snapshot: 1 to 64 letters, digits, '.', '_', '-', no '.' first");
                Err(ControlError::new(StatusCode::BAD_REQUEST, message))
            }
        }
    }
}

fn make_directory(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path).map_err(|error| ControlError::from_io(path, error))
}

fn remove_tree(path: &Path) -> Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(ControlError::from_io(path, error)),
        _ => Ok(()),
    }
}

/// Puts the directory `new` in the place of `old`, which is moved into `aside`.
fn exchange(old: &Path, new: &Path, aside: &Path) -> Result<()> {
    let mut moves = 0;
    loop {
        match std::fs::rename(old, aside.join(format!("old-{moves}"))) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(ControlError::from_io(old, error)),
            _ => moves += 1,
        }
        match std::fs::rename(new, old) {
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty && moves < MOVES => {}
            done => return done.map_err(|error| ControlError::from_io(old, error)),
        }
    }
}

fn entries(path: &Path) -> Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| ControlError::from_io(path, error))?,
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    paths.collect::<std::io::Result<_>>().map_err(|error| ControlError::from_io(path, error))
}

/// Files of objects never change: both trees can have the same ones. Those that go meanwhile are no object's.
fn link_tree(from: &Path, to: &Path) -> Result<()> {
    make_directory(to)?;
    for path in entries(from)? {
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            link_tree(&path, &target)?;
            continue;
        }
        match std::fs::hard_link(&path, &target).or_else(|_| std::fs::copy(&path, &target).map(drop)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(ControlError::from_io(&target, error)),
            _ => {}
        }
    }
    Ok(())
}
