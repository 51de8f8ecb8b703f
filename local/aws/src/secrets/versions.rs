//! The values of a secret, and the staging labels that are attached to them: each label to one value at a time.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::input::{StageMove, StagesInput, ValueInput, VersionInput, invalid_parameter, invalid_request};
use crate::account::now_millis;
use crate::error::{ApiError, ApiResult};
use crate::protocol::uuid;

pub const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";
/// Secrets Manager's limit of a value.
const MAX_VALUE_BYTES: usize = 65_536;
const MAX_STAGES: usize = 20;
const MAX_STAGE_LENGTH: usize = 256;
/// Versions without a label are kept up to so many versions in all.
const MAX_VERSIONS: usize = 100;

#[derive(Debug, Clone)]
pub struct Version {
    pub id: String,
    created: i64,
    /// `SecretString` or `SecretBinary`.
    pub field: &'static str,
    pub value: String,
    pub stages: BTreeSet<String>,
}

impl Version {
    /// The value that a request carries, if it does.
    pub fn from_request(input: ValueInput) -> ApiResult<Option<Self>> {
        let (field, value) = match (input.secret_string, input.secret_binary) {
            (Some(_), Some(_)) => {
                return Err(invalid_parameter(
                    "You can't specify both a binary secret value and a string secret value.",
                ));
            }
            (Some(value), None) => ("SecretString", value),
            (None, Some(value)) => ("SecretBinary", value),
            (None, None) => return Ok(None),
        };
        if value.len() > MAX_VALUE_BYTES {
            return Err(invalid_parameter(format!("The secret value is longer than {MAX_VALUE_BYTES} bytes.")));
        }
        let id = input.client_request_token.unwrap_or_else(uuid);
        Ok(Some(Self { id, created: now_millis(), field, value, stages: BTreeSet::new() }))
    }

    /// Adds what is told of a version to an answer.
    pub fn describe(&self, answer: &mut Value) {
        answer["VersionId"] = json!(self.id);
        answer["CreatedDate"] = json!(self.created / 1000);
        if !self.stages.is_empty() {
            answer["VersionStages"] = json!(self.stages);
        }
    }
}

/// In the order in which they were made.
#[derive(Debug, Clone, Default)]
pub struct Versions(Vec<Version>);

impl Versions {
    /// The labels that a request wants on its value: AWSCURRENT, where it names none.
    pub fn wanted_stages(input: StagesInput) -> ApiResult<BTreeSet<String>> {
        let Some(listed) = input.version_stages else { return Ok(BTreeSet::from([CURRENT.to_owned()])) };
        let stages: BTreeSet<String> = listed.into_iter().collect();
        let is_valid = |stage: &String| (1..=MAX_STAGE_LENGTH).contains(&stage.len());
        match (1..=MAX_STAGES).contains(&stages.len()) && stages.iter().all(is_valid) {
            true => Ok(stages),
            false => Err(invalid_parameter(format!(
                "VersionStages must have 1 to {MAX_STAGES} labels of 1 to {MAX_STAGE_LENGTH} characters."
            ))),
        }
    }

    /// Adds a value and answers its id. The same request once more changes nothing; another value under the same token is
    /// refused.
    pub fn add(&mut self, version: Version, mut stages: BTreeSet<String>, arn: &str) -> ApiResult<String> {
        let id = version.id.clone();
        if let Some(known) = self.with_id(&id) {
            return match (known.field, &known.value) == (version.field, &version.value) {
                true => Ok(id),
                false => Err(ApiError::invalid(
                    "ResourceExistsException",
                    format!(
                        "You can't use ClientRequestToken {id} because that value is already in use for a version of \
                         secret {arn}."
                    ),
                )),
            };
        }
        if self.with_stage(CURRENT).is_none() {
            stages.insert(CURRENT.to_owned());
        }
        self.0.push(version);
        stages.iter().for_each(|stage| self.attach(stage, &id));
        while self.0.len() > MAX_VERSIONS
            && let Some(oldest) = self.0.iter().position(|version| version.stages.is_empty())
        {
            self.0.remove(oldest);
        }
        Ok(id)
    }

