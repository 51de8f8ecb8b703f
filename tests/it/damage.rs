//! Damage to the files of a whole state, after a clean stop and after SIGKILL: each question is answered as before, or with
//! an error, and never with less. No file is left out: without a mark, a lock or a version that is no longer used the answers
//! are the same. A byte that is changed in the file of a large object is found by the client, by the object's checksum.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use sparkify_local::{Account, Behaviors, Cloud, Options, Pace};

use crate::project::{ACCOUNT, Project, REGION, Sdk};
use crate::serve::{Serving, here};

/// In the record, in the store, in a file.
const SIZES: [(&str, usize); 3] = [("small", 100), ("medium", 20_000), ("large", 300_000)];

/// The runs of the server that made the state; the last one was killed.
const ROUNDS: [&str; 3] = ["first", "second", "third"];

type Inflict = fn(&Path);

/// A damage to each file is tried, and every damage to the files that hold what is asked for; all with
/// `SPARKIFY_TEST_DAMAGES`.
const DAMAGES: [(&str, Inflict); 5] = [
    ("removed", |file| std::fs::remove_file(file).unwrap()),
    ("emptied", |file| std::fs::write(file, "").unwrap()),
    ("halved", |file| change(file, |bytes| bytes.truncate(bytes.len() / 2))),
    ("one byte shorter", |file| change(file, |bytes| bytes.truncate(bytes.len().saturating_sub(1)))),
    ("changed in the middle", |file| {
        change(file, |bytes| {
            let middle = bytes.len() / 2;
            if let Some(byte) = bytes.get_mut(middle) {
                *byte ^= 0x55;
            }
        });
    }),
];

fn change(file: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(file).unwrap();
    change(&mut bytes);
    std::fs::write(file, bytes).unwrap();
}

fn serve(project: &Project) -> Serving {
    let mut command = project.command(["local", "serve", "--port=0", "--instant"]);
    command.env("AWS_REGION", REGION);
    Serving::start(command)
}

/// Objects, a role and rows. Secrets of one's own are kept in memory only.
fn fill(sdk: &Sdk, round: &str) {
    for (name, size) in SIZES {
        sdk.put("kept", &format!("{round}/{name}"), &round[..1].repeat(size));
    }
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"redshift.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    sdk.block_on(sdk.iam.create_role().role_name(round).assume_role_policy_document(trust).send()).unwrap();
    sdk.sql(&format!("create table {round} as select 1 as a, 'word' as b")).unwrap();
    sdk.sql(&format!("insert into {round} values (2, 'more')")).unwrap();
}

/// What a state answers to each question.
type Answers = BTreeMap<String, Result<String, String>>;

fn told<E: ProvideErrorMetadata + Debug, R: Debug>(error: SdkError<E, R>) -> String {
    match error.code() {
        Some(code) => format!("{code}: {}", error.message().unwrap_or_default()),
        None => format!("{error:?}"),
    }
}

/// Starts a server on a state and asks it for everything that `fill` put there in these rounds.
fn answers(state: &Path, rounds: &[&str]) -> Result<Answers, String> {
    let account = Account { id: ACCOUNT.into(), region: REGION.into() };
    let (mounts, pace, behaviors) = (BTreeMap::new(), Pace::AT_ONCE, Behaviors::default());
    let options = Options { account, mounts, pace, behaviors, memory: None, faults: None };
    let cloud = Cloud::open(state, options).map_err(|error| format!("{error:?}"))?;
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _server = runtime.block_on(cloud.serve(0)).map_err(|error| error.to_string())?;
    Ok(ask(&Sdk::once(&cloud), rounds))
}

fn ask(sdk: &Sdk, rounds: &[&str]) -> Answers {
    let mut answers = Answers::new();
    let listed = sdk.block_on(sdk.s3.list_objects_v2().bucket("kept").send());
    let listed = listed.map(|found| {
        let objects = found.contents().iter().map(|object| format!("{:?} {:?} ", object.key(), object.size()));
        objects.collect::<String>()
    });
    answers.insert("objects".into(), listed.map_err(told));
    let roles = sdk.block_on(sdk.iam.list_roles().send());
    let roles = roles.map(|found| found.roles.iter().map(|role| format!("{} ", role.role_name)).collect::<String>());
    answers.insert("roles".into(), roles.map_err(told));
    let clusters = sdk.block_on(sdk.redshift.describe_clusters().send());
    let arn = clusters.as_ref().ok().and_then(|found| found.clusters().first()?.master_password_secret_arn());
    // Where there is no cluster, that is what is wrong.
    let secret = arn.map(|arn| {
        let found = sdk.block_on(sdk.secrets.get_secret_value().secret_id(arn).send()).map_err(told)?;
        Ok(format!("{:?}", found.secret_string()))
    });
    answers.insert("its secret".into(), secret.unwrap_or_else(|| Err("there is no cluster to ask for".into())));
    let clusters = clusters.map(|found| {
        let names = found.clusters().iter().map(|cluster| format!("{:?} ", cluster.cluster_identifier()));
        names.collect::<String>()
    });
    answers.insert("clusters".into(), clusters.map_err(told));
    for round in rounds {
        let rows = sdk.sql(&format!("select a, b from {round} order by a"));
        answers.insert(format!("rows of {round}"), rows.map(|rows| format!("{rows:?}")));
        for (name, _) in SIZES {
            let key = format!("{round}/{name}");
            answers.insert(format!("object {key}"), object(sdk, &key));
        }
    }
    answers
}

