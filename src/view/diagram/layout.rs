//! Where the boxes of a diagram stand: facts in the middle, dimensions left and right of them, tables without keys below.
//! Arrows run in the gaps between columns and in the margins, so that none crosses a table.

use std::cmp::Reverse;

use sparkify_local::schema::TableShape;

/// Three columns make a picture of 898 pixels, which pages show unscaled.
pub const BOX_WIDTH: usize = 246;
const COLUMNS: usize = 3;
const GAP_X: usize = 50;
const GAP_Y: usize = 28;
/// Wide enough for the arrows between tables of an outer column.
pub const MARGIN_X: usize = 30;
const MARGIN_Y: usize = 20;

/// The upper left corner of a box, in pixels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BoxPosition {
    pub x: usize,
    pub y: usize,
}

/// All boxes, in the order of the tables, and the size of the picture.
#[derive(Debug)]
pub struct Layout {
    pub boxes: Vec<BoxPosition>,
    pub width: usize,
    pub height: usize,
}

/// Arranges tables whose boxes have these heights.
pub fn arrange(tables: &[(TableShape, String)], heights: &[usize]) -> Layout {
    let references = references(tables);
    let is_referred_to = |table: usize| references.iter().any(|others| others.contains(&table));
    let (dimensions, others): (Vec<usize>, Vec<usize>) = (0..tables.len()).partition(|&table| is_referred_to(table));
    let (facts, alone): (Vec<usize>, Vec<usize>) = others.into_iter().partition(|&table| !references[table].is_empty());
    let order: Vec<usize> = facts.iter().flat_map(|&fact| references[fact].iter().copied()).collect();
    let [mut left, mut right] = sides(groups(&dimensions, &references), heights);
    // As the facts refer to them, so that few arrows cross each other.
    for side in [&mut left, &mut right] {
        side.sort_by_key(|table| order.iter().position(|other| other == table).unwrap_or(usize::MAX));
    }
    let columns: Vec<Vec<usize>> = [left, facts, right].into_iter().filter(|column| !column.is_empty()).collect();
    place(&columns, &alone, heights)
}

/// The tables that each table refers to, without itself, in the order of its columns.
fn references(tables: &[(TableShape, String)]) -> Vec<Vec<usize>> {
    let position = |name: &str| tables.iter().position(|(table, _)| table.name == name);
    let of = |at: usize| -> Vec<usize> {
        let names = tables[at].0.columns.iter().filter_map(|column| column.refers_to.as_deref());
        names.filter_map(position).filter(|&other| other != at).collect()
    };
    (0..tables.len()).map(of).collect()
}

/// Dimensions that refer to each other, directly or through others. Each group stands on one side.
fn groups(dimensions: &[usize], references: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for &table in dimensions {
        let is_linked = |other: usize| references[other].contains(&table) || references[table].contains(&other);
        let (linked, apart): (Vec<Vec<usize>>, Vec<Vec<usize>>) =
            groups.into_iter().partition(|group| group.iter().any(|&other| is_linked(other)));
        groups = apart;
        groups.push(linked.into_iter().flatten().chain([table]).collect());
    }
    groups
}

/// The groups in two columns of about the same height, the highest group first.
fn sides(mut groups: Vec<Vec<usize>>, heights: &[usize]) -> [Vec<usize>; 2] {
    groups.sort_by_key(|group| Reverse(stack_height(group, heights)));
    let mut sides = [Vec::new(), Vec::new()];
    for group in groups {
        let lower = usize::from(stack_height(&sides[1], heights) < stack_height(&sides[0], heights));
        sides[lower].extend(group);
    }
    sides
}

fn stack_height(column: &[usize], heights: &[usize]) -> usize {
    column.iter().map(|&table| heights[table] + GAP_Y).sum()
}