    /// Attaches a label to a version, and to no other. What was current is then the previous one.
    fn attach(&mut self, stage: &str, id: &str) {
        if stage == CURRENT
            && let Some(before) =
                self.with_stage(CURRENT).map(|version| version.id.clone()).filter(|before| before != id)
        {
            self.attach(PREVIOUS, &before);
        }
        for version in &mut self.0 {
            match version.id == id {
                true => version.stages.insert(stage.to_owned()),
                false => version.stages.remove(stage),
            };
        }
    }

    /// Moves a label from one version to another, or takes it off.
    pub fn move_stage(&mut self, input: StageMove) -> ApiResult<()> {
        let StageMove { version_stage: stage, remove_from_version_id: from, move_to_version_id: to } = input;
        for id in from.iter().chain(&to) {
            self.with_id(id).ok_or_else(|| missing(&format!("VersionId: {id}")))?;
        }
        let holder = self.with_stage(&stage).map(|version| version.id.clone());
        if let Some(holder) = holder.filter(|holder| to.as_ref() != Some(holder) && from.as_ref() != Some(holder)) {
            return Err(invalid_parameter(format!(
                "The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently attached to version \
                 {holder}, so you must explicitly reference that version in RemoveFromVersionId."
            )));
        }
        match (to, from) {
            (Some(to), _) => self.attach(&stage, &to),
            (None, Some(_)) if stage == CURRENT => {
                return Err(invalid_parameter(format!(
                    "You can't remove the staging label {CURRENT}: move it to another version with MoveToVersionId."
                )));
            }
            (None, Some(from)) => {
                self.0.iter_mut().filter(|version| version.id == from).for_each(|version| {
                    version.stages.remove(&stage);
                });
            }
            (None, None) => return Err(invalid_parameter("MoveToVersionId or RemoveFromVersionId must be given.")),
        }
        Ok(())
    }

    pub fn with_id(&self, id: &str) -> Option<&Version> {
        self.0.iter().find(|version| version.id == id)
    }

    pub fn with_stage(&self, stage: &str) -> Option<&Version> {
        self.0.iter().find(|version| version.stages.contains(stage))
    }

    /// The version that a request asks for: by its id, by a label, or the current one.
    pub fn wanted(&self, input: &VersionInput) -> ApiResult<&Version> {
        let (id, stage) = (&input.version_id, &input.version_stage);
        let Some(id) = id else {
            let stage = stage.as_deref().unwrap_or(CURRENT);
            return self.with_stage(stage).ok_or_else(|| missing(&format!("staging label: {stage}")));
        };
        let found = self.with_id(id).ok_or_else(|| missing(&format!("VersionId: {id}")))?;
        match stage.as_ref().is_none_or(|stage| found.stages.contains(stage)) {
            true => Ok(found),
            false => {
                Err(invalid_request("You provided a VersionStage that is not associated to the provided VersionId."))
            }
        }
    }

    /// `VersionIdsToStages` of DescribeSecret: those that have labels.
    pub fn stages(&self) -> Value {
        let labelled = self.0.iter().filter(|version| !version.stages.is_empty());
        json!(labelled.map(|version| (&version.id, &version.stages)).collect::<BTreeMap<_, _>>())
    }

    /// `Versions` of ListSecretVersionIds: those that have labels, or all.
    pub fn listed(&self, with_deprecated: bool) -> Vec<Value> {
        let shown = self.0.iter().filter(|version| with_deprecated || !version.stages.is_empty());
        let entry = |version: &Version| {
            let mut entry = json!({});
            version.describe(&mut entry);
            entry
        };
        shown.map(entry).collect()
    }
}

pub fn missing(which: &str) -> ApiError {
    let message = format!("Secrets Manager can't find the specified secret value for {which}");
    ApiError::invalid("ResourceNotFoundException", message)
}

#[cfg(test)]
mod tests {
    use super::super::input::read;
    use super::*;

