//! A disk that is full: told with its place, nothing lost, and over as soon as there is room. A limit on the size of
//! files plays it, which the server is started to take as an error and not as a signal.

use std::process::Command;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};

use crate::project::Project;
use crate::serve::Serving;

/// In the record, in the store, in a file.
const SIZES: [(&str, usize); 3] = [("small", 1_000), ("medium", 20_000), ("large", 400_000)];

fn serve(project: &Project) -> Serving {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_sparkify-infra")])
        .args(["local", "serve", "--port=0"])
        .current_dir(project.home.path())
        .env_clear()
        .env("HOME", project.home.path())
        .env("AWS_REGION", "us-west-2");
    Serving::start(command)
}

/// Lets the files of a process grow to this many bytes.
fn limit(serving: &Serving, bytes: u64) {
    let (_, hard) = rlimit::getrlimit(rlimit::Resource::FSIZE).unwrap();
    let process = i32::try_from(serving.child.id()).unwrap();
    rlimit::prlimit(process, rlimit::Resource::FSIZE, Some((bytes.min(hard), hard)), None).unwrap();
}

fn client(serving: &Serving) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-west-2"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(format!("http://{}", serving.address))
        .force_path_style(true);
    Client::from_conf(config.build())
}

async fn create_bucket(s3: &Client, name: &str) -> Result<(), String> {
    let place = CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::UsWest2).build();
    let created = s3.create_bucket().bucket(name).create_bucket_configuration(place).send().await;
    created.map(drop).map_err(|error| told(&error))
}

async fn put(s3: &Client, key: &str, size: usize) -> Result<(), String> {
    let body = vec![b'x'; size].into();
    s3.put_object().bucket("kept").key(key).body(body).send().await.map(drop).map_err(|error| told(&error))
}

async fn size(s3: &Client, key: &str) -> usize {
    let found = s3.get_object().bucket("kept").key(key).send().await.unwrap_or_else(|error| panic!("{key}: {error:?}"));
    found.body.collect().await.unwrap().into_bytes().len()
}

fn told<E: ProvideErrorMetadata>(error: &SdkError<E>) -> String {
    format!("{}: {}", error.code().unwrap_or_default(), error.message().unwrap_or_default())
}

#[test]
fn a_full_disk_is_told_and_forgotten_as_soon_as_there_is_room() {
    let project = Project::empty();
    let serving = serve(&project);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let s3 = client(&serving);
    runtime.block_on(async {
        create_bucket(&s3, "kept").await.unwrap();
        for round in 0..2 {
            for (key, size) in SIZES {
                put(&s3, &format!("{round}/{key}"), size).await.unwrap();
            }
            limit(&serving, 0);
            for (key, bytes) in SIZES {
                // What was written before is still read, and stays, also where it was to be replaced.
                let told = [
                    put(&s3, &format!("never/{key}"), bytes).await.unwrap_err(),
                    put(&s3, &format!("{round}/{key}"), bytes).await.unwrap_err(),
                    create_bucket(&s3, &format!("more-{round}")).await.unwrap_err(),
                ];
                for told in told {
                    assert!(told.starts_with("ServiceUnavailable: no room left to write to "), "{key}: {told}");
                    assert!(told.contains(".sparkify"), "{told}");
                }
                assert_eq!(size(&s3, &format!("{round}/{key}")).await, bytes);
            }
            limit(&serving, u64::MAX);
        }
        for (key, size) in SIZES {
            put(&s3, &format!("after/{key}"), size).await.unwrap();
        }
    });
    drop(serving);
    let serving = serve(&project);
    let s3 = client(&serving);
    runtime.block_on(async {
        for (key, bytes) in SIZES {
            for round in ["0", "1", "after"] {
                assert_eq!(size(&s3, &format!("{round}/{key}")).await, bytes, "{round}/{key}");
            }
        }
    });
    // Large objects are files: no half of one is left.
    let left = std::fs::read_dir(project.path(".sparkify/objects/kept")).unwrap();
    assert_eq!(left.filter(|file| file.as_ref().unwrap().metadata().unwrap().len() > 0).count(), 3);
}
