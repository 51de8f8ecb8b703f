//! Plans a load without I/O: which tables are created, which source each file copies, how the star is filled. A dry run
//! shows these values, and a run carries them out.

use super::audit;
use super::copy_files;
use super::merge::Merge;
use super::project_files::ProjectFiles;
use super::sql::{self, SqlFile};
use super::table_plan::{EXECUTE, TableCopy};
use crate::config::{Mode, Source};
use crate::error::{Error, Result};

/// Statements of a batch (R21).
pub const BATCH: usize = 40;

/// Everything that is decided before a source is looked at.
#[derive(Debug)]
pub struct LoadPlan {
    pub setup: SetupPlan,
    pub copies: Vec<TableCopy>,
    /// Names of sources that no file of `sql/copy` copies.
    pub unused: Vec<String>,
    pub star: StarPlan,
}

/// The staging tables, and those of the star that are missing.
#[derive(Debug, Default)]
pub struct SetupPlan {
    /// Staging tables that are dropped first; `None` where none are.
    pub dropped: Option<Vec<String>>,
    pub drops: Vec<String>,
    pub tables: Vec<String>,
    pub creates: Vec<String>,
}

/// The transaction that fills the star.
#[derive(Debug, Default)]
pub struct StarPlan {
    /// Tables that are dropped and created anew first: DDL is part of the transaction.
    pub recreated: Vec<SqlFile>,
    /// With a merge, a table keeps the rows that stay the same; without one it is emptied and filled.
    pub transforms: Vec<(SqlFile, Option<Merge>)>,
    pub checks: Vec<(SqlFile, Severity)>,
    pub sums: Vec<SqlFile>,
}

/// The effect of a check that finds rows: it fails the load, or warns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    Error,
    Warn,
}

impl Severity {
    fn from_header(file: &SqlFile) -> Result<Self> {
        match file.settings.get("severity").map(String::as_str) {
            None | Some("error") => Ok(Self::Error),
            Some("warn") => Ok(Self::Warn),
            Some(other) => {
                Err(Error::usage(format!("{}: severity is error or warn, not {other}", file.path.display())))
            }
        }
    }
}

impl LoadPlan {
    /// # Errors
    /// Where a file of `sql/` does not fit infra.toml, or the header of a transform or a check cannot be followed.
    pub fn new(files: ProjectFiles, sources: &[Source], mode: Mode, recreate: bool) -> Result<Self> {
        let setup = SetupPlan::new(&files, recreate)?;
        let mut copies = Vec::new();
        for file in &files.copies {
            let source = copy_files::source_of(file, sources)?;
            copies.push(TableCopy { file: file.clone(), source: source.clone() });
        }
        let is_copied = |source: &&Source| copies.iter().any(|copy| copy.source.name == source.name);
        let unused = sources.iter().filter(|source| !is_copied(source)).map(|source| source.name.clone()).collect();
        let star = StarPlan::new(files, mode, recreate)?;
        Ok(Self { setup, copies, unused, star })
    }

    /// The copies whose rejected rows are kept.
    ///
    /// # Errors
    /// Where there is none.
    pub fn with_quarantine(&self) -> Result<Vec<&TableCopy>> {
        let kept: Vec<&TableCopy> = self.copies.iter().filter(|copy| copy.source.quarantine).collect();
        match kept.is_empty() {
            true => {
                Err(Error::usage("no source keeps the rows that its COPY rejects, so that none can be tried again")
                    .hint("Set `quarantine = true` for [sources.NAME] in infra.toml, and run `load`."))
            }
            false => Ok(kept),
        }
    }
}

impl SetupPlan {
    fn new(files: &ProjectFiles, recreate: bool) -> Result<Self> {
        let copied: Vec<&str> = files.copies.iter().map(|file| file.name.as_str()).collect();
        let mut creates: Vec<String> = files.schema.iter().map(|file| file.statement.clone()).collect();
        creates.extend(audit::creates(&copied)?);
        let tables = names(&files.schema);
        if !recreate {
            return Ok(Self { creates, tables, ..Self::default() });
        }
        // Tables of the star are dropped inside the transaction that fills them.
        let (_, staging) = sql::divided(&files.schema, &files.transforms);
        let mut drops = sql::drops(&staging);
        let of_audit = copied.iter().flat_map(|table| [audit::objects_table(table), audit::rejected_table(table)]);
        drops.extend(of_audit.map(|table| format!("drop table if exists {table}")));
        let dropped = staging.iter().map(|file| file.name.clone()).collect();
        Ok(Self { dropped: Some(dropped), drops, tables, creates })
    }
}

