//! The settings that sessions have, and their defaults.

use redshift_sql::literal;

/// Settings that clients ask for, with what a new session has.
pub const DEFAULTS: &[(&str, &str)] = &[
    ("analyze_threshold_percent", "10"),
    ("application_name", ""),
    ("cast_super_null_on_error", "on"),
    ("client_encoding", "UTF8"),
    ("client_min_messages", "notice"),
    ("datestyle", "ISO, MDY"),
    ("default_geometry_encoding", "1"),
    ("default_transaction_isolation", "SERIALIZABLE"),
    ("default_transaction_read_only", "off"),
    ("describe_field_name_in_uppercase", "off"),
    ("downcase_delimited_identifier", "on"),
    ("enable_case_sensitive_identifier", "off"),
    ("enable_case_sensitive_super_attribute", "off"),
    ("enable_numeric_rounding", "off"),
    ("enable_result_cache_for_session", "on"),
    ("enable_vacuum_boost", "off"),
    ("error_on_nondeterministic_update", "off"),
    ("extra_float_digits", "0"),
    ("integer_datetimes", "on"),
    ("interval_forbid_composite_literals", "off"),
    ("is_superuser", "on"),
    ("json_serialization_enable", "off"),
    ("json_serialization_parse_nested_strings", "off"),
    ("max_concurrency_scaling_clusters", "1"),
    ("max_cursor_result_set_size", "default"),
    ("max_index_keys", "32"),
    ("mv_enable_aqmv_for_session", "on"),
    ("navigate_super_null_on_error", "on"),
    ("parse_super_null_on_error", "off"),
    ("pg_federation_repeatable_read", "on"),
    ("query_group", "unset"),
    ("search_path", "$user, public"),
    ("server_encoding", "UNICODE"),
    ("server_version", "8.0.2"),
    ("server_version_num", "80002"),
    ("spectrum_enable_pseudo_columns", "on"),
    ("spectrum_query_maxerror", "0"),
    ("standard_conforming_strings", "off"),
    ("statement_timeout", "0"),
    ("stored_proc_log_min_messages", "log"),
    ("timezone", "UTC"),
    ("transaction_isolation", "SERIALIZABLE"),
    ("transaction_read_only", "off"),
    ("wlm_query_slot_count", "1"),
];

/// The defaults as a view, for `current_setting`.
pub fn settings_view() -> String {
    let rows: Vec<String> = DEFAULTS.iter().map(|(name, value)| format!("('{name}', {})", literal(value))).collect();
    format!(
        "CREATE OR REPLACE VIEW redshift_system.redshift_settings AS SELECT * FROM (VALUES {}) AS s (name, setting);",
        rows.join(", ")
    )
}

/// The default of a setting; `None` for an unknown name.
pub fn default_of(name: &str) -> Option<&'static str> {
    DEFAULTS.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}
