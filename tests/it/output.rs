//! What a person sees, word for word. Times are taken out, so that a snapshot says the same on every machine.

use crate::project::Project;

/// Drops the durations at the ends of lines.
fn without_times(text: &str) -> String {
    let line = |line: &str| match line.rsplit_once(' ').filter(|(_, unit)| *unit == "s") {
        Some((rest, _)) if line.starts_with("done ") || line.starts_with("loaded ") => {
            rest.rsplit_once(' ').map_or("", |(rest, _)| rest).to_owned()
        }
        _ => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn up_says_what_it_does() {
    let project = Project::with_sample(3, 3);
    let up = project.run(["up"]).succeeded();
    insta::assert_snapshot!(without_times(&up.stderr), @r#"
    target local: account 000000000000, region us-west-2
    up of the stack sparkify:
      + create role sparkify-warehouse (lets Redshift read S3)
      ~ put the policy of role sparkify-warehouse (may read what load reads, and nothing else)
      + create bucket sparkify-000000000000-us-west-2 (holds the gathered parts, beside the cluster; owner enforced)
      ~ block public access to bucket sparkify-000000000000-us-west-2 (nothing in it is public)
      ~ encrypt bucket sparkify-000000000000-us-west-2 (encrypted with AES256)
      ~ put the policy of bucket sparkify-000000000000-us-west-2 (TLS only)
      + create cluster sparkify (1 x ra3.large, private, encrypted, password in Secrets Manager)
      . wait for cluster sparkify (until it takes statements)
    ...  create role sparkify-warehouse
    done create role sparkify-warehouse
    ...  put the policy of role sparkify-warehouse
    done put the policy of role sparkify-warehouse
    ...  create bucket sparkify-000000000000-us-west-2
    done create bucket sparkify-000000000000-us-west-2
    ...  block public access to bucket sparkify-000000000000-us-west-2
    done block public access to bucket sparkify-000000000000-us-west-2
    ...  encrypt bucket sparkify-000000000000-us-west-2
    done encrypt bucket sparkify-000000000000-us-west-2
    ...  put the policy of bucket sparkify-000000000000-us-west-2
    done put the policy of bucket sparkify-000000000000-us-west-2
    ...  create cluster sparkify
    done create cluster sparkify
    ...  wait for cluster sparkify
    done wait for cluster sparkify
    ready the warehouse sparkify: database dwh at sparkify.local.us-west-2.redshift.amazonaws.com:5439
    "#);
    assert_eq!(up.stdout, "");
    let quiet = project.run(["down", "--quiet"]).succeeded();
    assert_eq!((quiet.stdout, quiet.stderr), (String::new(), String::new()));
}

#[test]
fn the_report_of_a_load() {
    let project = Project::with_sample(50, 120);
    let _ = project.run(["up"]).succeeded();
    let load = project.run(["load", "--quiet"]).succeeded();
    insta::assert_snapshot!(load.stdout, @r#"
     source   objects   bytes   parts      records   staged   rejected   table
    ────────────────────────────────────────────────────────────────────────────────────
     events         3   56773   in place                120          0   staging_events
     songs         50   12915          1        50       50          0   staging_songs

               what                                                 rows
    ─────────────────────────────────────────────────────────────────────
     artists   distinct artists in the songs                          19
                 kept: artists                                        17
                 left out: no id or no name                            0
                 left out: folded into the row of the same artist      2
     events    events staged                                         120
                 kept: plays                                           8
                 left out: not a NextSong event                       10
                 left out: no user                                     0
                 left out: no song of this title                     102
                 left out: song of this title by another artist        0
                 left out: logged more than once                       0
     songs     song files staged                                      50
                 kept: songs                                          50
                 left out: no id, no title or no artist                0
                 left out: another file of the same song               0
     time      plays                                                   8
                 kept: moments                                         8
                 left out: starts together with another play           0
     users     distinct users in the events                            2
                 kept: users                                           2
                 left out: folded into the row of the same user        0

     table       rows   one row
    ──────────────────────────────────────────────────────────────────────────────────────────
     users          2   one user who played a song
     artists       17   one artist, under the name and place that most songs bear
     songs         50   one song
     songplays      8   one NextSong event whose song the song data knows by title and artist
     time           8   one moment at which a play started

    10 of 10 checks passed
    "#);
    assert_eq!(load.stderr, "");
}

#[test]
fn mistakes_are_underlined() {
    let project = Project::empty();
    project.edit("infra.toml", "nodes = 1", "nodes = 1000");
    project.edit("infra.toml", "s3://udacity-dend/log_data/", "udacity-dend/log_data/");
    let output = project.run(["up"]).failed(2, &[]);
    insta::assert_snapshot!(output.stderr, @r#"
    error: infra.toml has 2 mistakes

    error: R11: a cluster has 1 to 100 nodes
      --> infra.toml:11:9
       |
    11 | nodes = 1000
       |         ^^^^
       |
       = help: the rule is in https://docs.aws.amazon.com/redshift/latest/APIReference/API_CreateCluster.html

    error: an address in S3 looks like s3://bucket/prefix/
      --> infra.toml:22:7
       |
    22 | url = "udacity-dend/log_data/"
       |       ^^^^^^^^^^^^^^^^^^^^^^^^
    "#);
    project.edit("infra.toml", "nodes = 1000", "nodez = 1");
    let output = project.run(["up"]).failed(2, &[]);
    insta::assert_snapshot!(output.stderr, @r#"
    error: infra.toml has 3 mistakes

    error: cluster.nodes is missing
     --> infra.toml:9:1
      |
    9 | [cluster]
      | ^^^^^^^^^
      |
      = help: for example: nodes = 1

    error: unknown key cluster.nodez
      --> infra.toml:11:1
       |
    11 | nodez = 1
       | ^^^^^
       |
       = help: did you mean nodes?

    error: an address in S3 looks like s3://bucket/prefix/
      --> infra.toml:22:7
       |
    22 | url = "udacity-dend/log_data/"
       |       ^^^^^^^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn the_picture_of_the_schema_is_drawn_from_it() {
    let drawn = Project::empty().run(["schema"]).succeeded().stdout;
    let shown = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/images/schema.svg")).unwrap();
    assert!(drawn == shown, "draw it anew: cargo run -- schema > images/schema.svg");
}
