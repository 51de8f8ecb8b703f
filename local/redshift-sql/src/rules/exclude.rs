//! *EXCLUDE* behind the items of a SELECT (r_EXCLUDE_list): columns that it does not answer.

use sqlparser::ast::{ExcludeSelectItem, Select, SelectItem, WildcardAdditionalOptions};

use crate::error::TranslateError;
use crate::parse::simple_expressions::named_like;
use crate::statement::relation_name::Name;

/// The names in an EXCLUDE.
pub fn excluded(list: &ExcludeSelectItem) -> Vec<String> {
    let names = match list {
        ExcludeSelectItem::Single(name) => std::slice::from_ref(name),
        ExcludeSelectItem::Multiple(names) => names,
    };
    names.iter().map(|name| Name::of(name).table).collect()
}

/// Takes the columns out of the items; those of `*` are left to DuckDB.
///
/// # Errors
/// 0A000 behind several `*`: which of them has a column is not known here.
pub fn rewrite(select: &mut Select) -> Result<(), TranslateError> {
    let of_last = match select.projection.last_mut() {
        Some(SelectItem::Wildcard(options) | SelectItem::QualifiedWildcard(_, options)) => options.opt_exclude.take(),
        _ => None,
    };
    let Some(list) = select.exclude.take().or(of_last) else { return Ok(()) };
    let left_out = excluded(&list);
    let is_left_out = |name: &str| left_out.iter().any(|known| known.eq_ignore_ascii_case(name));
    select.projection.retain(|item| {
        let name = match item {
            SelectItem::UnnamedExpr(expr) => named_like(expr),
            SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.clone()),
            _ => None,
        };
        !name.as_deref().is_some_and(is_left_out)
    });
    let mut stars: Vec<&mut WildcardAdditionalOptions> = select.projection.iter_mut().filter_map(options).collect();
    match &mut stars[..] {
        [] => {}
        [star] => star.opt_exclude = Some(list),
        _ => return Err(TranslateError::unsupported("EXCLUDE behind several *")),
    }
    Ok(())
}

fn options(item: &mut SelectItem) -> Option<&mut WildcardAdditionalOptions> {
    match item {
        SelectItem::Wildcard(options) | SelectItem::QualifiedWildcard(_, options) => Some(options),
        _ => None,
    }
}
