//! The options of a COPY, as the words behind its FROM.

use redshift_sql::tokens;

/// Returns true if a COPY has one of these words behind FROM, where its options are.
pub fn has_option(statement: &str, words: &[&str]) -> bool {
    let tokens = tokens(statement);
    let mut options = tokens.iter().skip_while(|token| !token.eq_ignore_ascii_case("from"));
    options.any(|token| words.iter().any(|word| token.eq_ignore_ascii_case(word)))
}

/// A remark on a COPY that cannot be checked: NOLOAD does not support columnar formats.
pub fn unchecked(statement: &str) -> Option<&'static str> {
    let remarks =
        [("parquet", "COPY checks Parquet only when it loads"), ("orc", "COPY checks ORC only when it loads")];
    remarks.into_iter().find(|(format, _)| has_option(statement, &[*format])).map(|(_, remark)| remark)
}

/// The value of an option of a COPY, as it stands there: a literal has its quotes.
pub fn option_value<'s>(statement: &'s str, option: &str) -> Option<&'s str> {
    let mut tokens = tokens(statement).into_iter().skip_while(|token| !token.eq_ignore_ascii_case("from"));
    tokens.find(|token| token.eq_ignore_ascii_case(option))?;
    tokens.find(|token| !token.eq_ignore_ascii_case("as"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_of_an_option() {
        let copy = "copy quote (x) from :'from' csv quote as '%' ignoreheader 2 :options";
        assert_eq!(option_value(copy, "quote"), Some("'%'"));
        assert_eq!(option_value(copy, "IGNOREHEADER"), Some("2"));
        assert_eq!(option_value(copy, "maxerror"), None);
    }

    #[test]
    fn columnar_formats_are_not_checked() {
        let remark = Some("COPY checks Parquet only when it loads");
        assert_eq!(unchecked("copy t from :'from' FORMAT AS PARQUET :options"), remark);
        assert_eq!(unchecked("copy t from 's3://b/' orc"), Some("COPY checks ORC only when it loads"));
        assert_eq!(unchecked("copy parquet (orc) from 's3://orc/' csv -- parquet"), None);
    }
}
