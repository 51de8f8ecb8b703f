//! The settings of a session: SET, RESET, and what ends with a transaction.

use super::error::SqlError;
use super::session::Session;
use super::session_authorization::AUTHORIZATION;
use super::session_settings::{SessionSettings, is_true};
use super::setting_defaults::default_of;
use super::system_views::SYSTEM_SCHEMA;
use super::transaction_state::Transaction;
use redshift_sql::{literal, session_zone};

const ISOLATION_LEVELS: &[&str] = &["serializable", "repeatable read", "read committed", "read uncommitted"];

const ON: &[&str] = &["on", "true", "yes", "1"];
const OFF: &[&str] = &["off", "false", "no", "0"];

/// Settings that change what statements answer in Redshift, with what they may be here, which knows one way only.
const FIXED: &[(&str, &[&str])] = &[
    ("cast_super_null_on_error", ON),
    ("client_encoding", &["utf8", "utf-8", "unicode"]),
    ("datestyle", &["iso", "mdy", "iso, mdy", "iso,mdy"]),
    ("describe_field_name_in_uppercase", OFF),
    ("downcase_delimited_identifier", ON),
    ("enable_numeric_rounding", OFF),
    ("error_on_nondeterministic_update", OFF),
    ("interval_forbid_composite_literals", OFF),
    ("json_serialization_enable", OFF),
    ("json_serialization_parse_nested_strings", OFF),
    ("navigate_super_null_on_error", ON),
    ("parse_super_null_on_error", OFF),
    ("standard_conforming_strings", OFF),
];

/// Settings that tell of the server.
const READ_ONLY: &[&str] = &[
    AUTHORIZATION,
    "integer_datetimes",
    "is_superuser",
    "max_index_keys",
    "server_encoding",
    "server_version",
    "server_version_num",
];

/// Refuses what no setting is called, and what a setting cannot be here.
fn check(name: &str, value: Option<&str>) -> Result<(), SqlError> {
    let is_all = name == "all" && value.is_none();
    if !is_all && name != AUTHORIZATION && default_of(name).is_none() {
        return Err(SqlError::new("42704", format!("unrecognized configuration parameter \"{name}\"")));
    }
    if READ_ONLY.contains(&name) {
        return Err(SqlError::new("55P02", format!("parameter \"{name}\" cannot be changed")));
    }
    let fixed = FIXED.iter().find(|(fixed, _)| *fixed == name);
    match (fixed, value) {
        (Some((_, known)), Some(value)) if !known.contains(&value.to_lowercase().as_str()) => {
            Err(SqlError::unsupported(&format!("SET {name} TO {value}")))
        }
        _ => Ok(()),
    }
}

impl Session {
    /// Returns true if a setting is switched on.
    pub(super) fn is_on(&self, setting: &str) -> bool {
        self.settings.is_on(setting)
    }

    /// What a setting is in this session; `None` where there is none of this name.
    pub fn setting(&self, name: &str) -> Option<String> {
        if name == "transaction_read_only" {
            return Some(if self.is_read_only() { "on" } else { "off" }.to_owned());
        }
        match name {
            AUTHORIZATION => return Some(self.user().to_owned()),
            "is_superuser" if self.account.rights().is_some() => return Some("off".to_owned()),
            _ => {}
        }
        self.settings.get(name).cloned().or_else(|| default_of(name).map(str::to_owned))
    }

    pub(super) fn set(&mut self, name: &str, value: Option<String>, local: bool) -> Result<i64, SqlError> {
        check(name, value.as_deref())?;
        // Outside a transaction it would be over at once.
        if local && self.transaction == Transaction::None {
            return Ok(0);
        }
        if local {
            self.scope.local_settings.insert(name.to_owned());
        }
        match (name, &value) {
            ("transaction_read_only", Some(flag)) => return self.set_transaction(Some(is_true(flag)), false),
            // The level of the database counts.
            ("transaction_isolation" | "default_transaction_isolation", Some(level)) => {
                return match ISOLATION_LEVELS.contains(&level.to_lowercase().as_str()) {
                    true => Ok(0),
                    false => {
                        Err(SqlError::new("22023", format!("invalid value for parameter \"{name}\": \"{level}\"")))
                    }
                };
            }
            ("search_path", _) => self.set_search_path(value.as_deref().unwrap_or("public"))?,
            ("timezone", Some(zone)) => drop(session_zone::named(zone).map_err(|error| SqlError::new("22023", error))?),
            _ => {}
        }
        self.settings.change(name, value);
        if matches!(name, "timezone" | "all") {
            self.tell_zone()?;
        }
        Ok(0)
    }

    /// The time zone, by a name of its own; `None` where it is UTC.
    pub(super) fn zone(&self) -> Option<String> {
        session_zone::named(self.settings.get("timezone")?).ok().flatten()
    }

    /// Tells the macros of the time zone.
    pub(super) fn tell_zone(&self) -> Result<(), SqlError> {
        let sql = match self.zone() {
            Some(zone) => format!("SET VARIABLE redshift_zone = {}", literal(&zone)),
            None => "RESET VARIABLE redshift_zone".to_owned(),
        };
        Ok(self.connection.execute_batch(&sql)?)
    }

    /// Takes on the settings as they are behind a transaction, and the search path with them.
    pub(super) fn restore_settings(&mut self, settings: SessionSettings) -> Result<(), SqlError> {
        let zone = self.zone();
        let path = std::mem::replace(&mut self.settings, settings).search_path();
        if self.zone() != zone {
            self.tell_zone()?;
        }
        match self.settings.search_path() {
            now if now == path => Ok(()),
            now => self.set_search_path(now.as_deref().unwrap_or("public")),
        }
    }

    /// Schemas that do not exist, or that the user may not use, are passed over, as in Redshift.
    pub(super) fn set_search_path(&mut self, path: &str) -> Result<(), SqlError> {
        let mut schemas = Vec::new();
        for schema in path.split(',').map(|schema| schema.trim().trim_matches('"').to_lowercase()) {
            let sql =
                "SELECT count(*) FROM duckdb_schemas() WHERE schema_name = ? AND database_name = current_database()";
            let found: i64 = self.connection.query_row(sql, [&schema], |row| row.get(0))?;
            let may_use = self.account.rights().is_none_or(|rights| rights.may_use(&schema));
            if found > 0 && may_use && schema != SYSTEM_SCHEMA {
                schemas.push(schema);
            }
        }
        schemas.push(SYSTEM_SCHEMA.to_owned());
        self.targets.clear();
        self.relations.clear();
        Ok(self.connection.execute_batch(&format!("SET search_path = {}", literal(&schemas.join(","))))?)
    }

    /// Takes notice of what has changed in the catalog: a schema of the search path may have come or gone.
    pub(super) fn see_catalog(&mut self) -> Result<(), SqlError> {
        let now = self.system.catalog_changes();
        if std::mem::replace(&mut self.catalog, now) != now {
            self.targets.clear();
            self.relations.clear();
            self.drop_catalog_tables()?;
            if let Some(path) = self.settings.search_path() {
                self.set_search_path(&path)?;
            }
        }
        Ok(())
    }
}
