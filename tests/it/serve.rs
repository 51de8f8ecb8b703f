//! `local serve`: other programs over loopback, and nobody else.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use crate::project::Project;

/// A `local serve` that runs until it is dropped.
pub struct Serving {
    pub child: Child,
    /// Host and port.
    pub address: String,
}

impl Serving {
    /// Returns when it answers.
    pub fn start(mut command: Command) -> Self {
        command.stderr(Stdio::null());
        Self::start_with_log(command)
    }

    /// As `start`, with standard error where the command has it.
    fn start_with_log(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let address = ready.trim().strip_prefix("ready on http://").unwrap().to_owned();
        Self { child, address }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// S3 of a server, each call made once.
pub fn client(serving: &Serving) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
        .region(aws_sdk_s3::config::Region::new("us-west-2"))
        .credentials_provider(aws_sdk_s3::config::Credentials::new("test", "test", None, None, "test"))
        .retry_config(aws_sdk_s3::config::retry::RetryConfig::disabled())
        .endpoint_url(format!("http://{}", serving.address))
        .force_path_style(true);
    aws_sdk_s3::Client::from_conf(config.build())
}

/// Where the stand-in's buckets are.
pub fn here() -> aws_sdk_s3::types::CreateBucketConfiguration {
    let place = aws_sdk_s3::types::BucketLocationConstraint::UsWest2;
    aws_sdk_s3::types::CreateBucketConfiguration::builder().location_constraint(place).build()
}

fn serve(project: &Project) -> Serving {
    Serving::start(project.command(["local", "serve", "--port=0", "--mount=udacity-dend=data"]))
}

fn ask_for(address: &str, path: &str, host: &str, more: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\n{more}Connection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The status line of an answer.
fn ask(address: &str, host: &str, more: &str) -> String {
    let answer = ask_for(address, "/udacity-dend?list-type=2", host, more);
    answer.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn up_load_and_down_over_a_port_and_a_clean_stop() {
    let project = Project::with_sample(40, 60);
    let mut serving = serve(&project);
    assert!(serving.address.starts_with("127.0.0.1:"));
    let run = |arguments: &[&str]| {
        let mut command = project.command(arguments.iter().copied());
        command
            .env("SPARKIFY_TARGET", "aws")
            .env("AWS_ENDPOINT_URL", format!("http://{}", serving.address))
            .env("AWS_ACCESS_KEY_ID", sparkify_local::ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", sparkify_local::SECRET_KEY)
            .env("AWS_EC2_METADATA_DISABLED", "true");
        project.output_of(command)
    };
    let _ = run(&["up"]).succeeded();
    let load = run(&["load"]).succeeded();
    assert!(load.stdout.contains("10 of 10 checks passed"), "{}", load.stdout);
    // In the same folder the server is used instead of the files that it holds.
    let status = project.run(["status"]).succeeded();
    assert!(status.stdout.contains("ready"), "{}", status.stdout);
    let _ = project.run(["load", "--quiet"]).succeeded();
    let _ = project.run(["down"]).succeeded();
    assert!(Command::new("kill").arg(serving.child.id().to_string()).status().unwrap().success());
    assert_eq!(serving.child.wait().unwrap().code(), Some(0));
    assert_eq!(project.everything(), Vec::<String>::new());
}

#[test]
fn only_names_of_this_machine_are_answered() {
    let project = Project::with_sample(1, 1);
    let serving = serve(&project);
    for (host, more) in
        [("evil.example", ""), ("localhost", "Origin: https://evil.example\r\n"), ("127.0.0.1.evil.example", "")]
    {
        let status = ask(&serving.address, host, more);
        assert!(status.contains("421"), "{host} {more}: {status}");
    }
    // Without a signature S3 answers that it does not know the caller, or what is public.
    for host in ["localhost", "127.0.0.1:80", "udacity-dend.localhost"] {
        let status = ask(&serving.address, host, "");
        assert!(status.contains("403") || status.contains("200"), "{host}: {status}");
    }
}

/// At the limit of open files accepting fails at once, again and again: the server waits, says so, and goes on.
#[test]
fn without_files_for_connections_the_server_waits_until_there_are_some() {
    let project = Project::empty();
    let inner = project.command(["local", "serve", "--port=0", "--in-memory"]);
    let log = project.path("log");
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 120; exec \"$@\"", "sh"]).arg(inner.get_program()).args(inner.get_args());
    command.current_dir(project.home.path()).env_clear().env("HOME", project.home.path()).env("SPARKIFY_LOG", "warn");
    let serving = Serving::start_with_log({
        command.stdin(Stdio::null()).stderr(std::fs::File::create(&log).unwrap());
        command
    });
    let failures = || std::fs::read_to_string(&log).unwrap().matches("cannot accept connections").count();
    let open: Vec<TcpStream> = (0..150).map(|_| TcpStream::connect(&serving.address).unwrap()).collect();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while failures() == 0 {
        assert!(std::time::Instant::now() < deadline, "all are accepted");
        std::thread::yield_now();
    }
    drop(open);
    let health = ask_for(&serving.address, "/_local/health", "localhost", "");
    assert!(health.contains("200 OK"), "{health}");
    // One line for each time that it had to wait, not one for each attempt.
    assert!(failures() < 100, "{} lines", failures());
}

#[test]
fn state_in_memory_goes_with_the_server() {
    let project = Project::with_sample(2, 2);
    let command = project.command(["local", "serve", "--port=0", "--in-memory", "--mount=udacity-dend=data"]);
    let mut serving = Serving::start(command);
    let health = ask_for(&serving.address, "/_local/health", "localhost", "");
    assert!(health.contains("200 OK") && health.contains("\"status\":\"ok\""), "{health}");
    let _ = project.run(["up"]).succeeded();
    assert!(!project.path(".sparkify/store").exists(), "nothing is on disk");
    // A note that nobody stands behind any more is passed over.
    let note = std::fs::read(project.path(".sparkify/serving.json")).unwrap();
    let _ = Command::new("kill").arg(serving.child.id().to_string()).status();
    assert_eq!(serving.child.wait().unwrap().code(), Some(0));
    assert!(!project.path(".sparkify").exists());
    std::fs::create_dir(project.path(".sparkify")).unwrap();
    std::fs::write(project.path(".sparkify/serving.json"), note).unwrap();
    let _ = project.run(["up"]).succeeded();
    assert!(project.path(".sparkify/store").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn state_in_memory_goes_where_the_server_is_killed() {
    let project = Project::bare();
    let mut serving = Serving::start(project.command(["local", "serve", "--port=0", "--in-memory"]));
    let files = std::fs::read_dir(format!("/proc/{}/fd", serving.child.id())).unwrap().flatten();
    let mut files = files.filter_map(|link| std::fs::read_link(link.path()).ok()?.to_str().map(str::to_owned));
    let open = files.find(|path| path.contains("/store/")).expect("a file of its state is open");
    assert!(project.path(".sparkify/serving.json").exists());
    serving.child.kill().unwrap();
    serving.child.wait().unwrap();
    let state = std::path::PathBuf::from(open.split("/store/").next().unwrap());
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while state.exists() || project.path(".sparkify").exists() {
        assert!(std::time::Instant::now() < deadline, "{} is left", state.display());
        std::thread::yield_now();
    }
}

#[test]
fn an_instant_server_has_its_cluster_when_it_answers() {
    let project = Project::bare();
    let arguments = ["local", "serve", "--port=0", "--in-memory", "--instant", "--account=210987654321"];
    let serving = Serving::start(project.command(arguments));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = aws_sdk_redshift::Config::builder()
        .behavior_version(aws_sdk_redshift::config::BehaviorVersion::latest())
        .region(aws_sdk_redshift::config::Region::new("eu-west-1"))
        .credentials_provider(aws_sdk_redshift::config::Credentials::new("test", "test", None, None, "test"))
        .retry_config(aws_sdk_redshift::config::retry::RetryConfig::disabled())
        .endpoint_url(format!("http://{}", serving.address));
    let redshift = aws_sdk_redshift::Client::from_conf(config.build());
    let create = redshift.create_cluster().cluster_identifier("twin").node_type("ra3.large");
    let create = create.cluster_type("single-node").master_username("admin").manage_master_password(true);
    let cluster = runtime.block_on(create.send()).unwrap().cluster.unwrap();
    assert_eq!(cluster.cluster_status.as_deref(), Some("available"));
    assert!(cluster.cluster_namespace_arn.unwrap().contains(":eu-west-1:210987654321:"));
    // Its port answers: a client that waits for it waits for nothing.
    let endpoint = cluster.endpoint.unwrap();
    let address = format!("{}:{}", endpoint.address.unwrap(), endpoint.port.unwrap());
    drop(TcpStream::connect(address).unwrap());
    let delete = redshift.delete_cluster().cluster_identifier("twin").skip_final_cluster_snapshot(true);
    runtime.block_on(delete.send()).unwrap();
    let found = runtime.block_on(redshift.describe_clusters().cluster_identifier("twin").send());
    assert!(format!("{found:?}").contains("ClusterNotFound"), "{found:?}");
}

#[test]
fn a_server_that_all_may_reach_answers_to_the_names_that_it_is_given() {
    let project = Project::with_sample(2, 2);
    let arguments = ["local", "serve", "--port=0", "--in-memory", "--mount=udacity-dend=data", "--bind=0.0.0.0"];
    let serving = Serving::start(project.command(arguments.into_iter().chain(["--allow-host=aws"])));
    assert!(serving.address.starts_with("127.0.0.1:"), "{}", serving.address);
    for host in ["localhost", "aws", "aws:4566", "more.aws"] {
        let status = ask(&serving.address, host, "");
        assert!(status.contains("403") || status.contains("200"), "{host}: {status}");
    }
    for (host, more) in [("evil.example", ""), ("0.0.0.0", ""), ("aws", "Origin: http://evil.example\r\n")] {
        let status = ask(&serving.address, host, more);
        assert!(status.contains("421"), "{host} {more}: {status}");
    }
    let _ = project.run(["local", "serve", "--account=12"]).failed(2, &["--account 12: an account id has 12 digits"]);
}

#[test]
fn a_seed_is_there_from_the_beginning_and_again_after_a_restore() {
    let project = Project::bare();
    std::fs::create_dir_all(project.path("seed/buckets/inbox/days")).unwrap();
    std::fs::write(project.path("seed/buckets/inbox/days/1.json"), "{\"a\": 1}\n{\"a\": 2}\n").unwrap();
    let keys = "access_key_id 'test' secret_access_key 'test'";
    let copy = format!("copy t from 's3://inbox/days/' {keys} json 'auto';\n");
    std::fs::write(project.path("seed/1-tables.sql"), "create table t (a int);\ncreate table two as select 2 as a;\n")
        .unwrap();
    std::fs::write(project.path("seed/2-rows.sql"), copy).unwrap();
    std::fs::write(project.path("seed/README.md"), "no SQL").unwrap();
    let _ = project.run(["local", "env"]).failed(1, &["no server answers", "local serve"]);

    let arguments = ["local", "serve", "--port=0", "--in-memory", "--instant", "--seed=seed", "--region=eu-central-1"];
    let serving = Serving::start(project.command(arguments));
    let env = project.run(["local", "env"]).succeeded().stdout;
    for line in
        [format!("export AWS_ENDPOINT_URL=http://{}", serving.address), "export AWS_DEFAULT_REGION=eu-central-1".into()]
    {
        assert!(env.lines().any(|found| found == line), "{line} is not in\n{env}");
    }
    let connect = || project.run(["local", "connect"]);
    let told = connect().succeeded().stdout;
    assert!(told.contains("PGPASSWORD=Aa1") && told.contains("dbname=dev user=admin"), "{told}");
    assert!(told.contains("jdbc:postgresql://localhost:"), "{told}");

    let _ = project.run(["local", "snapshot", "seeded"]).succeeded();
    let _ = project.run(["local", "reset"]).succeeded();
    let _ = connect().failed(1, &["there is no cluster yet"]);
    let _ = project.run(["local", "restore", "none"]).failed(1, &["there is no snapshot 'none'; there are: seeded"]);
    let _ = project.run(["local", "restore", "seeded"]).succeeded();
    assert!(connect().succeeded().stdout.contains("PGPASSWORD=Aa1"));
    let _ = project.run(["local", "reset", "--database=dev"]).succeeded();
    let _ = project.run(["local", "reset", "--database=none"]).failed(1, &["no cluster has a database 'none'"]);

    // What it says does not pass: the server does not begin without it.
    std::fs::write(project.path("seed/3-wrong.sql"), "insert into nowhere values (1)").unwrap();
    let failed = project.run(["local", "serve", "--port=0", "--in-memory", "--seed=seed"]);
    let _ = failed.failed(1, &["nowhere", "3-wrong.sql"]);
}

/// Without a server the state is changed in its files.
#[test]
fn snapshots_need_no_server() {
    let project = Project::with_sample(5, 5);
    let _ = project.run(["up", "--load"]).succeeded();
    let _ = project.run(["local", "snapshot", "loaded"]).succeeded();
    let before = project.star();
    let _ = project.run(["down"]).succeeded();
    assert_eq!(project.everything(), Vec::<String>::new());
    let _ = project.run(["local", "restore", "loaded"]).succeeded();
    assert_eq!(project.star(), before);
    let _ = project.run(["local", "reset"]).succeeded();
    assert_eq!(project.everything(), Vec::<String>::new());
    let checked = project.run(["local", "check"]).succeeded().stdout;
    assert!(!checked.contains("damaged"), "{checked}");
}

#[test]
fn no_acknowledged_object_is_lost_when_the_server_is_killed() {
    let project = Project::empty();
    let mut command = project.command(["local", "serve", "--port=0"]);
    command.env("AWS_REGION", "us-west-2");
    let mut serving = Serving::start(command);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let s3 = client(&serving);
    runtime.block_on(s3.create_bucket().bucket("kept").create_bucket_configuration(here()).send()).unwrap();
    // Large ones among them, which are files; killed while eight are under way.
    let acknowledged = runtime.block_on(async {
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        for writer in 0..8 {
            let (s3, sender) = (s3.clone(), sender.clone());
            tokio::spawn(async move {
                for n in 0.. {
                    let (key, size) = (format!("{writer}/{n}"), if n % 10 == 9 { 300_000 } else { n % 900 + 1 });
                    let body = vec![b'x'; size].into();
                    if s3.put_object().bucket("kept").key(&key).body(body).send().await.is_err() {
                        return;
                    }
                    let _ = sender.send((key, size));
                }
            });
        }
        drop(sender);
        let mut acknowledged = Vec::new();
        while let Some(written) = receiver.recv().await {
            acknowledged.push(written);
            if acknowledged.len() == 400 {
                serving.child.kill().unwrap();
            }
        }
        acknowledged
    });
    assert!(acknowledged.len() >= 400);
    let sdk = project.cloud();
    for (key, size) in acknowledged {
        let found = sdk
            .block_on(sdk.s3.get_object().bucket("kept").key(&key).send())
            .unwrap_or_else(|error| panic!("{key}: {error:?}"));
        assert_eq!(sdk.block_on(found.body.collect()).unwrap().into_bytes().len(), size, "{key}");
    }
}

#[test]
fn a_check_of_the_state_tells_what_is_damaged() {
    let project = Project::with_sample(20, 20);
    let _ = project.run(["up", "--load"]).succeeded();
    let sound = project.run(["local", "check"]).succeeded().stdout;
    assert!(sound.contains("records: ") && sound.contains("objects: ") && sound.contains(".duckdb: "), "{sound}");
    assert!(!sound.contains("damaged"), "{sound}");
    std::fs::remove_file(project.path(".sparkify/store/objects/0.jnl")).unwrap();
    let damaged = project.run(["local", "check"]).failed(1, &["is damaged in"]);
    assert!(
        damaged.stdout.contains("damaged: ") && damaged.stdout.contains("the journal is missing"),
        "{}",
        damaged.stdout
    );
}
