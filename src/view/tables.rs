//! Rows and reports as tables.

use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle};

use crate::event::Status;
use crate::load_report::{LoadReport, Side, SourceReport};
use crate::warehouse::{ColumnKind, Rows};

/// A line under the header, and nothing else: as psql, and easy to copy.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Columns that a text is not wrapped into: a table with narrower ones is no help.
const NARROWEST: u16 = 12;
/// Columns of a table that are shown.
const COLUMNS_SHOWN: usize = 40;

/// A table that is wrapped at words where it does not fit the terminal.
fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Dynamic).set_header(header);
    table
}

/// The table without the blanks that fill up its lines.
fn lines(table: &Table) -> String {
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

fn number(value: impl ToString) -> Cell {
    Cell::new(value.to_string()).set_alignment(CellAlignment::Right)
}

/// Rows of a query: in columns where they fit the terminal, else one column a line.
pub fn query_result(rows: &Rows) -> String {
    in_width(rows, None)
}

/// As `of`, for a terminal of this width.
fn in_width(rows: &Rows, width: Option<u16>) -> String {
    let header: Vec<&str> = rows.columns.iter().map(String::as_str).collect();
    let mut table = table(&header);
    for row in &rows.rows {
        let cell = |(at, value): (usize, &Option<String>)| match rows.kinds.get(at) {
            Some(ColumnKind::Number) => number(value.as_deref().unwrap_or("")),
            _ => Cell::new(value.as_deref().unwrap_or("")),
        };
        table.add_row(row.iter().enumerate().map(cell));
    }
    if let Some(width) = width {
        table.set_width(width);
    }
    let mut needed = 0;
    for (at, content) in table.column_max_content_widths().into_iter().enumerate() {
        let is_text = rows.kinds.get(at) == Some(&ColumnKind::Text);
        let least = if is_text { content.min(NARROWEST) } else { content };
        // With the blanks between columns.
        needed += u32::from(least) + 3;
        // No number is broken over lines.
        if let Some(column) = table.column_mut(at).filter(|_| !is_text) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    match table.width().is_some_and(|width| u32::from(width) < needed) {
        true => expanded(rows),
        false => lines(&table),
    }
}

/// Rows of a query, one column a line, as psql's `\x` shows them.
pub fn expanded(rows: &Rows) -> String {
    let width = |name: &String| console::measure_text_width(name);
    let widest = rows.columns.iter().map(width).max().unwrap_or_default();
    let mut text = Vec::new();
    for (number, row) in (1..).zip(&rows.rows) {
        text.push(format!("─[ row {number} ]{}", "─".repeat(widest)));
        for (name, value) in rows.columns.iter().zip(row) {
            let padding = " ".repeat(widest - width(name));
            let behind = format!("\n{}", " ".repeat(widest + 3));
            let value = value.as_deref().unwrap_or_default().replace('\n', &behind);
            text.push(format!(" {name}{padding}  {value}").trim_end().to_owned());
        }
    }
    text.join("\n")
}

/// Names and the questions that they answer.
pub fn analyses(known: &[(String, String)]) -> String {
    let mut table = table(&["analysis", "question"]);
    for (name, question) in known {
        table.add_row([name, question]);
    }
    lines(&table)
}

/// The tables that `init` found, and its files.
pub fn initialised(written: &crate::init::WrittenProject) -> String {
    let mut table = table(&["table", "files", "rows", "column", "type"]);
    for found in &written.tables {
        let rows = found.rows.map_or_else(|| "not counted".to_owned(), |rows| rows.to_string());
        let heads = [found.name.clone(), found.files.to_string(), rows];
        let blank = [String::new(), String::new(), String::new()];
        let left = found.columns.len().saturating_sub(COLUMNS_SHOWN);
        let more = (left > 0).then(|| (format!("and {left} more"), String::new()));
        let columns = found.columns.iter().take(COLUMNS_SHOWN).cloned().chain(more);
        for ([name, files, rows], (column, data_type)) in
            std::iter::once(heads).chain(std::iter::repeat(blank)).zip(columns)
        {
            table.add_row([Cell::new(name), number(files), number(rows), Cell::new(column), Cell::new(data_type)]);
        }
    }
    let in_sql = written.files.iter().filter(|path| path.starts_with("sql")).count();
    let others = written.files.iter().filter(|path| !path.starts_with("sql")).map(|path| path.display().to_string());
    format!("{}\n\nwritten: {}, {in_sql} files in sql/", lines(&table), others.collect::<Vec<_>>().join(", "))
}

/// The changes that `init --update` found.
pub fn updated(update: &crate::init::update::Update) -> String {
    let mut table = table(&["table", "column", "was", "becomes", "why"]);
    let mut last = "";
    for change in &update.changes {
        let name = if change.table == last { "" } else { change.table.as_str() };
        let fields = [&change.column, &change.was, &change.becomes, &change.why].map(String::as_str);
        table.add_row(std::iter::once(name).chain(fields));
        last = &change.table;
    }
    lines(&table)
}

/// Objects and rows of each source, and their table.
fn sources(reports: &[SourceReport]) -> Table {
    let mut sources = table(&["source", "objects", "bytes", "parts", "records", "staged", "rejected", "table"]);
    for source in reports {
        let optional = |value: Option<u64>, otherwise: &str| {
            number(value.map_or_else(|| otherwise.to_owned(), |value| value.to_string()))
        };
        let also = [(source.markers, "empty"), (source.known, "loaded before")];
        let also = also.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!(" + {count} {what}"));
        sources.add_row([
            Cell::new(&source.source),
            number(format!("{}{}", source.objects, also.collect::<String>())),
            number(source.bytes),
            optional(source.parts, "in place"),
            optional(source.records, ""),
            number(source.staged),
            number(source.rejected),
            Cell::new(&source.table),
        ]);
    }
    sources
}

/// The rejected rows of all sources, as far as they are shown.
fn rejections(sources: &[SourceReport]) -> String {
    let told = sources.iter().filter(|source| !source.rejections.is_empty()).map(|source| {
        let SourceReport { location, rejected, rejections, quarantine, .. } = source;
        let kept = quarantine.as_ref().map(|table| format!(", kept in {table}")).unwrap_or_default();
        format!("\nrejected from {location}, of {rejected} in all{kept}:\n  {}", rejections.join("\n  "))
    });
    told.collect()
}

/// The result of `load --check`.
pub fn checked(reports: &[SourceReport]) -> String {
    let remark = |report: &SourceReport| Some(format!("\n{}: {}", report.source, report.remark?));
    let remarks: String = reports.iter().filter_map(remark).collect();
    format!("{}\n\nnothing was loaded{remarks}{}", lines(&sources(reports)), rejections(reports))
}

/// The report of a load: what every stage read, kept and left out, and why.
pub fn report(report: &LoadReport) -> String {
    let sources = sources(&report.sources);
    let mut sums = table(&["", "what", "rows"]);
    for reconciliation in &report.reconciliations {
        for (at, line) in reconciliation.lines.iter().enumerate() {
            let sign = match line.side {
                Side::In => "",
                Side::Kept => "  kept: ",
                Side::LeftOut => "  left out: ",
            };
            let name = if at == 0 { reconciliation.name.as_str() } else { "" };
            sums.add_row([Cell::new(name), Cell::new(format!("{sign}{}", line.what)), number(line.rows)]);
        }
    }
    let is_merged = report.tables.iter().any(|filled| filled.changes.is_some());
    let mut tables = match is_merged {
        true => table(&["table", "rows", "added", "changed", "removed", "one row"]),
        false => table(&["table", "rows", "one row"]),
    };
    for filled in &report.tables {
        let title = filled.title.strip_prefix("One row: ").unwrap_or(&filled.title);
        let title = title.split_once(['.', ';']).map_or(title, |(first, _)| first);
        let mut row = vec![Cell::new(&filled.table), number(filled.rows)];
        match filled.changes {
            Some(changes) => row.extend([changes.added, changes.changed, changes.removed].map(number)),
            None if is_merged => row.extend([number(filled.rows), Cell::new("all anew"), Cell::new("")]),
            None => {}
        }
        row.push(Cell::new(title));
        tables.add_row(row);
    }
    let rejections = rejections(&report.sources);
    let passed = report.checks.iter().filter(|check| check.offending == 0).count();
    let checks = format!("{passed} of {} checks passed", report.checks.len());
    format!("{}\n\n{}\n\n{}\n\n{checks}{}", lines(&sources), lines(&sums), lines(&tables), rejections)
}

/// The resources of a stack, and the rows of its tables where they were counted.
pub fn status(status: &Status) -> String {
    let mut resources = table(&["resource", "state", "since", "until", "drift"]);
    for found in &status.resources {
        let drift = if found.drift.is_empty() { "none".to_owned() } else { found.drift.join("; ") };
        let drift = if found.state == "absent" { String::new() } else { drift };
        resources.add_row([
            format!("{} {}", found.kind, found.name),
            found.state.clone(),
            found.since.clone().unwrap_or_default(),
            found.until.clone().unwrap_or_default(),
            drift,
        ]);
    }
    let mut text = lines(&resources);
    for refusal in &status.refusals {
        text.push_str(&format!("\n  ! {refusal}"));
    }
    for note in &status.notes {
        text.push_str(&format!("\n  i {note}"));
    }
    if !status.tables.is_empty() {
        let mut counts = table(&["table", "rows"]);
        for (name, rows) in &status.tables {
            counts.add_row([Cell::new(name), number(rows.map_or("absent".to_owned(), |rows| rows.to_string()))]);
        }
        text.push_str(&format!("\n\n{}", lines(&counts)));
    }
    let endpoint = status.endpoint.as_ref().map(|at| format!(": database {} at {at}", status.database));
    let ready = if status.ready { "ready" } else { "not ready" };
    text.push_str(&format!("\n\nthe warehouse {} is {ready}{}", status.stack, endpoint.unwrap_or_default()));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(columns: &[&str], values: &[&str]) -> Rows {
        Rows {
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
            kinds: columns
                .iter()
                .map(|name| if *name == "n" { ColumnKind::Number } else { ColumnKind::Text })
                .collect(),
            rows: vec![values.iter().map(|value| Some((*value).to_owned())).collect()],
        }
    }

    #[test]
    fn what_does_not_fit_is_wrapped_and_no_number_is_broken() {
        let rows = rows(&["title", "n"], &["a title of several words that is long", "1234567890123456"]);
        let wide = in_width(&rows, Some(100));
        assert!(wide.contains(" a title of several words that is long   1234567890123456"), "{wide}");
        let narrow = in_width(&rows, Some(40));
        assert!(narrow.lines().all(|line| line.chars().count() <= 40), "{narrow}");
        assert!(narrow.contains("1234567890123456") && narrow.lines().count() > 3, "{narrow}");
    }

    #[test]
    fn what_would_be_too_narrow_is_one_column_a_line() {
        let names: Vec<String> = (0..10).map(|number| format!("column_{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let told = in_width(&rows(&names, &["some text"; 10]), Some(60));
        assert!(told.starts_with("─[ row 1 ]─") && told.contains("\n column_9  some text"), "{told}");
        let told = expanded(&rows(&["a", "long"], &["two\nlines", ""]));
        assert_eq!(told, "─[ row 1 ]────\n a     two\n       lines\n long");
    }
}