    fn put(versions: &mut Versions, id: &str, stages: &[&str]) {
        let mut input = json!({ "SecretString": id, "ClientRequestToken": id });
        if !stages.is_empty() {
            input["VersionStages"] = json!(stages);
        }
        let (value, stages): (ValueInput, StagesInput) = read(&input).expect("input");
        let version = Version::from_request(value).expect("value").expect("a value");
        versions.add(version, Versions::wanted_stages(stages).expect("stages"), "arn").expect("added");
    }

    #[test]
    fn labels_are_attached_moved_and_taken_off() {
        let mut versions = Versions::default();
        put(&mut versions, "1", &[]);
        put(&mut versions, "2", &["two", "one"]);
        assert_eq!(versions.stages(), json!({ "1": ["AWSCURRENT"], "2": ["one", "two"] }));
        put(&mut versions, "3", &["AWSPENDING", "one"]);
        assert_eq!(versions.stages(), json!({ "1": ["AWSCURRENT"], "2": ["two"], "3": ["AWSPENDING", "one"] }));
        let step = |input: Value, versions: &mut Versions| versions.move_stage(read(&input).expect("input"));
        let to = json!({ "VersionStage": "AWSCURRENT", "MoveToVersionId": "3", "RemoveFromVersionId": "1" });
        step(to, &mut versions).expect("moved");
        let current = json!({ "1": ["AWSPREVIOUS"], "2": ["two"], "3": ["AWSCURRENT", "AWSPENDING", "one"] });
        assert_eq!(versions.stages(), current);
        for (refused, says) in [
            (json!({ "VersionStage": "two", "MoveToVersionId": "3" }), "RemoveFromVersionId can't be empty"),
            (json!({ "VersionStage": "AWSCURRENT", "RemoveFromVersionId": "3" }), "can't remove"),
            (json!({ "VersionStage": "two", "MoveToVersionId": "9" }), "VersionId: 9"),
            (json!({ "VersionStage": "new" }), "must be given"),
        ] {
            let error = step(refused, &mut versions).expect_err(says);
            assert!(error.message.contains(says), "{error}");
        }
        step(json!({ "VersionStage": "two", "RemoveFromVersionId": "2" }), &mut versions).expect("taken off");
        assert_eq!((versions.listed(false).len(), versions.listed(true).len()), (2, 3));
        // Without labels of its own a value is the current one, and the one before it the previous.
        put(&mut versions, "4", &[]);
        assert_eq!(versions.stages(), json!({ "3": ["AWSPENDING", "AWSPREVIOUS", "one"], "4": ["AWSCURRENT"] }));
        let wanted = |input: Value| versions.wanted(&read::<VersionInput>(&input).expect("input"));
        assert_eq!(wanted(json!({})).expect("current").id, "4");
        assert_eq!(wanted(json!({ "VersionStage": "one" })).expect("one").id, "3");
        let other = wanted(json!({ "VersionId": "3", "VersionStage": "AWSCURRENT" })).expect_err("another");
        assert_eq!(other.code, "InvalidRequestException");
    }

    #[test]
    fn a_token_is_of_one_value_and_old_values_go() {
        let mut versions = Versions::default();
        put(&mut versions, "1", &[]);
        put(&mut versions, "1", &["other"]);
        assert_eq!(versions.stages(), json!({ "1": ["AWSCURRENT"] }));
        let changed = json!({ "SecretString": "x", "ClientRequestToken": "1" });
        let changed = Version::from_request(read(&changed).expect("input")).expect("value").expect("a value");
        let error = versions.add(changed, BTreeSet::new(), "arn").expect_err("another value");
        assert_eq!(error.code, "ResourceExistsException");
        put(&mut versions, "kept", &["label"]);
        (0..200).for_each(|n| put(&mut versions, &format!("n{n}"), &[]));
        assert_eq!(versions.listed(true).len(), MAX_VERSIONS);
        assert!(versions.with_id("kept").is_some() && versions.with_id("n0").is_none());
    }
}
