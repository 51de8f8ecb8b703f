//! Settings of a cluster that are kept and described, and change nothing here; and those that have one value only.

use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::error::{ApiError, ApiResult};
use crate::protocol::query::{Params, Xml, text};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
pub const PARAMETER_GROUP: &str = "default.redshift-2.0";

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    version_upgrade: bool,
    vpc_routing: bool,
    maintenance_window: String,
    /// Days that a snapshot of one's own is kept; -1 is for ever.
    pub manual_retention: i64,
    track: String,
    zone: Option<String>,
    zone_relocation: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            version_upgrade: true,
            vpc_routing: false,
            maintenance_window: "sat:08:00-sat:08:30".into(),
            manual_retention: -1,
            track: "current".into(),
            zone: None,
            zone_relocation: false,
        }
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::invalid("InvalidParameterValue", message)
}

impl Settings {
    /// Takes what a request says of them.
    pub fn change(&mut self, params: &Params, account: &Account) -> ApiResult<()> {
        check_fixed(params)?;
        self.version_upgrade = params.flag("AllowVersionUpgrade").unwrap_or(self.version_upgrade);
        self.vpc_routing = params.flag("EnhancedVpcRouting").unwrap_or(self.vpc_routing);
        self.zone_relocation = params.flag("AvailabilityZoneRelocation").unwrap_or(self.zone_relocation);
        if let Some(window) = params.get("PreferredMaintenanceWindow") {
            if !is_window(window) {
                return Err(invalid(format!(
                    "Invalid maintenance window format: {window}. It must be ddd:hh24:mi-ddd:hh24:mi."
                )));
            }
            self.maintenance_window = window.to_owned();
        }
        if let Some(days) = params.number("ManualSnapshotRetentionPeriod")? {
            if days != -1 && !(1..=3653).contains(&days) {
                let message = "The manual snapshot retention period must be -1, or between 1 and 3653.";
                return Err(ApiError::invalid("InvalidRetentionPeriodFault", message));
            }
            self.manual_retention = days;
        }
        if let Some(track) = params.get("MaintenanceTrackName") {
            if !["current", "trailing"].contains(&track) {
                let message = format!("The maintenance track {track} does not exist.");
                return Err(ApiError::invalid("InvalidClusterTrack", message));
            }
            self.track = track.to_owned();
        }
        if let Some(zone) = params.get("AvailabilityZone") {
            let is_ours = zone.strip_prefix(&account.region).is_some_and(|letter| ["a", "b", "c"].contains(&letter));
            if !is_ours {
                return Err(invalid(format!("Invalid availability zone: {zone}")));
            }
            self.zone = Some(zone.to_owned());
        }
        Ok(())
    }

    pub fn xml(&self, region: &str) -> Vec<Xml> {
        let zone = self.zone.clone().unwrap_or_else(|| format!("{region}a"));
        vec![
            text("AllowVersionUpgrade", self.version_upgrade),
            text("EnhancedVpcRouting", self.vpc_routing),
            text("PreferredMaintenanceWindow", &self.maintenance_window),
            text("ManualSnapshotRetentionPeriod", self.manual_retention),
            text("MaintenanceTrackName", &self.track),
            text("AvailabilityZone", zone),
            text("AvailabilityZoneRelocationStatus", if self.zone_relocation { "enabled" } else { "disabled" }),
        ]
    }
}

/// Parameters that can have one value only here.
fn check_fixed(params: &Params) -> ApiResult<()> {
    if let Some(group) = params.get("ClusterParameterGroupName").filter(|group| *group != PARAMETER_GROUP) {
        let message = format!("ParameterGroup not found: {group}: the local Redshift has {PARAMETER_GROUP} only.");
        return Err(ApiError::not_found("ClusterParameterGroupNotFound", message));
    }
    for (name, value) in [("ClusterVersion", "1.0"), ("IpAddressType", "ipv4")] {
        if let Some(asked) = params.get(name).filter(|asked| *asked != value) {
            return Err(invalid(format!(
                "{name} {asked} is not supported by the local Redshift, which has {value} only."
            )));
        }
    }
    match params.flag("Encrypted") {
        Some(false) => Err(invalid("Unencrypted clusters can't be created. Remove Encrypted=false.")),
        _ => Ok(()),
    }
}

/// Returns true if a text has the form `sat:08:00-sat:08:30`.
fn is_window(text: &str) -> bool {
    let is_below = |text: &str, limit: u8| text.len() == 2 && text.parse::<u8>().is_ok_and(|number| number < limit);
    let is_moment = |text: &str| match text.split(':').collect::<Vec<_>>()[..] {
        [day, hour, minute] => DAYS.contains(&day) && is_below(hour, 24) && is_below(minute, 60),
        _ => false,
    };
    text.to_lowercase().split_once('-').is_some_and(|(from, to)| is_moment(from) && is_moment(to) && from != to)
}