/// The number of bytes of an object, and their hash.
fn object(sdk: &Sdk, key: &str) -> Result<String, String> {
    sdk.block_on(async {
        let found = sdk.s3.get_object().bucket("kept").key(key).send().await.map_err(told)?;
        let bytes = found.body.collect().await.map_err(|error| format!("{error:?}"))?.into_bytes();
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        Ok(format!("{} {}", bytes.len(), hasher.finish()))
    })
}

/// What says that nothing is there.
const ABSENT: [&str; 6] =
    ["NoSuchKey", "NoSuchBucket", "NoSuchEntity", "ClusterNotFound", "ResourceNotFound", "does not exist"];

/// Returns true if an answer is another one without an error that says why. That something is not there is an answer
/// too.
fn is_silent(before: &Result<String, String>, after: &Result<String, String>) -> bool {
    match after {
        Ok(_) => before != after,
        Err(error) => ABSENT.iter().any(|words| error.contains(words)),
    }
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

/// What is wrong with the answers of a state, a file of which was damaged.
fn silent(whole: &Path, file: &Path, inflict: Inflict, expected: &Answers, rounds: &[&str]) -> Vec<String> {
    let home = tempfile::tempdir().unwrap();
    copy(whole, home.path());
    inflict(&home.path().join(file));
    let checked = holds_answers(file).then(|| sparkify_local::check(home.path()).map(|check| check.damaged));
    let found = match catch_unwind(AssertUnwindSafe(|| answers(home.path(), rounds))) {
        Ok(Ok(found)) => found,
        Ok(Err(_)) => expected.keys().map(|question| (question.clone(), Err("it does not open".into()))).collect(),
        Err(_) => return vec!["a panic".into()],
    };
    let differs = |question: &&String| is_silent(&expected[*question], &found[*question]);
    let mut wrong: Vec<String> =
        expected.keys().filter(differs).map(|question| format!("{question}: {:?}", found[question])).collect();
    if let Some(Ok(damaged)) = checked
        && damaged.is_empty()
        && found.values().any(Result::is_err)
    {
        wrong.push("`local check` does not say so".into());
    }
    wrong
}

/// Journals, and the databases with their logs.
fn holds_answers(file: &Path) -> bool {
    let ending = file.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| ["jnl", "duckdb", "wal"].contains(&ending))
}

#[test]
fn damage_is_an_error_or_does_no_harm() {
    let project = Project::bare();
    let copies = tempfile::tempdir().unwrap();
    for round in ROUNDS {
        let mut serving = serve(&project);
        let sdk = Sdk::at(&serving.address);
        if round == ROUNDS[0] {
            sdk.block_on(sdk.s3.create_bucket().bucket("kept").create_bucket_configuration(here()).send()).unwrap();
            let create = sdk.redshift.create_cluster().cluster_identifier("sparkify").node_type("ra3.large");
            let create = create.db_name("dwh").cluster_type("single-node").master_username("dwhadmin");
            sdk.block_on(create.manage_master_password(true).send()).unwrap();
        }
        fill(&sdk, round);
        if round == ROUNDS[2] {
            serving.child.kill().unwrap();
            serving.child.wait().unwrap();
        } else {
            let _ = Command::new("kill").arg(serving.child.id().to_string()).status();
            assert_eq!(serving.child.wait().unwrap().code(), Some(0));
        }
        copy(&project.path(".sparkify"), &copies.path().join(round));
    }
    let tries_all = std::env::var_os("SPARKIFY_TEST_DAMAGES").is_some();
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for rounds in [&ROUNDS[..2], &ROUNDS[..]] {
        let whole = copies.path().join(rounds[rounds.len() - 1]);
        let sound = tempfile::tempdir().unwrap();
        copy(&whole, sound.path());
        let expected = answers(sound.path(), rounds).unwrap();
        assert!(expected.values().all(Result::is_ok), "{expected:?}");
        for (number, path) in files(&whole).iter().enumerate() {
            let file = path.strip_prefix(&whole).unwrap();
            for (at, (damage, inflict)) in DAMAGES.into_iter().enumerate() {
                if tries_all || holds_answers(file) || at == number % DAMAGES.len() {
                    tried += 1;
                    let found = silent(&whole, file, inflict, &expected, rounds);
                    wrong.extend(found.iter().map(|what| format!("{} {damage}: {what}", file.display())));
                }
            }
        }
    }
    assert!(tried > 60, "{tried} damages");
    assert_eq!(wrong, Vec::<String>::new(), "of {tried} damages");
}
