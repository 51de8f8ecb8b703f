//! Chooses the options of COPY that hold for all columns of a table, by what they hold, and the doubts that are left.

use std::collections::BTreeMap;

use super::convention::{Convention, NULL_WORDS};
use super::date_order::DateOrder;
use super::infer::Seen;

impl Convention {
    /// The word that gives most columns a type, and the DATEFORMAT where no column needs 'auto'.
    pub fn for_columns<'a>(columns: impl Iterator<Item = &'a Seen> + Clone) -> Self {
        let typed = |null_word: usize| {
            let convention = Self { null_word, date_format: None };
            let is_gained = |seen: &&Seen| seen.null_words[null_word] > 0 && !convention.is_text(seen);
            columns.clone().filter(is_gained).count()
        };
        // Of equals the first.
        let null_word = (0..NULL_WORDS.len()).rev().max_by_key(|word| typed(*word)).unwrap_or_default();
        let mut patterns: BTreeMap<String, usize> = BTreeMap::new();
        let mut needs_auto = false;
        for seen in columns {
            match seen.date_order() {
                Some(DateOrder::Pattern(pattern)) => *patterns.entry(pattern).or_default() += 1,
                Some(DateOrder::Auto) => needs_auto |= seen.times == 0,
                _ => {}
            }
        }
        let most = patterns.into_iter().max_by_key(|(_, columns)| *columns);
        Self { null_word, date_format: most.map(|(pattern, _)| pattern).filter(|_| !needs_auto) }
    }

    /// The convention of JSON and Parquet, where a word is a text. Its days may have an order of their own all the same.
    pub fn for_json<'a>(columns: impl Iterator<Item = &'a Seen> + Clone) -> Self {
        Self { null_word: 0, ..Self::for_columns(columns) }
    }

    fn is_text(&self, seen: &Seen) -> bool {
        let is_pattern = matches!(seen.date_order(), Some(DateOrder::Pattern(_)));
        seen.data_type(self).starts_with("varchar") && !is_pattern
    }

    /// Doubts about a column of CSV, each with its reason.
    pub fn doubts(&self, seen: &Seen) -> Vec<String> {
        let mut doubts = Vec::new();
        let data_type = seen.data_type(self);
        let is_text = data_type.starts_with("varchar");
        let is_typed_without_words = !seen.without_words().data_type(self).starts_with("varchar");
        let words = NULL_WORDS.iter().enumerate().filter(|(at, _)| seen.null_words[*at] > 0);
        for (at, word) in words {
            let count = seen.null_words[at];
            match self.is_null(at) {
                true if is_text && at > 0 => {
                    doubts.push(format!(
                        "'{word}' is NULL here too ({count} times), as `null as '{word}'` of the COPY says"
                    ));
                }
                false if is_text && is_typed_without_words => {
                    let null = NULL_WORDS[self.null_word];
                    doubts.push(format!(
                        "texts, for '{word}' ({count} times) beside other values: COPY takes one word for NULL, here '{null}'"
                    ));
                }
                _ => {}
            }
        }
        match seen.date_order().filter(|_| is_text) {
            Some(DateOrder::Ambiguous) => {
                doubts.push("texts, for every day can be read with the month first and with the day first".to_owned());
            }
            Some(DateOrder::Mixed) => doubts.push("texts, for COPY reads no one order of all these days".to_owned()),
            Some(DateOrder::Pattern(pattern)) => {
                doubts
                    .push(format!("texts, for its days are {pattern}, and COPY takes one DATEFORMAT for all columns"));
            }
            Some(DateOrder::Auto) | None => {}
        }
        doubts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(fields: &[&str]) -> Seen {
        let mut seen = Seen::default();
        fields.iter().for_each(|field| seen.field(field));
        seen
    }

    #[test]
    fn the_word_that_types_most_columns_is_null() {
        let columns = [seen(&["1", "NA"]), seen(&["NA", "2.5"]), seen(&["1", "?"]), seen(&["DE", "NA"])];
        let convention = Convention::for_columns(columns.iter());
        assert_eq!(convention.null_as(), Some("NA"));
        let types: Vec<String> = columns.iter().map(|seen| seen.data_type(&convention)).collect();
        assert_eq!(types, ["integer", "double precision", "varchar(16)", "varchar(16)"]);
        assert_eq!(convention.doubts(&columns[0]), Vec::<String>::new());
        assert!(convention.doubts(&columns[2])[0].starts_with("texts, for '?' (1 times)"));
        assert!(convention.doubts(&columns[3])[0].starts_with("'NA' is NULL here too (1 times)"));
        // No word is worth it.
        let columns = [seen(&["a", "NA"]), seen(&["1", "\\N"])];
        assert_eq!(Convention::for_columns(columns.iter()).null_as(), None);
    }

    #[test]
    fn one_order_of_days_is_said_of_all_columns() {
        let german = seen(&["30.11.2018"]);
        let convention = Convention::for_columns([german.clone()].iter());
        assert_eq!(
            (convention.date_format.as_deref(), german.data_type(&convention).as_str()),
            (Some("DD.MM.YYYY"), "date")
        );
        let columns = [german.clone(), seen(&["2018-11-30 10:00:00"])];
        let convention = Convention::for_columns(columns.iter());
        let types: Vec<String> = columns.iter().map(|seen| seen.data_type(&convention)).collect();
        assert_eq!(types, ["date", "timestamp"]);
        let columns = [german, seen(&["2018-11-30"])];
        let convention = Convention::for_columns(columns.iter());
        let types: Vec<String> = columns.iter().map(|seen| seen.data_type(&convention)).collect();
        assert_eq!(types, ["varchar(16)", "date"]);
        assert!(convention.doubts(&columns[0])[0].contains("DD.MM.YYYY"));
        assert!(convention.doubts(&seen(&["01/02/2018"]))[0].contains("month first and with the day first"));
    }
}
