//! `local snapshot`, `local restore`, `local reset`: the state as a whole, of the server that runs in this folder or in its
//! files. `local env`, `local connect`: how other programs find that server.

use std::net::SocketAddr;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sparkify_local::{Cloud, ControlError, Reset};

use super::Outcome;
use crate::aws::{self, Aws, Target, failed};
use crate::cli::{CheckArgs, ConfigArgs, ConnectArgs, ResetArgs, SnapshotArgs};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::interrupt;
use crate::local_server_discovery;
use crate::view;

pub fn snapshot(args: &SnapshotArgs) -> Result<Outcome> {
    let name = &args.name;
    change(&args.place, &format!("/_local/snapshots/{}", encoded(name)), |cloud| cloud.snapshot(name))?;
    view::status(&format!("the local state is kept as {name}"));
    Ok(Outcome::Done)
}

pub fn restore(args: &SnapshotArgs) -> Result<Outcome> {
    let name = &args.name;
    change(&args.place, &format!("/_local/snapshots/{}/restore", encoded(name)), |cloud| cloud.restore(name))?;
    view::status(&format!("the local state is what {name} is"));
    Ok(Outcome::Done)
}

pub fn reset(args: &ResetArgs) -> Result<Outcome> {
    let (query, what, told) = match (&args.service, &args.database) {
        (Some(service), _) => {
            (format!("?service={}", encoded(service)), Reset::Service(service.clone()), format!("all of {service}"))
        }
        (None, Some(database)) => {
            let what = Reset::Database { cluster: None, database: database.clone() };
            (format!("?database={}", encoded(database)), what, format!("the database {database}"))
        }
        (None, None) => (String::new(), Reset::All, "everything".to_owned()),
    };
    change(&args.place, &format!("/_local/reset{query}"), |cloud| cloud.reset(&what))?;
    view::status(&format!("reset: {told}"));
    Ok(Outcome::Done)
}

/// Changes the state where it is: in the server that holds it, or in its files.
fn change(
    place: &ConfigArgs,
    path: &str,
    act: impl FnOnce(&Cloud) -> std::result::Result<(), ControlError>,
) -> Result<()> {
    let config = super::read_or_bare(place)?;
    match local_server_discovery::find(&config.state) {
        Some(address) => local_server_discovery::change(address, path),
        None => act(&aws::open_cloud(&config)?).map_err(|error| Error::failed(error.message)),
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string().replace("%2E", ".").replace("%2D", "-").replace("%5F", "_")
}

/// The server that runs in this folder.
fn server(config: &Config) -> Result<(SocketAddr, String)> {
    let absent = || {
        Error::failed(format!("no server answers for the local state in {}", config.state.display()))
            .hint("Start one in this folder: `sparkify-infra local serve`.")
    };
    local_server_discovery::find_with_region(&config.state).ok_or_else(absent)
}

pub fn env(args: &CheckArgs) -> Result<Outcome> {
    let config = super::read_or_bare(&args.place)?;
    let (address, region) = server(&config)?;
    for (name, value) in [
        ("AWS_ENDPOINT_URL", format!("http://{address}").as_str()),
        ("AWS_REGION", region.as_str()),
        ("AWS_DEFAULT_REGION", region.as_str()),
        ("AWS_ACCESS_KEY_ID", sparkify_local::ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", sparkify_local::SECRET_KEY),
    ] {
        view::document(&format!("export {name}={value}"));
    }
    Ok(Outcome::Done)
}

/// Where a warehouse answers, and who is let in.
struct Login {
    host: String,
    port: i32,
    database: String,
    user: String,
    password: String,
}

pub async fn connect(args: &ConnectArgs) -> Result<Outcome> {
    let mut config = super::read_or_bare(&args.place)?;
    (_, config.region) = server(&config)?;
    let Login { host, port, database, user, password } =
        interrupt::unless_asked(login(&config, args.cluster.as_deref())).await?;
    let in_url = utf8_percent_encode(&user, NON_ALPHANUMERIC);
    view::document(&format!(
        "psql        PGPASSWORD={password} psql \"host={host} port={port} dbname={database} user={user}\"
JDBC        jdbc:postgresql://{host}:{port}/{database}?user={in_url}&password={password}
SQLAlchemy  redshift+psycopg2://{in_url}:{password}@{host}:{port}/{database}?sslmode=prefer
URL         postgresql://{in_url}:{password}@{host}:{port}/{database}"
    ));
    Ok(Outcome::Done)
}

/// The admin with the password of the managed secret, or with one for an hour.
async fn login(config: &Config, wanted: Option<&str>) -> Result<Login> {
    let aws = Aws::connect(Target::Local, config).await?;
    let described = aws.redshift.describe_clusters().set_cluster_identifier(wanted.map(str::to_owned)).send().await;
    let described = described.map_err(|error| failed("look at the clusters", &error))?;
    let absent = || {
        Error::failed("there is no cluster yet")
            .hint("`sparkify-infra up`, CreateCluster or `local serve --seed DIR` creates one.")
    };
    let cluster = described.clusters.and_then(|clusters| clusters.into_iter().next()).ok_or_else(absent)?;
    let id = cluster.cluster_identifier.unwrap_or_default();
    let address = cluster.endpoint.filter(|_| cluster.cluster_status.as_deref() == Some("available"));
    let not_ready = || Error::failed(format!("the cluster {id} takes no connections yet"));
    let address = address.ok_or_else(not_ready)?;
    let (user, password) = match &cluster.master_password_secret_arn {
        Some(secret) => {
            let value = aws.secrets.get_secret_value().secret_id(secret).send().await;
            let value = value.map_err(|error| failed("read the secret of the cluster", &error))?;
            let told: serde_json::Value =
                serde_json::from_str(value.secret_string().unwrap_or_default()).unwrap_or_default();
            let field = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
            (field("username"), field("password"))
        }
        None => {
            let admin = cluster.master_username.unwrap_or_default();
            let call = aws.redshift.get_cluster_credentials().cluster_identifier(&id).db_user(admin);
            let issued = call.duration_seconds(3600).send().await;
            let issued = issued.map_err(|error| failed("get credentials for the cluster", &error))?;
            (issued.db_user.unwrap_or_default(), issued.db_password.unwrap_or_default())
        }
    };
    Ok(Login {
        host: address.address.unwrap_or_default(),
        port: address.port.unwrap_or_default(),
        database: cluster.db_name.unwrap_or_default(),
        user,
        password,
    })
}
