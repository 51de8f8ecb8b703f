//! Archives as registries ship them: `init` looks at their members, and gathering unpacks them.

use std::io::Write;

use crate::init::put;
use crate::project::Project;

const DIRECTORY: &[u8] = b"PK\x01\x02";

/// An archive, as `zip` writes it.
fn archive(members: &[(&str, &str)]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in members {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(content.as_bytes()).unwrap();
        let packed = encoder.finish().unwrap();
        let mut crc = flate2::Crc::new();
        crc.update(content.as_bytes());
        let mut header = vec![20, 0, 0, 0, 8, 0, 0, 0, 0, 0];
        header.extend(crc.sum().to_le_bytes());
        header.extend((packed.len() as u32).to_le_bytes());
        header.extend((content.len() as u32).to_le_bytes());
        header.extend((name.len() as u16).to_le_bytes());
        header.extend([0, 0]);
        directory.extend_from_slice(DIRECTORY);
        directory.extend_from_slice(&[20, 0]);
        directory.extend_from_slice(&header);
        directory.extend_from_slice(&[0; 10]);
        directory.extend((bytes.len() as u32).to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(b"PK\x03\x04");
        bytes.extend_from_slice(&header);
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(&packed);
    }
    let (at, size) = (bytes.len() as u32, directory.len() as u32);
    bytes.extend_from_slice(&directory);
    bytes.extend_from_slice(b"PK\x05\x06");
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend((members.len() as u16).to_le_bytes());
    bytes.extend((members.len() as u16).to_le_bytes());
    bytes.extend(size.to_le_bytes());
    bytes.extend(at.to_le_bytes());
    bytes.extend_from_slice(&[0, 0]);
    bytes
}

/// Changes a byte of the first entry of the directory.
fn with_entry(mut bytes: Vec<u8>, at: usize, byte: u8) -> Vec<u8> {
    let entry = bytes.windows(4).position(|window| window == DIRECTORY).unwrap();
    bytes[entry + at] = byte;
    bytes
}

/// Damages the signature of the second entry of the directory.
fn with_second_entry(mut bytes: Vec<u8>) -> Vec<u8> {
    let entries: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(DIRECTORY)).collect();
    bytes[entries[1]] = b'X';
    bytes
}

fn answer(project: &Project, sql: &str) -> String {
    project.run(["query", sql]).succeeded().stdout
}

const ORDERS: &str = "order_id,amount\n1,.5\n2,2\n";

fn shop(orders: &str) -> Vec<u8> {
    archive(&[
        ("orders.csv", orders),
        ("customers.json", "[\n  {\"id\": 1, \"email\": \"a\"},\n  {\"id\": 2, \"email\": \"b\"}\n]\n"),
        ("README.md", "about"),
        ("__MACOSX/._orders.csv", "x"),
    ])
}

