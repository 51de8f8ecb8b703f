//! The answers to the questions of `sql/analysis/`, with bars of what they count.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::chart::{self, Piece, Scale};
use super::html::{grouped, safe, section};
use crate::warehouse::{ColumnKind, Rows};

/// A question and its answer.
pub struct Answered {
    pub question: String,
    pub rows: Rows,
    /// The columns that are drawn, as the header of the file names them: `free, paid`, or `none`.
    pub bars: Option<String>,
}

/// Rows of an answer that are shown.
const SHOWN: usize = 50;
/// Classes of the pieces of a bar, in the order of their columns.
const CLASSES: [&str; 4] = ["kept", "out", "third", "in"];

/// A table, with a bar in each line where it counts something.
pub fn answered(answer: &Answered) -> String {
    let (rows, mut text) = (&answer.rows, section(&answer.question));
    if rows.rows.is_empty() {
        text.push_str("<p class=dim>nothing</p>\n");
        return text;
    }
    let measures = measures(rows, answer.bars.as_deref());
    let shown = &rows.rows[..rows.rows.len().min(SHOWN)];
    let scale = Scale::from_values(shown.iter().flat_map(|row| reach(&measures, row)));
    let class = |at: usize| if rows.kinds.get(at) == Some(&ColumnKind::Number) { " class=n" } else { "" };
    let names: Vec<String> = measures.iter().map(|&at| safe(&rows.columns[at])).collect();
    if names.len() > 1 {
        let entries: Vec<(&str, &str)> = CLASSES.into_iter().zip(names.iter().map(String::as_str)).collect();
        text.push_str(&chart::legend(&entries));
    }
    text.push_str("<div class=scroll><table class=bars>\n<tr>");
    for (at, column) in rows.columns.iter().enumerate() {
        let _ = write!(text, "<th{}>{}", class(at), safe(column));
    }
    if !names.is_empty() {
        let (least, greatest) = (short(scale.least), short(scale.greatest));
        text.push_str(&chart::head(&least, &format!("{greatest} {}", names.join(" + "))));
    }
    text.push_str("</tr>\n");
    for row in shown {
        text.push_str("<tr>");
        for (at, value) in row.iter().enumerate() {
            let _ = write!(text, "<td{}>{}", class(at), safe(value.as_deref().unwrap_or("")));
        }
        if !measures.is_empty() {
            text.push_str(&scale.bar(&pieces(&measures, row)));
        }
        text.push_str("</tr>\n");
    }
    text.push_str("</table></div>\n");
    if rows.rows.len() > SHOWN {
        let _ = writeln!(text, "<p class=dim>the first {SHOWN} of {} rows</p>", rows.rows.len());
    }
    text
}

/// The columns that are drawn: those that are named, else the first number behind the columns that tell the rows apart.
/// A year and a week are no counts: they say which row it is.
fn measures(rows: &Rows, named: Option<&str>) -> Vec<usize> {
    let is_number = |at: &usize| rows.kinds.get(*at) == Some(&ColumnKind::Number);
    match named {
        Some(names) => {
            let at = |name: &str| rows.columns.iter().position(|column| column.eq_ignore_ascii_case(name.trim()));
            names.split(',').filter_map(at).filter(is_number).take(CLASSES.len()).collect()
        }
        // One bar alone compares nothing.
        None if rows.rows.len() < 2 => Vec::new(),
        None => (key_columns(rows)..rows.columns.len()).find(is_number).into_iter().collect(),
    }
}

/// How many of the first columns tell all rows apart: all, where none do.
fn key_columns(rows: &Rows) -> usize {
    let tell_apart = |count: &usize| {
        let keys: BTreeSet<&[Option<String>]> = rows.rows.iter().filter_map(|row| row.get(..*count)).collect();
        keys.len() == rows.rows.len()
    };
    (1..rows.columns.len()).find(tell_apart).unwrap_or(rows.columns.len())
}

