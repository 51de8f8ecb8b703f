//! Regions and partitions: ARNs and hosts of each, and what a source in another region may name.

use std::collections::BTreeMap;

use crate::project::Project;

/// Every ARN in a text is of this partition.
fn assert_partition(text: &str, partition: &str) {
    let arns: Vec<&str> = text.split("arn:").skip(1).collect();
    assert!(!arns.is_empty(), "{text}");
    for arn in arns {
        assert!(arn.starts_with(&format!("{partition}:")), "arn:{arn}\nin {partition}");
    }
}

#[test]
fn up_load_and_down_in_every_partition() {
    for (region, partition, suffix) in [
        ("us-east-1", "aws", "amazonaws.com:"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com:"),
        ("cn-north-1", "aws-cn", "amazonaws.com.cn:"),
        ("eusc-de-east-1", "aws-eusc", "amazonaws.eu:"),
        ("us-iso-east-1", "aws-iso", "c2s.ic.gov:"),
        ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov:"),
        ("eu-isoe-west-1", "aws-iso-e", "cloud.adc-e.uk:"),
        ("us-isof-south-1", "aws-iso-f", "csp.hci.ic.gov:"),
    ] {
        let project = Project::with_sample(5, 5);
        project.edit("infra.toml", "us-west-2", region);
        assert_partition(&project.run(["policy"]).succeeded().stdout, partition);
        let planned = project.run(["plan", "--output=json"]).succeeded().stdout;
        assert_partition(&planned, partition);
        let up = project.run(["up"]).succeeded();
        assert!(up.stderr.contains(&format!("sparkify.local.{region}.redshift.{suffix}")), "{}", up.stderr);
        let _ = project.run(["load"]).succeeded();
        let again = project.run(["up"]).succeeded();
        assert!(again.stderr.contains("nothing to do"), "{}", again.stderr);
        let down = project.run(["down"]).succeeded();
        assert!(down.stderr.contains("nothing of the stack sparkify is left"), "{}", down.stderr);
    }
}

#[test]
fn the_stand_in_refuses_arns_of_another_partition() {
    let project = Project::bare();
    let sdk = project.cloud_in("us-gov-west-1", BTreeMap::new());
    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"redshift.amazonaws.com"},"Action":"sts:AssumeRole"}}"#;
    sdk.block_on(sdk.iam.create_role().role_name("r").assume_role_policy_document(trust).send()).unwrap();
    let read = |partition: &str| {
        let document = format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:{partition}:s3:::b/*"}}}}"#
        );
        sdk.block_on(sdk.iam.put_role_policy().role_name("r").policy_name("p").policy_document(document).send())
    };
    let refused = format!("{:?}", read("aws").unwrap_err());
    assert!(refused.contains("MalformedPolicyDocument"), "{refused}");
    assert!(refused.contains("Partition \\\"aws\\\" is not valid for resource"), "{refused}");
    for partition in ["aws-us-gov", "*"] {
        read(partition).unwrap();
    }
    let attach = |partition: &str| {
        let arn = format!("arn:{partition}:iam::aws:policy/AmazonS3ReadOnlyAccess");
        sdk.block_on(sdk.iam.attach_role_policy().role_name("r").policy_arn(arn).send())
    };
    attach("aws-us-gov").unwrap();
    assert!(format!("{:?}", attach("aws").unwrap_err()).contains("InvalidInput"));
}

#[test]
fn what_lies_in_another_partition_is_refused_before_any_call() {
    let project = Project::empty();
    let good = std::fs::read_to_string(project.path("infra.toml")).unwrap();
    let key = "nodes = 1\nkms_key = \"arn:aws:kms:cn-north-1:123456789012:key/k\"";
    for (from, to, says) in [
        (
            "gather = \"never\"",
            "gather = \"never\"\nregion = \"us-gov-west-1\"",
            ["25:10", "R40: us-gov-west-1 is in the partition aws-us-gov"],
        ),
        ("nodes = 1", key, ["12:11", "ARN: the ARN of a key"]),
    ] {
        std::fs::write(project.path("infra.toml"), good.replacen(from, to, 1)).unwrap();
        let _ = project.run(["up"]).failed(2, &says);
    }
    assert!(!project.path(".sparkify").exists(), "nothing was opened");
}
