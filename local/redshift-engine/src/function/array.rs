//! Functions of lists in a SUPER. An element keeps its text as it was written, and NULL is one like any other.

use std::cmp::Ordering;

use serde_json::Value;
use serde_json::value::RawValue;

type Answer = Result<Option<String>, String>;

/// An element's text, and what it says.
#[derive(Clone)]
struct Element<'t> {
    text: &'t str,
    value: Value,
}

/// The elements of a list; `None` where it is something else.
fn elements(list: &str) -> Option<Vec<Element<'_>>> {
    let all: Vec<&RawValue> = serde_json::from_str(list).ok()?;
    all.into_iter().map(|raw| Some(Element { text: raw.get(), value: serde_json::from_str(raw.get()).ok()? })).collect()
}

fn list<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    format!("[{}]", texts.into_iter().collect::<Vec<_>>().join(","))
}

/// The elements of a list, and of those that are lists themselves, however deep.
pub fn flatten(arguments: &[&str]) -> Answer {
    fn into<'t>(elements: Vec<Element<'t>>, all: &mut Vec<&'t str>) {
        for element in elements {
            match self::elements(element.text) {
                Some(inner) => into(inner, all),
                None => all.push(element.text),
            }
        }
    }
    let &[given] = arguments else { return Ok(None) };
    let Some(elements) = elements(given) else { return Ok(None) };
    let mut all = Vec::new();
    into(elements, &mut all);
    Ok(Some(list(all)))
}

/// (list, whether it ascends, whether NULLs come first).
pub fn sort(arguments: &[&str]) -> Answer {
    let &[given, ascending, nulls_first] = arguments else { return Ok(None) };
    let Some(elements) = elements(given) else { return Ok(None) };
    let (nulls, mut others): (Vec<_>, Vec<_>) = elements.into_iter().partition(|element| element.value.is_null());
    others.sort_by(|left, right| match ascending {
        "true" => order(left, right),
        _ => order(right, left),
    });
    let (nulls, others) = (nulls.iter().map(|element| element.text), others.iter().map(|element| element.text));
    Ok(Some(match nulls_first {
        "true" => list(nulls.chain(others)),
        _ => list(others.chain(nulls)),
    }))
}

/// Truth values before numbers before texts before lists before objects.
fn order(left: &Element<'_>, right: &Element<'_>) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Null | Value::Bool(_) => 0,
        Value::Number(_) => 1,
        Value::String(_) => 2,
        Value::Array(_) => 3,
        Value::Object(_) => 4,
    };
    match (&left.value, &right.value) {
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Number(left), Value::Number(right)) => {
            let number = |number: &serde_json::Number| number.as_f64().unwrap_or(f64::NAN);
            number(left).total_cmp(&number(right))
        }
        (Value::String(left), Value::String(right)) => left.cmp(right),
        (one, other) => rank(one).cmp(&rank(other)).then_with(|| left.text.cmp(right.text)),
    }
}

/// Each element once, where it comes first.
pub fn distinct(arguments: &[&str]) -> Answer {
    let &[given] = arguments else { return Ok(None) };
    Ok(elements(given).map(|elements| texts(&once(elements))))
}

pub fn union(arguments: &[&str]) -> Answer {
    let Some((mut left, right, _)) = two(arguments) else { return Ok(None) };
    left.extend(right);
    Ok(Some(texts(&once(left))))
}

/// (list, list, whether each element counts once).
pub fn intersection(arguments: &[&str]) -> Answer {
    let Some((left, mut right, is_set)) = two(arguments) else { return Ok(None) };
    let both = left.into_iter().filter(|element| take(&mut right, element, !is_set)).collect();
    Ok(Some(texts(&if is_set { once(both) } else { both })))
}

/// (list, list, whether each element counts once).
pub fn except(arguments: &[&str]) -> Answer {
    let Some((left, mut right, is_set)) = two(arguments) else { return Ok(None) };
    let rest = left.into_iter().filter(|element| !take(&mut right, element, !is_set)).collect();
    Ok(Some(texts(&if is_set { once(rest) } else { rest })))
}

pub fn overlap(arguments: &[&str]) -> Answer {
    let Some((left, mut right, _)) = two(arguments) else { return Ok(None) };
    Ok(Some(left.iter().any(|element| take(&mut right, element, false)).to_string()))
}

/// (list, element, whether NULL is one): where it stands, counted from 0. Where NULL is none, it is unknown whether a
/// list with NULLs has what is not found.
pub fn positions(arguments: &[&str]) -> Answer {
    let &[given, wanted, null_match] = arguments else { return Ok(None) };
    let Some(elements) = elements(given) else { return Ok(None) };
    let wanted: Value = serde_json::from_str(wanted).map_err(|error| error.to_string())?;
    let found: Vec<String> =
        (0..).zip(&elements).filter(|(_, element)| element.value == wanted).map(|(at, _)| at.to_string()).collect();
    let has_null = elements.iter().any(|element| element.value.is_null());
    let is_unknown = null_match != "true" && (wanted.is_null() || found.is_empty() && has_null);
    Ok((!is_unknown).then(|| list(found.iter().map(String::as_str))))
}

fn two<'t>(arguments: &[&'t str]) -> Option<(Vec<Element<'t>>, Vec<Element<'t>>, bool)> {
    let &[left, right, is_set] = arguments else { return None };
    Some((elements(left)?, elements(right)?, is_set == "true"))
}

/// Returns true if the element is among them; it may be taken out.
fn take(among: &mut Vec<Element<'_>>, element: &Element<'_>, out: bool) -> bool {
    let found = among.iter().position(|other| other.value == element.value);
    if let (Some(at), true) = (found, out) {
        among.remove(at);
    }
    found.is_some()
}

fn once(elements: Vec<Element<'_>>) -> Vec<Element<'_>> {
    let mut seen: Vec<Element<'_>> = Vec::new();
    for element in elements {
        if !take(&mut seen, &element, false) {
            seen.push(element);
        }
    }
    seen
}

fn texts(elements: &[Element<'_>]) -> String {
    list(elements.iter().map(|element| element.text))
}
