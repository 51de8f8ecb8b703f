//! Listings over HTTP, page by page against a model: of a bucket of one's own and of a mounted directory; and loads of
//! more objects than one page has, counted row by row.

use std::collections::BTreeSet;
use std::path::Path;

use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::types::{BucketVersioningStatus, EncodingType, VersioningConfiguration};

use crate::project::{Project, Sdk};
use crate::serve::{Serving, client, here};

/// Keys that a directory can hold.
const FILES: [&str; 14] = [
    "a-b/x y.json",
    "a.json",
    "a/1",
    "a/2",
    "a0",
    "b/c-d",
    "b/c/d",
    "b/c/e/f",
    "c\u{1}d",
    "c\td",
    "z+%25&<>.txt",
    "z /(1)",
    "\u{e9}/\u{fc}",
    "\u{65e5}\u{672c}",
];

/// Keys that only a bucket can hold.
const OBJECTS: [&str; 8] = ["a", "a/", "a//b", "b/c/", "b/c", "a///", "\u{ffff}", "\u{10ffff}/x"];

/// What a listing shows: names and ids, `..` for a rolled-up prefix.
type Entries = Vec<(String, String)>;

#[derive(Debug, Clone)]
struct Asked {
    prefix: &'static str,
    delimiter: Option<&'static str>,
    after: &'static str,
    size: i32,
}

/// Some of all listings that may be asked for.
fn asked(count: usize) -> impl Iterator<Item = Asked> {
    let mut random = fastrand::Rng::with_seed(18);
    (0..count).map(move |_| Asked {
        prefix: random.choice(["", "", "a", "a/", "b/", "b/c", "z", "\u{e9}", "c\u{1}", "none"]).unwrap_or_default(),
        delimiter: random
            .choice([None, None, Some("/"), Some("/"), Some("c"), Some("/c"), Some("")])
            .unwrap_or_default(),
        after: random
            .choice(["", "", "a", "a/", "a/1", "a/15", "b/c/", "b/c/d", "b0", "c\u{1}d", "zz"])
            .unwrap_or_default(),
        size: random.i32(1..=5),
    })
}

fn model(asked: &Asked, all: &[(String, String)]) -> Entries {
    let delimiter = asked.delimiter.filter(|delimiter| !delimiter.is_empty());
    let mut shown = Entries::new();
    for (key, id) in all.iter().filter(|(key, _)| key.starts_with(asked.prefix)) {
        let at = delimiter.and_then(|delimiter| Some(key[asked.prefix.len()..].find(delimiter)? + delimiter.len()));
        let entry = match at {
            Some(at) => (key[..asked.prefix.len() + at].to_owned(), "..".to_owned()),
            None => (key.clone(), id.clone()),
        };
        if entry.0.as_str() > asked.after && shown.last() != Some(&entry) {
            shown.push(entry);
        }
    }
    shown.sort();
    shown
}

fn decoded(name: Option<&str>) -> String {
    let spaced = name.unwrap_or_default().replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8().unwrap().into_owned()
}

fn rolled_up(prefixes: &[aws_sdk_s3::types::CommonPrefix]) -> impl Iterator<Item = (String, String)> {
    prefixes.iter().map(|prefix| (decoded(prefix.prefix()), "..".to_owned()))
}