fn number(at: usize, row: &[Option<String>]) -> f64 {
    let value = row.get(at).and_then(Option::as_ref).and_then(|value| value.parse::<f64>().ok());
    value.filter(|value| value.is_finite()).unwrap_or(0.0)
}

/// The pieces of a row's bar, one behind the other. Several of them are parts of a whole, of which none is below zero.
fn pieces(measures: &[usize], row: &[Option<String>]) -> Vec<Piece<'static>> {
    let mut begins = 0.0;
    let mut pieces = Vec::new();
    for (class, &at) in CLASSES.into_iter().zip(measures) {
        let value = number(at, row);
        let length = if measures.len() > 1 { value.max(0.0) } else { value };
        pieces.push(Piece { class, begins, length });
        begins += length;
    }
    pieces
}

/// How far a row's bar goes.
fn reach(measures: &[usize], row: &[Option<String>]) -> Option<f64> {
    pieces(measures, row).last().map(|piece| piece.begins + piece.length)
}

/// A number at the end of a scale: `14,896`, `12.5`.
fn short(number: f64) -> String {
    let text = format!("{number:.1}");
    let (whole, rest) = text.split_once('.').unwrap_or((&text, "0"));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let whole = digits.parse().map_or_else(|_| digits.to_owned(), grouped);
    if rest == "0" { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(columns: &[(&str, ColumnKind)], rows: &[&[&str]]) -> Rows {
        Rows {
            columns: columns.iter().map(|(name, _)| (*name).to_owned()).collect(),
            kinds: columns.iter().map(|(_, kind)| *kind).collect(),
            rows: rows.iter().map(|row| row.iter().map(|value| Some((*value).to_owned())).collect()).collect(),
        }
    }

    fn by_week() -> Rows {
        let columns = [
            ("year", ColumnKind::Number),
            ("week", ColumnKind::Number),
            ("free", ColumnKind::Number),
            ("paid", ColumnKind::Number),
        ];
        rows(&columns, &[&["2018", "44", "10", "30"], &["2018", "45", "20", "0"], &["2019", "44", "5", "5"]])
    }

    #[test]
    fn what_names_a_row_is_not_drawn() {
        assert_eq!(measures(&by_week(), None), [2]);
        let hours = rows(&[("hour", ColumnKind::Number), ("plays", ColumnKind::Number)], &[&["0", "7"], &["1", "7"]]);
        assert_eq!(measures(&hours, None), [1]);
        // All columns are needed to tell the rows apart: none of them counts anything.
        let pairs = rows(&[("user", ColumnKind::Text), ("at", ColumnKind::Number)], &[&["a", "1"], &["a", "2"]]);
        assert_eq!(measures(&pairs, None), [0; 0]);
        let one = rows(&[("hour", ColumnKind::Number), ("plays", ColumnKind::Number)], &[&["0", "7"]]);
        assert_eq!(measures(&one, None), [0; 0]);
    }

    #[test]
    fn the_header_of_a_file_says_what_is_drawn() {
        assert_eq!(measures(&by_week(), Some("Paid, free")), [3, 2]);
        assert_eq!(measures(&by_week(), Some("none")), [0; 0]);
    }

    #[test]
    fn bars_of_an_answer_share_a_scale_that_is_written_above_them() {
        let answer = Answered { question: "By <week>?".into(), rows: by_week(), bars: Some("free, paid".into()) };
        let html = answered(&answer);
        assert!(html.contains("<span>0</span><span>40 free + paid</span>"), "{html}");
        assert!(html.contains("class=\"kept\" x=\"0.00%\" width=\"25.00%\""), "{html}");
        assert!(html.contains("class=\"out\" x=\"25.00%\" width=\"75.00%\""), "{html}");
        assert!(html.contains("By &lt;week&gt;?"), "{html}");
    }

    #[test]
    fn ends_of_a_scale_are_short() {
        for (number, text) in [(14896.0, "14,896"), (12.5, "12.5"), (0.0, "0"), (-1234.0, "-1,234")] {
            assert_eq!(short(number), text);
        }
    }
}