/// Columns of linked tables, each in the middle of the height of the highest; below them the others, each in the column
/// that ends first.
fn place(columns: &[Vec<usize>], alone: &[usize], heights: &[usize]) -> Layout {
    let mut boxes = vec![BoxPosition::default(); heights.len()];
    let x_of = |column: usize| MARGIN_X + column * (BOX_WIDTH + GAP_X);
    let star = columns.iter().map(|column| stack_height(column, heights)).max().unwrap_or(0);
    for (at, column) in columns.iter().enumerate() {
        let mut y = MARGIN_Y + (star - stack_height(column, heights)) / 2;
        for &table in column {
            boxes[table] = BoxPosition { x: x_of(at), y };
            y += heights[table] + GAP_Y;
        }
    }
    let count = columns.len().max(alone.len().min(COLUMNS)).max(1);
    let mut ends = vec![MARGIN_Y + star; count];
    for &table in alone {
        let at = (0..count).min_by_key(|&at| ends[at]).unwrap_or(0);
        boxes[table] = BoxPosition { x: x_of(at), y: ends[at] };
        ends[at] += heights[table] + GAP_Y;
    }
    let height = ends.into_iter().max().unwrap_or(0) + MARGIN_Y - GAP_Y;
    Layout { boxes, width: x_of(count) - GAP_X + MARGIN_X, height: height.max(2 * MARGIN_Y) }
}

#[cfg(test)]
mod tests {
    use sparkify_local::schema::ColumnShape;

    use super::*;

    /// A table with a column for each table that it refers to.
    fn table(name: &str, refers_to: &[&str]) -> (TableShape, String) {
        let column = |other: &&str| ColumnShape {
            name: format!("{other}_id"),
            data_type: "integer".to_owned(),
            is_primary_key: false,
            refers_to: Some((*other).to_owned()),
            is_identity: false,
        };
        let columns = refers_to.iter().map(column).collect();
        let shape = TableShape { name: name.to_owned(), columns, distribution: "AUTO".to_owned(), sort_key: vec![] };
        (shape, String::new())
    }

    fn columns(tables: &[(TableShape, String)]) -> Vec<usize> {
        let layout = arrange(tables, &vec![100; tables.len()]);
        layout.boxes.iter().map(|at| (at.x - MARGIN_X) / (BOX_WIDTH + GAP_X)).collect()
    }

    #[test]
    fn a_fact_is_between_its_dimensions() {
        let star = [table("users", &[]), table("songs", &[]), table("plays", &["users", "songs"])];
        assert_eq!(columns(&star), [0, 2, 1]);
    }

    #[test]
    fn dimensions_that_refer_to_each_other_share_a_side() {
        let tables = [
            table("users", &[]),
            table("artists", &[]),
            table("songs", &["artists"]),
            table("plays", &["users", "songs", "artists"]),
        ];
        assert_eq!(columns(&tables), [2, 0, 0, 1]);
    }

    #[test]
    fn no_two_boxes_overlap() {
        let tables = [
            table("staging", &[]),
            table("users", &[]),
            table("songs", &[]),
            table("plays", &["users", "songs"]),
            table("visits", &["users"]),
            table("raw", &[]),
        ];
        let layout = arrange(&tables, &[300, 80, 120, 90, 60, 40]);
        let mut corners: Vec<(usize, usize)> = layout.boxes.iter().map(|at| (at.x, at.y)).collect();
        let lowest = layout.boxes[1..5].iter().map(|at| at.y).max().unwrap_or(0);
        assert!(layout.boxes[0].y > lowest && layout.boxes[5].y > lowest, "{layout:?}");
        corners.sort_unstable();
        corners.dedup();
        assert_eq!(corners.len(), tables.len(), "{layout:?}");
        assert_eq!(layout.width, 898);
    }

    #[test]
    fn tables_without_keys_and_circles_have_places_too() {
        assert_eq!(columns(&[table("a", &[]), table("b", &[])]), [0, 1]);
        assert_eq!(columns(&[table("a", &["b"]), table("b", &["a"])]), [0, 0]);
        assert_eq!(columns(&[table("a", &["a"])]), [0]);
        assert!(arrange(&[], &[]).height > 0);
    }
}
