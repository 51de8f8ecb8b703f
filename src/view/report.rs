//! A load as one page to look at: what came in, what was left out and why, how long it took, what it says. No script, and
//! nothing from elsewhere.

use std::fmt::Write;

use crate::load::reconcile::Side;
use crate::load::report::{LoadReport, SourceReport};
use crate::timeline::Span;
use crate::warehouse::{Kind, Rows};

/// A question and its answer.
pub struct Answered {
    pub question: String,
    pub rows: Rows,
}

const STYLE: &str = include_str!("report.css");
/// Rows of an answer that are shown.
const SHOWN: usize = 50;

/// The page.
pub fn html(stack: &str, when: &str, report: &LoadReport, timeline: &[Span], answers: &[Answered]) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>Load of {0}</title>\n<style>{STYLE}</style>\n<main>\n<h1>Load of {0}</h1>\n<p class=\"dim\">{1}, in {2:.2} s</p>\n",
        safe(stack),
        safe(when),
        report.took.as_secs_f64()
    );
    page.push_str(&counts(report));
    page.push_str(&durations(timeline));
    page.push_str(&checks(report));
    page.push_str(&rejections(&report.sources));
    page.push_str(&unmatched_keys(&report.sources));
    answers.iter().for_each(|answer| page.push_str(&answered(answer)));
    page.push_str("</main>\n</html>\n");
    page
}

fn counts(report: &LoadReport) -> String {
    let mut text = section("What came in, and what became of it");
    text.push_str("<table><tr><th>source<th class=n>objects<th class=n>bytes<th class=n>staged<th class=n>rejected<th>table</tr>\n");
    for source in &report.sources {
        let known = if source.known > 0 { format!(" + {} loaded before", source.known) } else { String::new() };
        let _ = writeln!(
            text,
            "<tr><td>{}<td class=n>{}{known}<td class=n>{}<td class=n>{}<td class=n>{}<td>{}</tr>",
            safe(&source.location),
            grouped(source.objects),
            grouped(source.bytes),
            grouped(source.staged),
            grouped(source.rejected),
            safe(&source.table)
        );
    }
    text.push_str("</table>\n");
    for sum in &report.reconciliations {
        let all: u64 = sum.lines.iter().filter(|line| line.side == Side::In).map(|line| line.rows).sum();
        let _ = write!(text, "<h3>{}</h3>\n<table class=bars>\n", safe(&sum.name));
        for line in &sum.lines {
            let (class, sign) = match line.side {
                Side::In => ("in", ""),
                Side::Kept => ("kept", "kept: "),
                Side::LeftOut => ("out", "left out: "),
            };
            text.push_str(&bar(&format!("{sign}{}", line.what), line.rows, all, class));
        }
        text.push_str("</table>\n");
    }
    text
}

/// A line with a bar: `of` is the whole.
fn bar(what: &str, value: u64, of: u64, class: &str) -> String {
    #[expect(clippy::cast_precision_loss, reason = "it is the width of a bar")]
    let percent = if of == 0 { 0.0 } else { value as f64 * 100.0 / of as f64 };
    format!(
        "<tr><td>{}<td class=n>{}<td class=bar><svg width=\"100%\" height=12><rect class={class} width=\"{percent:.2}%\" height=12 /></svg></tr>\n",
        safe(what),
        grouped(value)
    )
}

/// Stages below each other, each where it was in time.
fn durations(timeline: &[Span]) -> String {
    let end = timeline.iter().map(|stage| stage.began + stage.took).max().unwrap_or_default().as_secs_f64();
    let mut text = section("How long it took");
    text.push_str("<table class=bars>\n");
    for stage in timeline {
        let (began, took) = (stage.began.as_secs_f64(), stage.took.as_secs_f64());
        let percent = |seconds: f64| if end > 0.0 { seconds * 100.0 / end } else { 0.0 };
        let _ = writeln!(
            text,
            "<tr><td title=\"{}\">{}<td class=n>{took:.2} s<td class=bar><svg width=\"100%\" height=12><rect class=\"time{}\" x=\"{:.2}%\" width=\"{:.2}%\" height=12 /></svg></tr>",
            safe(&stage.detail),
            safe(&stage.name),
            if stage.critical { " critical" } else { "" },
            percent(began),
            percent(took).max(0.2)
        );
    }
    text.push_str("</table>\n<p class=dim>Dark: what the end had to wait for.</p>\n");
    text
}

