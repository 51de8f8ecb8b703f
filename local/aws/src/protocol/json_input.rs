//! The input of an operation of AWS JSON, read into the structures that the operation declares. `null` counts as absent.
//!
//! A value of another type than its member's is a SerializationException in the words of AWS's own server framework, which
//! Athena answered to 61 malformed requests
//! (<https://github.com/aoyagikouhei/athena-local/blob/main/docs/dev/measurements/errors.md>) and CodeDeploy to a number as a text
//! (<https://github.com/aws/aws-cdk/pull/27087>). No answers of the services that are here were found.

use std::cell::RefCell;
use std::fmt::Display;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Value;

use crate::error::{ApiError, ApiResult};

/// Reads an input into a structure, or into a tuple of structures that each take some of its members: what operations have
/// in common is declared once.
///
/// # Errors
/// SerializationException for a value of a wrong type. `code` for a required member that is missing, and for one that no
/// structure has, so that none is ignored in silence; what is null, `false` or empty asks for nothing.
pub fn read<T: DeserializeOwned>(input: &Value, code: &str) -> ApiResult<T> {
    let known = RefCell::default();
    let read = T::deserialize(WholeInput { input: Member(input), known: &known }).map_err(|error| match error {
        InputError::WrongType(message) => ApiError::invalid("SerializationException", message),
        InputError::Missing(_) => ApiError::invalid(code, error.to_string()),
    })?;
    only(input, code, &known.borrow())?;
    Ok(read)
}

fn only(input: &Value, code: &str, known: &[&str]) -> ApiResult<()> {
    let is_nothing = |value: &Value| match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Number(_) => false,
    };
    let mut fields = input.as_object().into_iter().flatten();
    match fields.find(|(name, value)| !known.contains(&name.as_str()) && !is_nothing(value)) {
        None => Ok(()),
        Some((name, _)) => Err(ApiError::invalid(
            code,
            format!("The parameter {name} is not supported by the local stand-in: leave it out."),
        )),
    }
}

/// Why an input is not what its operation declares.
#[derive(Debug, thiserror::Error)]
enum InputError {
    #[error("{0}")]
    WrongType(String),
    #[error("{0} must be given")]
    Missing(&'static str),
}

impl serde::de::Error for InputError {
    fn custom<T: Display>(message: T) -> Self {
        Self::WrongType(message.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }
}

/// All of an input, which notes the members of each structure that is read from it.
#[derive(Clone, Copy)]
struct WholeInput<'i> {
    input: Member<'i>,
    known: &'i RefCell<Vec<&'static str>>,
}

impl<'i> Deserializer<'i> for WholeInput<'i> {
    type Error = InputError;

    fn deserialize_struct<V: Visitor<'i>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, InputError> {
        self.known.borrow_mut().extend(fields);
        self.input.deserialize_struct(name, fields, visitor)
    }

    /// Every element is read from the whole input.
    fn deserialize_tuple<V: Visitor<'i>>(self, length: usize, visitor: V) -> Result<V::Value, InputError> {
        visitor.visit_seq(SeqDeserializer::new(std::iter::repeat_n(self, length)))
    }

    fn deserialize_any<V: Visitor<'i>>(self, visitor: V) -> Result<V::Value, InputError> {
        self.input.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        <V: Visitor<'i>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple_struct map enum identifier ignored_any
    }
}

impl<'i> IntoDeserializer<'i, InputError> for WholeInput<'i> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

const LIST: &str = "Start of list found where not expected";
const STRUCTURE: &str = "Start of structure or map found where not expected.";

/// A value of an input.
#[derive(Clone, Copy)]
struct Member<'i>(&'i Value);

impl Member<'_> {
    fn wrong_type<T>(self, wanted: &str) -> Result<T, InputError> {
        let found = match self.0 {
            Value::Array(_) => return wrong(LIST),
            Value::Object(_) => return wrong(STRUCTURE),
            Value::Null => "NULL_VALUE",
            Value::Bool(true) => "TRUE_VALUE",
            Value::Bool(false) => "FALSE_VALUE",
            Value::Number(_) => "NUMBER_VALUE",
            Value::String(_) => "STRING_VALUE",
        };
        wrong(format!("{found} can not be converted to {wanted}"))
    }

    /// Fractions are cut off, as Athena does.
    fn integer(self, wanted: &str) -> Result<i64, InputError> {
        let Value::Number(number) = self.0 else { return self.wrong_type(wanted) };
        #[expect(clippy::cast_possible_truncation, reason = "no range reaches as far")]
        let rounded = || number.as_f64().unwrap_or_default() as i64;
        Ok(number.as_i64().unwrap_or_else(rounded))
    }
}

