//! A plan as the rows of EXPLAIN.

use super::step::Step;

/// The lines of a plan. Steps that run on the compute nodes have XN before their names (r_STL_EXPLAIN).
pub fn lines(plan: &Step, on_leader: bool) -> Vec<String> {
    let mut lines = Vec::new();
    write(plan, 0, if on_leader { "" } else { "XN " }, &mut lines);
    if has_nested_loop(plan) {
        lines.push(
            "----- Nested Loop Join in the query plan - review the join predicates to avoid Cartesian products -----"
                .to_owned(),
        );
    }
    lines
}

/// What EXPLAIN VERBOSE has before the plan: the steps as a tree, with their estimates.
pub fn tree(plan: &Step) -> Vec<String> {
    let mut lines = Vec::new();
    write_node(plan, &mut lines);
    lines.push(String::new());
    lines
}

/// `indent` is where the name stands, behind an arrow for all but the first step.
fn write(step: &Step, indent: usize, place: &str, lines: &mut Vec<String>) {
    let arrow = if indent == 0 { String::new() } else { format!("{:1$}->  ", "", indent - 4) };
    let Step { name, cost, rows, width, .. } = step;
    lines.push(format!(
        "{arrow}{place}{name}  (cost={:.2}..{:.2} rows={} width={width})",
        cost.startup,
        cost.total,
        whole(*rows)
    ));
    let below = " ".repeat(indent + 2);
    lines.extend(step.details.iter().map(|detail| format!("{below}{detail}")));
    if let Some(filter) = all_of(&step.filters) {
        lines.push(format!("{below}Filter: {filter}"));
    }
    for (kind, subplan) in &step.subplans {
        lines.push(format!("{below}{kind}"));
        write(subplan, indent + 8, place, lines);
    }
    step.children.iter().for_each(|child| write(child, indent + 6, place, lines));
}

fn write_node(step: &Step, lines: &mut Vec<String>) {
    let (name, movement) = step.name.split_once(" DS_").map_or((&*step.name, None), |(name, rest)| (name, Some(rest)));
    let kind = name.split(" on ").next().unwrap_or_default().replace(' ', "").to_uppercase();
    lines.push(format!("{{ {kind}"));
    lines.push(format!(":startup_cost {:.2}", step.cost.startup));
    lines.push(format!(":total_cost {:.2}", step.cost.total));
    lines.push(format!(":plan_rows {}", whole(step.rows)));
    lines.push(format!(":plan_width {}", step.width));
    if let Some(movement) = movement {
        lines.push(format!(":dist_info DS_{movement}"));
    }
    for child in step.children.iter().chain(step.subplans.iter().map(|(_, plan)| plan)) {
        write_node(child, lines);
    }
    lines.push("}".to_owned());
}

/// Conditions that all have to be true, as one.
pub fn all_of(conditions: &[String]) -> Option<String> {
    match conditions {
        [] => None,
        [one] => Some(one.clone()),
        several => Some(format!("({})", several.join(" AND "))),
    }
}

fn whole(rows: f64) -> String {
    format!("{:.0}", rows.max(1.0))
}

fn has_nested_loop(step: &Step) -> bool {
    step.name.starts_with("Nested Loop")
        || step.children.iter().chain(step.subplans.iter().map(|(_, plan)| plan)).any(has_nested_loop)
}
