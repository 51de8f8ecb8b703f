//! *Correlated subqueries* that Redshift refuses (r_correlated_subqueries): a column of a query around the one that is next,
//! and a subquery in ON that reads the tables which are joined.

use super::Typer;
use super::scope::Scope;
use crate::error::TranslateError;

impl Typer<'_> {
    /// Refuses a column by the scope that it is of, as seen from where it stands.
    pub(super) fn check_correlation(&mut self, scope: &Scope<'_>, is_owner: impl Fn(&Scope<'_>) -> bool) {
        let mut owner = scope;
        let mut skipped = 0;
        while !is_owner(owner) {
            let Some(outer) = owner.outer else { return };
            owner = outer;
            skipped += 1;
        }
        // The outermost scope has the arguments of a function, which everybody sees.
        let is_argument = owner.outer.is_none();
        if !is_argument && (skipped > 1 || skipped == 1 && owner.is_joining) {
            let message = "This type of correlated subquery pattern is not supported yet";
            self.refuse(TranslateError::new("0A000", message));
        }
    }
}
