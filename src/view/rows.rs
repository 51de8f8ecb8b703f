//! Results of a query: a table for people, CSV or JSON lines for programs.

use std::io::{self, IsTerminal, Write};
use std::process::{Command, Stdio};

use super::tables;
use crate::cli::Format;
use crate::error::{Error, Result};
use crate::query::Answers;
use crate::warehouse::{ColumnKind, Rows};

/// Writes to standard output; a reader who has seen enough is no failure.
pub struct Printer {
    format: Format,
    expanded: bool,
    quiet: bool,
    /// Rows of a table, whose widths are known at its end.
    collected: Rows,
    /// Results so far: there is an empty line between two.
    results: usize,
}

impl Printer {
    /// A table on a terminal and CSV elsewhere, where nothing else is asked for. An expanded one has one column a line.
    pub fn new(format: Option<Format>, expanded: bool, quiet: bool) -> Self {
        let usual = if expanded || io::stdout().is_terminal() { Format::Table } else { Format::Csv };
        Self { format: format.unwrap_or(usual), expanded, quiet, collected: Rows::default(), results: 0 }
    }
}

impl Answers for Printer {
    fn page(&mut self, rows: &Rows, is_first: bool) -> Result<()> {
        if self.format == Format::Table {
            if is_first {
                self.collected = Rows { columns: rows.columns.clone(), kinds: rows.kinds.clone(), rows: Vec::new() };
            }
            self.collected.rows.extend(rows.rows.iter().cloned());
            return Ok(());
        }
        let mut text = String::new();
        if is_first && self.results > 0 {
            text.push('\n');
        }
        match self.format {
            Format::Json => rows.rows.iter().for_each(|row| text.push_str(&json(rows, row))),
            _ => {
                if is_first {
                    text.push_str(&csv(rows.columns.iter().map(|name| Some(name.as_str()))));
                }
                rows.rows.iter().for_each(|row| text.push_str(&csv(row.iter().map(Option::as_deref))));
            }
        }
        written(io::stdout().write_all(text.as_bytes()))
    }

    fn end(&mut self, verb: &str, rows: i64, answered: bool) -> Result<()> {
        if !answered {
            let count = if rows >= 0 { format!(" {rows}") } else { String::new() };
            if !self.quiet {
                super::status(&format!("{}{count}", verb.to_uppercase()));
            }
            return Ok(());
        }
        self.results += 1;
        if self.format != Format::Table {
            return written(io::stdout().flush());
        }
        let collected = std::mem::take(&mut self.collected);
        let (count, plural) = (collected.rows.len(), if collected.rows.len() == 1 { "" } else { "s" });
        let table =
            if self.expanded && count > 0 { tables::expanded(&collected) } else { tables::query_result(&collected) };
        paged(&format!("{table}\n({count} row{plural})\n"))
    }
}

fn written(outcome: io::Result<()>) -> Result<()> {
    match outcome {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::failed("cannot write the rows").because(error))
        }
        _ => Ok(()),
    }
}

/// Through the pager where it does not fit the screen.
fn paged(text: &str) -> Result<()> {
    let height = console::Term::stdout().size_checked().map(|(rows, _)| usize::from(rows));
    if height.is_some_and(|height| text.lines().count() > height) {
        let pager = std::env::var("PAGER").unwrap_or_else(|_| "less".into());
        let mut words = pager.split_whitespace();
        let mut command = Command::new(words.next().unwrap_or("less"));
        let command = command.args(words).env("LESS", std::env::var("LESS").unwrap_or_else(|_| "FRSX".into()));
        if let Ok(mut child) = command.stdin(Stdio::piped()).spawn() {
            let sent = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(text.as_bytes()));
            let _ = child.wait();
            return written(sent);
        }
    }
    written(io::stdout().write_all(text.as_bytes()))
}

/// RFC 4180, with lines that end as here. NULL is nothing, an empty text is `""`.
fn csv<'a>(fields: impl Iterator<Item = Option<&'a str>>) -> String {
    let field = |field: Option<&str>| match field {
        None => String::new(),
        Some("") => "\"\"".to_owned(),
        Some(text) if text.contains([',', '"', '\n', '\r']) => format!("\"{}\"", text.replace('"', "\"\"")),
        Some(text) => text.to_owned(),
    };
    let line: Vec<String> = fields.map(field).collect();
    format!("{}\n", line.join(","))
}

/// An object a line; numbers and booleans as such.
fn json(rows: &Rows, row: &[Option<String>]) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let value = |(at, value): (usize, &Option<String>)| {
        let told = match (value.as_deref(), rows.kinds.get(at)) {
            (None, _) => "null".to_owned(),
            (Some(text), Some(ColumnKind::Number)) if serde_json::from_str::<serde_json::Number>(text).is_ok() => {
                text.to_owned()
            }
            (Some(text @ ("true" | "false")), Some(ColumnKind::Boolean)) => text.to_owned(),
            (Some(text), _) => quoted(text),
        };
        format!("{}:{told}", quoted(rows.columns.get(at).map_or("", String::as_str)))
    };
    let fields: Vec<String> = row.iter().enumerate().map(value).collect();
    format!("{{{}}}\n", fields.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_for_programs() {
        let text = |text: &str| Some(text.to_owned());
        let rows = Rows {
            columns: vec!["a".into(), "n".into(), "ok".into()],
            kinds: vec![ColumnKind::Text, ColumnKind::Number, ColumnKind::Boolean],
            rows: vec![
                vec![text("x, \"y\"\n"), text("12.50"), text("true")],
                vec![None, text("NaN"), None],
                vec![text(""), None, None],
            ],
        };
        let told: String = rows.rows.iter().map(|row| csv(row.iter().map(Option::as_deref))).collect();
        assert_eq!(told, "\"x, \"\"y\"\"\n\",12.50,true\n,NaN,\n\"\",,\n");
        let told: String = rows.rows.iter().map(|row| json(&rows, row)).collect();
        assert_eq!(
            told,
            "{\"a\":\"x, \\\"y\\\"\\n\",\"n\":12.50,\"ok\":true}\n{\"a\":null,\"n\":\"NaN\",\"ok\":null}\n{\"a\":\"\",\"n\":null,\"ok\":null}\n"
        );
    }
}
