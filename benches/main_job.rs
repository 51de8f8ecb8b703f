//! The main job on the real data, in one process: `up`, `load`, three analyses, `down`, stage by stage, with the peak
//! of memory.
//!
//! `cargo bench --profile dev --bench main_job`, with the build that `cargo run` and `cargo test` share. The data is
//! where SPARKIFY_DATA says, or beside the project; a sample of the same size takes its place where there is none.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// What the project holds itself to, on two cores.
const LIMIT_SECONDS: f64 = 5.0;
const LIMIT_MB: f64 = 300.0;
const RUNS: usize = 5;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let work = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-main-job");
    match run(root, &work) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(root: &Path, work: &Path) -> Result<(), Box<dyn std::error::Error>> {
    std::fs::create_dir_all(work)?;
    let data = match real_data(root, work)? {
        Some(data) => data,
        None => sample(work)?,
    };
    println!("data: {}", data.display());
    let mut runs = Vec::new();
    for number in 1..=RUNS {
        let home = tempfile::tempdir_in(work)?;
        std::fs::copy(root.join("infra.toml"), home.path().join("infra.toml"))?;
        std::os::unix::fs::symlink(root.join("sql"), home.path().join("sql"))?;
        let log = home.path().join("log");
        let started = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_sparkify-infra"))
            .arg("demo")
            .arg("--data")
            .arg(&data)
            .current_dir(home.path())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log)?)
            .spawn()?;
        let mut peak = 0.0_f64;
        let status = loop {
            peak = peak.max(peak_megabytes(child.id()).unwrap_or(0.0));
            if let Some(status) = child.try_wait()? {
                break status;
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let seconds = started.elapsed().as_secs_f64();
        let log = std::fs::read_to_string(log)?;
        if !status.success() {
            return Err(log.into());
        }
        if number == 1 {
            log.lines().filter(|line| line.starts_with("done ")).for_each(|line| println!("  {line}"));
        }
        println!("run {number}: {seconds:.2} s, peak {peak:.0} MB");
        runs.push((seconds, peak));
    }
    runs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let median = runs[RUNS / 2].0;
    let peak = runs.iter().map(|run| run.1).fold(0.0, f64::max);
    println!("median {median:.2} s, {:.0} % of the {LIMIT_SECONDS} s allowed", 100.0 * median / LIMIT_SECONDS);
    println!("peak {peak:.0} MB, {:.0} % of the {LIMIT_MB} MB allowed", 100.0 * peak / LIMIT_MB);
    Ok(())
}

/// VmHWM: the most memory that a process has had, in MB.
fn peak_megabytes(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<f64>().ok()? / 1024.0)
}

fn real_data(root: &Path, work: &Path) -> std::io::Result<Option<PathBuf>> {
    let packed = std::env::var_os("SPARKIFY_DATA").map_or_else(|| root.join("../shared/sparkify-data"), PathBuf::from);
    if packed.join("song_data").is_dir() {
        return Ok(Some(packed));
    }
    if !packed.join("unpack").exists() {
        println!("the real data is not at {}: a sample takes its place", packed.display());
        return Ok(None);
    }
    let unpacked = work.join("data");
    let status = Command::new(packed.join("unpack")).arg(&unpacked).status()?;
    Ok(status.success().then_some(unpacked))
}

fn sample(work: &Path) -> std::io::Result<PathBuf> {
    let directory = work.join("sample");
    Command::new(env!("CARGO_BIN_EXE_sparkify-infra")).arg("sample").arg(&directory).status()?;
    Ok(directory)
}