fn objects(contents: &[aws_sdk_s3::types::Object]) -> impl Iterator<Item = (String, String)> {
    contents.iter().map(|object| (decoded(object.key()), String::new()))
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

async fn listed_v2(s3: &aws_sdk_s3::Client, bucket: &str, asked: &Asked) -> Entries {
    let (mut found, mut token) = (Entries::new(), None);
    loop {
        let call = s3.list_objects_v2().bucket(bucket).prefix(asked.prefix).max_keys(asked.size);
        let call = call.set_delimiter(asked.delimiter.map(str::to_owned)).encoding_type(EncodingType::Url);
        let page = call.set_start_after(text(asked.after)).set_continuation_token(token).send().await.unwrap();
        let entries: Entries = objects(page.contents()).chain(rolled_up(page.common_prefixes())).collect();
        assert!(entries.len() <= asked.size as usize, "{asked:?}");
        assert_eq!(page.key_count(), Some(entries.len() as i32), "{asked:?}");
        found.extend(entries);
        token = page.next_continuation_token;
        assert_eq!(page.is_truncated, Some(token.is_some()), "{asked:?}");
        if token.is_none() {
            return found;
        }
    }
}

async fn listed_v1(s3: &aws_sdk_s3::Client, bucket: &str, asked: &Asked) -> Entries {
    let (mut found, mut marker) = (Entries::new(), text(asked.after));
    loop {
        let call = s3.list_objects().bucket(bucket).prefix(asked.prefix).max_keys(asked.size);
        let call = call.set_delimiter(asked.delimiter.map(str::to_owned)).encoding_type(EncodingType::Url);
        let page = call.set_marker(marker).send().await.unwrap();
        let entries: Entries = objects(page.contents()).chain(rolled_up(page.common_prefixes())).collect();
        let last = entries.iter().map(|(key, _)| key.clone()).max();
        found.extend(entries);
        if page.is_truncated != Some(true) {
            return found;
        }
        let has_delimiter = asked.delimiter.is_some_and(|delimiter| !delimiter.is_empty());
        assert_eq!(page.next_marker.is_some(), has_delimiter, "{asked:?}");
        marker = page.next_marker.map(|marker| decoded(Some(&marker))).or(last);
    }
}

async fn listed_versions(s3: &aws_sdk_s3::Client, bucket: &str, asked: &Asked) -> Entries {
    let (mut found, mut key, mut version) = (Entries::new(), text(asked.after), None);
    loop {
        let call = s3.list_object_versions().bucket(bucket).prefix(asked.prefix).max_keys(asked.size);
        let call = call.set_delimiter(asked.delimiter.map(str::to_owned)).encoding_type(EncodingType::Url);
        let page = call.set_key_marker(key).set_version_id_marker(version).send().await.unwrap();
        let versions = page.versions().iter().map(|found| (found.key(), found.version_id()));
        let markers = page.delete_markers().iter().map(|found| (found.key(), found.version_id()));
        let named = versions.chain(markers).map(|(key, id)| (decoded(key), id.unwrap_or_default().to_owned()));
        found.extend(named.chain(rolled_up(page.common_prefixes())));
        if page.is_truncated != Some(true) {
            return found;
        }
        key = page.next_key_marker.map(|key| decoded(Some(&key)));
        version = page.next_version_id_marker;
    }
}

async fn listed_uploads(s3: &aws_sdk_s3::Client, bucket: &str, asked: &Asked) -> Entries {
    let (mut found, mut key, mut id) = (Entries::new(), text(asked.after), None);
    loop {
        let call = s3.list_multipart_uploads().bucket(bucket).prefix(asked.prefix).max_uploads(asked.size);
        let call = call.set_delimiter(asked.delimiter.map(str::to_owned)).encoding_type(EncodingType::Url);
        let page = call.set_key_marker(key).set_upload_id_marker(id).send().await.unwrap();
        let uploads = page.uploads().iter();
        let named = uploads.map(|found| (decoded(found.key()), found.upload_id().unwrap_or_default().to_owned()));
        found.extend(named.chain(rolled_up(page.common_prefixes())));
        if page.is_truncated != Some(true) {
            return found;
        }
        key = page.next_key_marker.map(|key| decoded(Some(&key)));
        id = page.next_upload_id_marker.filter(|id| !id.is_empty());
    }
}

async fn put(s3: &aws_sdk_s3::Client, bucket: &str, key: &str) -> Option<String> {
    s3.put_object().bucket(bucket).key(key).body(b"{}".to_vec().into()).send().await.unwrap().version_id
}

/// As one page has them: sorted, each once.
fn sorted(mut entries: Entries) -> Entries {
    entries.sort();
    entries
}

#[test]
fn pages_of_objects_are_as_a_model_has_them() {
    let project = Project::bare();
    for key in FILES {
        let path = project.path("data").join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "{}").unwrap();
    }
    let mut command = project.command(["local", "serve", "--port=0", "--in-memory", "--mount=mounted=data"]);
    command.env("AWS_REGION", "us-west-2");
    let serving = Serving::start(command);
    let s3 = client(&serving);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        s3.create_bucket().bucket("own").create_bucket_configuration(here()).send().await.unwrap();
        for key in FILES.iter().chain(&OBJECTS) {
            put(&s3, "own", key).await;
        }
        let all = |keys: &[&str]| -> Entries {
            let keys: BTreeSet<&str> = keys.iter().copied().collect();
            keys.into_iter().map(|key| (key.to_owned(), String::new())).collect()
        };
        let own: Vec<&str> = FILES.into_iter().chain(OBJECTS).collect();
        for (bucket, all) in [("own", all(&own)), ("mounted", all(&FILES))] {
            for asked in asked(50) {
                let expected = model(&asked, &all);
                assert_eq!(sorted(listed_v2(&s3, bucket, &asked).await), expected, "{bucket} {asked:?}");
                assert_eq!(sorted(listed_v1(&s3, bucket, &asked).await), expected, "V1 {bucket} {asked:?}");
            }
        }
        s3.create_bucket().bucket("own-2").create_bucket_configuration(here()).send().await.unwrap();
        let (mut names, mut token) = (Vec::new(), None);
        loop {
            let call = s3.list_buckets().prefix("own").max_buckets(1).set_continuation_token(token);
            let page = call.send().await.unwrap();
            names.extend(page.buckets().iter().filter_map(|bucket| bucket.name().map(str::to_owned)));
            token = page.continuation_token;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(names, ["own", "own-2"]);
        // A page of nothing is the last one; fewer than nothing cannot be asked for.
        let none = s3.list_objects_v2().bucket("own").max_keys(0).send().await.unwrap();
        assert_eq!((none.is_truncated, none.contents().len()), (Some(false), 0));
        let refused = s3.list_objects_v2().bucket("own").max_keys(-1).send().await.unwrap_err();
        assert_eq!(refused.code(), Some("InvalidArgument"));
        // What is new in the directory is in the next listing, wherever that begins.
        std::fs::write(project.path("data/y"), "{}").unwrap();
        let after = s3
            .list_objects_v2()
            .bucket("mounted")
            .start_after("c")
            .max_keys(3)
            .encoding_type(EncodingType::Url)
            .send()
            .await
            .unwrap();
        let keys: Vec<_> = after.contents().iter().filter_map(|object| object.key()).collect();
        assert!(keys.contains(&"y"), "{keys:?}");
    });
}

