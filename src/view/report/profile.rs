//! The profile of the tables' columns.

use std::fmt::Write;

use super::html::{grouped, percent, safe, section};
use crate::load::profile::{ColumnProfile, TableProfile};

/// The columns of every table; nothing where there are none.
pub fn profiles(tables: &[TableProfile]) -> String {
    if tables.is_empty() {
        return String::new();
    }
    let mut text = section("What the columns hold");
    for table in tables {
        let _ = writeln!(text, "<h3>{}: {} rows</h3>", safe(&table.table), grouped(table.rows));
        let distinct = if table.is_estimated { "distinct, estimated" } else { "distinct" };
        let _ = writeln!(
            text,
            "<div class=\"scroll facts\"><table>\n<tr><th>column<th>type<th class=n>null<th class=n>{distinct}<th>least<th>greatest</tr>"
        );
        for column in &table.columns {
            text.push_str(&row(column, table.rows, distinct));
        }
        text.push_str("</table></div>\n");
        if table.left_out > 0 {
            let _ = writeln!(text, "<p class=dim>and {} more columns</p>", table.left_out);
        }
    }
    text
}

/// A column; what cannot be asked of its type stays empty.
fn row(column: &ColumnProfile, rows: u64, distinct: &str) -> String {
    let nulls = match column.nulls {
        0 => "0".to_owned(),
        nulls => format!("{} ({})", grouped(nulls), percent(nulls, rows)),
    };
    let counted = column.distinct.map(grouped).unwrap_or_default();
    let value = |value: &Option<String>| safe(value.as_deref().unwrap_or_default());
    format!(
        "<tr><td data-label=column>{}<td data-label=type>{}<td class=n data-label=null>{nulls}\
         <td class=n data-label=\"{distinct}\">{counted}<td data-label=least>{}<td data-label=greatest>{}</tr>\n",
        safe(&column.name),
        safe(&column.type_name),
        value(&column.least),
        value(&column.greatest),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_text_and_what_was_not_asked_stays_empty() {
        let text = ColumnProfile {
            name: "title".into(),
            type_name: "character varying(20)".into(),
            nulls: 1,
            distinct: Some(1_999),
            least: Some("<b>".into()),
            greatest: Some("z".into()),
        };
        let open = ColumnProfile {
            name: "raw".into(),
            type_name: "super".into(),
            nulls: 0,
            distinct: None,
            least: None,
            greatest: None,
        };
        let table = TableProfile {
            table: "songs".into(),
            rows: 2_000,
            is_estimated: false,
            columns: vec![text, open],
            left_out: 0,
        };
        let html = profiles(&[table]);
        assert!(html.contains("<h3>songs: 2,000 rows</h3>"), "{html}");
        assert!(html.contains("data-label=null>1 (0.05 %)<td class=n data-label=\"distinct\">1,999"), "{html}");
        assert!(html.contains("data-label=least>&lt;b&gt;<td"), "{html}");
        assert!(html.contains("data-label=\"distinct\"><td data-label=least><td data-label=greatest></tr>"), "{html}");
        assert_eq!(profiles(&[]), "");
    }
}
