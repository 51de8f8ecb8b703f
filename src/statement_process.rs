//! How the system views are asked about a statement of the Data API.

/// The process of a statement or a batch, since it was submitted: what every system view holds. Query numbers do not
/// serve: a batch and what failed have none, and that of a SYS view is not that of an STL view (R39).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatementProcess {
    /// `None` where the Data API does not know it.
    pid: Option<i64>,
    /// Seconds since the epoch.
    submitted: i64,
}

/// Seconds by which the clocks of the Data API and of the warehouse may differ.
const CLOCK_SKEW: i64 = 1;

impl StatementProcess {
    /// Reads DescribeStatement: the process id, 0 where there is none, and the seconds of its `CreatedAt`.
    pub fn new(pid: i64, submitted: i64) -> Self {
        Self { pid: Some(pid).filter(|pid| *pid > 0), submitted }
    }

    /// A condition on the columns of a system view for the process and its start; `None` where nothing is known.
    pub fn condition(self, process: &str, start: &str) -> Option<String> {
        let pid = self.pid?;
        let since = jiff::Timestamp::from_second(self.submitted - CLOCK_SKEW).ok()?;
        Some(format!("{process} = {pid} and {start} >= '{}'", since.strftime("%Y-%m-%d %H:%M:%S")))
    }
}

#[cfg(test)]
mod tests {
    use super::StatementProcess;

    #[test]
    fn a_process_is_asked_about_since_its_statement_was_submitted() {
        let process = StatementProcess::new(1_073_872_366, 1_666_884_009);
        let condition = process.condition("session_id", "start_time");
        assert_eq!(condition.as_deref(), Some("session_id = 1073872366 and start_time >= '2022-10-27 15:20:08'"));
        assert_eq!(StatementProcess::new(0, 1_666_884_009).condition("session_id", "start_time"), None);
    }
}
