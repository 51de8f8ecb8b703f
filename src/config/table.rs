//! A table of the TOML file while it is read: every key is asked for once, and what nobody asked for is a mistake.

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mistake::{Mistakes, Rule};
use super::rules::{self, Checked};

/// A value and where it stands.
#[derive(Debug, Clone)]
pub struct At<T> {
    pub value: T,
    pub span: Range<usize>,
}

impl Mistakes {
    pub fn check(&mut self, value: &At<String>, rule: fn(&str) -> Checked) {
        if let Err((rule, message)) = rule(&value.value) {
            self.breaks(value.span.clone(), rule, message);
        }
    }

    /// The number, when it lies in one of these ranges; else the first start, with the mistake noted.
    pub fn number(
        &mut self,
        value: &At<i64>,
        ranges: &[std::ops::RangeInclusive<i32>],
        rule: &Rule,
        message: &str,
    ) -> i32 {
        let number = i32::try_from(value.value).ok();
        let allowed = number.filter(|number| ranges.iter().any(|range| range.contains(number)));
        allowed.unwrap_or_else(|| {
            self.breaks(value.span.clone(), rule, message);
            ranges.first().map_or(0, |range| *range.start())
        })
    }
}

/// Keys that no table may have, and why.
const FORBIDDEN: [(&[&str], &Rule, &str); 4] = [
    (&["encrypted", "encryption"], &rules::R12, "a cluster is always encrypted: AWS refuses any other"),
    (&["public", "publicly_accessible"], &rules::R12, "a cluster is never public: SQL goes over the Data API"),
    (
        &["password", "admin_password", "master_password", "master_user_password", "secret", "access_key"],
        &rules::R19,
        "no secret stands in this file: Secrets Manager creates and keeps the admin's password",
    ),
    (&["security_group", "security_groups", "cidr"], &rules::R13, "the Data API needs no security group"),
];

pub struct Table<'t, 'i> {
    /// As in the header: `cluster`, `sources.songs`; empty for the file itself.
    name: String,
    span: Range<usize>,
    entries: &'t DeTable<'i>,
    asked: RefCell<Vec<&'static str>>,
    pub mistakes: &'t RefCell<Mistakes>,
    /// Keys that name things, like those of `sources`, are all asked for.
    is_open: Cell<bool>,
}

impl<'t, 'i> Table<'t, 'i> {
    pub fn file(entries: &'t Spanned<DeTable<'i>>, mistakes: &'t RefCell<Mistakes>) -> Self {
        Self::new(String::new(), 0..0, entries.get_ref(), mistakes)
    }

    fn new(name: String, span: Range<usize>, entries: &'t DeTable<'i>, mistakes: &'t RefCell<Mistakes>) -> Self {
        Self { name, span, entries, asked: RefCell::default(), mistakes, is_open: Cell::new(false) }
    }

    fn get(&self, key: &'static str) -> Option<&'t Spanned<DeValue<'i>>> {
        self.asked.borrow_mut().push(key);
        self.entries.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    fn path_of(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    fn wrong_type<T>(&self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) -> Option<T> {
        let found = value.get_ref().type_str();
        self.mistakes.borrow_mut().add(value.span(), format!("{} is {wanted}, not {found}", self.path_of(key)));
        None
    }

    pub fn string(&self, key: &'static str) -> Option<At<String>> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(At { value: text.to_string(), span: value.span() }),
            _ => self.wrong_type(key, value, "a string"),
        }
    }

    /// A list of strings; empty where there is none.
    pub fn list(&self, key: &'static str) -> Vec<String> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let strings: Option<Vec<String>> = match value.get_ref() {
            DeValue::Array(values) => values.iter().map(|value| value.get_ref().as_str().map(str::to_owned)).collect(),
            _ => None,
        };
        strings.or_else(|| self.wrong_type(key, value, "a list of strings")).unwrap_or_default()
    }

