//! infra.toml with mistakes: every rule that can be checked without asking AWS, one fixture each, all told at once, and
//! nothing called.

use crate::project::Project;

/// A line of the shipped file, what stands there instead, and what is said: the place, the rule, the words.
const FIXTURES: [(&str, &str, &[&str]); 44] = [
    (
        "stack = \"sparkify\"",
        "stack = \"Sparkify\"",
        &["5:9", "R7: 1 to 63 lower-case letters", "API_ExecuteStatement"],
    ),
    ("stack = \"sparkify\"", "stack = \"a--b\"", &["5:9", "R7: "]),
    ("stack = \"sparkify\"", "stack = \"s-234567890123456789012345678901\"", &["5:9", "R28: ", "at most 30"]),
    ("stack = \"sparkify\"", "", &["stack is missing", "for example: stack = \"sparkify\""]),
    ("stack = \"sparkify\"", "stack = 7", &["5:9", "stack is a string, not integer"]),
    ("region = \"us-west-2\"", "region = \"west\"", &["6:10", "REGION: a region looks like us-west-2"]),
    ("# account = \"123456789012\"", "account = \"1234\" #", &["7:11", "ACCOUNT: an account id has 12 digits"]),
    (
        "region = \"us-west-2\"",
        "region = \"us-west-2\"\nexpires = \"soon\"",
        &["7:11", "expires is a duration such as \"2h\""],
    ),
    ("region = \"us-west-2\"", "region = \"us-west-2\"\nexpires = -5", &["7:11", "expires is a duration"]),
    (
        "[cluster]",
        "[tags]\n\"aws:x\" = \"y\"\n[cluster]",
        &["10:1", "R1: AWS keeps tags that begin with aws:", "API_Tag"],
    ),
    ("[cluster]", "[tags]\nx = \"a*b\"\n[cluster]", &["10:5", "R1: a tag's value"]),
    ("[cluster]", "[tags]\n\"sparkify-infra:stack\" = \"y\"\n[cluster]", &["10:1", "are set by this program"]),
    ("[cluster]", "[bucket]\nname = \"My_Bucket\"\n[cluster]", &["10:8", "R28: 3 to 63", "bucketnamingrules"]),
    ("[cluster]", "[bucket]\nname = \"xn--bucket\"\n[cluster]", &["10:8", "R28: S3 keeps names with xn--"]),
    ("[cluster]", "[bucket]\nname = \"my-s3alias\"\n[cluster]", &["10:8", "R28: S3 keeps names with -s3alias"]),
    ("[cluster]", "[bucket]\nname = \"192.168.0.1\"\n[cluster]", &["10:8", "R28: "]),
    ("node_type = \"ra3.large\"", "node_type = \"dc2.large\"", &["10:13", "R10: dc2.large can no longer be created"]),
    ("node_type = \"ra3.large\"", "node_type = \"ra9\"", &["10:13", "R10: not a node type"]),
    ("node_type = \"ra3.large\"", "", &["cluster.node_type is missing"]),
    ("nodes = 1", "nodes = 101", &["11:9", "R11: a cluster has 1 to 100 nodes"]),
    ("nodes = 1", "nodes = \"one\"", &["11:9", "cluster.nodes is a whole number, not string"]),
    ("nodes = 1", "nodez = 1", &["11:1", "unknown key cluster.nodez", "did you mean nodes?"]),
    ("nodes = 1", "nodes = 1\nport = 5000", &["12:8", "R11: the port is in 5431-5455 or 8191-8215"]),
    (
        "nodes = 1",
        "nodes = 1\nsnapshot_retention_days = 0",
        &["12:27", "R11: automated snapshots are kept 1 to 35 days"],
    ),
    ("nodes = 1", "nodes = 1\nfinal_snapshot = \"Last-\"", &["12:18", "R15: a snapshot's name", "API_DeleteCluster"]),
    ("nodes = 1", "nodes = 1\nfinal_snapshot_retention_days = 5", &["12:33", "R15: ", "does not name"]),
    (
        "nodes = 1",
        "nodes = 1\nfinal_snapshot = \"l\"\nfinal_snapshot_retention_days = 0",
        &["13:33", "R11: a manual snapshot"],
    ),
    ("nodes = 1", "nodes = 1\nadmin = \"Admin\"", &["12:9", "R8: 1 to 128"]),
    ("nodes = 1", "nodes = 1\nadmin = \"public\"", &["12:9", "R8: public is a reserved word"]),
    ("nodes = 1", "nodes = 1\nidentifier = \"-x\"", &["12:14", "R7: "]),
    ("nodes = 1", "nodes = 1\nencrypted = false", &["12:1", "R12: a cluster is always encrypted"]),
    ("nodes = 1", "nodes = 1\npublicly_accessible = true", &["12:1", "R12: a cluster is never public"]),
    ("nodes = 1", "nodes = 1\nmaster_password = \"Secret1234\"", &["12:1", "R19: no secret stands in this file"]),
    ("nodes = 1", "nodes = 1\nsecurity_group = \"sg-1\"", &["12:1", "R13: the Data API needs no security group"]),
    ("nodes = 1", "nodes = 1\nkms_key = \"my-key\"", &["12:11", "ARN: the ARN of a key looks like arn:aws:kms:"]),
    ("nodes = 1", "nodes = 1\nsubnet_group = \"a/b\"", &["12:16", "R13: a subnet group's name"]),
    ("database = \"dwh\"", "database = \"Dwh\"", &["12:12", "R8: a database's name"]),
    ("database = \"dwh\"", "database = \"select\"", &["12:12", "R8: select is a reserved word"]),
    (
        "gather = \"always\"",
        "on_unknown = \"drop\"",
        &["18:14", "on_unknown is \"ignore\", \"warn\", \"fail\" or \"add\""],
    ),
    ("gather = \"always\"", "gather = \"often\"", &["18:10", "gather is \"auto\", \"always\" or \"never\""]),
    ("s3://udacity-dend/song_data/", "songs", &["16:7", "an address in S3 looks like s3://bucket/prefix/"]),
    (
        "s3://udacity-dend/log_json_path.json",
        "s3://udacity-dend/log_data/paths.json",
        &["23:13", "C7: ", "COPY would load it as data"],
    ),
    (
        "s3://udacity-dend/log_json_path.json",
        "s3://udacity-dend/paths.json.gz",
        &["23:13", "R32: the jsonpaths file is compressed"],
    ),
    (
        "[sources.songs]",
        "[timeouts]\ncreate = \"1 hour or so\"\n[sources.songs]",
        &["16:10", "timeouts.create is a duration"],
    ),
];

