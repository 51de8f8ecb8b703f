//! Mistakes in infra.toml, each with the text that is at fault underlined.

use std::ops::{Range, RangeInclusive};
use std::path::Path;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use toml::Spanned;

use super::rules;
use crate::location::Location;

#[derive(Debug)]
pub struct Mistake {
    span: Range<usize>,
    /// What is wrong, with the rule that says so.
    message: String,
}

#[derive(Debug, Default)]
pub struct Mistakes(Vec<Mistake>);

impl Mistakes {
    pub fn from_toml(error: &toml::de::Error) -> Self {
        Self(vec![Mistake { span: error.span().unwrap_or_default(), message: error.message().to_owned() }])
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn add<T>(&mut self, value: &Spanned<T>, message: impl Into<String>) {
        self.0.push(Mistake { span: value.span(), message: message.into() });
    }

    pub fn check(&mut self, value: &Spanned<String>, rule: fn(&str) -> Result<(), String>) {
        if let Err(message) = rule(value.get_ref()) {
            self.add(value, message);
        }
    }

    /// The number, when it lies in this range; else its start, with the mistake noted.
    pub fn number(&mut self, value: &Spanned<i64>, range: RangeInclusive<i32>, rule: &str) -> i32 {
        match i32::try_from(*value.get_ref()) {
            Ok(number) if range.contains(&number) => number,
            _ => {
                self.add(value, rule);
                *range.start()
            }
        }
    }

    pub fn port(&mut self, value: &Spanned<i64>) -> i32 {
        match i32::try_from(*value.get_ref()) {
            Ok(port) if rules::is_port(port) => port,
            _ => {
                self.add(value, "R11: the port must be in 5431-5455 or 8191-8215");
                5439
            }
        }
    }

    pub fn location(&mut self, url: &Spanned<String>) -> Location {
        match Location::parse(url.get_ref()) {
            Ok(location) => location,
            Err(message) => {
                self.add(url, message);
                Location::default()
            }
        }
    }

    /// All mistakes as a person reads them, each with file, line and column.
    pub fn render(&self, path: &Path, text: &str) -> String {
        let origin = path.display().to_string();
        let one = |mistake: &Mistake| {
            let span = mistake.span.start.min(text.len())..mistake.span.end.min(text.len());
            let snippet = Snippet::source(text).path(&origin).annotation(AnnotationKind::Primary.span(span));
            Renderer::plain().render(&[Level::ERROR.primary_title(&mistake.message).element(snippet)])
        };
        let count = match self.0.len() {
            1 => "a mistake".to_owned(),
            several => format!("{several} mistakes"),
        };
        let mut in_order: Vec<&Mistake> = self.0.iter().collect();
        in_order.sort_by_key(|mistake| mistake.span.start);
        let rendered: Vec<String> = in_order.into_iter().map(one).collect();
        format!("{origin} has {count}\n\n{}", rendered.join("\n\n"))
    }
}
