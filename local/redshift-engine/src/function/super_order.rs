//! What a SUPER equals, where it stands in an order, and how an object is changed (query-super).

use std::cmp::Ordering;

use super::super_number::SuperNumber;
use super::super_tree::SuperTree;

type Answer = Result<Option<String>, String>;

/// A text that two values have in common where they are equal: numbers of any type, texts without the blanks behind
/// them, objects with the same attributes in any order.
pub fn key(arguments: &[&str]) -> Answer {
    SuperTree::read(&arguments.concat()).map(|tree| match tree {
        SuperTree::Null => None,
        tree => Some(canonical(tree).to_string()),
    })
}

fn canonical(tree: SuperTree) -> SuperTree {
    match tree {
        SuperTree::Number(digits) => {
            SuperTree::Number(SuperNumber::read(&digits).map_or(digits, SuperNumber::canonical))
        }
        SuperTree::Text(text) => SuperTree::Text(text.trim_end_matches(' ').to_owned()),
        SuperTree::Array(elements) => SuperTree::Array(elements.into_iter().map(canonical).collect()),
        SuperTree::Object(attributes) => {
            let mut attributes: Vec<_> = attributes.into_iter().map(|(name, value)| (name, canonical(value))).collect();
            attributes.sort_by(|left, right| left.0.cmp(&right.0));
            SuperTree::Object(attributes)
        }
        other => other,
    }
}

/// -1, 0 or 1; NULL for values of different types, which have no order.
pub fn compare(arguments: &[&str]) -> Answer {
    let &[left, right] = arguments else { return Err("a comparison needs two values".into()) };
    let order = match (SuperTree::read(left)?, SuperTree::read(right)?) {
        (SuperTree::Boolean(left), SuperTree::Boolean(right)) => Some(left.cmp(&right)),
        (SuperTree::Number(left), SuperTree::Number(right)) => {
            SuperNumber::read(&left).zip(SuperNumber::read(&right)).and_then(|(left, right)| left.compare(right))
        }
        (SuperTree::Text(left), SuperTree::Text(right)) => {
            Some(left.trim_end_matches(' ').cmp(right.trim_end_matches(' ')))
        }
        _ => None,
    };
    Ok(order.map(|order| match order {
        Ordering::Less => "-1".to_owned(),
        Ordering::Equal => "0".to_owned(),
        Ordering::Greater => "1".to_owned(),
    }))
}

/// A text whose order is that of ORDER BY: booleans, numbers, texts, arrays, objects. NULL has none.
pub fn order(arguments: &[&str]) -> Answer {
    SuperTree::read(&arguments.concat()).map(|tree| match tree {
        SuperTree::Null => None,
        tree => Some(rank(&tree)),
    })
}

fn rank(tree: &SuperTree) -> String {
    match tree {
        SuperTree::Null => "0".into(),
        SuperTree::Boolean(flag) => format!("1{}", u8::from(*flag)),
        SuperTree::Number(digits) => {
            let bits = SuperNumber::read(digits).map_or(f64::NAN, SuperNumber::float).to_bits();
            // The bits of floats have their order where those of negative ones are turned round.
            let ordered = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
            format!("2{ordered:016x}")
        }
        // The page has "Amazon" before "AWS".
        SuperTree::Text(text) => format!("3{}\u{1}{text}", text.to_lowercase()),
        SuperTree::Array(elements) => {
            let ranks: Vec<String> = elements.iter().map(rank).collect();
            format!("4{}", ranks.join("\u{1}"))
        }
        SuperTree::Object(attributes) => {
            let rank = |(name, value): &(String, SuperTree)| format!("{name}\u{1}{}", rank(value));
            format!("5{}", attributes.iter().map(rank).collect::<Vec<_>>().join("\u{1}"))
        }
    }
}

/// (`lower` or `upper`, value): the names of all attributes in lower or upper case.
pub fn attribute_names(arguments: &[&str]) -> Answer {
    let &[case, value] = arguments else { return Err("a value is missing".into()) };
    let change = |name: &str| if case == "lower" { name.to_lowercase() } else { name.to_uppercase() };
    renamed(SuperTree::read(value)?, &change).map(|tree| Some(tree.to_string()))
}

fn renamed(tree: SuperTree, change: &dyn Fn(&str) -> String) -> Result<SuperTree, String> {
    Ok(match tree {
        SuperTree::Array(elements) => {
            SuperTree::Array(elements.into_iter().map(|element| renamed(element, change)).collect::<Result<_, _>>()?)
        }
        SuperTree::Object(attributes) => {
            let mut all: Vec<(String, SuperTree)> = Vec::with_capacity(attributes.len());
            for (name, value) in attributes {
                let name = change(&name);
                if all.iter().any(|(known, _)| *known == name) {
                    return Err("SUPER value has duplicate attributes after case conversion.".into());
                }
                all.push((name, renamed(value, change)?));
            }
            SuperTree::Object(all)
        }
        scalar => scalar,
    })
}

