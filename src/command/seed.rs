//! `local serve --seed DIR`: what a new state begins with. Objects come first, so that a COPY finds them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};

use crate::aws::{Aws, Target, failed, is};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::event::Events;
use crate::files;
use crate::interrupt;
use crate::query::{self, Answers};
use crate::view;
use crate::warehouse::{ClusterDatabase, Rows, Warehouse};

const CLUSTER: &str = "local";
const DATABASE: &str = "dev";
const ADMIN: &str = "admin";
/// Time between two polls of a cluster that is being created.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Statements of a file answer nobody.
struct Silence;

impl Answers for Silence {
    fn page(&mut self, _: &Rows, _: bool) -> Result<()> {
        Ok(())
    }

    fn end(&mut self, _: &str, _: i64, _: bool) -> Result<()> {
        Ok(())
    }
}

/// Loads a directory into the state behind a server, where that has no cluster yet.
pub async fn load(directory: &Path, config: &Config) -> Result<()> {
    let aws = interrupt::unless_asked(Aws::connect(Target::Local, config)).await?;
    let scripts = entries(directory)?.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "sql"));
    let scripts: Vec<PathBuf> = scripts.collect();
    if interrupt::unless_asked(has_cluster(&aws)).await? {
        view::status(&format!("the state is not new: {} is not loaded again", directory.display()));
        return Ok(());
    }
    let buckets = directory.join("buckets");
    for bucket in if buckets.is_dir() { entries(&buckets)? } else { Vec::new() } {
        interrupt::unless_asked(fill(&aws, &bucket)).await?;
    }
    if scripts.is_empty() {
        return Ok(());
    }
    interrupt::unless_asked(create(&aws)).await?;
    let place = ClusterDatabase { cluster: CLUSTER.into(), database: DATABASE.into(), admin: ADMIN.into() };
    let warehouse = Warehouse::new(&aws, place, None, config.timeouts.statement, &Events::to(|_| {}));
    for script in &scripts {
        let unreadable = |error| Error::failed(format!("cannot read {}", script.display())).because(error);
        let text = crate::files::read_text(script).map_err(unreadable)?;
        let ran = query::run(&warehouse, &text, &mut Silence).await;
        ran.map_err(|error| error.hint(format!("It is in {}.", script.display())))?;
    }
    Ok(())
}

async fn has_cluster(aws: &Aws) -> Result<bool> {
    let described = aws.redshift.describe_clusters().send().await;
    let described = described.map_err(|error| failed("look at the clusters", &error))?;
    Ok(!described.clusters().is_empty())
}

/// A bucket with the files of a directory.
async fn fill(aws: &Aws, directory: &Path) -> Result<()> {
    let bucket = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut call = aws.s3.create_bucket().bucket(&bucket);
    if aws.region != "us-east-1" {
        let place = BucketLocationConstraint::from(aws.region.as_str());
        let configuration = CreateBucketConfiguration::builder().location_constraint(place).build();
        call = call.create_bucket_configuration(configuration);
    }
    match call.send().await {
        Err(error) if !is(&error, &["BucketAlreadyOwnedByYou"]) => {
            return Err(failed(&format!("create the bucket {bucket}"), &error));
        }
        _ => {}
    }
    let mut left = vec![directory.to_owned()];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(entries(&path)?);
            continue;
        }
        let key = path.strip_prefix(directory).unwrap_or(&path).to_string_lossy().into_owned();
        let unreadable = |error| Error::failed(format!("cannot read {}", path.display())).because(error);
        let bytes = std::fs::read(&path).map_err(unreadable)?;
        let put = aws.s3.put_object().bucket(&bucket).key(&key).body(bytes.into()).send().await;
        put.map_err(|error| failed(&format!("put {key} into the bucket {bucket}"), &error))?;
    }
    Ok(())
}

/// A cluster that takes statements when this returns.
async fn create(aws: &Aws) -> Result<()> {
    let call = aws.redshift.create_cluster().cluster_identifier(CLUSTER).node_type("ra3.large").db_name(DATABASE);
    let call = call.cluster_type("single-node").master_username(ADMIN).manage_master_password(true);
    call.send().await.map_err(|error| failed("create the cluster", &error))?;
    loop {
        let described = aws.redshift.describe_clusters().cluster_identifier(CLUSTER).send().await;
        let described = described.map_err(|error| failed("look at the cluster", &error))?;
        if described.clusters().iter().any(|cluster| cluster.cluster_status() == Some("available")) {
            return Ok(());
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// The entries of a directory by name, without hidden ones.
fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = |error| Error::failed(format!("cannot read {}", directory.display())).because(error);
    let is_hidden =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.as_encoded_bytes().first() == Some(&b'.'));
    let mut found = files::entries(directory).map_err(unreadable)?;
    found.retain(|path| !is_hidden(path));
    Ok(found)
}
