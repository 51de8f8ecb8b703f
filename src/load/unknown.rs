//! Keys of JSON that no column takes: named, refused, or given columns; and texts that are too long for their columns.

use std::collections::BTreeSet;

use futures::{StreamExt, TryStreamExt};

use super::copy_files::ByKey;
use super::copy_options::has_option;
use super::gatherer::{Gathered, Gatherer};
use super::keys::{Keys, seen_while_gathering, unknown_message};
use super::rejected::ErrorRow;
use super::sample::{CopyCompression, SourceSample};
use super::sql;
use super::staging::Staging;
use super::table_plan::SourceReading;
use super::values::Values;
use crate::config::OnUnknown;
use crate::error::{Error, FailureKind, Result};
use crate::event::Event;
use crate::init::infer::VARCHAR_MAX;
use crate::init::words::{COLUMN_NAME_BYTES, is_system_column, quoted};
use crate::interrupt;
use crate::load_report::UnknownKey;
use crate::statement_process::StatementProcess;

/// Columns that are added in one transaction: a batch has 40 statements (R21), of which some are the load's own.
const ADDED_MAX: usize = 30;

/// A hint on keys without a column.
const ADVICE: &str = "Add columns to sql/schema and run `load --recreate`, or set `on_unknown` of the source to \"add\", or to \
    \"ignore\" where they are not wanted.";

/// The keys of a source beside the columns of its table.
pub struct ComparedKeys {
    /// Keys without a column.
    pub lost: Vec<UnknownKey>,
    /// Statements that add columns for keys which had none, each with the key's first place.
    pub added: Vec<(String, Option<String>)>,
    repeated: Option<String>,
    /// The extent of the keys, for a message.
    extent: String,
    sample: Option<SourceSample>,
}

/// A change of a staging table that a load would make, and why.
pub struct TableChange {
    pub does: String,
    pub why: String,
    /// A statement of the transaction; else only a COPY that fails shows whether it is needed.
    pub is_certain: bool,
}

