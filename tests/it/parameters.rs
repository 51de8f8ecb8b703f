//! Parameters of the control planes: each is honoured, or refused by its name.

use crate::project::Project;

#[test]
fn a_modified_cluster_is_what_was_asked_for() {
    let project = Project::empty();
    let sdk = project.cloud_with(Default::default());
    let create = sdk.redshift.create_cluster().cluster_identifier("twin").node_type("ra3.large");
    let create = create.cluster_type("single-node").master_username("admin").master_user_password("Secret123");
    sdk.block_on(create.availability_zone("us-west-2b").send()).unwrap();
    let describe = || {
        let sent = sdk.redshift.describe_clusters().cluster_identifier("twin").send();
        sdk.block_on(sent).unwrap().clusters.unwrap().remove(0)
    };
    let settled = || {
        while describe().cluster_status.as_deref() != Some("available") {}
        describe()
    };
    let modify = || sdk.redshift.modify_cluster().cluster_identifier("twin");
    settled();
    let all = modify().allow_version_upgrade(false).enhanced_vpc_routing(true).manual_snapshot_retention_period(7);
    let all = all.preferred_maintenance_window("sun:01:00-sun:02:00").maintenance_track_name("trailing");
    let all = all.node_type("ra3.xlplus").cluster_type("multi-node").number_of_nodes(3).port(5441);
    let under_way = sdk.block_on(all.send()).unwrap().cluster.unwrap();
    assert_eq!(under_way.cluster_status.as_deref(), Some("resizing"));
    let found = settled();
    assert_eq!((found.allow_version_upgrade, found.enhanced_vpc_routing), (Some(false), Some(true)));
    assert_eq!((found.number_of_nodes, found.node_type.as_deref()), (Some(3), Some("ra3.xlplus")));
    assert_eq!(found.preferred_maintenance_window.as_deref(), Some("sun:01:00-sun:02:00"));
    assert_eq!(
        (found.manual_snapshot_retention_period, found.maintenance_track_name.as_deref()),
        (Some(7), Some("trailing"))
    );
    assert_eq!(found.availability_zone.as_deref(), Some("us-west-2b"));
    assert_eq!(found.endpoint.unwrap().port, Some(5441));

    let refused = [
        (modify().new_cluster_identifier("other"), "NewClusterIdentifier is not supported"),
        (modify().elastic_ip("1.2.3.4"), "ElasticIp is not supported"),
        (modify().multi_az(true), "MultiAZ is not supported"),
        (modify().cluster_parameter_group_name("mine"), "ClusterParameterGroupNotFound"),
        (modify().cluster_version("2.0"), "ClusterVersion 2.0"),
        (modify().preferred_maintenance_window("always"), "Invalid maintenance window format"),
        (modify().port(1), "port"),
        (modify().encrypted(false), "Unencrypted"),
        (modify().master_user_password("short"), "MasterUserPassword"),
        (modify().number_of_nodes(200), "between 2 and 100"),
    ];
    for (call, says) in refused {
        let error = format!("{:?}", sdk.block_on(call.send()).expect_err(says));
        assert!(error.contains(says), "{says}: {error}");
        assert_eq!(settled().number_of_nodes, Some(3), "{says}");
    }
    sdk.block_on(modify().manage_master_password(true).send()).unwrap();
    assert!(settled().master_password_secret_arn.is_some());
    sdk.block_on(modify().manage_master_password(false).master_user_password("Another1").send()).unwrap();
    assert_eq!(settled().master_password_secret_arn, None);
    assert!(sdk.block_on(sdk.secrets.list_secrets().send()).unwrap().secret_list().is_empty());
}

#[test]
fn a_role_is_given_only_policies_that_exist() {
    let project = Project::empty();
    let sdk = project.cloud_with(Default::default());
    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}"#;
    let role = || sdk.iam.create_role().role_name("r").assume_role_policy_document(trust);
    let boundary = role().permissions_boundary("arn:aws:iam::aws:policy/ReadOnlyAccess");
    let refused = format!("{:?}", sdk.block_on(boundary.send()).unwrap_err());
    assert!(refused.contains("PermissionsBoundary is not supported"), "{refused}");
    sdk.block_on(role().send()).unwrap();
    let attach = |arn: &str| {
        let sent = sdk.block_on(sdk.iam.attach_role_policy().role_name("r").policy_arn(arn).send());
        sent.map(drop).map_err(|error| format!("{error:?}"))
    };
    for (arn, says) in [
        ("arn:aws:iam::aws:policy/AmazonS3ReadOnly", "AmazonS3ReadOnly does not exist or is not attachable."),
        ("arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole", "NoSuchEntity"),
        ("arn:aws:iam::000000000000:policy/mine", "NoSuchEntity"),
        ("longpolicynamebutnoarn", "ARN longpolicynamebutnoarn is not valid."),
        ("arn:aws:iam::aws:policy/aws-service-role/AmazonRedshiftServiceLinkedRolePolicy", "PolicyNotAttachable"),
    ] {
        let error = attach(arn).expect_err(arn);
        assert!(error.contains(says), "{arn}: {error}");
    }
    let document = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
    sdk.block_on(sdk.iam.create_policy().policy_name("mine").policy_document(document).send()).unwrap();
    let mut given = vec![
        "arn:aws:iam::000000000000:policy/mine",
        "arn:aws:iam::aws:policy/AmazonRedshiftAllCommandsFullAccess",
        "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
    ];
    given.iter().for_each(|arn| attach(arn).unwrap());
    let listed = sdk.block_on(sdk.iam.list_attached_role_policies().role_name("r").max_items(2).send()).unwrap();
    assert!(listed.is_truncated);
    let pages = sdk.iam.list_attached_role_policies().role_name("r").into_paginator().page_size(2).items().send();
    let found = sdk.block_on(pages.collect::<Result<Vec<_>, _>>()).unwrap();
    let found: Vec<_> = found.iter().filter_map(|policy| policy.policy_arn.as_deref()).collect();
    given.sort_unstable();
    assert_eq!(found, given);
    let of_aws =
        sdk.iam.list_policies().scope(aws_sdk_iam::types::PolicyScopeType::Aws).into_paginator().items().send();
    assert!(sdk.block_on(of_aws.collect::<Result<Vec<_>, _>>()).unwrap().len() > 1000);
}

#[test]
fn what_nobody_reads_is_refused_by_name() {
    let project = Project::empty();
    let sdk = project.cloud_with(Default::default());
    let event = sdk.data.execute_statement().cluster_identifier("x").database("dev").sql("select 1");
    let replica = aws_sdk_secretsmanager::types::ReplicaRegionType::builder().region("eu-west-1").build();
    let secret = || sdk.secrets.create_secret().name("s").secret_string("{}");
    let lines = [
        (format!("{:?}", sdk.block_on(event.with_event(true).send()).err()), "WithEvent is not supported"),
        (format!("{:?}", sdk.block_on(secret().add_replica_regions(replica).send()).err()), "AddReplicaRegions"),
    ];
    for (error, says) in lines {
        assert!(error.contains(says), "{says}: {error}");
    }
    sdk.block_on(secret().force_overwrite_replica_secret(false).send()).unwrap();
}