impl StarPlan {
    fn new(files: ProjectFiles, mode: Mode, recreate: bool) -> Result<Self> {
        let ProjectFiles { schema, transforms, checks, sums, .. } = files;
        let recreated = match recreate {
            true => sql::divided(&schema, &transforms).0.into_iter().cloned().collect(),
            false => Vec::new(),
        };
        let mut with_merges = Vec::new();
        for file in transforms {
            let merge = if mode == Mode::Append { Merge::from_file(&file)? } else { None };
            with_merges.push((file, merge));
        }
        let with_severity = |file: SqlFile| Severity::from_header(&file).map(|severity| (file, severity));
        let checks = checks.into_iter().map(with_severity).collect::<Result<_>>()?;
        Ok(Self { recreated, transforms: with_merges, checks, sums })
    }

    /// Operations that change something, where nothing refuses the transaction.
    pub fn writes(&self) -> Vec<&'static str> {
        let fills: usize = self.transforms.iter().map(|(_, merge)| fill_statements(merge.as_ref())).sum();
        // Begin, the row of the audit, commit, the end of the session; a drop and a create of each table.
        let statements = 4 + 2 * self.recreated.len() + fills + self.checks.len() + self.sums.len();
        vec![EXECUTE; statements]
    }
}

/// Statements that fill one table of the star.
fn fill_statements(merge: Option<&Merge>) -> usize {
    match merge {
        // DELETE and INSERT.
        None => 2,
        // The answer, its doubtful keys, what goes, what is new, the end of the answer, the rows that there are.
        Some(merge) => 6 + usize::from(merge.change.is_some()),
    }
}

fn names(files: &[SqlFile]) -> Vec<String> {
    files.iter().map(|file| file.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::table_plan::tests::{copy, file};
    use super::*;

    fn project() -> ProjectFiles {
        ProjectFiles {
            schema: vec![
                file("schema", "staging", "create table if not exists staging (a int)"),
                file("schema", "star", "create table if not exists star (id int, b int)"),
            ],
            copies: vec![copy("json 'auto'", |_| {}).file],
            transforms: vec![file(
                "transform",
                "star",
                "-- key: id\ninsert into star (id, b) select a, a from staging",
            )],
            checks: vec![file("check", "any", "select 1 where false")],
            sums: vec![file("reconcile", "all", "select 'in', 'rows', 0")],
        }
    }

    #[test]
    fn tables_of_the_star_are_recreated_with_it_and_others_before() {
        let sources = [copy("json 'auto'", |_| {}).source];
        let plan = LoadPlan::new(project(), &sources, Mode::Replace, false).expect("plan");
        assert_eq!((&plan.setup.dropped, plan.setup.drops.len(), plan.star.recreated.len()), (&None, 0, 0));
        // Two tables, that of loads, and two for the staging table.
        assert_eq!((plan.setup.tables.join(" "), plan.setup.creates.len()), ("staging star".to_owned(), 5));
        let plan = LoadPlan::new(project(), &sources, Mode::Replace, true).expect("plan");
        assert_eq!(plan.setup.dropped, Some(vec!["staging".to_owned()]));
        assert_eq!((plan.setup.drops.len(), names(&plan.star.recreated)), (3, vec!["star".to_owned()]));
    }

    #[test]
    fn statements_of_the_star_are_counted_and_headers_are_checked() {
        let sources = [copy("json 'auto'", |_| {}).source];
        let writes =
            |mode, recreate| LoadPlan::new(project(), &sources, mode, recreate).expect("plan").star.writes().len();
        assert_eq!(writes(Mode::Replace, false), 4 + 2 + 2);
        assert_eq!(writes(Mode::Replace, true), 4 + 2 + 2 + 2);
        assert_eq!(writes(Mode::Append, false), 4 + 7 + 2);
        let mut broken = project();
        broken.transforms = vec![file("transform", "star", "-- key: id\ninsert into star select a, a from staging")];
        assert!(LoadPlan::new(broken, &sources, Mode::Append, false).is_err());
        let mut broken = project();
        broken.checks = vec![file("check", "any", "-- severity: loud\nselect 1")];
        let error = LoadPlan::new(broken, &sources, Mode::Replace, false).expect_err("refused").to_string();
        assert!(error.ends_with("severity is error or warn, not loud"), "{error}");
    }

    #[test]
    fn sources_without_a_copy_are_named() {
        let sources = [copy("csv", |_| {}).source, copy("csv", |source| source.name = "others".into()).source];
        let plan = LoadPlan::new(project(), &sources, Mode::Replace, false).expect("plan");
        assert_eq!(plan.unused, ["others"]);
        assert!(plan.with_quarantine().is_err());
        assert!(LoadPlan::new(project(), &sources[1..], Mode::Replace, false).is_err(), "no such source");
    }
}
