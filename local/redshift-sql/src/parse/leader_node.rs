//! Statements that the leader node runs alone: the Data API has no query number for them (R39).

use sqlparser::tokenizer::Token;

use crate::parse::is_word;
use crate::parse::tokenize;

/// Statements that run on the slices, whether or not they read a table.
const ON_SLICES: [&str; 6] = ["INSERT", "UPDATE", "DELETE", "MERGE", "COPY", "UNLOAD"];

/// True for statements that read no table: `SELECT 1`, commands, definitions other than `AS SELECT … FROM`.
pub fn is_on_leader_node(text: &str) -> bool {
    let Ok(tokens) = tokenize(text) else { return true };
    let mut words = tokens.iter().map(|token| &token.token).filter(|token| matches!(token, Token::Word(_)));
    let is_on_slices = words.next().is_some_and(|first| ON_SLICES.iter().any(|verb| is_word(first, verb)));
    !is_on_slices && !words.any(|word| is_word(word, "FROM"))
}

#[cfg(test)]
mod tests {
    use super::is_on_leader_node;

    #[test]
    fn statements_without_a_table_run_on_the_leader_node() {
        for sql in ["select 1", "begin", "create table t (a int)", "set timezone to 'UTC'", "select 'from'"] {
            assert!(is_on_leader_node(sql), "{sql}");
        }
        let on_slices =
            ["select a from t", "insert into t values (1)", "delete from t", "create table u as select 1 from t"];
        for sql in on_slices {
            assert!(!is_on_leader_node(sql), "{sql}");
        }
    }
}
