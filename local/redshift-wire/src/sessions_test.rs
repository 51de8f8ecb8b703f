//! Sessions over the wire: one that another session ends, and one whose client goes while it waits for a lock.

use std::error::Error;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Buf;
use pgwire::api::client::Config;
use pgwire::api::client::auth::DefaultStartupHandler;
use pgwire::api::client::query::{DefaultSimpleQueryHandler, Response};
use pgwire::error::PgWireClientError;
use pgwire::tokio::client::PgWireClient;
use redshift_engine::{DirectoryStorage, MemoryLimit, Place, Warehouses};

use super::{Authenticator, WireServer};

struct Everybody;

impl Authenticator for Everybody {
    fn check(&self, _: &Place, _: &str, _: &str) -> Result<bool, Box<dyn Error + Send + Sync>> {
        Ok(true)
    }
}

struct Client(PgWireClient);

impl Client {
    async fn connect(config: &Config) -> Self {
        let connected = PgWireClient::connect(Arc::new(config.clone()), DefaultStartupHandler::new(), None).await;
        Self(connected.expect("connected"))
    }

    /// The first value that a statement answers; nothing where it answers no rows.
    async fn run(&mut self, sql: &str) -> Result<String, PgWireClientError> {
        let answer = self.0.simple_query(DefaultSimpleQueryHandler::new(), sql).await?.pop();
        let Some(Response::Query((_, _, rows))) = answer else { return Ok(String::new()) };
        let Some(mut data) = rows.into_iter().next().map(|row| row.data) else { return Ok(String::new()) };
        let length = usize::try_from(data.get_i32()).unwrap_or_default();
        Ok(String::from_utf8_lossy(&data.split_to(length)).into_owned())
    }

    async fn does(&mut self, sql: &str) -> String {
        self.run(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Waits until so many locks are waited for.
    async fn sees_waiters(&mut self, count: &str, longest: Duration) {
        let begun = Instant::now();
        while self.does("select count(*) from pg_locks where not granted").await != count {
            assert!(begun.elapsed() < longest, "{count} never waited");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_end_by_others_and_when_their_clients_go() {
    let directory = tempfile::tempdir().expect("directory");
    let warehouses = Warehouses::new(directory.path().to_owned(), MemoryLimit::default());
    let wire = WireServer::new(warehouses, Arc::new(DirectoryStorage::new(directory.path())), Arc::new(Everybody));
    wire.open(tokio::runtime::Handle::current(), Ipv4Addr::LOCALHOST.into(), None).expect("open");
    let address = wire.listen(&Place::new("one", "dwh", "ann"), 0).expect("a port");
    let url = format!("postgres://ann:Fuzzed1234@{}:{}/dwh?sslmode=disable", address.ip(), address.port());
    let config: Config = url.parse().expect("an address");
    let (mut one, mut two) = (Client::connect(&config).await, Client::connect(&config).await);
    let mut watcher = Client::connect(&config).await;
    one.does("create table t (a int)").await;
    let pid = one.does("select pg_backend_pid()").await;
    one.does("begin").await;
    one.does("insert into t values (1)").await;

    let waiting = tokio::spawn(async move { two.does("insert into t values (2)").await });
    watcher.sees_waiters("1", Duration::from_secs(10)).await;
    assert_eq!(watcher.does(&format!("select pg_terminate_backend({pid})")).await, "1");
    waiting.await.expect("it goes on");
    assert!(one.run("select 1").await.is_err(), "the connection is closed");
    assert_eq!(watcher.does("select sum(a) from t").await, "2");

    let mut three = Client::connect(&config).await;
    three.does("begin").await;
    three.does("lock t").await;
    let mut waiting = Vec::new();
    for _ in 0..40 {
        let mut client = Client::connect(&config).await;
        waiting.push(tokio::spawn(async move { client.does("insert into t values (3)").await }));
    }
    watcher.sees_waiters("40", Duration::from_secs(30)).await;
    // Those who wait keep nobody else from beginning.
    let begun = Instant::now();
    Client::connect(&config).await.does("select 1").await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    waiting.iter().for_each(|waiting| waiting.abort());
    watcher.sees_waiters("0", Duration::from_secs(5)).await;
    three.does("commit").await;
    assert_eq!(watcher.does("select sum(a) from t").await, "2");
}
