//! Tables and the keys between them as SVG: what is referred to stands left of what refers to it, and right of it
//! where nothing else refers to it.

use std::collections::BTreeMap;
use std::fmt::Write;

use sparkify_local::schema::{ColumnShape, TableShape};

const WIDTH: usize = 300;
const GAP_X: usize = 90;
const GAP_Y: usize = 28;
const ROW: usize = 20;
const HEAD: usize = 62;
const MARGIN: usize = 20;

/// Where a table's box is.
#[derive(Debug, Clone, Copy)]
struct Place {
    x: usize,
    y: usize,
}

/// Draws tables, each with what one row of it means.
pub fn draw(tables: &[(TableShape, String)]) -> String {
    let columns = arrange(tables);
    let mut places = BTreeMap::new();
    let mut height = 0;
    for (at, column) in columns.iter().enumerate() {
        // The columns between leave room for the arrows that pass over them.
        let between = at > 0 && column.iter().any(|&table| is_between(&tables[table].0, tables));
        let mut y = if between {
            MARGIN + columns[0].first().map_or(0, |&first| box_height(&tables[first].0) + GAP_Y)
        } else {
            MARGIN
        };
        for &table in column {
            places.insert(tables[table].0.name.as_str(), Place { x: MARGIN + at * (WIDTH + GAP_X), y });
            y += box_height(&tables[table].0) + GAP_Y;
        }
        height = height.max(y);
    }
    let width = 2 * MARGIN + columns.len() * (WIDTH + GAP_X) - GAP_X;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"ui-monospace, Menlo, Consolas, monospace\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    for (table, _) in tables {
        arrows(&mut svg, table, &places);
    }
    for (table, title) in tables {
        table_box(&mut svg, table, title, places[table.name.as_str()]);
    }
    svg.push_str("</svg>");
    svg
}

/// Whether a table refers to another and is referred to as well.
fn is_between(table: &TableShape, tables: &[(TableShape, String)]) -> bool {
    let refers =
        |one: &TableShape, other: &str| one.columns.iter().any(|column| column.refers_to.as_deref() == Some(other));
    table.columns.iter().any(|column| column.refers_to.is_some())
        && tables.iter().any(|(other, _)| refers(other, &table.name))
}

fn box_height(table: &TableShape) -> usize {
    HEAD + table.columns.len() * ROW + 6
}

/// Columns of tables: by how far a table is from those that refer to nothing. What only the last of these columns
/// refers to stands right of it, and tables without any key come at the end.
fn arrange(tables: &[(TableShape, String)]) -> Vec<Vec<usize>> {
    let position = |name: &str| tables.iter().position(|(table, _)| table.name == name);
    let referred = |at: usize| -> Vec<usize> {
        let names = tables[at].0.columns.iter().filter_map(|column| column.refers_to.as_deref());
        names.filter_map(position).filter(|&other| other != at).collect()
    };
    let referrers =
        |at: usize| -> Vec<usize> { (0..tables.len()).filter(|&other| referred(other).contains(&at)).collect() };
    let mut depth = vec![0_usize; tables.len()];
    // As many rounds as tables: a circle of references ends there.
    for _ in 0..tables.len() {
        for at in 0..tables.len() {
            let deepest = referred(at).into_iter().map(|other| depth[other] + 1).max();
            depth[at] = deepest.unwrap_or(0).min(tables.len());
        }
    }
    let last = depth.iter().copied().max().unwrap_or(0);
    let column_of = |at: usize| match (referred(at).is_empty(), &referrers(at)[..]) {
        (true, []) => last + 2,
        (true, all) if all.iter().all(|&other| depth[other] == last) => last + 1,
        _ => depth[at],
    };
    let mut columns = vec![Vec::new(); last + 3];
    (0..tables.len()).for_each(|at| columns[column_of(at)].push(at));
    columns.retain(|column| !column.is_empty());
    columns
}

