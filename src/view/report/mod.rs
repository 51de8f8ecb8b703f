//! A load as one page to look at: whether it is good, what came in, what was left out and why, how long it took, what the
//! tables hold. No script, and nothing from elsewhere.

mod answers;
mod chart;
mod html;
mod profile;
mod verdict;

use std::fmt::Write;
use std::time::Duration;

pub use answers::Answered;

use crate::error::Error;
use crate::event::Span;
use crate::load::profile::TableProfile;
use crate::load_report::{LoadReport, Reconciliation, Side, SourceReport, SumLine};
use crate::view::time;
use chart::{Piece, Scale};
use html::{float, grouped, percent, safe, section};
use verdict::Verdict;

const STYLE: &str = include_str!("report.css");
/// Unmatched keys of a source that are shown.
const KEYS_SHOWN: usize = 50;

/// Which load it was.
pub struct Run<'a> {
    pub stack: &'a str,
    /// When it ended.
    pub when: &'a str,
    pub timeline: &'a [Span],
}

/// The page of a load that was committed.
pub fn html(run: &Run<'_>, report: &LoadReport, profiles: &[TableProfile], answers: &[Answered]) -> String {
    let mut page = head(run, &Verdict::of_load(report));
    page.push_str(&sources(&report.sources));
    page.push_str(&rejections(&report.sources));
    page.push_str(&unmatched_keys(&report.sources));
    page.push_str(&rows(&report.reconciliations));
    page.push_str(&checks(report));
    page.push_str(&durations(run.timeline));
    page.push_str(&profile::profiles(profiles));
    answers.iter().for_each(|answer| page.push_str(&answers::answered(answer)));
    page.push_str("</main>\n</html>\n");
    page
}

/// The page of a load that failed: why, what to do, and how far it came.
pub fn failed(run: &Run<'_>, error: &Error) -> String {
    let mut page = head(run, &Verdict::of_error(error));
    let _ = writeln!(page, "<p class=bad>{}</p>", safe(&error.to_string()));
    for cause in std::iter::successors(std::error::Error::source(error), |cause| cause.source()) {
        let _ = writeln!(page, "<pre>{}</pre>", safe(&cause.to_string()));
    }
    for hint in &error.hints {
        let _ = writeln!(page, "<p class=hint>{}</p>", safe(hint));
    }
    page.push_str(&durations(run.timeline));
    page.push_str("</main>\n</html>\n");
    page
}

fn head(run: &Run<'_>, verdict: &Verdict) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>Load of {0}</title>\n<style>\n{STYLE}</style>\n<main>\n<h1>Load of {0}</h1>\n<p class=\"dim\">{1}</p>\n{2}",
        safe(run.stack),
        safe(run.when),
        verdict.html()
    )
}

fn sources(sources: &[SourceReport]) -> String {
    let mut text = section("What came in");
    text.push_str(
        "<div class=\"scroll facts\"><table>\n<tr><th>source<th class=n>objects<th class=n>bytes<th class=n>staged<th class=n>rejected<th>table</tr>\n",
    );
    for source in sources {
        let known = if source.known > 0 { format!(" + {} loaded before", source.known) } else { String::new() };
        let _ = writeln!(
            text,
            "<tr><td data-label=source>{}<td class=n data-label=objects>{}{known}<td class=n data-label=bytes>{}\
             <td class=n data-label=staged>{}<td class=n data-label=rejected>{}<td data-label=table>{}</tr>",
            safe(&source.location),
            grouped(source.objects),
            grouped(source.bytes),
            grouped(source.staged),
            grouped(source.rejected),
            safe(&source.table)
        );
    }
    text.push_str("</table></div>\n");
    text
}