#[test]
fn members_of_archives_are_loaded() {
    let project = Project::bare();
    put(&project, "archive.zip", &shop(ORDERS));
    put(
        &project,
        "logs/2024.zip",
        &archive(&[("a.json", "{\"n\": 1}"), ("../sub/b.json", "{\"n\": 2}\n{\"n\": 3}\n")]),
    );
    put(&project, "trips.csv.zip", &archive(&[("trips.csv", "id\n1\n")]));
    put(&project, "secret.zip", &with_entry(archive(&[("a.csv", "a\n1\n")]), 8, 1));
    let told = project.run(["init", "data", "--stack=zipped"]).succeeded().stderr;
    for words in
        ["that no table has them: archive.zip/README.md\n", "data/secret.zip/a.csv is encrypted, and was not read"]
    {
        assert!(told.contains(words), "'{words}' is not in\n{told}");
    }
    let infra = std::fs::read_to_string(project.path("infra.toml")).unwrap();
    for source in [
        "[sources.trips]\n",
        "[sources.orders]\nurl = \"s3://zipped-data/\"\nfiles = [\"archive.zip/*.csv\"]\ngather = \"always\"\n",
        "[sources.customers]\nurl = \"s3://zipped-data/\"\nfiles = [\"archive.zip/*.json\"]\ngather = \"always\"\n",
        "[sources.logs]\nurl = \"s3://zipped-data/logs/\"\nfiles = [\"2024.zip/*.json\"]\ngather = \"always\"\n",
    ] {
        assert!(infra.contains(source), "'{source}' is not in\n{infra}");
    }
    let told = project.run(["init", "--update"]).succeeded().stderr;
    assert!(told.contains("nothing to change"), "{told}");
    let _ = project.run(["up", "--quiet"]).succeeded();
    let _ = project.run(["load", "--quiet"]).succeeded();
    assert_eq!(answer(&project, "select count(*) as n, sum(amount) as a from orders"), "n,a\n2,2.5\n");
    assert_eq!(answer(&project, "select id, email from customers order by 1"), "id,email\n1,a\n2,b\n");
    assert_eq!(answer(&project, "select count(*) as n, sum(n) as s from logs"), "n,s\n3,6\n");

    // Other members of the same archive.
    project.edit("infra.toml", "2024.zip/*.json", "2024.zip/a.json");
    let _ = project.run(["load", "--quiet"]).succeeded();
    assert_eq!(answer(&project, "select count(*) as n, sum(n) as s from logs"), "n,s\n1,1\n");
    project.edit("infra.toml", "2024.zip/a.json", "2024.zip/c.json");
    let _ = project
        .run(["load"])
        .failed(1, &["s3://zipped-data/logs/2024.zip", "none of its members is one of the source"]);
}

/// A row has its member and its line there; what cannot be unpacked has its name.
#[test]
fn what_is_wrong_with_a_member_has_its_place() {
    let project = Project::bare();
    put(&project, "archive.zip", &shop(ORDERS));
    let _ = project.run(["init", "data", "--stack=zipped"]).succeeded();
    let _ = project.run(["up", "--quiet"]).succeeded();
    for (content, says) in [
        (shop("order_id,amount\n1,.5\nx,2\n"), "s3://zipped-data/archive.zip/orders.csv:3"),
        (with_entry(shop(ORDERS), 8, 1), "it cannot be unpacked: it is encrypted"),
        (with_entry(shop(ORDERS), 10, 12), "it is packed by method 12, and only DEFLATE is unpacked"),
        (with_entry(shop(ORDERS), 24, 1), "it is longer than the directory says"),
        // 2 GiB
        (with_entry(shop(ORDERS), 27, 0x80), "are taken: unpack it first"),
        // A foreign signature where the second entry begins.
        (with_second_entry(shop(ORDERS)), "its directory is damaged"),
        (b"PK".to_vec(), "it is no ZIP archive, or it is cut off"),
    ] {
        put(&project, "archive.zip", &content);
        let _ = project.run(["load"]).failed(1, &["s3://zipped-data/archive.zip", says]);
    }
    put(&project, "archive.zip", &shop(ORDERS));
    let _ = project.run(["load", "--quiet"]).succeeded();
    assert_eq!(answer(&project, "select count(*) as n from orders"), "n\n2\n");
}

/// Its rows would be there twice.
#[test]
fn a_name_that_an_archive_has_twice_is_refused() {
    let project = Project::bare();
    let customers = "{\"id\": 1, \"email\": \"a\"}\n";
    let twice = archive(&[("orders.csv", ORDERS), ("customers.json", customers), ("orders.csv", ORDERS)]);
    put(&project, "archive.zip", &twice);
    let told = project.run(["init", "data", "--stack=zipped"]).succeeded().stderr;
    assert!(told.contains("data/archive.zip/orders.csv is in its archive twice, which `load` refuses"), "{told}");
    let _ = project.run(["up", "--quiet"]).succeeded();
    let says = "s3://zipped-data/archive.zip/orders.csv:1:1: its archive has it twice";
    let _ = project.run(["load"]).failed(1, &[says]);
    put(&project, "archive.zip", &shop(ORDERS));
    let _ = project.run(["load", "--quiet"]).succeeded();
    assert_eq!(answer(&project, "select count(*) as n from orders"), "n\n2\n");
}
