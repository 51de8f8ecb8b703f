//! A value of type SUPER as a tree. Attributes keep their order, numbers their digits.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A value by its dynamic type.
#[derive(Debug, Clone, PartialEq)]
pub enum SuperTree {
    Null,
    Boolean(bool),
    /// As it is written.
    Number(String),
    Text(String),
    Array(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl SuperTree {
    /// Reads the text of a SUPER.
    ///
    /// # Errors
    /// For what is no JSON.
    pub fn read(text: &str) -> Result<Self, String> {
        let read = |text: &RawValue| Self::read(text.get());
        Ok(match text.trim_start().as_bytes().first() {
            Some(b'n') => Self::Null,
            Some(b't') => Self::Boolean(true),
            Some(b'f') => Self::Boolean(false),
            Some(b'"') => Self::Text(parsed(text)?),
            Some(b'[') => {
                let elements: Vec<&RawValue> = parsed(text)?;
                Self::Array(elements.into_iter().map(read).collect::<Result<_, _>>()?)
            }
            Some(b'{') => {
                let Attributes(attributes) = parsed(text)?;
                let read = |(name, value): (String, &RawValue)| Ok::<_, String>((name, read(value)?));
                Self::Object(attributes.into_iter().map(read).collect::<Result<_, _>>()?)
            }
            _ => Self::Number(text.trim().to_owned()),
        })
    }
}

fn parsed<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// As it is written in a SUPER.
impl fmt::Display for SuperTree {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => to.write_str("null"),
            Self::Boolean(flag) => write!(to, "{flag}"),
            Self::Number(digits) => to.write_str(digits),
            Self::Text(text) => write!(to, "{}", quoted(text)),
            Self::Array(elements) => {
                to.write_str("[")?;
                for (at, element) in elements.iter().enumerate() {
                    write!(to, "{}{element}", if at > 0 { "," } else { "" })?;
                }
                to.write_str("]")
            }
            Self::Object(attributes) => {
                to.write_str("{")?;
                for (at, (name, value)) in attributes.iter().enumerate() {
                    write!(to, "{}{}:{value}", if at > 0 { "," } else { "" }, quoted(name))?;
                }
                to.write_str("}")
            }
        }
    }
}

fn quoted(text: &str) -> serde_json::Value {
    serde_json::Value::from(text)
}

/// The attributes of an object in their order.
struct Attributes<'t>(Vec<(String, &'t RawValue)>);

impl<'de: 't, 't> Deserialize<'de> for Attributes<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder)
    }
}

struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Attributes<'de>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut attributes = Vec::new();
        while let Some(attribute) = map.next_entry()? {
            attributes.push(attribute);
        }
        Ok(Attributes(attributes))
    }
}

#[cfg(test)]
mod tests {
    use super::SuperTree;

    #[test]
    fn a_tree_is_written_as_it_was_read() {
        for text in [r#"{"b":1.50,"a":[true,null,"x\n"],"c":{}}"#, "[]", "2.2e+0", r#""é""#] {
            assert_eq!(SuperTree::read(text).map(|tree| tree.to_string()).as_deref(), Ok(text));
        }
    }
}