/// The parameters that are read for an operation; others are refused.
pub fn parameters(action: &str) -> Option<&'static [&'static str]> {
    let known: &[&str] = match action {
        "CreateCluster" => &[
            "DBName",
            "ClusterIdentifier",
            "ClusterType",
            "NodeType",
            "NumberOfNodes",
            "MasterUsername",
            "MasterUserPassword",
            "ManageMasterPassword",
            "VpcSecurityGroupIds",
            "ClusterSubnetGroupName",
            "AvailabilityZone",
            "AvailabilityZoneRelocation",
            "PreferredMaintenanceWindow",
            "ClusterParameterGroupName",
            "AutomatedSnapshotRetentionPeriod",
            "ManualSnapshotRetentionPeriod",
            "Port",
            "ClusterVersion",
            "AllowVersionUpgrade",
            "PubliclyAccessible",
            "Encrypted",
            "KmsKeyId",
            "EnhancedVpcRouting",
            "IamRoles",
            "DefaultIamRoleArn",
            "MaintenanceTrackName",
            "IpAddressType",
            "Tags",
            // AWS reads neither any more.
            "AdditionalInfo",
            "AquaConfigurationStatus",
        ],
        "ModifyCluster" => &[
            "ClusterIdentifier",
            "ClusterType",
            "NodeType",
            "NumberOfNodes",
            "VpcSecurityGroupIds",
            "MasterUserPassword",
            "ManageMasterPassword",
            "ClusterParameterGroupName",
            "AutomatedSnapshotRetentionPeriod",
            "ManualSnapshotRetentionPeriod",
            "PreferredMaintenanceWindow",
            "ClusterVersion",
            "AllowVersionUpgrade",
            "PubliclyAccessible",
            "EnhancedVpcRouting",
            "MaintenanceTrackName",
            "Encrypted",
            "KmsKeyId",
            "AvailabilityZone",
            "AvailabilityZoneRelocation",
            "Port",
            "IpAddressType",
        ],
        "DescribeClusters" => &["ClusterIdentifier", "TagKeys", "TagValues", "MaxRecords", "Marker"],
        "DescribeOrderableClusterOptions" => &["ClusterVersion", "NodeType", "MaxRecords", "Marker"],
        "DeleteCluster" => &[
            "ClusterIdentifier",
            "SkipFinalClusterSnapshot",
            "FinalClusterSnapshotIdentifier",
            "FinalClusterSnapshotRetentionPeriod",
        ],
        "ModifyClusterIamRoles" => &["ClusterIdentifier", "AddIamRoles", "RemoveIamRoles", "DefaultIamRoleArn"],
        "ResizeCluster" => &["ClusterIdentifier", "ClusterType", "NodeType", "NumberOfNodes", "Classic"],
        "PauseCluster" | "ResumeCluster" | "RebootCluster" | "DescribeLoggingStatus" => &["ClusterIdentifier"],
        "DescribeTags" => &["ResourceName", "ResourceType", "TagKeys", "TagValues", "MaxRecords", "Marker"],
        "CreateTags" => &["ResourceName", "Tags"],
        "DeleteTags" => &["ResourceName", "TagKeys"],
        "CreateClusterSnapshot" => {
            &["SnapshotIdentifier", "ClusterIdentifier", "ManualSnapshotRetentionPeriod", "Tags"]
        }
        "DescribeClusterSnapshots" => {
            &["ClusterIdentifier", "SnapshotIdentifier", "SnapshotType", "TagKeys", "TagValues", "MaxRecords", "Marker"]
        }
        "DeleteClusterSnapshot" => &["SnapshotIdentifier", "SnapshotClusterIdentifier"],
        "GetClusterCredentials" => &["ClusterIdentifier", "DbUser", "DbName", "DurationSeconds", "AutoCreate"],
        "GetClusterCredentialsWithIAM" => &["ClusterIdentifier", "DbName", "DurationSeconds"],
        _ => return None,
    };
    Some(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_maintenance_window_has_two_moments_of_a_week() {
        for good in ["sat:08:00-sat:08:30", "Sun:23:45-mon:00:15"] {
            assert!(is_window(good), "{good}");
        }
        for bad in
            ["", "sat:08:00", "sat:08:00-sat:08:00", "day:08:00-sat:08:30", "sat:24:00-sun:00:30", "sat:8:0-sat:9:0"]
        {
            assert!(!is_window(bad), "{bad}");
        }
    }
}
