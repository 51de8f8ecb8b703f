//! As whom the statements of a session run: SET SESSION AUTHORIZATION (r_SET_SESSION_AUTHORIZATION), and what that user may do.

use super::error::SqlError;
use super::permission::denied;
use super::rights::Account;
use super::session::Session;
use super::transaction_state::Transaction;
use redshift_sql::literal;

/// The setting that has the user, so that it is set back with the transaction.
pub const AUTHORIZATION: &str = "session_authorization";

impl Session {
    /// SET SESSION AUTHORIZATION. As in PostgreSQL, who has connected must be a superuser to name
    /// anybody but themself.
    pub(super) fn authorize(&mut self, user: Option<String>, local: bool) -> Result<i64, SqlError> {
        let user = user.filter(|user| user != self.login());
        if let Some(user) = &user {
            self.follow_cluster()?;
            if Account::load(self, self.login())?.rights().is_some() {
                return Err(denied("permission denied to set session authorization"));
            }
            let sql = "SELECT count(*) > 0 FROM redshift_system.redshift_users WHERE name = ?";
            if *user != self.admin && !self.connection.query_row(sql, [user], |row| row.get::<_, bool>(0))? {
                return Err(SqlError::new("42704", format!("user \"{user}\" does not exist")));
            }
        }
        // Outside a transaction it would be over at once.
        if local && self.transaction == Transaction::None {
            return Ok(0);
        }
        if local {
            self.scope.local_settings.insert(AUTHORIZATION.to_owned());
        }
        self.settings.change(AUTHORIZATION, user);
        Ok(0)
    }

    /// Takes notice of who the user is now, and of what they may do where the catalog has changed. The admin may do
    /// everything, whatever the catalog says.
    pub(super) fn follow_account(&mut self) -> Result<(), SqlError> {
        let (user, admin) = (self.user(), &self.admin);
        let is_known = self
            .account_of
            .as_ref()
            .is_some_and(|(known, catalog)| known == user && (user == admin || *catalog == self.catalog));
        if is_known || self.transaction == Transaction::Failed {
            return Ok(());
        }
        let is_first = self.account_of.is_none();
        let user = user.to_owned();
        let account = Account::load(self, &user)?;
        let was_restricted = self.account.rights().is_some();
        let is_restricted = account.rights().is_some();
        if !is_first || user != self.admin {
            let others = match &account {
                Account::Admin => "RESET VARIABLE redshift_admin".to_owned(),
                _ => format!("SET VARIABLE redshift_admin = {}", literal(&self.admin)),
            };
            self.connection.execute_batch(&format!(
                "SET VARIABLE redshift_user = {}; SET VARIABLE redshift_is_restricted = {}; {others}",
                literal(&user),
                account.rights().is_some_and(|rights| !rights.reads_system_log)
            ))?;
        }
        self.account = account;
        self.account_of = Some((user, self.catalog));
        if was_restricted || is_restricted {
            let path = self.settings.search_path();
            self.set_search_path(path.as_deref().unwrap_or("public"))?;
        }
        Ok(())
    }
}
