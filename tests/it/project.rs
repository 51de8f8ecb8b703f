//! A project directory of its own for each test, the binary run in it, and a look into its local cloud.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_redshiftdata::types::{Field, StatusString};
use aws_sdk_s3::config::retry::RetryConfig;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use serde_json::Value;
use sparkify_local::{ACCESS_KEY, Account, Behaviors, Cloud, Mount, Options, Pace, SECRET_KEY};

pub const ACCOUNT: &str = "000000000000";
pub const REGION: &str = "us-west-2";
pub const BUCKET: &str = "sparkify-000000000000-us-west-2";

/// The tables of the star and the columns that make up their content: everything but generated ids.
pub const STAR: [(&str, &str); 5] = [
    ("users", "*"),
    ("artists", "*"),
    ("songs", "*"),
    ("time", "*"),
    ("songplays", "start_time, user_id, level, song_id, artist_id, session_id, item_in_session, location, user_agent"),
];

pub struct Project {
    pub home: tempfile::TempDir,
}

#[must_use = "look at the output"]
pub struct Output {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    pub fn succeeded(self) -> Self {
        assert_eq!(self.code, 0, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// The first event of this name among the JSON lines.
    pub fn event(&self, name: &str) -> Value {
        let lines = self.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.into_iter().find(|line| line["event"] == name).unwrap_or_else(|| panic!("no {name} in {}", self.stdout))
    }

    /// Failed with this code, and said all of this.
    pub fn failed(self, code: i32, says: &[&str]) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        for words in says {
            assert!(self.stderr.contains(words), "'{words}' is not in\n{}", self.stderr);
        }
        self
    }
}

impl Project {
    /// The shipped infra.toml and sql/, and a sample of this size under data/.
    pub fn with_sample(songs: u64, events: u64) -> Self {
        let project = Self::empty();
        let size = [format!("--songs={songs}"), format!("--events={events}"), "--days=3".to_owned()];
        let arguments = ["sample", "data"].into_iter().chain(size.iter().map(String::as_str));
        let _ = project.run(arguments).succeeded();
        project
    }

    pub fn empty() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let home = tempfile::tempdir().unwrap();
        std::fs::copy(root.join("infra.toml"), home.path().join("infra.toml")).unwrap();
        copy_tree(&root.join("sql"), &home.path().join("sql"));
        Self { home }
    }

