//! `local serve`: other programs over loopback, and nobody else.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use crate::project::Project;

struct Serving {
    child: Child,
    address: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(project: &Project) -> Serving {
    let mut command = project.command(["local", "serve", "--port=0", "--mount=udacity-dend=data"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    let address = ready.trim().strip_prefix("ready on http://").unwrap().to_owned();
    Serving { child, address }
}

fn ask_for(address: &str, path: &str, host: &str, more: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\n{more}Connection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The status line of an answer.
fn ask(address: &str, host: &str, more: &str) -> String {
    let answer = ask_for(address, "/udacity-dend?list-type=2", host, more);
    answer.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn up_load_and_down_over_a_port_and_a_clean_stop() {
    let project = Project::with_sample(40, 60);
    let mut serving = serve(&project);
    assert!(serving.address.starts_with("127.0.0.1:"));
    let run = |arguments: &[&str]| {
        let mut command = project.command(arguments.iter().copied());
        command
            .env("SPARKIFY_TARGET", "aws")
            .env("AWS_ENDPOINT_URL", format!("http://{}", serving.address))
            .env("AWS_ACCESS_KEY_ID", sparkify_local::ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", sparkify_local::SECRET_KEY)
            .env("AWS_EC2_METADATA_DISABLED", "true");
        project.output_of(command)
    };
    let _ = run(&["up"]).succeeded();
    let load = run(&["load"]).succeeded();
    assert!(load.stdout.contains("10 of 10 checks passed"), "{}", load.stdout);
    // In the same folder the server is used instead of the files that it holds.
    let status = project.run(["status"]).succeeded();
    assert!(status.stdout.contains("ready"), "{}", status.stdout);
    let _ = project.run(["load", "--quiet"]).succeeded();
    let _ = project.run(["down"]).succeeded();
    assert!(std::process::Command::new("kill").arg(serving.child.id().to_string()).status().unwrap().success());
    assert_eq!(serving.child.wait().unwrap().code(), Some(0));
    assert_eq!(project.everything(), Vec::<String>::new());
}

#[test]
fn only_names_of_this_machine_are_answered() {
    let project = Project::with_sample(1, 1);
    let serving = serve(&project);
    for (host, more) in
        [("evil.example", ""), ("localhost", "Origin: https://evil.example\r\n"), ("127.0.0.1.evil.example", "")]
    {
        let status = ask(&serving.address, host, more);
        assert!(status.contains("421"), "{host} {more}: {status}");
    }
    // Without a signature S3 answers that it does not know the caller, or what is public.
    for host in ["localhost", "127.0.0.1:80", "udacity-dend.localhost"] {
        let status = ask(&serving.address, host, "");
        assert!(status.contains("403") || status.contains("200"), "{host}: {status}");
    }
}

#[test]
fn state_in_memory_goes_with_the_server() {
    let project = Project::with_sample(2, 2);
    let mut command = project.command(["local", "serve", "--port=0", "--in-memory", "--mount=udacity-dend=data"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    let mut serving = Serving { child, address: ready.trim().strip_prefix("ready on http://").unwrap().to_owned() };
    let health = ask_for(&serving.address, "/_local/health", "localhost", "");
    assert!(health.contains("200 OK") && health.contains("\"status\":\"ok\""), "{health}");
    let _ = project.run(["up"]).succeeded();
    assert!(!project.path(".sparkify/store").exists(), "nothing is on disk");
    // A note that nobody stands behind any more is passed over.
    let note = std::fs::read(project.path(".sparkify/serving.json")).unwrap();
    let _ = std::process::Command::new("kill").arg(serving.child.id().to_string()).status();
    assert_eq!(serving.child.wait().unwrap().code(), Some(0));
    assert!(!project.path(".sparkify").exists());
    std::fs::create_dir(project.path(".sparkify")).unwrap();
    std::fs::write(project.path(".sparkify/serving.json"), note).unwrap();
    let _ = project.run(["up"]).succeeded();
    assert!(project.path(".sparkify/store").exists());
}
