//! Whether a load is good, in a word and a few numbers: the top of the page.

use std::fmt::Write;

use super::html::{grouped, safe};
use crate::error::{Error, FailureKind};
use crate::load_report::{LoadReport, SourceReport};
use crate::view::time;

/// The first lines of the page.
#[derive(Debug, PartialEq, Eq)]
pub struct Verdict {
    /// A class of the style sheet: `passed`, `warned` or `failed`.
    class: &'static str,
    title: String,
    /// Numbers and what they count.
    facts: Vec<(String, String)>,
}

impl Verdict {
    /// The verdict of a committed load: rejected rows and warnings make it less than good.
    pub fn of_load(report: &LoadReport) -> Self {
        let sum = |count: fn(&SourceReport) -> u64| report.sources.iter().map(count).sum::<u64>();
        let (staged, rejected) = (sum(|source| source.staged), sum(|source| source.rejected));
        let warned = report.checks.iter().filter(|check| check.offending > 0).count();
        let mut but = Vec::new();
        if rejected > 0 {
            but.push(format!("{} rejected", counted(rejected, "row was", "rows were")));
        }
        if warned > 0 {
            but.push(counted(warned as u64, "check warns", "checks warn"));
        }
        let loaded = if report.reconciliations.is_empty() { "Loaded" } else { "Loaded and reconciled" };
        let title = if but.is_empty() { loaded.to_owned() } else { format!("{loaded}, but {}", but.join(" and ")) };
        let star: u64 = report.tables.iter().map(|table| table.rows).sum();
        let all = report.checks.len();
        Self {
            class: if but.is_empty() { "passed" } else { "warned" },
            title,
            facts: vec![
                (grouped(sum(|source| source.objects)), "objects".to_owned()),
                (grouped(staged), "rows staged".to_owned()),
                (grouped(rejected), "rows rejected".to_owned()),
                (grouped(star), format!("rows in {} tables", report.tables.len())),
                (format!("{} of {all}", all - warned), "checks passed".to_owned()),
                (report.reconciliations.len().to_string(), "sums reconciled".to_owned()),
                (time(report.took), "for the load".to_owned()),
            ],
        }
    }

    /// The verdict of a failed load: nothing of it is in the star.
    pub fn of_error(error: &Error) -> Self {
        let title = match error.kind {
            FailureKind::CheckFailed => "Not loaded: the new data was refused",
            FailureKind::Interrupted(_) => "Not loaded: the run was stopped",
            _ => "Not loaded: the run failed",
        };
        Self { class: "failed", title: title.to_owned(), facts: Vec::new() }
    }

    pub fn html(&self) -> String {
        let mut text = format!("<div class=\"verdict {}\">\n<p>{}</p>\n", self.class, safe(&self.title));
        if !self.facts.is_empty() {
            text.push_str("<dl>\n");
            for (value, what) in &self.facts {
                let _ = writeln!(text, "<div><dt>{}</dt><dd>{}</dd></div>", safe(what), safe(value));
            }
            text.push_str("</dl>\n");
        }
        text.push_str("</div>\n");
        text
    }
}

fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::error::Signal;
    use crate::load_report::{CheckReport, Reconciliation};
    use crate::view::report::tests::source;

    fn report(rejected: u64, offending: u64) -> LoadReport {
        let check = CheckReport { name: "keys".into(), question: "Are keys double?".into(), offending };
        LoadReport {
            sources: vec![source(1_200, rejected)],
            tables: Vec::new(),
            checks: vec![check],
            reconciliations: vec![Reconciliation { name: "songs".into(), title: String::new(), lines: Vec::new() }],
            took: Duration::from_millis(3_500),
        }
    }

    #[test]
    fn a_load_without_faults_passes() {
        let verdict = Verdict::of_load(&report(0, 0));
        assert_eq!((verdict.class, verdict.title.as_str()), ("passed", "Loaded and reconciled"));
        assert!(verdict.facts.contains(&("1,200".into(), "rows staged".into())), "{verdict:?}");
        assert!(verdict.facts.contains(&("1 of 1".into(), "checks passed".into())), "{verdict:?}");
        let without_sums = LoadReport { reconciliations: Vec::new(), ..report(0, 0) };
        assert_eq!(Verdict::of_load(&without_sums).title, "Loaded");
    }

    #[test]
    fn what_is_wrong_with_a_load_is_said() {
        let verdict = Verdict::of_load(&report(1, 0));
        assert_eq!(
            (verdict.class, verdict.title.as_str()),
            ("warned", "Loaded and reconciled, but 1 row was rejected")
        );
        let title = Verdict::of_load(&report(2_000, 3)).title;
        assert_eq!(title, "Loaded and reconciled, but 2,000 rows were rejected and 1 check warns");
    }

    #[test]
    fn a_load_that_failed_says_in_which_way() {
        let title = |kind| Verdict::of_error(&Error::new(kind, "no")).title;
        assert_eq!(title(FailureKind::CheckFailed), "Not loaded: the new data was refused");
        assert_eq!(title(FailureKind::Interrupted(Signal::Term)), "Not loaded: the run was stopped");
        assert_eq!(title(FailureKind::Failed), "Not loaded: the run failed");
    }
}