fn arrows(svg: &mut String, table: &TableShape, places: &BTreeMap<&str, Place>) {
    let from = places[table.name.as_str()];
    for (row, column) in table.columns.iter().enumerate() {
        let Some(to) = column.refers_to.as_deref().and_then(|name| places.get(name)) else { continue };
        let (y1, y2) = (from.y + HEAD + row * ROW + ROW / 2, to.y + HEAD + ROW / 2);
        // Leftwards from the left edge to a right edge, or the other way round.
        let leftwards = to.x <= from.x;
        let (x1, x2) = if leftwards { (from.x, to.x + WIDTH) } else { (from.x + WIDTH, to.x) };
        let bend = GAP_X * 2 / 3;
        let (bend1, bend2, tip) = match leftwards {
            true => (x1.saturating_sub(bend), x2 + bend, x2 + 8),
            false => (x1 + bend, x2.saturating_sub(bend), x2.saturating_sub(8)),
        };
        let _ = writeln!(
            svg,
            "<path d=\"M {x1} {y1} C {bend1} {y1}, {bend2} {y2}, {tip} {y2}\" fill=\"none\" stroke=\"#7a8794\" \
             stroke-width=\"1.4\"/><path d=\"M {x2} {y2} L {tip} {} V {} z\" fill=\"#7a8794\"/>",
            y2 - 4,
            y2 + 4,
        );
    }
}

fn table_box(svg: &mut String, table: &TableShape, title: &str, place: Place) {
    let Place { x, y } = place;
    let (height, inner) = (box_height(table), x + 12);
    let meaning = title.strip_prefix("One row: ").unwrap_or(title);
    let meaning = meaning.split_once(['.', ',', ';']).map_or(meaning, |(first, _)| first);
    let sort =
        if table.sort_key.is_empty() { String::new() } else { format!(" · sort ({})", table.sort_key.join(", ")) };
    let _ = write!(
        svg,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{height}\" rx=\"6\" fill=\"#fbfcfd\" stroke=\"#c3ccd5\"/>\n\
         <path d=\"M {x} {} v -{} q 0 -6 6 -6 h {} q 6 0 6 6 v {} z\" fill=\"#e8eef4\"/>\n\
         <text x=\"{inner}\" y=\"{}\" font-size=\"15\" font-weight=\"bold\" fill=\"#16324f\">{}</text>\n\
         <text x=\"{inner}\" y=\"{}\" font-size=\"10\" fill=\"#4a5a69\">{}</text>\n\
         <text x=\"{inner}\" y=\"{}\" font-size=\"10\" fill=\"#4a5a69\">dist {}{}</text>\n",
        y + HEAD - 6,
        HEAD - 12,
        WIDTH - 12,
        HEAD - 12,
        y + 19,
        escape(&table.name),
        y + 34,
        escape(&shortened(meaning, 46)),
        y + 49,
        escape(&table.distribution),
        escape(&sort),
    );
    for (row, column) in table.columns.iter().enumerate() {
        let line = y + HEAD + row * ROW + 14;
        let _ = writeln!(
            svg,
            "<text x=\"{inner}\" y=\"{line}\" fill=\"#16324f\"{}>{}</text><text x=\"{}\" y=\"{line}\" text-anchor=\"end\" \
             fill=\"#6b7987\">{}{}</text>",
            if column.is_primary_key { " font-weight=\"bold\"" } else { "" },
            escape(&column.name),
            x + WIDTH - 12,
            escape(&short_type(&column.data_type)),
            marks(column),
        );
    }
}

fn marks(column: &ColumnShape) -> String {
    let marks =
        [(column.is_identity, " identity"), (column.is_primary_key, " PK"), (column.refers_to.is_some(), " FK")];
    marks.iter().filter(|(is, _)| *is).map(|(_, mark)| *mark).collect()
}

fn short_type(name: &str) -> String {
    name.replace("character varying", "varchar")
        .replace("character(", "char(")
        .replace(" without time zone", "")
        .replace("double precision", "double")
}

fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