fn wrong<T>(message: impl Into<String>) -> Result<T, InputError> {
    Err(InputError::WrongType(message.into()))
}

impl<'i> Deserializer<'i> for Member<'i> {
    type Error = InputError;

    fn deserialize_option<V: Visitor<'i>>(self, visitor: V) -> Result<V::Value, InputError> {
        visitor.visit_some(self)
    }

    fn deserialize_string<V: Visitor<'i>>(self, visitor: V) -> Result<V::Value, InputError> {
        match self.0 {
            Value::String(text) => visitor.visit_borrowed_str(text),
            _ => self.wrong_type("a String"),
        }
    }

    fn deserialize_bool<V: Visitor<'i>>(self, visitor: V) -> Result<V::Value, InputError> {
        match self.0 {
            Value::Bool(flag) => visitor.visit_bool(*flag),
            _ => self.wrong_type("a Boolean"),
        }
    }

    /// What is out of range is left to the checks of the ranges.
    fn deserialize_i32<V: Visitor<'i>>(self, visitor: V) -> Result<V::Value, InputError> {
        visitor.visit_i64(self.integer("an Integer")?.clamp(i32::MIN.into(), i32::MAX.into()))
    }

    fn deserialize_i64<V: Visitor<'i>>(self, visitor: V) -> Result<V::Value, InputError> {
        visitor.visit_i64(self.integer("a Long")?)
    }

    fn deserialize_seq<V: Visitor<'i>>(self, visitor: V) -> Result<V::Value, InputError> {
        match self.0 {
            Value::Array(values) => {
                let given = values.iter().filter(|value| !value.is_null());
                visitor.visit_seq(SeqDeserializer::new(given.map(Member)))
            }
            Value::Object(_) => wrong(STRUCTURE),
            _ => wrong("Expected list or null"),
        }
    }

    fn deserialize_struct<V: Visitor<'i>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, InputError> {
        match self.0 {
            Value::Object(members) => {
                let given = fields.iter().filter_map(|name| Some((*name, members.get(*name)?)));
                let given = given.filter(|(_, value)| !value.is_null());
                visitor.visit_map(MapDeserializer::new(given.map(|(name, value)| (name, Member(value)))))
            }
            Value::Array(_) => wrong(LIST),
            _ => wrong("Expected null"),
        }
    }

    /// No input has members of other types.
    fn deserialize_any<V: Visitor<'i>>(self, _: V) -> Result<V::Value, InputError> {
        self.wrong_type("the type that is asked for")
    }

    forward_to_deserialize_any! {
        <V: Visitor<'i>>
        i8 i16 i128 u8 u16 u32 u64 u128 f32 f64 char str bytes byte_buf unit unit_struct newtype_struct tuple tuple_struct
        map enum identifier ignored_any
    }
}

