//! The text of a view in the catalog.

use std::ops::ControlFlow;

use sqlparser::ast::{Query, Value, ValueWithSpan, VisitMut, VisitorMut};

/// The query of a view as it was written, which the catalog shows.
pub fn definition(query: &Query) -> String {
    // So that it says the same when it is read again.
    struct Escapes;
    impl VisitorMut for Escapes {
        type Break = ();
        fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<()> {
            if let Value::SingleQuotedString(text) = &mut value.value
                && text.contains(['\\', '\''])
            {
                *text = text.replace('\\', r"\\").replace('\'', r"\'");
            }
            ControlFlow::Continue(())
        }
    }
    let mut query = query.clone();
    let _ = query.visit(&mut Escapes);
    query.to_string()
}
