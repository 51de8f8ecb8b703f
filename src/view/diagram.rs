//! Tables and the keys between them as SVG.

mod layout;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::Write;

use sparkify_local::schema::{ColumnShape, TableShape};

use layout::{BOX_WIDTH, BoxPosition, Layout, MARGIN_X};

const ROW: usize = 20;
const HEAD: usize = 62;
/// What fits into a line of the head of a box.
const HEAD_SIGNS: usize = 36;
/// How far an arrow goes from a box before it turns.
const BEND: usize = 33;
const TIP: usize = 8;

/// Draws tables, each with what one row of it means.
pub fn draw(tables: &[(TableShape, String)]) -> String {
    let heights: Vec<usize> = tables.iter().map(|(table, _)| box_height(table)).collect();
    let Layout { boxes, width, height } = layout::arrange(tables, &heights);
    let places: BTreeMap<&str, BoxPosition> =
        tables.iter().zip(&boxes).map(|((table, _), place)| (table.name.as_str(), *place)).collect();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"ui-monospace, Menlo, Consolas, monospace\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    for (table, _) in tables {
        arrows(&mut svg, table, &places);
    }
    for ((table, title), place) in tables.iter().zip(boxes) {
        table_box(&mut svg, table, title, place);
    }
    svg.push_str("</svg>");
    svg
}

fn box_height(table: &TableShape) -> usize {
    HEAD + table.columns.len() * ROW + 6
}

fn arrows(svg: &mut String, table: &TableShape, places: &BTreeMap<&str, BoxPosition>) {
    let from = places[table.name.as_str()];
    for (row, column) in table.columns.iter().enumerate() {
        let Some(to) = column.refers_to.as_deref().and_then(|name| places.get(name)) else { continue };
        let (y1, y2) = (from.y + HEAD + row * ROW + ROW / 2, to.y + HEAD + ROW / 2);
        let (start, end) = edges(from, *to);
        let (x1, x2) = (start.beside(from, 0), end.beside(*to, 0));
        let (bend1, bend2, tip) = (start.beside(from, BEND), end.beside(*to, BEND), end.beside(*to, TIP));
        let _ = writeln!(
            svg,
            "<path d=\"M {x1} {y1} C {bend1} {y1}, {bend2} {y2}, {tip} {y2}\" fill=\"none\" stroke=\"#7a8794\" \
             stroke-width=\"1.4\"/><path d=\"M {x2} {y2} L {tip} {} V {} z\" fill=\"#7a8794\"/>",
            y2 - 4,
            y2 + 4,
        );
    }
}

/// The side of a box on which an arrow starts or ends.
#[derive(Debug, Clone, Copy)]
enum BoxEdge {
    Left,
    Right,
}

impl BoxEdge {
    /// The x that lies so far outside of a box.
    fn beside(self, place: BoxPosition, distance: usize) -> usize {
        match self {
            Self::Left => place.x.saturating_sub(distance),
            Self::Right => place.x + BOX_WIDTH + distance,
        }
    }
}

/// Where an arrow starts and ends: through the gap between two columns; within one column, on its outer side.
fn edges(from: BoxPosition, to: BoxPosition) -> (BoxEdge, BoxEdge) {
    match to.x.cmp(&from.x) {
        Ordering::Less => (BoxEdge::Left, BoxEdge::Right),
        Ordering::Greater => (BoxEdge::Right, BoxEdge::Left),
        Ordering::Equal if from.x == MARGIN_X => (BoxEdge::Left, BoxEdge::Left),
        Ordering::Equal => (BoxEdge::Right, BoxEdge::Right),
    }
}

fn table_box(svg: &mut String, table: &TableShape, title: &str, place: BoxPosition) {
    let BoxPosition { x, y } = place;
    let (height, inner) = (box_height(table), x + 12);
    let meaning = title.strip_prefix("One row: ").unwrap_or(title);
    let meaning = meaning.split_once(['.', ',', ';']).map_or(meaning, |(first, _)| first);
    let sort =
        if table.sort_key.is_empty() { String::new() } else { format!(" · sort ({})", table.sort_key.join(", ")) };
    let _ = write!(
        svg,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{BOX_WIDTH}\" height=\"{height}\" rx=\"6\" fill=\"#fbfcfd\" stroke=\"#c3ccd5\"/>\n\
         <path d=\"M {x} {} v -{} q 0 -6 6 -6 h {} q 6 0 6 6 v {} z\" fill=\"#e8eef4\"/>\n\
         <text x=\"{inner}\" y=\"{}\" font-size=\"15\" font-weight=\"bold\" fill=\"#16324f\">{}</text>\n\
         <text x=\"{inner}\" y=\"{}\" font-size=\"10\" fill=\"#4a5a69\">{}</text>\n\
         <text x=\"{inner}\" y=\"{}\" font-size=\"10\" fill=\"#4a5a69\">dist {}{}</text>\n",
        y + HEAD - 6,
        HEAD - 12,
        BOX_WIDTH - 12,
        HEAD - 12,
        y + 19,
        escape(&table.name),
        y + 34,
        escape(&shortened(meaning, HEAD_SIGNS)),
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
            x + BOX_WIDTH - 12,
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
