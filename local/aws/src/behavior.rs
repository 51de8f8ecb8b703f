//! Answers of AWS that no source settles. The stand-in can play each of them, so that tests run under all.

/// Which of the possible answers are played. The defaults are what AWS was seen to answer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Behaviors {
    /// `ResultRows` of a COPY counts the rows that it loaded. AWS was seen to answer 0 (R25).
    pub counts_copied_rows: bool,
    /// Redshift sends `aws:SourceAccount` and `aws:SourceArn` where it assumes a role. No source says that it does (R34).
    pub sends_source_account: bool,
}
