//! The order of day and month in the dates of a column.

/// Counts of numeric dates and times, as `11/30/2018`.
#[derive(Debug, Clone, Copy, Default)]
pub struct NumericDates {
    all: u64,
    month_first: u64,
    day_first: u64,
    separator: Option<char>,
    /// There is more than one.
    has_separators: bool,
}

/// How the days of a column are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DateOrder {
    /// DATEFORMAT and TIMEFORMAT 'auto'.
    Auto,
    /// This DATEFORMAT only.
    Pattern(String),
    /// Each value has the month first as well as the day.
    Ambiguous,
    /// No single order reads all values.
    Mixed,
}

impl NumericDates {
    /// Counts one date or time.
    pub fn one(month_first: bool, day_first: bool, separator: char) -> Self {
        Self {
            all: 1,
            month_first: month_first.into(),
            day_first: day_first.into(),
            separator: Some(separator),
            has_separators: false,
        }
    }

    /// How COPY reads all of a column's `values`, each of which is a day or a time.
    pub fn order(&self, values: u64, has_times: bool) -> DateOrder {
        let Self { all, month_first, day_first, separator, has_separators } = *self;
        let Some(separator) = separator else { return DateOrder::Auto };
        let (months, days) = (month_first == all, day_first == all);
        let is_pattern = all == values && !has_times && !has_separators;
        match (months, days) {
            (true, true) => DateOrder::Ambiguous,
            (true, false) if separator == '/' && !has_separators => DateOrder::Auto,
            (true, false) if is_pattern => DateOrder::Pattern(format!("MM{separator}DD{separator}YYYY")),
            (false, true) if is_pattern => DateOrder::Pattern(format!("DD{separator}MM{separator}YYYY")),
            _ => DateOrder::Mixed,
        }
    }

    pub fn merge(&mut self, other: Self) {
        self.all += other.all;
        self.month_first += other.month_first;
        self.day_first += other.day_first;
        self.has_separators |= other.has_separators;
        if let (Some(one), Some(two)) = (self.separator, other.separator) {
            self.has_separators |= one != two;
        }
        self.separator = self.separator.or(other.separator);
    }
}
