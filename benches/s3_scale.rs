//! Whether the stand-in's S3 costs the same at a million objects as at 15,000: PUT, GET, a page of LIST, and opening it
//! again. `cargo bench --profile dev --bench s3_scale`, with `-- 100000` for fewer objects, with `-- 1000000 1` for GETs one
//! after the other.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints what it measured, and ends where it cannot"
)]

use std::time::Instant;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_s3::config::Credentials;
use futures::{StreamExt, stream};
use sparkify_local::{ACCESS_KEY, Account, Behaviors, Cloud, Options, Pace, SECRET_KEY};

// As in the binary.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
#[cfg(not(target_os = "linux"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SAMPLE: usize = 15_000;
const AT_ONCE: usize = 16;

fn key(n: usize) -> String {
    // As the real keys do, neighbours in time lie apart in the order of the keys.
    let mixed = n.wrapping_mul(2_654_435_761) & 0xffff_ffff;
    format!("song_data/{:02x}/{:02x}/TR{mixed:08x}{n}.json", mixed & 0xff, mixed >> 8 & 0xff)
}

fn open(directory: &std::path::Path) -> (Cloud, aws_sdk_s3::Client) {
    let options = Options {
        account: Account { id: "000000000000".into(), region: "us-east-1".into() },
        mounts: Default::default(),
        pace: Pace::LAPTOP,
        behaviors: Behaviors::default(),
        memory: None,
        faults: None,
    };
    let cloud = Cloud::open(directory, options).unwrap();
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "bench"))
        .http_client(cloud.http_client())
        .force_path_style(true);
    let client = aws_sdk_s3::Client::from_conf(config.build());
    (cloud, client)
}

async fn put(client: &aws_sdk_s3::Client, range: std::ops::Range<usize>) -> f64 {
    let (begun, count) = (Instant::now(), range.len());
    stream::iter(range)
        .for_each_concurrent(AT_ONCE, |n| async move {
            let body = format!("{{\"num_songs\": 1, \"song_id\": \"S{n}\", \"title\": \"{}\"}}", "t".repeat(n % 200));
            client.put_object().bucket("scale").key(key(n)).body(body.into_bytes().into()).send().await.unwrap();
        })
        .await;
    begun.elapsed().as_secs_f64() * 1e6 / count as f64
}

/// Microseconds of a GET among so many objects.
async fn get(client: &aws_sdk_s3::Client, objects: usize, at_once: usize) -> f64 {
    let begun = Instant::now();
    stream::iter(0..SAMPLE)
        .for_each_concurrent(at_once, |n| async move {
            let found = client.get_object().bucket("scale").key(key(n * (objects / SAMPLE))).send().await.unwrap();
            found.body.collect().await.unwrap();
        })
        .await;
    begun.elapsed().as_secs_f64() * 1e6 / SAMPLE as f64
}

/// Microseconds of a GET, of the same GET again, when the disk has nothing to do with it any more, and of a page of LIST.
async fn read(client: &aws_sdk_s3::Client, objects: usize, at_once: usize) -> [f64; 3] {
    let (first, again) = (get(client, objects, at_once).await, get(client, objects, at_once).await);
    let begun = Instant::now();
    let (mut pages, mut token) = (0, None);
    // Of few objects the same pages again, of many always others.
    while pages < 150 {
        let page = client.list_objects_v2().bucket("scale").set_continuation_token(token).send().await.unwrap();
        pages += 1;
        token = page.next_continuation_token;
    }
    [first, again, begun.elapsed().as_secs_f64() * 1e6 / f64::from(pages)]
}

#[tokio::main]
async fn main() {
    let mut given = std::env::args().filter_map(|argument| argument.parse::<usize>().ok());
    let (objects, at_once) = (given.next().unwrap_or(1_000_000), given.next().unwrap_or(AT_ONCE));
    let directory = tempfile::tempdir().unwrap();
    let (cloud, client) = open(directory.path());
    client.create_bucket().bucket("scale").send().await.unwrap();
    println!("{:>10} {:>8} {:>8} {:>8} {:>10}   microseconds each", "objects", "PUT", "GET", "again", "LIST page");
    let line = |name: &str, [put, get, again, list]: [f64; 4], digits: usize| {
        println!("{name:>10} {put:>8.digits$} {get:>8.digits$} {again:>8.digits$} {list:>10.digits$}");
    };
    let measured = |put: f64, [get, again, list]: [f64; 3]| [put, get, again, list];
    let few = measured(put(&client, 0..SAMPLE).await, read(&client, SAMPLE, at_once).await);
    line(&SAMPLE.to_string(), few, 0);
    put(&client, SAMPLE..objects - SAMPLE).await;
    let many = measured(put(&client, objects - SAMPLE..objects).await, read(&client, objects, at_once).await);
    line(&objects.to_string(), many, 0);
    line("ratio", std::array::from_fn(|at| many[at] / few[at]), 2);
    drop((client, cloud));
    let begun = Instant::now();
    let (_cloud, client) = open(directory.path());
    client.head_bucket().bucket("scale").send().await.unwrap();
    println!("opened again and answered after {:.0} ms", begun.elapsed().as_secs_f64() * 1e3);
    let begun = Instant::now();
    client.head_object().bucket("scale").key(key(7)).send().await.unwrap();
    println!("the first question about an object took {:.0} ms more", begun.elapsed().as_secs_f64() * 1e3);
}
