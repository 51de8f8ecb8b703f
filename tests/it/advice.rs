//! What a person is told to do about the refusals that people meet first.

use sparkify_local::{Fault, Pace};

use crate::project::Project;
use crate::served::Served;

fn told(exit: i32, operation: &str, code: &str, advice: &str) {
    let served = Served::new(Project::with_sample(2, 2), Pace::AT_ONCE);
    for nth in 1..=8 {
        served.faults.at(
            operation,
            nth,
            Fault::Fail { status: 400, code: code.into(), message: "as AWS says it".into() },
        );
    }
    let command = if operation.starts_with("redshift-data") { "load" } else { "up" };
    if command == "load" {
        let _ = served.run(["up"]).succeeded();
    }
    let _ = served.run([command]).failed(exit, &[code, "as AWS says it", advice]);
}

#[test]
fn refusals_come_with_advice() {
    let get = "sts:GetCallerIdentity";
    let submit = "redshift-data:ExecuteStatement";
    told(8, get, "ExpiredToken", "aws sso login");
    told(8, get, "InvalidClientTokenId", "check AWS_PROFILE");
    told(8, get, "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY, also for blanks");
    told(8, "redshift:DescribeClusters", "ExpiredToken", "aws sso login");
    told(8, submit, "ExpiredTokenException", "aws sso login");
    told(8, submit, "UnrecognizedClientException", "check AWS_PROFILE");
    told(8, submit, "InvalidSignatureException", "AWS_SECRET_ACCESS_KEY, also for blanks");
    told(1, "iam:CreateRole", "AccessDenied", "sparkify-infra policy");
    told(1, "iam:CreateRole", "LimitExceeded", "Service Quotas");
    told(1, "redshift:CreateCluster", "ClusterQuotaExceeded", "Service Quotas");
    told(1, "redshift:CreateCluster", "InsufficientClusterCapacity", "another `node_type`");
    told(1, "s3:CreateBucket", "TooManyBuckets", "Service Quotas");
    told(1, submit, "AccessDeniedException", "sparkify-infra policy");
}

#[test]
fn no_credentials_at_all() {
    let project = Project::empty();
    let mut command = project.command(["plan", "--target=aws"]);
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    let _ = project
        .output_of(command)
        .failed(8, &["cannot ask STS who the caller is", "credentials", "AWS_PROFILE", "--target local"]);
}
