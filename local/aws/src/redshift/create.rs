//! `CreateCluster`, with the refusals that AWS answers before it makes anything.

use std::collections::BTreeMap;

use super::cluster::{Cluster, KIND};
use super::node_type::{check_new_size, check_nodes, combination};
use super::settings::Settings;
use super::{Redshift, millis};
use crate::account::now_millis;
use crate::authorize::REDSHIFT;
use crate::error::{ApiError, ApiResult};
use crate::iam::note_service_linked_role;
use crate::protocol::query::{Params, Xml};
use crate::protocol::uuid;

impl Redshift {
    pub(super) fn create_cluster(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let id = params.required("ClusterIdentifier")?;
        check_identifier(id)?;
        let node_type = self.check_node_type(params.required("NodeType")?)?;
        let nodes = check_nodes(params.get("ClusterType"), params.number("NumberOfNodes")?)?;
        check_new_size(node_type, nodes)?;
        let admin = params.required("MasterUsername")?;
        check_admin(admin)?;
        let database = params.get("DBName").unwrap_or("dev");
        check_database(database)?;
        let managed = check_password(params.get("MasterUserPassword"), params.flag("ManageMasterPassword"))?;
        let port = params.number("Port")?.unwrap_or(5439);
        if !is_port(port) {
            return Err(invalid(format!("The port {port} is not in the ranges 5431-5455 and 8191-8215.")));
        }
        let mut settings = Settings::default();
        settings.change(params, &self.account)?;
        let retention = params.number("AutomatedSnapshotRetentionPeriod")?.unwrap_or(1);
        if !(1..=35).contains(&retention) {
            return Err(invalid(
                "The automated snapshot retention period must be between 1 and 35 for this node type.",
            ));
        }
        if let Some(group) = params.get("ClusterSubnetGroupName").filter(|group| *group != "default") {
            let message = format!("Subnet group {group} does not exist: the local Redshift has 'default' only.");
            return Err(ApiError::invalid("ClusterSubnetGroupNotFoundFault", message));
        }
        let roles = params.list("IamRoles.IamRoleArn");
        roles.iter().try_for_each(|arn| self.assumable_role(arn).map(drop))?;

        let _guard = self.store.change();
        if self.cluster(id).is_ok() {
            return Err(ApiError::invalid("ClusterAlreadyExists", format!("Cluster already exists: {id}")));
        }
        let tags: BTreeMap<String, String> = params.tags("Tags.Tag");
        let now = now_millis();
        let available_at = now + millis(self.pace.creating);
        let secret = match managed {
            true => Some(self.secrets.create_for_cluster(id, admin, &tags)?),
            false => None,
        };
        let cluster = Cluster {
            id: id.to_owned(),
            node_type: node_type.to_owned(),
            nodes,
            database: database.to_owned(),
            admin: admin.to_owned(),
            port,
            secret,
            encrypted: true,
            public: params.flag("PubliclyAccessible").unwrap_or(false),
            snapshot_retention: retention,
            tags,
            default_role: params.get("DefaultIamRoleArn").map(str::to_owned),
            roles: roles.into_iter().map(|arn| (arn, available_at)).collect(),
            created: now,
            available_at,
            gone_at: None,
            final_snapshot: None,
            namespace: self.account.arn("redshift", format_args!("namespace:{}", uuid())),
            region: self.account.region.clone(),
            account: self.account.id.clone(),
            kms_key: params.get("KmsKeyId").map(str::to_owned),
            security_groups: params.list("VpcSecurityGroupIds.VpcSecurityGroupId"),
            visible_at: now + millis(self.pace.appearing),
            settled_at: available_at + millis(self.pace.settling),
            settings,
            paused: false,
            transition: None,
            forced: None,
        };
        self.store.put(KIND, id, &cluster)?;
        note_service_linked_role(&self.store, REDSHIFT)?;
        if let Some(password) = params.get("MasterUserPassword") {
            self.logins.set(&self.store.unique_name(id), password)?;
        }
        // Where nothing takes time, it is there already.
        Ok(vec![self.shown(&cluster)])
    }
}

/// The ports that a warehouse can have (finding 3).
pub fn is_port(port: i64) -> bool {
    (5431..=5455).contains(&port) || (8191..=8215).contains(&port)
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::invalid("InvalidParameterValue", message)
}

/// R7: the pattern of the Data API, which is the stricter one.
fn check_identifier(id: &str) -> ApiResult<()> {
    let parts_ok = id
        .split('-')
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
    if parts_ok && id.len() <= 63 && id.starts_with(|first: char| first.is_ascii_lowercase()) {
        return Ok(());
    }
    Err(invalid(format!(
        "The parameter ClusterIdentifier is not a valid identifier: {id}. Identifiers must begin with a letter; must \
         contain only lowercase ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two \
         consecutive hyphens."
    )))
}

/// R8, R41.
fn check_database(name: &str) -> ApiResult<()> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_$".contains(&byte);
    match (1..=64).contains(&name.len()) && name.bytes().all(allowed) {
        true => Ok(()),
        false => Err(invalid(format!("The parameter DBName is not valid: {name}"))),
    }
}

/// R8.
fn check_admin(name: &str) -> ApiResult<()> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_+.@-".contains(c);
    let well_formed =
        name.len() <= 128 && name.chars().all(allowed) && name.starts_with(|c: char| c.is_ascii_lowercase());
    match well_formed && name != "public" {
        true => Ok(()),
        false => Err(invalid(format!("The parameter MasterUsername is not valid: {name}"))),
    }
}

/// R9: a password that is strong enough, or one managed by Secrets Manager, and not both.
pub fn check_password(password: Option<&str>, managed: Option<bool>) -> ApiResult<bool> {
    match (password, managed.unwrap_or(false)) {
        (Some(_), true) => Err(combination("MasterUserPassword can't be combined with ManageMasterPassword.")),
        (None, true) => Ok(true),
        (None, false) => Err(invalid("The parameter MasterUserPassword must be provided, or ManageMasterPassword.")),
        (Some(password), false) => {
            let has = |test: fn(&u8) -> bool| password.bytes().any(|byte| test(&byte));
            let printable = password.bytes().all(|byte| (33..=126).contains(&byte) && !br#"'"\/@"#.contains(&byte));
            let mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit);
            match (8..=64).contains(&password.len()) && printable && mixed {
                true => Ok(false),
                false => Err(invalid(
                    "The parameter MasterUserPassword is not a valid password: 8 to 64 printable ASCII characters \
                     other than ' \" \\ / @, with an upper case letter, a lower case letter and a digit.",
                )),
            }
        }
    }
}
