//! Sums that must come out: what went in is what was kept and what was left out, each for one reason.

use super::sql::SqlFile;
use crate::error::{Error, FailureKind, Result};
use crate::load_report::{Reconciliation, Side, SumLine};
use crate::warehouse::Session;

impl Reconciliation {
    fn sum(&self, side: Side) -> u64 {
        self.lines.iter().filter(|line| line.side == side).map(|line| line.rows).sum()
    }

    fn check(self) -> Result<Self> {
        let (put_in, kept, left_out) = (self.sum(Side::In), self.sum(Side::Kept), self.sum(Side::LeftOut));
        match put_in == kept + left_out {
            true => Ok(self),
            false => Err(Error::new(
                FailureKind::CheckFailed,
                format!("{} do not reconcile: {put_in} in, {kept} kept and {left_out} left out", self.name),
            )
            .hint("The star is as the last good load left it.")
            .hint(format!("The sum stands in sql/reconcile/{}.sql.", self.name))),
        }
    }
}

/// Each file answers rows of (`in` | `kept` | `left out`, what, rows).
pub async fn run(session: &Session, files: &[SqlFile]) -> Result<(Vec<Reconciliation>, String)> {
    let mut done = Vec::new();
    for file in files {
        let rows = session.query(&file.statement).await?;
        let rows =
            rows.map_err(|error| Error::failed(format!("the sum {} cannot be computed", file.name)).because(error))?;
        let lines = rows.rows.iter().map(|row| line(row, file)).collect::<Result<_>>()?;
        done.push(Reconciliation { name: file.name.clone(), title: file.title.clone(), lines }.check()?);
    }
    let detail = format!("{} sums come out", done.len());
    Ok((done, detail))
}

fn line(row: &[Option<String>], file: &SqlFile) -> Result<SumLine> {
    let text = |at: usize| row.get(at).and_then(Option::as_deref).unwrap_or_default();
    let bad = || {
        Error::usage(format!(
            "{} must answer (side, what, rows), found ({})",
            file.path.display(),
            [text(0), text(1), text(2)].join(", ")
        ))
        .hint("side is 'in', 'kept' or 'left out'; rows is a count.")
    };
    let side = match text(0) {
        "in" => Side::In,
        "kept" => Side::Kept,
        "left out" => Side::LeftOut,
        _ => return Err(bad()),
    };
    Ok(SumLine { side, what: text(1).to_owned(), rows: text(2).parse().map_err(|_| bad())? })
}