#[test]
fn one_fixture_for_each_rule() {
    let project = Project::empty();
    let good = std::fs::read_to_string(project.path("infra.toml")).unwrap();
    for (from, to, says) in FIXTURES {
        assert!(good.contains(from), "{from}");
        std::fs::write(project.path("infra.toml"), good.replacen(from, to, 1)).unwrap();
        let output = project.run(["up"]);
        assert_eq!(output.code, 2, "{to}\n{}", output.stderr);
        for words in says {
            let is_place = words.starts_with(|c: char| c.is_ascii_digit());
            let words = if is_place { format!("--> infra.toml:{words}\n") } else { (*words).to_owned() };
            assert!(output.stderr.contains(&words), "'{words}' is not in\n{}", output.stderr);
        }
        assert!(output.stderr.contains("infra.toml has") && output.stderr.contains('^'), "{}", output.stderr);
    }
    assert!(!project.path(".sparkify").exists(), "nothing was opened");
}

#[test]
fn a_policy_that_iam_would_not_take_and_too_many_tags() {
    let project = Project::empty();
    let good = std::fs::read_to_string(project.path("infra.toml")).unwrap();
    let sources: String =
        (0..100).map(|n| format!("[sources.s{n}]\nurl = \"s3://a-bucket-with-a-name-{n}/prefix/\"\n")).collect();
    std::fs::write(project.path("infra.toml"), format!("{good}\n{sources}")).unwrap();
    let _ = project.run(["up"]).failed(2, &["QUOTA: the sources make a role policy of", "IAM takes 10240"]);
    let tags: String = (0..43).map(|n| format!("t{n} = \"v\"\n")).collect();
    std::fs::write(project.path("infra.toml"), format!("{good}\n[tags]\n{tags}")).unwrap();
    let _ = project.run(["up"]).failed(2, &["R1: a resource has at most 50 tags"]);
}