/// OBJECT_TRANSFORM: (object, how many paths are kept, those paths, and paths with what is set there). A count of -1 keeps
/// everything.
pub fn object_transform(arguments: &[&str]) -> Answer {
    let [value, kept, rest @ ..] = arguments else { return Err("an object is missing".into()) };
    let tree = SuperTree::read(value)?;
    let SuperTree::Object(_) = &tree else { return Ok(Some((*value).to_owned())) };
    let (keep, set) = match kept.parse::<usize>() {
        Ok(count) => rest.split_at(count.min(rest.len())),
        Err(_) => rest.split_at(0),
    };
    let mut changed = if kept.starts_with('-') { tree.clone() } else { SuperTree::Object(Vec::new()) };
    for path in keep {
        let path = path_of(path)?;
        if let Some(found) = find(&tree, &path) {
            put(&mut changed, &path, found.clone());
        }
    }
    for pair in set.chunks(2) {
        if let [path, value] = pair {
            put(&mut changed, &path_of(path)?, SuperTree::read(value)?);
        }
    }
    Ok(Some(changed.to_string()))
}

/// The names in `"a"."b"`.
fn path_of(path: &str) -> Result<Vec<String>, String> {
    let invalid = || format!("Invalid path {path} in OBJECT_TRANSFORM");
    let names = path.strip_prefix('"').and_then(|path| path.strip_suffix('"')).ok_or_else(invalid)?;
    Ok(names.split("\".\"").map(str::to_owned).collect())
}

fn find<'t>(tree: &'t SuperTree, path: &[String]) -> Option<&'t SuperTree> {
    path.iter().try_fold(tree, |tree, name| match tree {
        SuperTree::Object(attributes) => attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value),
        _ => None,
    })
}

/// Sets what is at a path; what is no object on the way there becomes one.
fn put(tree: &mut SuperTree, path: &[String], value: SuperTree) {
    let Some((name, rest)) = path.split_first() else {
        *tree = value;
        return;
    };
    if !matches!(tree, SuperTree::Object(_)) {
        *tree = SuperTree::Object(Vec::new());
    }
    let SuperTree::Object(attributes) = tree else { return };
    let at = attributes.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
        attributes.push((name.clone(), SuperTree::Null));
        attributes.len() - 1
    });
    put(&mut attributes[at].1, rest, value);
}

#[cfg(test)]
mod tests {
    use super::{attribute_names, compare, key, object_transform, order};

    fn told(answer: super::Answer) -> String {
        answer.expect("answer").unwrap_or_else(|| "NULL".into())
    }

    #[test]
    fn values_are_equal_by_what_they_are() {
        let same = |left: &str, right: &str| key(&[left]).expect("key") == key(&[right]).expect("key");
        assert!(same("1", "1.00") && same("1e+0", "1") && same("\"a  \"", "\"a\""));
        assert!(same(r#"{"a":1,"b":[2.0]}"#, r#"{"b":[2],"a":1}"#));
        assert!(!same("1", "\"1\"") && !same("true", "\"true\"") && !same("[1]", "1"));
        assert_eq!(told(compare(&["1", "2.5"])), "-1");
        assert_eq!(told(compare(&["1", "\"2\""])), "NULL");
    }

    #[test]
    fn an_order_holds_all_types() {
        let values = ["false", "true", "-2.5", "-1", "0", "1", "10", "\"Amazon\"", "\"AWS\"", "[1]", "[2]", "{}"];
        let ranks: Vec<_> = values.iter().map(|value| told(order(&[value]))).collect();
        assert!(ranks.is_sorted(), "{ranks:?}");
    }

    #[test]
    fn objects_are_changed_as_the_reference_does() {
        assert_eq!(told(attribute_names(&["lower", r#"[{"A":{"bC":"D"}}]"#])), r#"[{"a":{"bc":"D"}}]"#);
        assert!(attribute_names(&["upper", r#"{"A":1,"a":2}"#]).is_err());
        let person = r#"{"name":{"first":"John","last":"Doe"},"age":25,"ssn":"1"}"#;
        assert_eq!(
            told(object_transform(&[
                person,
                "2",
                r#""name"."first""#,
                r#""age""#,
                r#""name"."first""#,
                "\"J\"",
                r#""x"."y""#,
                "1"
            ])),
            r#"{"name":{"first":"J"},"age":25,"x":{"y":1}}"#
        );
        assert_eq!(told(object_transform(&["[1]", "0"])), "[1]");
    }
}
