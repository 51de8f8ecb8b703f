//! Mistakes in infra.toml, each with the text that is at fault underlined and the rule that says so.

use std::ops::Range;
use std::path::Path;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// A rule by its number in the project's collection, and where AWS says so.
#[derive(Debug)]
pub struct Rule {
    pub name: &'static str,
    pub source: &'static str,
}

#[derive(Debug)]
struct Mistake {
    span: Range<usize>,
    message: String,
    helps: Vec<String>,
}

/// All mistakes of one file.
#[derive(Debug, Default)]
pub struct Mistakes(Vec<Mistake>);

impl Mistakes {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A mistake that no rule of AWS is behind.
    pub fn add(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.0.push(Mistake { span, message: message.into(), helps: Vec::new() });
    }

    pub fn add_with_help(&mut self, span: Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.0.push(Mistake { span, message: message.into(), helps: vec![help.into()] });
    }

    /// A rule of AWS that a value breaks.
    pub fn breaks(&mut self, span: Range<usize>, rule: &Rule, message: impl Into<String>) {
        let message = format!("{}: {}", rule.name, message.into());
        self.0.push(Mistake { span, message, helps: vec![format!("the rule is in {}", rule.source)] });
    }

    /// All mistakes as a person reads them, each with file, line and column, in the order of the file.
    pub fn render(&self, path: &Path, text: &str) -> String {
        let origin = path.display().to_string();
        let one = |mistake: &Mistake| {
            let span = mistake.span.start.min(text.len())..mistake.span.end.min(text.len());
            let snippet = Snippet::source(text).path(&origin).annotation(AnnotationKind::Primary.span(span));
            let mut group = Level::ERROR.primary_title(&mistake.message).element(snippet);
            for help in &mistake.helps {
                group = group.element(Level::HELP.message(help));
            }
            Renderer::plain().render(&[group])
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
