//! A Redshift over the wire, by the simple query protocol: its values are texts.

use std::future::ready;
use std::sync::Arc;

use bytes::Buf;
use pgwire::api::client::Config;
use pgwire::api::client::auth::DefaultStartupHandler;
use pgwire::api::client::query::{DefaultSimpleQueryHandler, Response};
use pgwire::error::PgWireClientError;
use pgwire::messages::data::DataRow;
use pgwire::messages::response::CommandComplete;
use pgwire::tokio::TlsConnector;
use pgwire::tokio::client::PgWireClient;
use sqllogictest::{DB, DBOutput, DefaultColumnType};
use tokio::runtime::{Builder, Runtime};
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::{Record, Refusal};

struct Redshift {
    client: PgWireClient,
    runtime: Runtime,
}

/// The cases that fail in a database that is new, and is dropped after them.
pub fn failures(url: &str, records: &[Record]) -> Vec<String> {
    database_failures(url, records).unwrap_or_else(|refusal| vec![refusal.to_string()])
}

fn database_failures(url: &str, records: &[Record]) -> Result<Vec<String>, Refusal> {
    let config: Config = url.parse()?;
    let mut admin = Redshift::connect(&config)?;
    let name = format!("slt_{}", fastrand::u32(..));
    admin.run(&format!("create database {name}"))?;
    let mut own = config.clone();
    own.dbname(name.as_str());
    let mut failed = super::failures(records, || ready(Redshift::connect(&own)));
    failed.extend(admin.run(&format!("drop database {name}")).err().map(|refusal| refusal.to_string()));
    Ok(failed)
}

impl Redshift {
    fn connect(config: &Config) -> Result<Self, Refusal> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(PgWireClientError::from)?;
        let connect = PgWireClient::connect(Arc::new(config.clone()), DefaultStartupHandler::new(), Some(tls()));
        let client = runtime.block_on(connect)?;
        Ok(Self { client, runtime })
    }
}

impl DB for Redshift {
    type Error = Refusal;
    type ColumnType = DefaultColumnType;

    fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, Refusal> {
        let query = self.client.simple_query(DefaultSimpleQueryHandler::new(), sql);
        Ok(match self.runtime.block_on(query)?.pop() {
            Some(Response::Query((_, fields, rows))) => super::output(fields.len(), rows.into_iter().map(values)),
            Some(Response::Execution(tag)) => DBOutput::StatementComplete(count(&CommandComplete::from(tag).tag)),
            Some(Response::EmptyQuery) | None => DBOutput::StatementComplete(0),
        })
    }

    /// A label, as of `onlyif` and `skipif`.
    fn engine_name(&self) -> &str {
        "redshift"
    }

    fn error_sql_state(error: &Refusal) -> Option<String> {
        Some(error.sqlstate.clone())
    }
}

/// Trusts the authorities that the system trusts, or those of `SSL_CERT_FILE`.
fn tls() -> TlsConnector {
    let mut authorities = RootCertStore::empty();
    authorities.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("protocol versions");
    Arc::new(builder.with_root_certificates(authorities).with_no_client_auth()).into()
}

/// The values of a row, each behind its length; that of NULL is negative.
fn values(row: DataRow) -> impl Iterator<Item = Option<String>> {
    let (columns, mut data) = (row.field_count, row.data);
    (0..columns).map(move |_| {
        let length = usize::try_from(data.get_i32()).ok()?;
        Some(String::from_utf8_lossy(&data.split_to(length)).into_owned())
    })
}

/// The rows of a command tag: `INSERT 0 2` has two.
fn count(tag: &str) -> u64 {
    tag.rsplit(' ').next().and_then(|rows| rows.parse().ok()).unwrap_or_default()
}

impl From<PgWireClientError> for Refusal {
    fn from(error: PgWireClientError) -> Self {
        match error {
            PgWireClientError::RemoteError(info) => Self { sqlstate: info.code.clone(), message: info.message.clone() },
            // PostgreSQL's connection_exception.
            other => Self { sqlstate: "08000".into(), message: other.to_string() },
        }
    }
}
