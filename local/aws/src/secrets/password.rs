//! GetRandomPassword.

use serde_json::{Value, json};

use super::input::PasswordInput;
use super::input::invalid_parameter;
use crate::error::ApiResult;

/// Letters of every kind, digits and, where they are not left out, punctuation.
pub fn random(input: &PasswordInput) -> ApiResult<Value> {
    let length = input.password_length.map_or(32, |length| usize::try_from(length).unwrap_or(0));
    let types = [
        (!input.exclude_lowercase, "abcdefghijklmnopqrstuvwxyz"),
        (!input.exclude_uppercase, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        (!input.exclude_numbers, "0123456789"),
        (!input.exclude_punctuation, "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
        (input.include_space, " "),
    ];
    let allowed =
        |signs: &str| -> Vec<char> { signs.chars().filter(|sign| !input.exclude_characters.contains(*sign)).collect() };
    let types: Vec<Vec<char>> = types.into_iter().filter(|(has, _)| *has).map(|(_, signs)| allowed(signs)).collect();
    let all: Vec<char> = types.iter().flatten().copied().collect();
    if all.is_empty() || !(types.len()..=4096).contains(&length) {
        return Err(invalid_parameter("No password of that length and of those characters."));
    }
    let pick = |signs: &[char]| signs.get(fastrand::usize(..signs.len().max(1))).copied();
    // One of each type, then any.
    let mut password: Vec<char> = types.iter().filter_map(|signs| pick(signs)).collect();
    while password.len() < length {
        password.extend(pick(&all));
    }
    fastrand::shuffle(&mut password);
    Ok(json!({ "RandomPassword": password.into_iter().collect::<String>() }))
}
