//! What the page at `/_local` asks the server for: everything that is there, in every region, and no secret of it.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};
use sparkify_local::Pace;

use crate::project::{Project, Sdk};
use crate::served::Served;

const ELSEWHERE: &str = "eu-west-1";

/// The status and the body of an answer.
fn ask(served: &Served, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(served.address()).unwrap();
    let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n", body.len());
    write!(stream, "{head}Connection: close\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

fn overview(served: &Served) -> (Value, String) {
    let (status, text) = ask(served, "GET", "/_local/api/overview", "");
    assert_eq!(status, 200, "{text}");
    (serde_json::from_str(&text).unwrap(), text)
}

/// A cluster `sparkify` whose admin's password is managed.
fn create_cluster(sdk: &Sdk) {
    let create = sdk.redshift.create_cluster().cluster_identifier("sparkify").node_type("ra3.large").db_name("dwh");
    let create = create.cluster_type("single-node").master_username("dwhadmin").manage_master_password(true);
    sdk.block_on(create.send()).unwrap();
}

#[test]
fn the_overview_names_secrets_and_where_clients_connect_and_tells_no_password() {
    let served = Served::new(Project::bare(), Pace::AT_ONCE);
    let sdk = served.sdk();
    create_cluster(&sdk);
    let value = "a-value-that-nobody-sees";
    sdk.block_on(sdk.secrets.create_secret().name("own/key").secret_string(value).send()).unwrap();
    let (found, text) = overview(&served);
    let names: Vec<&str> = found["secrets"].as_array().unwrap().iter().filter_map(|one| one["Name"].as_str()).collect();
    assert_eq!(names, ["redshift!sparkify-dwhadmin", "own/key"]);
    let cluster = &found["clusters"][0];
    assert!(cluster["secret"].as_str().unwrap().contains(":secret:redshift!sparkify-dwhadmin-"), "{cluster}");
    assert_eq!((&cluster["user"], &cluster["database"]), (&json!("dwhadmin"), &json!("dwh")));
    let described = sdk.block_on(sdk.redshift.describe_clusters().send()).unwrap().clusters.unwrap();
    let endpoint = described[0].endpoint.clone().unwrap();
    assert_eq!((&cluster["host"], &cluster["port"]), (&json!(endpoint.address), &json!(endpoint.port)));
    let managed: Value = serde_json::from_str(&sdk.secret_value("redshift!sparkify-dwhadmin")).unwrap();
    for secret in [value, managed["password"].as_str().unwrap()] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn sql_runs_in_the_region_of_its_warehouse() {
    let served = Served::new(Project::bare(), Pace::AT_ONCE);
    create_cluster(&Sdk::in_region(&served.cloud, ELSEWHERE));
    let (found, _) = overview(&served);
    assert_eq!(found["clusters"][0]["region"], ELSEWHERE);
    assert!(found["secrets"][0]["ARN"].as_str().unwrap().contains(ELSEWHERE), "{}", found["secrets"]);
    let list = json!({ "ClusterIdentifier": "sparkify", "Database": "dwh" }).to_string();
    let (status, answer) = ask(&served, "POST", "/_local/api/data/ListDatabases?region=eu-west-1", &list);
    assert!(status == 200 && answer.contains("dwh"), "{answer}");
    // At home there is no such cluster, and what is no name of a region is no region.
    for query in ["", "?region=", "?region=../eu-west-1"] {
        let (status, answer) = ask(&served, "POST", &format!("/_local/api/data/ListDatabases{query}"), &list);
        assert!(status == 400 && answer.contains("doesn't exist in this region"), "{query}: {answer}");
    }
}

#[test]
fn nothing_of_the_page_comes_from_elsewhere() {
    let served = Served::new(Project::bare(), Pace::AT_ONCE);
    for file in ["", "/page.js", "/page.css"] {
        let (status, text) = ask(&served, "GET", &format!("/_local{file}"), "");
        assert!(status == 200 && !text.contains("http://") && !text.contains("https://"), "{file}");
        // What is HTML in a name or a value stays text.
        assert!(
            !["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write"].iter().any(|word| text.contains(word))
        );
    }
}