impl Staging<'_> {
    /// Compares the keys of a source with the columns that its COPY fills: all keys where they were counted while
    /// gathering, else those of a sample. `None` where they cannot be compared, or need not.
    pub(super) async fn compare(
        &self,
        gathered: Option<&Gathered>,
        gatherer: &Gatherer<'_>,
    ) -> Result<Option<ComparedKeys>> {
        let Some(by_key) = &self.plan.compared else { return Ok(None) };
        let now = gathered.and_then(|gathered| gathered.keys.as_ref());
        let (keys, columns) = tokio::join!(self.keys(now, gatherer), self.columns(by_key));
        let (Some((keys, extent, sample)), Some(columns)) = (keys?, columns) else { return Ok(None) };
        let lost = keys.without_column(&columns, by_key.ignore_case, &self.source.location);
        let repeated = keys.repeated_warning(&self.source.name, &self.file.name);
        Ok(Some(ComparedKeys { lost, added: Vec::new(), repeated, extent, sample }))
    }

    async fn keys(
        &self,
        now: Option<&Keys>,
        gatherer: &Gatherer<'_>,
    ) -> Result<Option<(Keys, String, Option<SourceSample>)>> {
        let (source, listing) = (self.source, self.listing);
        if self.plan.reading == SourceReading::Parts
            && let Some(keys) = gatherer.keys(now, source, listing).await?
        {
            let extent = seen_while_gathering(&keys);
            return Ok(Some((keys, extent, None)));
        }
        let Some(compression) = CopyCompression::new(&self.file.statement) else { return Ok(None) };
        let sample = SourceSample::read(self.from, source, listing, self.known, compression);
        match interrupt::unless_asked(sample).await {
            Ok(sample) => Ok(Some((sample.keys(), sample.extent(), Some(sample)))),
            // A warning is not worth a load.
            Err(error) if !source.on_unknown.decides() && !error.kind.ends_run() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The columns that a COPY fills. Best effort: the COPY reports errors of the table.
    async fn columns(&self, by_key: &ByKey) -> Option<Vec<String>> {
        if let Some(columns) = &by_key.columns {
            return Some(columns.clone());
        }
        let found = self.load.warehouse.query(&format!("select * from {} limit 0", self.file.name)).await;
        found.ok()?.ok().map(|rows| rows.columns)
    }

    /// The keys of the source beside its columns, with what `on_unknown` says done about them; `None` where it says nothing
    /// before the COPY, or where they cannot be compared.
    ///
    /// # Errors
    /// Where there are such keys and none may be lost, or more than can be added at once.
    pub(super) async fn decided(
        &self,
        gathered: Option<&Gathered>,
        gatherer: &Gatherer<'_>,
    ) -> Result<Option<ComparedKeys>> {
        if !self.source.on_unknown.decides() {
            return Ok(None);
        }
        let mut compared = self.compare(gathered, gatherer).await?;
        if let Some(compared) = &mut compared {
            self.decide(compared, gatherer).await?;
        }
        Ok(compared)
    }

    async fn decide(&self, compared: &mut ComparedKeys, gatherer: &Gatherer<'_>) -> Result<()> {
        let (source, table) = (&self.source.name, &self.file.name);
        if compared.lost.is_empty() {
            return Ok(());
        }
        match self.source.on_unknown {
            OnUnknown::Fail => {
                let message = unknown_message(source, table, &compared.lost, &compared.extent);
                Err(Error::new(FailureKind::CheckFailed, message)
                    .hint("Nothing was loaded: `on_unknown = \"fail\"` refuses them.")
                    .hint(ADVICE))
            }
            OnUnknown::Add if !self.load.check => self.add_columns(compared, gatherer).await,
            OnUnknown::Add | OnUnknown::Ignore | OnUnknown::Warn => Ok(()),
        }
    }

    /// Lists what `on_unknown` would change of the table, as far as the keys are known before the load.
    ///
    /// # Errors
    /// As `decided`.
    pub(super) async fn planned_changes(&self, gatherer: &Gatherer<'_>) -> Result<Vec<TableChange>> {
        let mut planned = Vec::new();
        let Some(compared) = self.decided(None, gatherer).await? else { return Ok(planned) };
        for (alter, first) in compared.added {
            let first = first.map(|place| format!("a key first in {place}; ")).unwrap_or_default();
            let why = format!("{first}in the transaction of the COPY{}", compared.extent);
            planned.push(TableChange { does: alter, why, is_certain: true });
        }
        if self.plan.widens {
            planned.push(TableChange {
                does: format!("widen the columns of {} that are too short, if there are any", self.file.name),
                why: "by ALTER COLUMN TYPE before a second COPY: in a transaction Redshift does not take it (C20)"
                    .into(),
                is_certain: false,
            });
        }
        Ok(planned)
    }

    /// Adds a column for each key that can have one; the others stay among those that are lost.
    async fn add_columns(&self, compared: &mut ComparedKeys, gatherer: &Gatherer<'_>) -> Result<()> {
        let Some(by_key) = &self.plan.compared else { return Ok(()) };
        let (fit, unfit): (Vec<_>, Vec<_>) =
            std::mem::take(&mut compared.lost).into_iter().partition(|unknown| is_column(&unknown.key, by_key));
        compared.lost = unfit;
        let column = |unknown: &UnknownKey| unknown.key.to_lowercase();
        let columns: BTreeSet<String> = fit.iter().map(column).collect();
        if columns.len() > ADDED_MAX {
            let (table, count) = (&self.file.name, columns.len());
            let message = format!("{table} lacks {count} columns, and a load adds {ADDED_MAX} at most");
            return Err(Error::new(FailureKind::CheckFailed, message)
                .hint(format!("The first of them: {}.", fit.iter().take(5).map(column).collect::<Vec<_>>().join(", ")))
                .hint("Add them to sql/schema and run `load --recreate`; keys that are data belong into one SUPER."));
        }
        let mut values = Values::new(columns, by_key.ignore_case);
        match &compared.sample {
            Some(sample) => sample.add_to(&mut values),
            None if values.is_empty() => {}
            None => self.read_values(gatherer, &mut values).await?,
        }
        for (name, data_type) in values.types(has_option(&self.file.statement, &["timeformat"])) {
            let alter = format!("alter table {} add column {} {data_type}", self.file.name, quoted(&name));
            let first = fit
                .iter()
                .filter(|unknown| unknown.key.to_lowercase() == name)
                .find_map(|unknown| unknown.first.clone());
            compared.added.push((alter, first));
        }
        Ok(())
    }

    /// Reads all objects once more, for the values of some keys.
    async fn read_values(&self, gatherer: &Gatherer<'_>, values: &mut Values) -> Result<()> {
        let reader = gatherer.reader(self.source).await;
        interrupt::unless_asked(async {
            let mut objects = reader.read_all(self.listing.stream(self.from, self.source, self.known)).boxed();
            while let Some(outcome) = objects.try_next().await? {
                for checked in outcome.contents.into_iter().flatten() {
                    values.add(&checked.bytes);
                }
            }
            Ok(())
        })
        .await
    }

    /// Warns of keys that are lost and columns that were added. Answers the lost keys.
    pub(super) fn report_keys(&self, compared: ComparedKeys) -> Vec<UnknownKey> {
        let (source, table) = (&self.source.name, &self.file.name);
        let warn = |message| self.load.stack.events.emit(Event::Warning { message });
        if !compared.lost.is_empty() && self.source.on_unknown != OnUnknown::Ignore {
            let message = unknown_message(source, table, &compared.lost, &compared.extent);
            let advice = match (self.source.on_unknown, self.load.check) {
                (OnUnknown::Add, true) => "`load` adds columns for those that can be columns.",
                (OnUnknown::Add, false) => {
                    "They cannot be columns by their names, or the COPY lists its columns, or it needs 'auto ignorecase' for \
                     their capitals."
                }
                _ => ADVICE,
            };
            warn(format!("{message}\n  {advice}"));
        }
        compared.repeated.into_iter().for_each(warn);
        for (alter, first) in compared.added {
            let first = first.map(|place| format!(" for a key first in {place}")).unwrap_or_default();
            warn(format!("{source}: a column was added{first}: {alter}. Add it to sql/schema, too."));
        }
        compared.lost
    }

    /// Widens the VARCHARs that were too short for a COPY which failed: each by a statement of its own, since in a
    /// transaction Redshift does not (C20). Answers whether there was any.
    ///
    /// # Errors
    /// Where Redshift refuses it, or the values cannot be read.
    pub(super) async fn widen(&self, process: StatementProcess, gatherer: &Gatherer<'_>) -> Result<bool> {
        let (load, table) = (self.load, &self.file.name);
        let by_key = self.plan.compared.as_ref().filter(|_| self.plan.widens);
        let Some(by_key) = by_key else { return Ok(false) };
        let (rows, _) = ErrorRow::read_all(&load.warehouse, process, None).await?;
        if !rows.iter().any(ErrorRow::is_too_long) {
            return Ok(false);
        }
        let widths = self.widths().await?;
        let mut values = Values::new(widths.iter().map(|(column, _)| column.clone()), by_key.ignore_case);
        self.read_values(gatherer, &mut values).await?;
        let mut is_wider = false;
        for (column, width) in widths {
            let longest = values.longest(&column);
            if longest <= width || longest > VARCHAR_MAX {
                continue;
            }
            let wide = longest.next_power_of_two().min(VARCHAR_MAX);
            let alter = format!("alter table {table} alter column {} type varchar({wide})", quoted(&column));
            let done = load.warehouse.run(&alter).await?;
            done.map_err(|error| Error::failed(format!("cannot widen {table}.{column}")).because(error))?;
            let message =
                format!("{}: a text of {longest} bytes: {alter}. Change it in sql/schema, too.", self.source.name);
            load.stack.events.emit(Event::Warning { message });
            is_wider = true;
        }
        Ok(is_wider)
    }

    /// Returns true if a COPY is to be run again, so that the texts are kept which are too long and for which no column
    /// could be widened. Any other error would only come again.
    ///
    /// # Errors
    /// Where the system views cannot be read.
    pub(super) async fn keeps_too_long(&self, process: StatementProcess) -> Result<bool> {
        if !self.plan.keeps_rejected || !self.plan.widens {
            return Ok(false);
        }
        let (rows, _) = ErrorRow::read_all(&self.load.warehouse, process, None).await?;
        Ok(rows.iter().any(ErrorRow::is_too_long))
    }

    /// The VARCHARs of the table, with their bytes.
    async fn widths(&self) -> Result<Vec<(String, usize)>> {
        let sql = format!(
            "select column_name, character_maximum_length from information_schema.columns \
             where table_schema = current_schema() and table_name = {} and data_type = 'character varying'",
            sql::literal(&self.file.name)
        );
        let rows = self.load.warehouse.query(&sql).await?;
        let doing = || Error::failed(format!("cannot read the columns of {}", self.file.name));
        let rows = rows.map_err(|error| doing().because(error))?.rows;
        let width = |row: Vec<Option<String>>| {
            let mut values = row.into_iter();
            Some((values.next()??, values.next()??.parse().ok()?))
        };
        Ok(rows.into_iter().filter_map(width).collect())
    }
}

/// Returns true if a column can take the values of this key (C8).
fn is_column(key: &str, by_key: &ByKey) -> bool {
    let name = key.to_lowercase();
    by_key.columns.is_none()
        && (by_key.ignore_case || name == key)
        && (1..=COLUMN_NAME_BYTES).contains(&name.len())
        && !is_system_column(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_a_column_can_take() {
        let copy = |list: &str, auto: &str| {
            ByKey::new(&format!("copy t{list} from :'from' format as json '{auto}'")).expect("by key")
        };
        assert!(is_column("mood", &copy("", "auto")) && is_column("my key", &copy("", "auto")));
        assert!(!is_column("Mood", &copy("", "auto")) && is_column("Mood", &copy("", "auto ignorecase")));
        let long = "x".repeat(128);
        for key in ["", "xmin", long.as_str()] {
            assert!(!is_column(key, &copy("", "auto")), "{key}");
        }
        assert!(!is_column("mood", &copy(" (a, b)", "auto")));
    }
}