    /// A directory with nothing in it.
    pub fn bare() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub fn edit(&self, name: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(from), "{name} has no '{from}'");
        std::fs::write(self.path(name), text.replace(from, to)).unwrap();
    }

    pub fn command<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sparkify-infra"));
        command
            .args(arguments)
            .current_dir(self.home.path())
            .env_clear()
            .env("HOME", self.home.path())
            .env("SPARKIFY_SETTLE", "0")
            .stdin(Stdio::null());
        command
    }

    pub fn run<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Output {
        self.output_of(self.command(arguments))
    }

    pub fn output_of(&self, mut command: Command) -> Output {
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| {
            let home = self.home.path().display().to_string();
            String::from_utf8(bytes).unwrap().replace(&home, "$HOME")
        };
        Output { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// The project's cloud, opened by the test: no other process may have it meanwhile.
    pub fn cloud(&self) -> Sdk {
        let data = Some(self.path("data")).filter(|data| data.exists());
        self.cloud_with(data.map(|data| ("udacity-dend".to_owned(), Mount::new(data, REGION))).into_iter().collect())
    }

    pub fn cloud_with(&self, mounts: BTreeMap<String, Mount>) -> Sdk {
        self.cloud_in(REGION, mounts)
    }

    pub fn cloud_in(&self, region: &str, mounts: BTreeMap<String, Mount>) -> Sdk {
        let account = Account { id: ACCOUNT.into(), region: region.into() };
        let behaviors = Behaviors::default();
        let options = Options { account, mounts, pace: Pace::LAPTOP, behaviors, memory: None, faults: None };
        Sdk::in_region(&Cloud::open(&self.path(".sparkify"), options).unwrap(), region)
    }

    /// The content of the star, table by table, in an order of its own.
    pub fn star(&self) -> Vec<Vec<Vec<String>>> {
        self.cloud().star()
    }

    /// All objects that a `down` must not leave.
    pub fn everything(&self) -> Vec<String> {
        self.cloud().everything()
    }
}

impl Sdk {
    /// All objects that a `down` must not leave.
    pub fn everything(&self) -> Vec<String> {
        let sdk = self;
        sdk.block_on(async {
            let mut found = Vec::new();
            let roles = sdk.iam.list_roles().send().await.unwrap().roles;
            found.extend(roles.into_iter().map(|role| role.role_name));
            let buckets = sdk.s3.list_buckets().send().await.unwrap().buckets.unwrap_or_default();
            found.extend(buckets.into_iter().filter_map(|bucket| bucket.name));
            let clusters = sdk.redshift.describe_clusters().send().await.unwrap().clusters.unwrap_or_default();
            found.extend(clusters.into_iter().filter_map(|cluster| cluster.cluster_identifier));
            let secrets = sdk.secrets.list_secrets().send().await.unwrap().secret_list.unwrap_or_default();
            found.extend(secrets.into_iter().filter_map(|secret| secret.name));
            found
        })
    }
}

/// Clients of the AWS SDK over a local cloud.
pub struct Sdk {
    runtime: tokio::runtime::Runtime,
    pub iam: aws_sdk_iam::Client,
    pub s3: aws_sdk_s3::Client,
    pub redshift: aws_sdk_redshift::Client,
    pub data: aws_sdk_redshiftdata::Client,
    pub secrets: aws_sdk_secretsmanager::Client,
    pub sts: aws_sdk_sts::Client,
}

impl Sdk {
    pub fn over(cloud: &Cloud) -> Self {
        Self::in_region(cloud, REGION)
    }

    /// Clients that sign for a region.
    pub fn in_region(cloud: &Cloud, region: &str) -> Self {
        Self::with(&config(cloud, region))
    }

    /// Clients that make each call once.
    pub fn once(cloud: &Cloud) -> Self {
        Self::with(&config(cloud, REGION).into_builder().retry_config(RetryConfig::disabled()).build())
    }

    /// Clients of a server, by its host and port.
    pub fn at(address: &str) -> Self {
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .credentials_provider(credentials())
            .endpoint_url(format!("http://{address}"))
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .time_source(SharedTimeSource::new(SystemTimeSource::new()))
            .build();
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
        Self { s3: aws_sdk_s3::Client::from_conf(s3), ..Self::with(&config) }
    }

    fn with(config: &SdkConfig) -> Self {
        Self {
            runtime: tokio::runtime::Runtime::new().unwrap(),
            iam: aws_sdk_iam::Client::new(config),
            s3: aws_sdk_s3::Client::new(config),
            redshift: aws_sdk_redshift::Client::new(config),
            data: aws_sdk_redshiftdata::Client::new(config),
            secrets: aws_sdk_secretsmanager::Client::new(config),
            sts: aws_sdk_sts::Client::new(config),
        }
    }

    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    pub fn secret_value(&self, name: &str) -> String {
        self.block_on(self.secrets.get_secret_value().secret_id(name).send()).unwrap().secret_string.unwrap()
    }

    /// Runs a statement on the cluster `sparkify`: its rows as text (`NULL` for NULL), or the error.
    pub fn sql(&self, sql: &str) -> Result<Vec<Vec<String>>, String> {
        self.sql_counted(sql).map(|(rows, _)| rows)
    }

    /// As `sql`, with the number of rows that were changed or returned.
    pub fn sql_counted(&self, sql: &str) -> Result<(Vec<Vec<String>>, i64), String> {
        self.block_on(async {
            let call = self.data.execute_statement().cluster_identifier("sparkify").database("dwh").db_user("dwhadmin");
            let id =
                call.sql(sql).wait_time_seconds(30).send().await.map_err(|error| format!("{error:?}"))?.id.unwrap();
            let described = self.data.describe_statement().id(&id).wait_time_seconds(30).send().await.unwrap();
            if described.status != Some(StatusString::Finished) {
                return Err(described.error.unwrap_or_else(|| format!("{:?}", described.status)));
            }
            if described.has_result_set != Some(true) {
                return Ok((Vec::new(), described.result_rows));
            }
            let (mut rows, mut token) = (Vec::new(), None);
            loop {
                let page = self.data.get_statement_result().id(&id).set_next_token(token).send().await.unwrap();
                rows.extend(page.records.into_iter().map(|row| row.into_iter().map(text).collect()));
                token = page.next_token;
                if token.is_none() {
                    return Ok((rows, described.result_rows));
                }
            }
        })
    }

    /// Runs a COPY: the rows that it loaded, which its own answer does not count (R25), or the error.
    pub fn copied(&self, copy: &str) -> Result<i64, String> {
        self.block_on(async {
            let call =
                self.data.batch_execute_statement().cluster_identifier("sparkify").database("dwh").db_user("dwhadmin");
            let call = call.sqls(copy).sqls("select pg_last_copy_count()").wait_time_seconds(30);
            let id = call.send().await.map_err(|error| format!("{error:?}"))?.id.unwrap();
            let described = self.data.describe_statement().id(&id).wait_time_seconds(30).send().await.unwrap();
            if described.status != Some(StatusString::Finished) {
                return Err(described.error.unwrap_or_else(|| format!("{:?}", described.status)));
            }
            let counted = self.data.get_statement_result().id(format!("{id}:2")).send().await.unwrap();
            Ok(counted.records.into_iter().flatten().map(text).next().unwrap().parse().unwrap())
        })
    }

    pub fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        self.sql(sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The rows of the star's tables, sorted.
    pub fn star(&self) -> Vec<Vec<Vec<String>>> {
        let content = |(table, columns): &(&str, &str)| {
            let mut rows = self.rows(&format!("select {columns} from {table}"));
            rows.sort();
            rows
        };
        STAR.iter().map(content).collect()
    }

    /// The only value of a query.
    pub fn value(&self, sql: &str) -> String {
        self.rows(sql)[0][0].clone()
    }

    pub fn put(&self, bucket: &str, key: &str, body: &str) {
        let call = self.s3.put_object().bucket(bucket).key(key).body(body.as_bytes().to_vec().into());
        self.block_on(call.send()).unwrap();
    }
}

fn credentials() -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "test"))
}

fn config(cloud: &Cloud, region: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .credentials_provider(credentials())
        .http_client(cloud.http_client())
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .time_source(SharedTimeSource::new(SystemTimeSource::new()))
        .build()
}

fn text(field: Field) -> String {
    match field {
        Field::StringValue(text) => text,
        Field::LongValue(number) => number.to_string(),
        Field::DoubleValue(number) => number.to_string(),
        Field::BooleanValue(flag) => flag.to_string(),
        _ => "NULL".to_owned(),
    }
}

fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy_tree(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}