#[test]
fn pages_of_versions_and_uploads_are_as_a_model_has_them() {
    let project = Project::bare();
    let mut command = project.command(["local", "serve", "--port=0", "--in-memory"]);
    command.env("AWS_REGION", "us-west-2");
    let serving = Serving::start(command);
    let s3 = client(&serving);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        s3.create_bucket().bucket("kept").create_bucket_configuration(here()).send().await.unwrap();
        let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        s3.put_bucket_versioning().bucket("kept").versioning_configuration(on).send().await.unwrap();
        let (mut versions, mut uploads, mut objects) = (Entries::new(), Entries::new(), Entries::new());
        let mut keys: Vec<&str> = FILES.into_iter().chain(OBJECTS).collect();
        keys.sort_unstable();
        for (number, key) in keys.into_iter().enumerate() {
            for _ in 0..=number % 3 {
                versions.push((key.to_owned(), put(&s3, "kept", key).await.unwrap()));
                // Its answer has the key as it is, and XML cannot hold every one.
                if key.contains(['\u{1}', '\u{ffff}']) {
                    continue;
                }
                let upload = s3.create_multipart_upload().bucket("kept").key(key).send().await.unwrap();
                uploads.push((key.to_owned(), upload.upload_id.unwrap()));
            }
            if number % 4 == 1 {
                let marker = s3.delete_object().bucket("kept").key(key).send().await.unwrap();
                versions.push((key.to_owned(), marker.version_id.unwrap()));
            } else {
                objects.push((key.to_owned(), String::new()));
            }
        }
        for asked in asked(50) {
            let found = sorted(listed_versions(&s3, "kept", &asked).await);
            assert_eq!(found, model(&asked, &versions), "versions {asked:?}");
            let found = sorted(listed_uploads(&s3, "kept", &asked).await);
            assert_eq!(found, model(&asked, &uploads), "uploads {asked:?}");
            let found = sorted(listed_v2(&s3, "kept", &asked).await);
            assert_eq!(found, model(&asked, &objects), "objects {asked:?}");
        }
        let (key, upload) = &uploads[0];
        for number in [1, 3, 7] {
            let part = s3.upload_part().bucket("kept").key(key).upload_id(upload).part_number(number);
            part.body(b"x".to_vec().into()).send().await.unwrap();
        }
        let (mut numbers, mut marker) = (Vec::new(), None);
        loop {
            let call = s3.list_parts().bucket("kept").key(key).upload_id(upload).max_parts(1);
            let page = call.set_part_number_marker(marker).send().await.unwrap();
            numbers.extend(page.parts().iter().filter_map(|part| part.part_number()));
            if page.is_truncated != Some(true) {
                break;
            }
            marker = page.next_part_number_marker;
        }
        assert_eq!(numbers, [1, 3, 7]);
        let marker = versions[0].1.clone();
        let refused = s3.list_object_versions().bucket("kept").version_id_marker(marker).send().await.unwrap_err();
        assert_eq!(refused.code(), Some("InvalidArgument"));
    });
}

