//! What no source settles: the ways in which AWS may answer, and how late it may show a change (R16, R25, R34 to R36).

use sparkify_local::{Behaviors, Lags, Pace};

use crate::project::Project;
use crate::served::Served;

/// One way in which AWS may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Possibility {
    /// It answers as it was seen to, and shows every change at once.
    Seen,
    /// It answers every open question the other way.
    Otherwise,
    /// It shows every change two reads late, and in lists never.
    Late,
    OtherwiseAndLate,
}

/// How many there are.
const POSSIBILITIES: usize = 4;

impl Possibility {
    pub fn is_late(self) -> bool {
        matches!(self, Self::Late | Self::OtherwiseAndLate)
    }

    fn behaviors(self) -> Behaviors {
        let is_otherwise = matches!(self, Self::Otherwise | Self::OtherwiseAndLate);
        // Each by its name: a new question is not passed over here.
        Behaviors { counts_copied_rows: is_otherwise, sends_source_account: is_otherwise }
    }

    fn lags(self) -> Lags {
        match self.is_late() {
            true => Lags { role_list: u32::MAX, secret_list: u32::MAX, ..Lags::all(2) },
            false => Lags::default(),
        }
    }

    /// A stand-in that is so, and a program that gives it the time that it needs.
    pub fn served(self, project: Project) -> Served {
        let mut served = Served::playing(project, Pace::AT_ONCE, self.behaviors());
        served.faults.set_lags(self.lags());
        // Rounds of looking again, of which two or three are needed: seconds only where nothing is found.
        served.settle = if self.is_late() { 2 } else { 0 };
        served
    }

    /// Every n-th of these cases, from another one on under each possibility; all of them with SPARKIFY_MATRIX=all.
    pub fn share<T>(self, cases: impl IntoIterator<Item = T>, nth: usize) -> impl Iterator<Item = T> {
        let is_whole = std::env::var("SPARKIFY_MATRIX").is_ok_and(|share| share == "all");
        let (first, step) = if is_whole { (0, 1) } else { (self as usize * nth / POSSIBILITIES, nth) };
        cases.into_iter().skip(first).step_by(step)
    }
}