/// The reconciliation of rows: all sums on one scale, then each reason as a share of its own sum.
fn rows(sums: &[Reconciliation]) -> String {
    if sums.is_empty() {
        return String::new();
    }
    let mut text = section("What became of the rows");
    text.push_str(&chart::legend(&[("kept", "kept"), ("out", "left out")]));
    let side = |sum: &Reconciliation, side: Side| -> u64 {
        sum.lines.iter().filter(|line| line.side == side).map(|line| line.rows).sum()
    };
    let greatest = sums.iter().map(|sum| side(sum, Side::In)).max().unwrap_or_default();
    let scale = Scale::from_values([float(greatest)]);
    let ends = chart::head("0", &format!("{} rows", grouped(greatest)));
    let _ = writeln!(text, "<table class=bars>\n<tr><th>sum<th class=n>rows<th class=n>kept{ends}</tr>");
    for sum in sums {
        let (all, kept, out) = (side(sum, Side::In), side(sum, Side::Kept), side(sum, Side::LeftOut));
        let bar = scale.bar(&[
            Piece { class: "kept", begins: 0.0, length: float(kept) },
            Piece { class: "out", begins: float(kept), length: float(out) },
        ]);
        let _ = writeln!(
            text,
            "<tr><td>{}<td class=n>{}<td class=n>{}{bar}</tr>",
            safe(&sum.name),
            grouped(all),
            percent(kept, all)
        );
    }
    let ends = chart::head("0", "100 % of its sum");
    let _ = writeln!(text, "</table>\n<table class=bars>\n<tr><th>reason<th class=n>rows<th class=n>share{ends}</tr>");
    for sum in sums {
        let all = side(sum, Side::In);
        for line in &sum.lines {
            text.push_str(&reason(sum, line, all));
        }
    }
    text.push_str("</table>\n");
    text
}

/// A line of a sum: what came in is its title, the others have bars of their share of it.
fn reason(sum: &Reconciliation, line: &SumLine, all: u64) -> String {
    let (class, sign) = match line.side {
        Side::In => {
            let (name, what, rows) = (safe(&sum.name), safe(&line.what), grouped(line.rows));
            return format!("<tr class=sum><td>{name}: {what}<td class=n>{rows}<td class=n><td class=bar></tr>\n");
        }
        Side::Kept => ("kept", "kept"),
        Side::LeftOut => ("out", "left out"),
    };
    let bar = Scale { least: 0.0, greatest: float(all) }.bar_from_zero(class, float(line.rows));
    format!(
        "<tr><td>{sign}: {}<td class=n>{}<td class=n>{}{bar}</tr>\n",
        safe(&line.what),
        grouped(line.rows),
        percent(line.rows, all)
    )
}

/// Stages below each other, each where it was in time.
fn durations(timeline: &[Span]) -> String {
    if timeline.is_empty() {
        return String::new();
    }
    let end = timeline.iter().map(|stage| stage.began + stage.took).max().unwrap_or_default();
    let scale = Scale::from_values([end.as_secs_f64()]);
    let mut text = section("How long it took");
    text.push_str(&chart::legend(&[("critical", "the end had to wait for it"), ("time", "beside something else")]));
    let ends = chart::head("0 s", &time(end));
    let _ = writeln!(text, "<table class=bars>\n<tr><th>stage<th class=n>took{ends}</tr>");
    for stage in timeline {
        let class = if stage.critical { "critical" } else { "time" };
        let length = stage.took.max(Duration::from_micros(1)).as_secs_f64();
        let bar = scale.bar(&[Piece { class, begins: stage.began.as_secs_f64(), length }]);
        let (name, detail, took) = (safe(&stage.name), safe(&stage.detail), time(stage.took));
        let _ = writeln!(text, "<tr><td>{name} <span class=dim>{detail}</span><td class=n>{took}{bar}</tr>");
    }
    text.push_str("</table>\n");
    text
}