fn song_id(file: &Path) -> String {
    let song: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    song["song_id"].as_str().unwrap().to_owned()
}

/// Of the songs in a staging table: rows, and songs.
fn staged(sdk: &Sdk) -> (String, String) {
    let row = sdk.rows("select count(*), count(distinct song_id) from staging_songs").remove(0);
    (row[0].clone(), row[1].clone())
}

#[test]
fn as_many_rows_as_objects() {
    const SONGS: usize = 2500;
    let project = Project::with_sample(SONGS as u64, 10);
    project.edit("infra.toml", "s3://udacity-dend/song_data/", "s3://raw/song_data/");
    let sdk = project.cloud();
    sdk.block_on(sdk.s3.create_bucket().bucket("raw").create_bucket_configuration(here()).send()).unwrap();
    let files = crate::load::files(&project, "data/song_data");
    let ids: BTreeSet<String> = files.iter().map(|file| song_id(file)).collect();
    assert_eq!((files.len(), ids.len()), (SONGS, SONGS));
    sdk.block_on(async {
        for some in files.chunks(100) {
            let puts = some.iter().map(|file| {
                let key = file.strip_prefix(project.path("data")).unwrap().display().to_string();
                sdk.s3.put_object().bucket("raw").key(key).body(std::fs::read(file).unwrap().into()).send()
            });
            futures::future::try_join_all(puts).await.unwrap();
        }
    });
    drop(sdk);
    let _ = project.run(["up"]).succeeded();
    let load = project.run(["load"]).succeeded();
    assert!(load.stderr.contains("gather songs: 2500 records"), "{}", load.stderr);
    let sdk = project.cloud();
    let all = (SONGS.to_string(), SONGS.to_string());
    assert_eq!(staged(&sdk), all);

    // As they lie, by COPY alone.
    let rights = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
    let grant = sdk.iam.put_role_policy().role_name("sparkify-warehouse").policy_name("all").policy_document(rights);
    sdk.block_on(grant.send()).unwrap();
    let role = "arn:aws:iam::000000000000:role/sparkify-infra/sparkify/sparkify-warehouse";
    for bucket in ["raw", "udacity-dend"] {
        sdk.sql("delete from staging_songs").unwrap();
        let copy = format!("copy staging_songs from 's3://{bucket}/song_data/' iam_role '{role}' json 'auto'");
        let rows = sdk.copied(&copy).unwrap();
        assert_eq!((rows, staged(&sdk)), (SONGS as i64, all.clone()), "{bucket}");
    }
}

#[test]
fn keys_with_control_characters_are_loaded_and_deleted() {
    let project = Project::with_sample(3, 3);
    let song = crate::bad_input::first_song(&project);
    std::fs::rename(&song, song.with_file_name("odd\u{1}\r\n name+%41.json")).unwrap();
    let _ = project.run(["up"]).succeeded();
    let _ = project.run(["load"]).succeeded();
    let sdk = project.cloud();
    assert_eq!(staged(&sdk), ("3".to_owned(), "3".to_owned()));
    sdk.put(crate::project::BUCKET, "odd\u{1}\r\n name+%41", "x");
    sdk.put(crate::project::BUCKET, "odd\u{ffff}", "x");
    sdk.put(crate::project::BUCKET, "odd\r\n\t", "x");
    let open = sdk.s3.create_multipart_upload().bucket(crate::project::BUCKET).key("odd\u{1}+");
    // The answer has the key as it is, which the client cannot read; the upload is there all the same.
    let _ = sdk.block_on(open.send());
    drop(sdk);
    let _ = project.run(["down"]).succeeded();
    assert_eq!(project.everything(), Vec::<String>::new());
}

#[cfg(unix)]
#[test]
fn links_that_lead_nowhere_are_left_out_and_said() {
    let project = Project::with_sample(3, 3);
    std::os::unix::fs::symlink("nowhere", project.path("data/song_data/dangling.json")).unwrap();
    std::os::unix::fs::symlink("..", project.path("data/song_data/back")).unwrap();
    let _ = project.run(["up"]).succeeded();
    let load = project.run(["load"]).succeeded();
    for says in
        ["song_data/dangling.json is not listed: a link to nothing", "song_data/back is not listed: a link leads back"]
    {
        assert_eq!(load.stderr.matches(says).count(), 1, "'{says}' is not once in\n{}", load.stderr);
    }
    assert_eq!(staged(&project.cloud()), ("3".to_owned(), "3".to_owned()));
}
