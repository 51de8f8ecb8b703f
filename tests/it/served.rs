//! The stand-in behind a port in the test, and the binary pointed at it as if it were AWS: so that a test sees every
//! call, can break any of them, and can kill the binary at any of them.

use std::process::Command;

use sparkify_local::{ACCESS_KEY, Account, Behaviors, Cloud, Faults, Mount, Options, Pace, SECRET_KEY, Server};

use crate::project::{ACCOUNT, Output, Project, REGION, Sdk};

pub struct Served {
    pub project: Project,
    pub faults: Faults,
    pub cloud: Cloud,
    /// Key, secret and token that the binary runs with, where they are not the stand-in's own.
    pub session: Option<[String; 3]>,
    /// Seconds in which the stand-in has shown everything: `--settle`. None, as long as nothing is shown late.
    pub settle: u64,
    server: Server,
    _runtime: tokio::runtime::Runtime,
}

impl Served {
    pub fn new(project: Project, pace: Pace) -> Self {
        Self::begin(REGION, Behaviors::default(), project, pace)
    }

    /// One whose stand-in answers so where it is not settled what AWS answers.
    pub fn playing(project: Project, pace: Pace, behaviors: Behaviors) -> Self {
        Self::begin(REGION, behaviors, project, pace)
    }

    /// The bucket of the sample data is in this region.
    pub fn with_data_in(region: &str, project: Project, pace: Pace) -> Self {
        Self::begin(region, Behaviors::default(), project, pace)
    }

    fn begin(region: &str, behaviors: Behaviors, project: Project, pace: Pace) -> Self {
        let faults = Faults::default();
        let mount = Some(project.path("data")).filter(|data| data.exists());
        let mounts = mount.map(|data| ("udacity-dend".to_owned(), Mount::new(data, region)));
        let options = Options {
            account: Account { id: ACCOUNT.into(), region: REGION.into() },
            mounts: mounts.into_iter().collect(),
            pace,
            behaviors,
            memory: None,
            faults: Some(faults.clone()),
        };
        let cloud = Cloud::open(&project.path(".sparkify"), options).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let server = runtime.block_on(cloud.serve(0)).unwrap();
        Self { project, faults, cloud, session: None, settle: 0, server, _runtime: runtime }
    }

    /// The binary with AWS's standard environment, and with nothing of the machine's.
    pub fn command<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = self.project.command(arguments);
        command
            .env("SPARKIFY_TARGET", "aws")
            .env("SPARKIFY_SETTLE", self.settle.to_string())
            .env("AWS_ENDPOINT_URL", format!("http://{}", self.server.address))
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
            .env("AWS_EC2_METADATA_DISABLED", "true");
        if let Some([key, secret, token]) = &self.session {
            command.env("AWS_ACCESS_KEY_ID", key).env("AWS_SECRET_ACCESS_KEY", secret).env("AWS_SESSION_TOKEN", token);
        }
        command
    }

    pub fn run<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Output {
        self.project.output_of(self.command(arguments))
    }

    /// In a directory with nothing in it.
    pub fn run_elsewhere<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Output {
        let empty = tempfile::tempdir().unwrap();
        let mut command = self.command(arguments);
        command.current_dir(empty.path());
        self.project.output_of(command)
    }

    /// The calls that a run made, in their order.
    pub fn calls_of<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        self.faults.clear();
        let _ = self.run(arguments).succeeded();
        self.faults.calls()
    }

    /// Host and port.
    pub fn address(&self) -> String {
        self.server.address.to_string()
    }

    pub fn sdk(&self) -> Sdk {
        Sdk::over(&self.cloud)
    }

    pub fn everything(&self) -> Vec<String> {
        self.sdk().everything()
    }
}
