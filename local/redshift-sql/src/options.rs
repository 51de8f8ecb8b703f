//! Options of a translation.

use crate::bind::catalog::Catalog;
use crate::statement::required_privileges::RequiredPrivileges;
use crate::types::Type;

/// What a statement is read with.
#[derive(Clone, Copy, Default)]
pub struct TranslateOptions<'s> {
    /// The database that it is for; without one nothing is known of its relations.
    pub catalog: Option<&'s dyn Catalog>,
    /// Names that stand for values of these types: the arguments of a function.
    pub(crate) arguments: &'s [(String, Type)],
    /// Names in quotes are not folded: enable_case_sensitive_identifier.
    pub keeps_case: bool,
    /// Attributes of a SUPER are not folded: enable_case_sensitive_super_attribute.
    pub keeps_attribute_case: bool,
    /// Where the privileges are noted that statements need; without it nobody asks for them.
    pub required: Option<&'s RequiredPrivileges>,
    /// The time zone of the session is not UTC.
    pub has_zone: bool,
    /// External tables have no pseudocolumns: spectrum_enable_pseudo_columns is off.
    pub(crate) hides_pseudo_columns: bool,
    /// The statement names pseudocolumns of external tables.
    pub(crate) names_pseudo_columns: bool,
}

impl<'s> TranslateOptions<'s> {
    pub fn new(catalog: Option<&'s dyn Catalog>, keeps_case: bool) -> Self {
        Self { catalog, keeps_case, ..Self::default() }
    }

    /// The same, in a time zone that is not UTC.
    #[must_use]
    pub fn with_zone(self, has_zone: bool) -> Self {
        Self { has_zone, ..self }
    }

    /// The same, where external tables may have no pseudocolumns.
    #[must_use]
    pub fn with_pseudo_columns(self, has_pseudo_columns: bool) -> Self {
        Self { hides_pseudo_columns: !has_pseudo_columns, ..self }
    }

    /// The same, where attributes of a SUPER may keep their case.
    #[must_use]
    pub fn with_attribute_case(self, keeps_attribute_case: bool) -> Self {
        Self { keeps_attribute_case, ..self }
    }

    /// The same, where the privileges are noted that statements need.
    #[must_use]
    pub fn with_required(self, required: Option<&'s RequiredPrivileges>) -> Self {
        Self { required, ..self }
    }
}