impl<'i> IntoDeserializer<'i, InputError> for Member<'i> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::protocol::Request;

    #[derive(Debug, PartialEq, Eq, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Named {
        name: String,
        size: Option<i32>,
        age: Option<i64>,
        is_large: Option<bool>,
    }

    #[derive(Debug, PartialEq, Eq, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Labelled {
        #[serde(default)]
        labels: Vec<Label>,
    }

    #[derive(Debug, PartialEq, Eq, Deserialize)]
    struct Label {
        key: String,
        #[serde(default)]
        values: Vec<String>,
    }

    fn both(input: Value) -> ApiResult<(Named, Labelled)> {
        read(&input, "ValidationException")
    }

    fn refusal(input: Value) -> (String, String) {
        let error = both(input.clone()).expect_err(&input.to_string());
        assert_eq!(error.status, http::StatusCode::BAD_REQUEST);
        (error.code, error.message)
    }

    #[test]
    fn members_have_the_types_of_the_model() {
        let labels = json!([{ "key": "k", "values": ["a", null], "other": 1 }, null]);
        let input = json!({ "Name": "n", "Size": 1.9, "Age": null, "IsLarge": true, "Labels": labels });
        let named = Named { name: "n".into(), size: Some(1), age: None, is_large: Some(true) };
        let labels = vec![Label { key: "k".into(), values: vec!["a".into()] }];
        assert_eq!(both(input).expect("both"), (named, Labelled { labels }));
        let far = both(json!({ "Name": "n", "Size": 99_999_999_999_i64, "Age": 99_999_999_999_i64 })).expect("far");
        assert_eq!((far.0.size, far.0.age, far.1.labels), (Some(i32::MAX), Some(99_999_999_999), vec![]));
    }

    #[test]
    fn a_value_of_another_type_is_refused_in_the_words_of_aws() {
        for (input, says) in [
            (json!({ "Name": 1 }), "NUMBER_VALUE can not be converted to a String"),
            (json!({ "Name": true }), "TRUE_VALUE can not be converted to a String"),
            (json!({ "Name": ["n"] }), LIST),
            (json!({ "Name": { "n": 1 } }), STRUCTURE),
            (json!({ "Name": "n", "Size": "1" }), "STRING_VALUE can not be converted to an Integer"),
            (json!({ "Name": "n", "Size": false }), "FALSE_VALUE can not be converted to an Integer"),
            (json!({ "Name": "n", "Age": "1" }), "STRING_VALUE can not be converted to a Long"),
            (json!({ "Name": "n", "IsLarge": 1 }), "NUMBER_VALUE can not be converted to a Boolean"),
            (json!({ "Name": "n", "Labels": "x" }), "Expected list or null"),
            (json!({ "Name": "n", "Labels": {} }), STRUCTURE),
            (json!({ "Name": "n", "Labels": [1] }), "Expected null"),
            (json!({ "Name": "n", "Labels": [[]] }), LIST),
            (json!({ "Name": "n", "Labels": [{ "key": 1 }] }), "NUMBER_VALUE can not be converted to a String"),
            (json!([]), LIST),
        ] {
            assert_eq!(refusal(input), ("SerializationException".to_owned(), says.to_owned()));
        }
    }

    #[test]
    fn what_is_missing_and_what_is_not_read_is_refused_by_name() {
        for input in [json!({}), json!({ "Name": null })] {
            assert_eq!(refusal(input), ("ValidationException".to_owned(), "Name must be given".to_owned()));
        }
        both(json!({ "Name": "x", "Empty": [], "Off": false, "Nothing": null, "Blank": "" })).expect("nothing else");
        let (code, message) = refusal(json!({ "Name": "x", "Zero": 0 }));
        assert_eq!((code.as_str(), message.contains("Zero")), ("ValidationException", true));
    }

    #[test]
    fn every_service_of_this_protocol_reads_its_inputs_so() {
        let directory = tempfile::tempdir().expect("directory");
        let cloud = crate::Cloud::bare(directory.path());
        let services = &cloud.endpoint;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
        let asked = |target: &'static str, body: Value| {
            let headers = [(http::HeaderName::from_static("x-amz-target"), http::HeaderValue::from_static(target))];
            let request = Request { headers: headers.into_iter().collect(), body: body.to_string().into() };
            let response = match target.split('.').next() {
                Some("RedshiftData") => runtime.block_on(services.data_api.handle(&request)),
                Some("RedshiftServerless") => services.serverless.handle(&request),
                _ => services.secrets.handle(&request),
            };
            let answer: Value = serde_json::from_slice(response.body()).expect("JSON");
            (response.status().as_u16(), answer["__type"].clone(), answer["Message"].clone())
        };
        let number = "NUMBER_VALUE can not be converted to a String";
        let text = "STRING_VALUE can not be converted to an Integer";
        for (target, body, code, says) in [
            ("RedshiftData.ExecuteStatement", json!({ "Sql": 1 }), "SerializationException", number),
            ("RedshiftData.BatchExecuteStatement", json!({ "Sqls": [1] }), "SerializationException", number),
            ("RedshiftData.DescribeStatement", json!({}), "ValidationException", "Id must be given"),
            ("RedshiftServerless.CreateNamespace", json!({ "namespaceName": 1 }), "SerializationException", number),
            (
                "RedshiftServerless.CreateWorkgroup",
                json!({ "workgroupName": "w", "namespaceName": "n", "port": "5439" }),
                "SerializationException",
                text,
            ),
            ("RedshiftServerless.GetWorkgroup", json!({}), "ValidationException", "workgroupName must be given"),
            (
                "secretsmanager.CreateSecret",
                json!({ "Name": "n", "SecretString": 1 }),
                "SerializationException",
                number,
            ),
            ("secretsmanager.GetSecretValue", json!({ "SecretId": 1 }), "SerializationException", number),
        ] {
            assert_eq!(asked(target, body), (400, json!(code), json!(says)), "{target}");
        }
    }
}