fn checks(report: &LoadReport) -> String {
    if report.checks.is_empty() {
        return String::new();
    }
    let mut text = section("What was checked");
    text.push_str("<table><tr><th>question<th class=n>rows found</tr>\n");
    for check in &report.checks {
        let answer = match check.offending {
            0 => "<span class=good>none</span>".to_owned(),
            rows => format!("<span class=bad>{}</span>", grouped(rows)),
        };
        let _ = writeln!(text, "<tr><td>{}<td class=n>{answer}</tr>", safe(&check.question));
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
            text.push_str("<div class=\"scroll facts\"><table>\n<tr><th>key<th class=n>objects<th>first in</tr>\n");
            for unknown in keys.iter().take(KEYS_SHOWN) {
                let (key, first) = (safe(&unknown.key), safe(unknown.first.as_deref().unwrap_or_default()));
                let objects = grouped(unknown.objects);
                let _ = writeln!(
                    text,
                    "<tr><td data-label=key>{key}<td class=n data-label=objects>{objects}<td data-label=\"first in\">{first}</tr>"
                );
            }
            text.push_str("</table></div>\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::FailureKind;

    /// A source of which so many rows were staged and rejected.
    pub fn source(staged: u64, rejected: u64) -> SourceReport {
        SourceReport {
            source: "songs".into(),
            location: "s3://songs/".into(),
            objects: 3,
            markers: 0,
            known: 0,
            bytes: 100,
            fingerprint: String::new(),
            manifest: None,
            parts: None,
            records: None,
            table: "staging_songs".into(),
            staged,
            rejected,
            rejections: vec!["line 1: <b>".into(); usize::from(rejected > 0)],
            quarantine: None,
            unmatched_keys: None,
            remark: None,
        }
    }

    fn sum(name: &str, lines: &[(Side, u64)]) -> Reconciliation {
        let line = |(side, rows): &(Side, u64)| SumLine { side: *side, what: format!("<{name}>"), rows: *rows };
        Reconciliation { name: name.into(), title: String::new(), lines: lines.iter().map(line).collect() }
    }

    #[test]
    fn sums_share_a_scale_of_rows_and_reasons_one_of_shares() {
        let songs = sum("songs", &[(Side::In, 1_000), (Side::Kept, 750), (Side::LeftOut, 250)]);
        let users = sum("users", &[(Side::In, 100), (Side::Kept, 100), (Side::LeftOut, 0)]);
        let html = rows(&[songs, users]);
        assert!(html.contains("<span>0</span><span>1,000 rows</span>"), "{html}");
        // 750 and 250 of the 1,000 that the whole width is; the 100 of the other sum are a tenth of it.
        assert!(html.contains("class=\"kept\" x=\"0.00%\" width=\"75.00%\""), "{html}");
        assert!(html.contains("class=\"out\" x=\"75.00%\" width=\"25.00%\""), "{html}");
        assert!(html.contains("class=\"kept\" x=\"0.00%\" width=\"10.00%\""), "{html}");
        let (_, reasons) = html.split_once("100 % of its sum").unwrap();
        assert!(reasons.contains("left out: &lt;songs&gt;<td class=n>250<td class=n>25.0 %"), "{html}");
        assert!(reasons.contains("kept: &lt;users&gt;<td class=n>100<td class=n>100 %"), "{html}");
        assert_eq!(rows(&[]), "");
    }

    #[test]
    fn a_load_that_failed_has_a_page_with_the_reason_and_nothing_of_it_as_html() {
        let error = Error::new(FailureKind::CheckFailed, "the check keys failed")
            .because(Error::failed("<script>"))
            .hint("The star is as the last good load left it.");
        let stage = Span {
            name: "list songs".into(),
            detail: "3 objects".into(),
            began: Duration::ZERO,
            took: Duration::from_secs(1),
            critical: true,
        };
        let page = failed(&Run { stack: "s", when: "now", timeline: &[stage] }, &error);
        for part in
            ["verdict failed", "Not loaded", "the check keys failed", "&lt;script&gt;", "last good load", "list songs"]
        {
            assert!(page.contains(part), "{part} is not in {page}");
        }
        assert!(!page.contains("<script"), "{page}");
    }
}