    /// The key, or a mistake that says it is missing.
    pub fn required(&self, key: &'static str, example: &str) -> At<String> {
        let is_there = self.has(key);
        self.string(key).unwrap_or_else(|| {
            if !is_there {
                self.missing(key, example);
            }
            At { value: String::new(), span: 0..0 }
        })
    }

    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(name, _)| name.get_ref() == key)
    }

    pub fn missing(&self, key: &str, example: &str) {
        let message = format!("{} is missing", self.path_of(key));
        let help = format!("for example: {key} = {example}");
        self.mistakes.borrow_mut().add_with_help(self.span.clone(), message, help);
    }

    pub fn integer(&self, key: &'static str) -> Option<At<i64>> {
        let value = self.get(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        match number {
            Some(number) => Some(At { value: number, span: value.span() }),
            None => self.wrong_type(key, value, "a whole number"),
        }
    }

    /// `true` or `false`; `false` where nothing is said.
    pub fn flag(&self, key: &'static str) -> bool {
        let Some(value) = self.get(key) else { return false };
        match value.get_ref() {
            DeValue::Boolean(flag) => *flag,
            _ => self.wrong_type(key, value, "true or false").unwrap_or_default(),
        }
    }

    /// A number of seconds, or a text such as `2h` or `1h 30m`.
    pub fn duration(&self, key: &'static str) -> Option<At<Duration>> {
        let value = self.get(key)?;
        let read = match value.get_ref() {
            DeValue::Integer(number) => number.as_str().parse().ok().map(Duration::from_secs),
            DeValue::String(text) => rules::duration(text).ok(),
            _ => None,
        };
        match read.filter(|duration| !duration.is_zero()) {
            Some(duration) => Some(At { value: duration, span: value.span() }),
            None => self.wrong_type(key, value, "a duration such as \"2h\" or \"90m\", or a number of seconds above 0"),
        }
    }

    /// A number of bytes with its unit, such as `4GB`.
    pub fn bytes(&self, key: &'static str) -> Option<At<u64>> {
        let value = self.get(key)?;
        let read = match value.get_ref() {
            DeValue::String(text) => rules::bytes(text),
            _ => None,
        };
        match read {
            Some(bytes) => Some(At { value: bytes, span: value.span() }),
            None => self.wrong_type(key, value, "an amount of memory such as \"4GB\" or \"512MB\", at least 256MB"),
        }
    }

    pub fn table(&self, key: &'static str) -> Option<Table<'t, 'i>> {
        let value = self.get(key)?;
        self.as_table(key, value)
    }

    fn as_table(&self, key: &str, value: &'t Spanned<DeValue<'i>>) -> Option<Table<'t, 'i>> {
        match value.get_ref() {
            DeValue::Table(entries) => Some(Table::new(self.path_of(key), value.span(), entries, self.mistakes)),
            _ => self.wrong_type(key, value, "a table"),
        }
    }

    /// The tables under this one, whatever they are called.
    pub fn tables(&self) -> Vec<(At<String>, Table<'t, 'i>)> {
        self.is_open.set(true);
        let named = self.entries.iter().filter_map(|(name, value)| {
            let at = At { value: name.get_ref().to_string(), span: name.span() };
            Some((at, self.as_table(name.get_ref(), value)?))
        });
        named.collect()
    }

    /// The strings under this table, whatever they are called.
    pub fn strings(&self) -> Vec<(At<String>, At<String>)> {
        self.is_open.set(true);
        let named = self.entries.iter().filter_map(|(name, value)| match value.get_ref() {
            DeValue::String(text) => Some((
                At { value: name.get_ref().to_string(), span: name.span() },
                At { value: text.to_string(), span: value.span() },
            )),
            _ => self.wrong_type(name.get_ref(), value, "a string"),
        });
        named.collect()
    }

    fn report_unknown_keys(&self) {
        let asked = self.asked.borrow();
        for (name, _) in self.entries.iter().filter(|(name, _)| !asked.contains(&&**name.get_ref())) {
            let mut mistakes = self.mistakes.borrow_mut();
            let forbidden = FORBIDDEN.iter().find(|(keys, ..)| keys.contains(&&**name.get_ref()));
            if let Some((_, rule, why)) = forbidden {
                mistakes.breaks(name.span(), rule, *why);
                continue;
            }
            let nearest = asked.iter().map(|key| (strsim::jaro_winkler(key, name.get_ref()), key));
            let nearest = nearest.filter(|(score, _)| *score > 0.8).max_by(|a, b| a.0.total_cmp(&b.0));
            let help = match nearest {
                Some((_, key)) => format!("did you mean {key}?"),
                None => format!("known here: {}", asked.join(", ")),
            };
            mistakes.add_with_help(name.span(), format!("unknown key {}", self.path_of(name.get_ref())), help);
        }
    }
}

/// Keys that were not read by the time the table is dropped are unknown.
impl Drop for Table<'_, '_> {
    fn drop(&mut self) {
        if !self.is_open.get() {
            self.report_unknown_keys();
        }
    }
}
