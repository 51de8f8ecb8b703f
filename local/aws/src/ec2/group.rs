//! Security groups: kept and described.

use serde::{Deserialize, Serialize};

use super::rule::{Rule, rules};
use super::{DEFAULT_GROUP, Ec2, VPC, among, new_id, passes};
use crate::error::{ApiError, ApiResult};
use crate::protocol::query::{Params, Xml, text, tree};

const KIND: &str = "ec2-security-group";
const ANYWHERE: &str = "0.0.0.0/0";

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Group {
    id: String,
    name: String,
    description: String,
    rules: Vec<Rule>,
}

impl Group {
    fn xml(&self, account: &str) -> Xml {
        let out = Rule { protocol: "-1".into(), ports: None, source: ANYWHERE.into(), description: None };
        tree(
            "item",
            vec![
                text("ownerId", account),
                text("groupId", &self.id),
                text("groupName", &self.name),
                text("groupDescription", &self.description),
                text("vpcId", VPC),
                tree("ipPermissions", self.rules.iter().map(|rule| rule.permission(account)).collect()),
                tree("ipPermissionsEgress", vec![out.permission(account)]),
                tree("tagSet", Vec::new()),
            ],
        )
    }
}

impl Ec2 {
    fn groups(&self) -> ApiResult<Vec<Group>> {
        let mut all: Vec<Group> = self.store.list(KIND)?;
        if !all.iter().any(|group| group.id == DEFAULT_GROUP) {
            let (name, description) = ("default".to_owned(), "default VPC security group".to_owned());
            let inside = Rule { protocol: "-1".into(), ports: None, source: DEFAULT_GROUP.into(), description: None };
            all.insert(0, Group { id: DEFAULT_GROUP.into(), name, description, rules: vec![inside] });
        }
        Ok(all)
    }

    /// By its id, or else by its name.
    fn group(&self, params: &Params) -> ApiResult<Group> {
        let (id, name) = (params.get("GroupId"), params.get("GroupName"));
        let (Some(wanted), is_id) = (id.or(name), id.is_some()) else {
            let message = "The request must contain the parameter groupName or groupId";
            return Err(ApiError::invalid("MissingParameter", message));
        };
        let found =
            self.groups()?.into_iter().find(|group| if is_id { group.id == wanted } else { group.name == wanted });
        found.ok_or_else(|| {
            ApiError::invalid("InvalidGroup.NotFound", format!("The security group '{wanted}' does not exist"))
        })
    }

    pub(super) fn describe_groups(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let (ids, names) = (params.list("GroupId"), params.list("GroupName"));
        let all = self.groups()?;
        if let Some(missing) = ids.iter().find(|id| !all.iter().any(|group| group.id == **id)) {
            let message = format!("The security group '{missing}' does not exist");
            return Err(ApiError::invalid("InvalidGroup.NotFound", message));
        }
        let is_wanted = |group: &&Group| {
            let known = [
                ("vpc-id", VPC),
                ("group-id", group.id.as_str()),
                ("group-name", &group.name),
                ("description", &group.description),
                ("owner-id", &self.account.id),
            ];
            among(&ids, &group.id) && among(&names, &group.name) && passes(params, &known)
        };
        let shown = all.iter().filter(is_wanted).map(|group| group.xml(&self.account.id)).collect();
        let (shown, next) = params.page("MaxResults", "NextToken", shown)?;
        let mut answer = vec![tree("securityGroupInfo", shown)];
        answer.extend(next.map(|token| text("nextToken", token)));
        Ok(answer)
    }

    pub(super) fn create_group(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let _guard = self.store.change();
        let (name, description) = (params.required("GroupName")?, params.required("GroupDescription")?);
        if let Some(vpc) = params.get("VpcId").filter(|vpc| *vpc != VPC) {
            let message = format!("The vpc ID '{vpc}' does not exist");
            return Err(ApiError::invalid("InvalidVpcID.NotFound", message));
        }
        if self.groups()?.iter().any(|group| group.name == name) {
            let message = format!("The security group '{name}' already exists for VPC '{VPC}'");
            return Err(ApiError::invalid("InvalidGroup.Duplicate", message));
        }
        let id = new_id("sg");
        let group = Group { id, name: name.to_owned(), description: description.to_owned(), rules: Vec::new() };
        self.store.put(KIND, &group.id, &group)?;
        Ok(vec![text("return", true), text("groupId", &group.id)])
    }

    pub(super) fn delete_group(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let _guard = self.store.change();
        let group = self.group(params)?;
        if group.id == DEFAULT_GROUP {
            let message =
                format!("the specified group: \"{}\" name: \"default\" cannot be deleted by a user", group.id);
            return Err(ApiError::invalid("CannotDelete", message));
        }
        self.store.delete(KIND, &group.id)?;
        Ok(vec![text("return", true), text("groupId", &group.id)])
    }

    pub(super) fn authorize(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let _guard = self.store.change();
        let mut group = self.group(params)?;
        let mut told = Vec::new();
        for rule in rules(params)? {
            if group.rules.iter().any(|known| known.is_same(&rule)) {
                let (from, to) = rule.ports.unwrap_or((-1, -1));
                let message = format!(
                    "the specified rule \"peer: {}, {}, from port: {from}, to port: {to}, ALLOW\" already exists",
                    rule.source,
                    rule.protocol.to_uppercase()
                );
                return Err(ApiError::invalid("InvalidPermission.Duplicate", message));
            }
            let mut fields = vec![
                text("securityGroupRuleId", new_id("sgr")),
                text("groupId", &group.id),
                text("groupOwnerId", &self.account.id),
                text("isEgress", false),
                text("ipProtocol", &rule.protocol),
            ];
            fields.extend(rule.bounds());
            fields.push(match rule.place() {
                ("groups", field) => tree("referencedGroupInfo", vec![text(field, &rule.source)]),
                ("ipRanges", _) => text("cidrIpv4", &rule.source),
                (_, field) => text(field, &rule.source),
            });
            told.push(tree("item", fields));
            group.rules.push(rule);
        }
        self.store.put(KIND, &group.id, &group)?;
        Ok(vec![text("return", true), tree("securityGroupRuleSet", told)])
    }

    pub(super) fn revoke(&self, params: &Params) -> ApiResult<Vec<Xml>> {
        let _guard = self.store.change();
        let mut group = self.group(params)?;
        for rule in rules(params)? {
            let before = group.rules.len();
            group.rules.retain(|known| !known.is_same(&rule));
            if group.rules.len() == before {
                let message = "The specified rule does not exist in this security group.";
                return Err(ApiError::invalid("InvalidPermission.NotFound", message));
            }
        }
        self.store.put(KIND, &group.id, &group)?;
        Ok(vec![text("return", true)])
    }
}
