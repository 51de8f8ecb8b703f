//! A warehouse that is still being opened delays only those who ask it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use aws_sdk_redshiftdata::types::StatusString;

use crate::project::{Project, REGION, Sdk};
use crate::serve::{Serving, here};

/// The password of every cluster here.
const PASSWORD: &str = "Cold-1-password";

fn serve(project: &Project) -> Serving {
    let mut command = project.command(["local", "serve", "--port=0", "--instant"]);
    command.env("AWS_REGION", REGION);
    Serving::start(command)
}

fn create_cluster(sdk: &Sdk, name: &str) {
    let call = sdk.redshift.create_cluster().cluster_identifier(name).node_type("ra3.xlplus").number_of_nodes(2);
    let call = call.db_name("dwh").master_username("dwhadmin").master_user_password(PASSWORD);
    sdk.block_on(call.publicly_accessible(false).send()).unwrap();
}

/// Submits a statement, without waiting for its end.
fn submit(sdk: &Sdk, cluster: &str, sql: &str) -> String {
    let call = sdk.data.execute_statement().cluster_identifier(cluster).database("dwh").db_user("dwhadmin");
    sdk.block_on(call.sql(sql).send()).unwrap().id.unwrap()
}

fn status(sdk: &Sdk, id: &str, wait_seconds: i32) -> (StatusString, String) {
    let call = sdk.data.describe_statement().id(id).wait_time_seconds(wait_seconds);
    let described = sdk.block_on(call.send()).unwrap();
    (described.status.unwrap(), described.error.unwrap_or_default())
}

fn run(sdk: &Sdk, cluster: &str, sql: &str) {
    let id = submit(sdk, cluster, sql);
    assert_eq!(status(sdk, &id, 30), (StatusString::Finished, String::new()), "{sql}");
}

/// A session that logs in and asks for the number of rows; its answers are read by `counted`.
fn log_in(sdk: &Sdk, cluster: &str) -> TcpStream {
    let call = sdk.redshift.describe_clusters().cluster_identifier(cluster);
    let endpoint = sdk.block_on(call.send()).unwrap().clusters.unwrap().remove(0).endpoint.unwrap();
    let address = format!("{}:{}", endpoint.address.unwrap(), endpoint.port.unwrap());
    let mut stream = TcpStream::connect(address).unwrap();
    let message = |kind: &[u8], body: &[u8]| {
        let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
        [kind, &length, body].concat()
    };
    let version = 196_608_u32.to_be_bytes();
    let parameters = [&version, b"user\0dwhadmin\0database\0dwh\0\0".as_slice()].concat();
    stream.write_all(&message(b"", &parameters)).unwrap();
    stream.write_all(&message(b"p", format!("{PASSWORD}\0").as_bytes())).unwrap();
    stream.write_all(&message(b"Q", b"select count(*) from kept\0")).unwrap();
    stream.write_all(&message(b"X", b"")).unwrap();
    stream
}

/// The row of a session's answer is that of two rows counted.
fn counted(mut stream: TcpStream) {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let row = b"D\0\0\0\x0b\0\x01\0\0\0\x012";
    assert!(answer.windows(row.len()).any(|found| found == row), "{}", String::from_utf8_lossy(&answer));
}

/// The marks of all databases below a directory.
fn marks(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => marks(&path, found),
            false if path.extension().is_some_and(|ending| ending == "mark") => found.push(path),
            false => {}
        }
    }
}

/// Opening a database reads its mark: a named pipe in its place holds the opening until somebody writes into the pipe.
struct Held {
    mark: PathBuf,
    text: Vec<u8>,
}

impl Held {
    fn hold(mark: PathBuf) -> Self {
        let text = std::fs::read(&mark).unwrap();
        std::fs::remove_file(&mark).unwrap();
        assert!(Command::new("mkfifo").arg(&mark).status().unwrap().success());
        Self { mark, text }
    }

    /// The mark is a file again before the opening goes on.
    fn release(self) {
        let pipe = self.mark.with_extension("pipe");
        std::fs::rename(&self.mark, &pipe).unwrap();
        std::fs::write(&self.mark, &self.text).unwrap();
        std::fs::write(&pipe, &self.text).unwrap();
    }
}

/// More warehouses than a small machine has cores, so that an opening on the threads of the server would stop it.
#[test]
fn warehouses_that_are_being_opened_delay_nobody_else() {
    let cold: Vec<String> = (0..12).map(|number| format!("cold-{number}")).collect();
    let project = Project::empty();
    {
        let mut serving = serve(&project);
        let sdk = Sdk::at(&serving.address);
        for name in &cold {
            create_cluster(&sdk, name);
            run(&sdk, name, "create table kept as select 7 as n");
            run(&sdk, name, "insert into kept values (8)");
        }
        create_cluster(&sdk, "warm");
        // Killed: what a clean stop brings into the files stays in the logs, and is marked.
        serving.child.kill().unwrap();
        serving.child.wait().unwrap();
    }
    let mut found = Vec::new();
    marks(&project.path(".sparkify"), &mut found);
    let found: Vec<PathBuf> = found.into_iter().filter(|mark| mark.to_string_lossy().contains("cold-")).collect();
    assert_eq!(found.len(), cold.len(), "{found:?}");
    let held: Vec<Held> = found.into_iter().map(Held::hold).collect();

    let serving = serve(&project);
    let sdk = Sdk::at(&serving.address);
    let waiting: Vec<String> = cold.iter().map(|name| submit(&sdk, name, "select count(*) from kept")).collect();
    let sessions: Vec<TcpStream> = cold.iter().map(|name| log_in(&sdk, name)).collect();
    run(&sdk, "warm", "create table t as select 1 as n");
    sdk.block_on(sdk.s3.create_bucket().bucket("beside").create_bucket_configuration(here()).send()).unwrap();
    sdk.put("beside", "key", "body");
    sdk.block_on(sdk.sts.get_caller_identity().send()).unwrap();
    sdk.block_on(sdk.redshift.describe_clusters().send()).unwrap();
    for id in &waiting {
        let (status, error) = status(&sdk, id, 0);
        assert!(!matches!(status, StatusString::Finished | StatusString::Failed), "{status}: {error}");
    }

    held.into_iter().for_each(Held::release);
    for id in &waiting {
        assert_eq!(status(&sdk, id, 30), (StatusString::Finished, String::new()));
        let rows = sdk.block_on(sdk.data.get_statement_result().id(id).send()).unwrap().records;
        assert_eq!(rows[0][0].as_long_value(), Ok(&2));
    }
    sessions.into_iter().for_each(counted);
}
