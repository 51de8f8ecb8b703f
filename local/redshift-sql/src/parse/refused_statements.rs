//! Statements that Redshift has and this does not, by their first words.

const VERBS: [&str; 7] = ["ALTER", "ATTACH", "CREATE", "DESC", "DETACH", "DROP", "SHOW"];

/// What these verbs are of.
const OBJECTS: [&[&str]; 8] = [
    &["DATASHARE"],
    &["EXTERNAL", "FUNCTION"],
    &["EXTERNAL", "VIEW"],
    &["IDENTITY", "PROVIDER"],
    &["LIBRARY"],
    &["MASKING", "POLICY"],
    &["MODEL"],
    &["RLS", "POLICY"],
];

const OTHERS: [&[&str]; 4] = [&["ANALYSE", "COMPRESSION"], &["ANALYZE", "COMPRESSION"], &["DISCARD"], &["SAVEPOINT"]];

/// The words of a statement by which it is refused.
pub fn named(first: &[String]) -> Option<String> {
    let is = |words: &[&str], at: usize| {
        words.iter().enumerate().all(|(offset, word)| first.get(at + offset).is_some_and(|found| found == word))
    };
    if let Some(words) = OTHERS.iter().find(|words| is(words, 0)) {
        return Some(words.join(" "));
    }
    let verb = first.first().filter(|verb| VERBS.contains(&verb.as_str()))?;
    let at = if is(&["OR", "REPLACE"], 1) { 3 } else { 1 };
    OBJECTS.iter().find(|words| is(words, at)).map(|words| format!("{verb} {}", words.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn statements_are_refused_by_their_names() {
        for (text, expected) in [
            ("ALTER DATASHARE s ADD SCHEMA public", Some("ALTER DATASHARE")),
            ("CREATE OR REPLACE EXTERNAL FUNCTION f", Some("CREATE EXTERNAL FUNCTION")),
            ("ATTACH RLS POLICY p ON t", Some("ATTACH RLS POLICY")),
            ("ANALYZE COMPRESSION t", Some("ANALYZE COMPRESSION")),
            ("CREATE TABLE model", None),
            ("DROP TABLE library", None),
        ] {
            let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
            assert_eq!(named(&words).as_deref(), expected, "{text}");
        }
    }
}
