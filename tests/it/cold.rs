//! Warehouses that are being opened, and everybody else meanwhile. The mark of a cold one is a named pipe here: its opening
//! lasts until somebody writes to that.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::project::{Project, REGION, Sdk};
use crate::serve::{Serving, here};

const COLD: usize = 12;
const PASSWORD: &str = "Password1";
/// Seconds for what takes milliseconds where nobody waits for an opening.
const ENOUGH: u64 = 60;

fn serve(project: &Project) -> Serving {
    let mut command = project.command(["local", "serve", "--port=0", "--instant"]);
    command.env("AWS_REGION", REGION);
    Serving::start(command)
}

/// A mark whose reader waits. Dropped, it is what it was, and who waits for it reads that.
struct Held {
    mark: PathBuf,
    text: Vec<u8>,
}

impl Held {
    fn new(mark: PathBuf) -> Self {
        let text = std::fs::read(&mark).unwrap();
        std::fs::remove_file(&mark).unwrap();
        assert!(Command::new("mkfifo").arg(&mark).status().unwrap().success());
        Self { mark, text }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let pipe = self.mark.with_extension("pipe");
        std::fs::rename(&self.mark, &pipe).unwrap();
        std::fs::write(&self.mark, &self.text).unwrap();
        // Opened for both, it waits for no reader.
        let mut writer = std::fs::File::options().read(true).write(true).open(&pipe).unwrap();
        writer.write_all(&self.text).unwrap();
    }
}

fn create(sdk: &Sdk, name: &str) -> i32 {
    let create = sdk.redshift.create_cluster().cluster_identifier(name).node_type("ra3.large");
    let create = create.cluster_type("single-node").master_username("admin").master_user_password(PASSWORD);
    sdk.block_on(create.send()).unwrap().cluster.unwrap().endpoint.unwrap().port.unwrap()
}

fn message(kind: Option<u8>, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
    kind.into_iter().chain(length).chain(body.iter().copied()).collect()
}

/// Logs in by the wire, and answers when the server is ready for a query.
fn log_in(port: i32) {
    let mut socket = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    let startup = [&196_608_u32.to_be_bytes()[..], b"user\0admin\0database\0dev\0\0"].concat();
    socket.write_all(&message(None, &startup)).unwrap();
    socket.write_all(&message(Some(b'p'), format!("{PASSWORD}\0").as_bytes())).unwrap();
    loop {
        let mut head = [0; 5];
        socket.read_exact(&mut head).unwrap();
        let mut body = vec![0; u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize - 4];
        socket.read_exact(&mut body).unwrap();
        match head[0] {
            b'Z' => return,
            b'E' => panic!("{}", String::from_utf8_lossy(&body)),
            _ => {}
        }
    }
}

/// Runs a statement by the Data API; answers its first value.
async fn value(sdk: &Sdk, cluster: &str, sql: &str) -> i64 {
    let call = sdk.data.execute_statement().cluster_identifier(cluster).database("dev").db_user("admin");
    let id = call.sql(sql).send().await.unwrap().id.unwrap();
    let described = sdk.data.describe_statement().id(&id).wait_time_seconds(30).send().await.unwrap();
    if described.has_result_set != Some(true) {
        assert_eq!(described.error, None);
        return 0;
    }
    let result = sdk.data.get_statement_result().id(&id).send().await.unwrap();
    *result.records[0][0].as_long_value().unwrap()
}

/// One question to each service.
async fn ask_others(sdk: &Sdk) {
    assert_eq!(value(sdk, "warm", "select count(*) from t").await, 2);
    sdk.s3.put_object().bucket("kept").key("a").body(vec![b'a'; 100].into()).send().await.unwrap();
    sdk.sts.get_caller_identity().send().await.unwrap();
    assert_eq!(sdk.redshift.describe_clusters().send().await.unwrap().clusters().len(), COLD + 1);
}

#[test]
fn who_opens_a_warehouse_keeps_nobody_else_waiting() {
    let project = Project::bare();
    let names: Vec<_> = (0..COLD).map(|number| format!("cold{number}")).collect();
    let serving = serve(&project);
    let sdk = Sdk::at(&serving.address);
    sdk.block_on(sdk.s3.create_bucket().bucket("kept").create_bucket_configuration(here()).send()).unwrap();
    for name in names.iter().map(String::as_str).chain(["warm"]) {
        create(&sdk, name);
        sdk.block_on(value(&sdk, name, "create table t as select 1 as a union all select 2"));
    }
    drop(serving);

    let held: Vec<_> =
        names.iter().map(|name| Held::new(project.path(&format!(".sparkify/warehouses/{name}/dev.mark")))).collect();
    let serving = serve(&project);
    let sdk = Sdk::at(&serving.address);
    let clusters = sdk.block_on(sdk.redshift.describe_clusters().send()).unwrap().clusters.unwrap();
    let port = |cluster: &aws_sdk_redshift::types::Cluster| {
        let is_cold = cluster.cluster_identifier() != Some("warm");
        cluster.endpoint().filter(|_| is_cold)?.port
    };
    let ports: Vec<_> = clusters.iter().filter_map(port).collect();
    assert_eq!(ports.len(), COLD);
    let answered = AtomicUsize::new(0);
    let count = |name: &str| {
        let sdk = Sdk::at(&serving.address);
        assert_eq!(sdk.block_on(value(&sdk, name, "select count(*) from t")), 2);
        answered.fetch_add(1, Ordering::Relaxed);
    };
    std::thread::scope(|scope| {
        let count = &count;
        for (port, name) in ports.iter().zip(&names) {
            scope.spawn(move || log_in(*port));
            scope.spawn(move || count(name));
        }
        let asked = sdk.block_on(async {
            let others = async {
                for _ in 0..20 {
                    ask_others(&sdk).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(ENOUGH), others).await
        });
        let waiting = COLD - answered.load(Ordering::Relaxed);
        drop(held);
        asked.expect("everybody else is answered");
        assert_eq!(waiting, COLD, "who reads a table of a cold one waits");
    });
    assert_eq!(answered.load(Ordering::Relaxed), COLD);
}