fn checks(report: &LoadReport) -> String {
    let mut text = section("What was checked");
    text.push_str("<table><tr><th>question<th>answer</tr>\n");
    for check in &report.checks {
        let answer = match check.offending {
            0 => "<span class=good>no</span>".to_owned(),
            rows => format!("<span class=bad>{} rows</span>", grouped(rows)),
        };
        let _ = writeln!(text, "<tr><td>{}<td>{answer}</tr>", safe(&check.question));
    }
    text.push_str("</table>\n");
    text
}

fn rejections(sources: &[SourceReport]) -> String {
    let mut text = String::new();
    for source in sources.iter().filter(|source| source.rejected > 0) {
        let kept = source.quarantine.as_ref().map(|table| format!(", kept in {table}")).unwrap_or_default();
        text.push_str(&section(&format!("Rejected from {}: {}{kept}", source.location, grouped(source.rejected))));
        let lines: Vec<String> = source.rejections.iter().map(|line| safe(line)).collect();
        let _ = writeln!(text, "<pre>{}</pre>", lines.join("\n"));
    }
    text
}

fn unmatched_keys(sources: &[SourceReport]) -> String {
    let mut text = String::new();
    for source in sources {
        let keys = source.unmatched_keys.as_deref().unwrap_or_default();
        if !keys.is_empty() {
            text.push_str(&section(&format!("Keys of {} that {} has no column for", source.location, source.table)));
            text.push_str("<table><tr><th>key<th class=n>objects<th>first in</tr>\n");
            for unknown in keys.iter().take(SHOWN) {
                let (key, first) = (safe(&unknown.key), safe(unknown.first.as_deref().unwrap_or_default()));
                let _ = writeln!(text, "<tr><td>{key}<td class=n>{}<td>{first}</tr>", grouped(unknown.objects));
            }
            text.push_str("</table>\n");
        }
    }
    text
}

/// A table, with a bar where it has one number to a line.
fn answered(answer: &Answered) -> String {
    let (rows, mut text) = (&answer.rows, section(&answer.question));
    if rows.rows.is_empty() {
        text.push_str("<p class=dim>nothing</p>\n");
        return text;
    }
    let class = |at: usize| if rows.kinds.get(at) == Some(&Kind::Number) { " class=n" } else { "" };
    let number = |at: usize, row: &Vec<Option<String>>| row.get(at)?.as_ref()?.parse::<f64>().ok();
    // The first count that is no part of what names the row.
    let measure = (1..rows.columns.len()).find(|&at| rows.kinds.get(at) == Some(&Kind::Number));
    let most = measure.map_or(0.0, |at| rows.rows.iter().filter_map(|row| number(at, row)).fold(0.0, f64::max));
    text.push_str("<table class=bars><tr>");
    for (at, column) in rows.columns.iter().enumerate() {
        let _ = write!(text, "<th{}>{}", class(at), safe(column));
    }
    text.push_str("<th></tr>\n");
    for row in rows.rows.iter().take(SHOWN) {
        text.push_str("<tr>");
        for (at, value) in row.iter().enumerate() {
            let _ = write!(text, "<td{}>{}", class(at), safe(value.as_deref().unwrap_or("")));
        }
        let share = measure.and_then(|at| number(at, row)).filter(|_| most > 0.0);
        let drawn = share.map(|value| {
            format!(
                "<svg width=\"100%\" height=12><rect class=kept width=\"{:.2}%\" height=12 /></svg>",
                value * 100.0 / most
            )
        });
        let _ = writeln!(text, "<td class=bar>{}</tr>", drawn.unwrap_or_default());
    }
    text.push_str("</table>\n");
    if rows.rows.len() > SHOWN {
        let _ = writeln!(text, "<p class=dim>the first {SHOWN} of {} rows</p>", rows.rows.len());
    }
    text
}

fn section(title: &str) -> String {
    format!("<h2>{}</h2>\n", safe(title))
}

/// Text as such, whatever is in it.
fn safe(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// `14,896`.
fn grouped(number: u64) -> String {
    indicatif::HumanCount(number).to_string()
}