#[test]
fn all_mistakes_at_once() {
    let project = Project::empty();
    let text = "stack = \"Sparkify\"\nregion = \"us-west-2\"\nregoin = \"x\"\n\n[cluster]\nnode_type = \"dc2.large\"\nnodes = 0\n\
                encrypted = false\n\n[sources.songs]\nurl = \"udacity-dend\"\n";
    std::fs::write(project.path("infra.toml"), text).unwrap();
    insta::assert_snapshot!(project.run(["up"]).failed(2, &[]).stderr, @r#"
    error: infra.toml has 7 mistakes

    error: R7: 1 to 63 lower-case letters, digits and single hyphens, starting with a letter and not ending with a hyphen
     --> infra.toml:1:9
      |
    1 | stack = "Sparkify"
      |         ^^^^^^^^^^
      |
      = help: the rule is in https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_ExecuteStatement.html

    error: unknown key regoin
     --> infra.toml:3:1
      |
    3 | regoin = "x"
      | ^^^^^^
      |
      = help: did you mean region?

    error: cluster.database is missing
     --> infra.toml:5:1
      |
    5 | [cluster]
      | ^^^^^^^^^
      |
      = help: for example: database = "dwh"

    error: R10: dc2.large can no longer be created; one of rg.large, rg.xlarge, rg.4xlarge, rg.12xlarge, ra3.large, ra3.xlplus, ra3.4xlarge, ra3.16xlarge
     --> infra.toml:6:13
      |
    6 | node_type = "dc2.large"
      |             ^^^^^^^^^^^
      |
      = help: the rule is in https://docs.aws.amazon.com/redshift/latest/APIReference/API_CreateCluster.html

    error: R11: a cluster has 1 to 100 nodes
     --> infra.toml:7:9
      |
    7 | nodes = 0
      |         ^
      |
      = help: the rule is in https://docs.aws.amazon.com/redshift/latest/APIReference/API_CreateCluster.html

    error: R12: a cluster is always encrypted: AWS refuses any other
     --> infra.toml:8:1
      |
    8 | encrypted = false
      | ^^^^^^^^^
      |
      = help: the rule is in https://docs.aws.amazon.com/redshift/latest/APIReference/API_CreateCluster.html

    error: an address in S3 looks like s3://bucket/prefix/
      --> infra.toml:11:7
       |
    11 | url = "udacity-dend"
       |       ^^^^^^^^^^^^^^
    "#);
    // Malformed TOML: each place, before anything is made of the rest.
    std::fs::write(project.path("infra.toml"), "stack = \"a\nregion = us\n[cluster\nnodes = 1\n").unwrap();
    insta::assert_snapshot!(project.run(["up"]).failed(2, &[]).stderr, @r#"
    error: infra.toml has 3 mistakes

    error: invalid basic string, expected `"`
     --> infra.toml:1:11
      |
    1 | stack = "a
      |           ^

    error: string values must be quoted, expected literal string
     --> infra.toml:2:10
      |
    2 | region = us
      |          ^^

    error: unclosed table, expected `]`
     --> infra.toml:3:9
      |
    3 | [cluster
      |         ^
    "#);
}
