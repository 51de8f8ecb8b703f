//! The mistakes that people make first, and every word that they are told.

use std::fmt::Write;

use sparkify_local::{Fault, Pace};

use crate::bad_input::first_song;
use crate::project::{BUCKET, Output, Project};
use crate::served::Served;

/// What a mistake tells, without what differs from run to run.
fn told(output: &Output) -> String {
    let lines = output.stderr.lines().skip_while(|line| !line.starts_with("error"));
    let mut text = String::new();
    for line in lines {
        // Process ids, and when a statement began.
        let (line, began) =
            line.split_once(" start_time >= ").map_or((line, ""), |(line, _)| (line, " start_time >= T"));
        let words = line.split(' ').map(|word| match word.trim_matches(',').parse::<u64>() {
            Ok(number) if number > 1_000 => "N",
            _ => word,
        });
        let _ = writeln!(text, "{}{began}", words.collect::<Vec<_>>().join(" "));
    }
    text
}

/// `up` or `load` where AWS answers like this.
fn refused(operation: &str, status: u16, code: &str, message: &str) -> Output {
    let served = Served::new(Project::with_sample(2, 2), Pace::AT_ONCE);
    let command = if operation.starts_with("iam:") || operation.starts_with("redshift:") { "up" } else { "load" };
    if command == "load" {
        let _ = served.run(["up"]).succeeded();
    }
    for nth in 1..=9 {
        served.faults.at(operation, nth, Fault::Fail { status, code: code.into(), message: message.into() });
    }
    served.run([command])
}

/// A change to a project that is up, and the command that meets it.
fn changed<'a>(change: impl FnOnce(&Project), command: impl IntoIterator<Item = &'a str>) -> Output {
    let project = Project::with_sample(5, 5);
    let _ = project.run(["up"]).succeeded();
    change(&project);
    project.run(command)
}

fn aws(set: &[(&str, &str)]) -> Output {
    let project = Project::empty();
    let mut command = project.command(["up", "--target=aws"]);
    command.env("AWS_EC2_METADATA_DISABLED", "true").envs(set.iter().copied());
    project.output_of(command)
}

fn not_ours(make: impl FnOnce(&Project)) -> Output {
    let project = Project::empty();
    make(&project);
    project.run(["up"])
}

#[test]
fn what_people_are_told() {
    let edited = |file: &'static str, from: &'static str, to: &'static str| {
        changed(|project| project.edit(file, from, to), ["load", "--recreate"])
    };
    let whoami = "sts:GetCallerIdentity";
    let mistakes: Vec<(&str, Output)> = vec![
        ("no credentials", aws(&[])),
        ("a profile that is not there", aws(&[("AWS_PROFILE", "work")])),
        (
            "an endpoint where nobody answers",
            aws(&[
                ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
                ("AWS_ACCESS_KEY_ID", "test"),
                ("AWS_SECRET_ACCESS_KEY", "test"),
            ]),
        ),
        (
            "a token that has expired",
            refused(whoami, 403, "ExpiredToken", "The security token included in the request is expired"),
        ),
        (
            "a key that AWS does not know",
            refused(whoami, 403, "InvalidClientTokenId", "The security token included in the request is invalid."),
        ),
        (
            "a permission that is missing",
            refused(
                "iam:CreateRole",
                403,
                "AccessDenied",
                "User: arn:aws:iam::000000000000:user/ci is not authorized to perform: iam:CreateRole on resource: \
                 arn:aws:iam::000000000000:role/sparkify-infra/sparkify/sparkify-warehouse because no identity-based policy \
                 allows the iam:CreateRole action",
            ),
        ),
        ("an object that the caller may not read", refused("s3:GetObject", 403, "AccessDenied", "Access Denied")),
        (
            "too many clusters",
            refused(
                "redshift:CreateCluster",
                400,
                "ClusterQuotaExceeded",
                "Cannot create cluster because cluster quota exceeded.",
            ),
        ),
        (
            "no node left",
            refused("redshift:CreateCluster", 400, "InsufficientClusterCapacity", "There is not enough capacity"),
        ),
        ("a bucket's name that somebody has", {
            let served = Served::new(Project::empty(), Pace::AT_ONCE);
            let message = "The requested bucket name is not available.";
            served.faults.at(
                "s3:CreateBucket",
                1,
                Fault::Fail { status: 409, code: "BucketAlreadyExists".into(), message: message.into() },
            );
            served.run(["up"])
        }),
        (
            "a bucket of that name that is not ours",
            not_ours(|project| {
                let sdk = project.cloud();
                let place = aws_sdk_s3::types::CreateBucketConfiguration::builder()
                    .location_constraint(aws_sdk_s3::types::BucketLocationConstraint::UsWest2)
                    .build();
                sdk.block_on(sdk.s3.create_bucket().bucket(BUCKET).create_bucket_configuration(place).send()).unwrap();
            }),
        ),
        ("a region that is none", changed(|project| project.edit("infra.toml", "us-west-2", "us-west2"), ["up"])),
        ("a key that is not known", changed(|project| project.edit("infra.toml", "nodes = 1", "node = 1"), ["up"])),
        ("a node type of yesterday", changed(|project| project.edit("infra.toml", "ra3.large", "dc2.large"), ["up"])),
        ("no infra.toml", Project::bare().run(["up"])),
        ("load before up", Project::with_sample(2, 2).run(["load"])),
        ("data that is not there", changed(|project| std::fs::remove_dir_all(project.path("data")).unwrap(), ["load"])),
        ("an empty prefix", changed(|_| {}, ["load", "--prefix=songs=Z/"])),
        (
            "a source in another region",
            changed(
                |project| project.edit("infra.toml", "path = \"data\"", "path = \"data\"\nregion = \"eu-west-1\""),
                ["load"],
            ),
        ),
        (
            "jsonpaths that are not there",
            changed(|project| std::fs::remove_file(project.path("data/log_json_path.json")).unwrap(), ["load"]),
        ),
        (
            "jsonpaths that are none",
            changed(
                |project| std::fs::write(project.path("data/log_json_path.json"), "{\"paths\": []}").unwrap(),
                ["load"],
            ),
        ),
        (
            "a file that is no JSON objects",
            changed(|project| std::fs::write(first_song(project), "[\"S\"]").unwrap(), ["load"]),
        ),
        ("a column that is too short", edited("sql/schema/02_staging_songs.sql", "varchar(512)", "varchar(3)")),
        (
            "a column of another type",
            edited("sql/schema/02_staging_songs.sql", "title            varchar(512)", "title            integer"),
        ),
        ("a table that is not there", edited("sql/transform/03_songs.sql", "from staging_songs", "from staging_sons")),
        ("SQL that is none", edited("sql/transform/03_songs.sql", "select", "selct")),
        (
            "a check that finds something",
            changed(
                |project| {
                    let check = "-- Is there any song?\n-- severity: error\nselect count(*) from songs;\n";
                    std::fs::write(project.path("sql/check/no_songs.sql"), check).unwrap();
                },
                ["load"],
            ),
        ),
        ("a question before there is an answer", changed(|_| {}, ["query", "top-songs"])),
        (
            "a question with a slip",
            changed(|project| drop(project.run(["load"]).succeeded()), ["query", "select sogn_id from songs"]),
        ),
        ("an analysis that is not there", changed(|_| {}, ["query", "top-song"])),
    ];
    let mut text = String::new();
    for (mistake, output) in &mistakes {
        assert_ne!(output.code, 0, "{mistake}: {}", output.stdout);
        let _ = writeln!(text, "## {mistake} (exit {})\n{}", output.code, told(output));
    }
    insta::assert_snapshot!(text);
}
