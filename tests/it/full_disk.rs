//! A disk that is full: told with its place, nothing lost, and over as soon as there is room. A limit on the size of
//! files plays it, which the server is started to take as an error and not as a signal.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use aws_config::SdkConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_redshiftdata::types::StatusString;
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
        .args(["local", "serve", "--port=0", "--instant"])
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

/// Clients of a cluster that is there, and a role that may read and write every bucket.
struct Cluster {
    data: aws_sdk_redshiftdata::Client,
    role: String,
}

impl Cluster {
    async fn create(serving: &Serving) -> Self {
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-west-2"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "test")))
            .retry_config(RetryConfig::disabled())
            .endpoint_url(format!("http://{}", serving.address))
            .build();
        let iam = aws_sdk_iam::Client::new(&config);
        let trust = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"Service": "redshift.amazonaws.com"}}]}"#;
        let created = iam.create_role().role_name("full").assume_role_policy_document(trust).send().await.unwrap();
        let policy = "arn:aws:iam::aws:policy/AmazonS3FullAccess";
        iam.attach_role_policy().role_name("full").policy_arn(policy).send().await.unwrap();
        let role = created.role.unwrap().arn;
        let create = aws_sdk_redshift::Client::new(&config).create_cluster().cluster_identifier("full").db_name("dev");
        let create = create.node_type("ra3.large").cluster_type("single-node").master_username("admin");
        create.manage_master_password(true).iam_roles(&role).send().await.unwrap();
        Self { data: aws_sdk_redshiftdata::Client::new(&config), role }
    }

    /// Runs a statement; the error that it ends with.
    async fn run(&self, sql: &str) -> Result<(), String> {
        let sql = sql.replace("ROLE", &self.role);
        let call = self.data.execute_statement().cluster_identifier("full").database("dev").db_user("admin").sql(sql);
        let begun = call.wait_time_seconds(30).send().await.map_err(|error| told(&error))?;
        let id = begun.id.unwrap();
        let described = self.data.describe_statement().id(id).wait_time_seconds(30).send().await.unwrap();
        match described.status == Some(StatusString::Finished) {
            true => Ok(()),
            false => Err(described.error.unwrap_or_else(|| format!("{:?}", described.status))),
        }
    }
}

/// Copies the database under a name, for which DuckDB writes its log into its file; the answer.
fn copy_database(serving: &Serving, name: &str) -> String {
    let mut stream = TcpStream::connect(&serving.address).unwrap();
    let head = format!("POST /_local/databases/full/{name}?template=dev HTTP/1.1\r\nHost: localhost\r\n");
    write!(stream, "{head}X-Sparkify-Local: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Returns true if an error says that there is no room, and where.
fn is_named(told: &str) -> bool {
    told.contains('/') && ["no room left to write to ", "File too large"].iter().any(|words| told.contains(words))
}

#[test]
fn statements_on_a_full_disk_name_it_and_go_on_as_soon_as_there_is_room() {
    let project = Project::empty();
    let serving = serve(&project);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let s3 = client(&serving);
    runtime.block_on(async {
        let cluster = Cluster::create(&serving).await;
        create_bucket(&s3, "kept").await.unwrap();
        let lines: String = (0..20_000).map(|n| format!("{n},text {}\n", n * 7_919)).collect();
        s3.put_object().bucket("kept").key("in/a.csv").body(lines.into_bytes().into()).send().await.unwrap();
        cluster.run("create table t (n int, t varchar(40))").await.unwrap();
        let [copy, unload, parquet] = [
            "copy t from 's3://kept/in/' iam_role 'ROLE' csv",
            "unload ('select * from t') to 's3://kept/text/' iam_role 'ROLE' allowoverwrite",
            "unload ('select * from t') to 's3://kept/parquet/' iam_role 'ROLE' format parquet allowoverwrite",
        ];
        for round in ["one", "two"] {
            cluster.run(copy).await.unwrap();
            limit(&serving, 0);
            // What a client does not read at once waits on the disk, too.
            let writes =
                [copy, unload, parquet, "insert into t values (1, 'a')", "create table u (a int)", "select * from t"];
            for sql in writes {
                let told = cluster.run(sql).await.expect_err(sql);
                assert!(is_named(&told), "{sql}: {told}");
            }
            // A checkpoint that fails ends the database: it is opened anew, at the latest when there is room.
            let told = copy_database(&serving, round);
            assert!(!told.starts_with("HTTP/1.1 200") && is_named(&told), "{told}");
            let told = cluster.run("select count(*) from t").await.err().unwrap_or("/File too large".into());
            assert!(is_named(&told), "{told}");
            limit(&serving, u64::MAX);
            // The first may be told that the database was opened anew.
            let _ = cluster.run("select 1").await;
            for sql in [copy, unload, parquet, "insert into t values (1, 'a')", "select * from t"] {
                cluster.run(sql).await.unwrap_or_else(|told| panic!("with room again: {sql}: {told}"));
            }
            let told = copy_database(&serving, round);
            assert!(told.starts_with("HTTP/1.1 200"), "{told}");
        }
        assert!(size(&s3, "text/0000_part_00").await > 0);
    });
}
