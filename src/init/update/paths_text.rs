//! A jsonpaths file: which keys its paths take, and further paths behind them.

use serde_json::Value;

use super::text_edit::{Edit, edited};

#[derive(Debug)]
pub struct PathsText {
    text: String,
    /// The key of an object that a path takes; `None` for one that leads elsewhere.
    pub keys: Vec<Option<String>>,
}

impl PathsText {
    /// `None` where it has no list of paths.
    pub fn new(text: String) -> Option<Self> {
        let paths = paths(&text)?;
        Some(Self { text, keys: paths.iter().map(|path| key(path)).collect() })
    }

    /// Returns true if each path takes a key of the object, so that the file names all of them.
    pub fn names_keys(&self) -> bool {
        self.keys.iter().all(Option::is_some)
    }

    /// The text with further paths; `None` where they cannot be put behind the others.
    pub fn changed(&self, added: &[String]) -> Option<String> {
        let mut expected = paths(&self.text)?;
        expected.extend(added.iter().cloned());
        let close = self.text.rfind(']')?;
        let end = self.text[..close].trim_end().len();
        // On lines of their own where the last one is.
        let line_start = self.text[..end].rfind('\n').map_or(0, |at| at + 1);
        let blanks = self.text[line_start..end].len() - self.text[line_start..end].trim_start().len();
        let between =
            if line_start > 0 { format!("\n{}", &self.text[line_start..line_start + blanks]) } else { " ".into() };
        let literal = |path: &String| format!(",{between}{}", Value::from(path.as_str()));
        let changed = edited(&self.text, vec![Edit::insert(end, added.iter().map(literal).collect::<String>())]);
        (paths(&changed)? == expected).then_some(changed)
    }
}

fn paths(text: &str) -> Option<Vec<String>> {
    let value: Value = serde_json::from_str(text).ok()?;
    value.get("jsonpaths")?.as_array()?.iter().map(|path| path.as_str().map(str::to_owned)).collect()
}

/// The key of `$['key']`, `$["key"]` and `$.key`.
fn key(path: &str) -> Option<String> {
    let inside = path.strip_prefix('$')?;
    let between = |open: &str, close: &str| inside.strip_prefix(open)?.strip_suffix(close);
    let key = between("['", "']").or_else(|| between("[\"", "\"]")).or_else(|| {
        let name = inside.strip_prefix('.')?;
        (!name.contains('.')).then_some(name)
    })?;
    (!key.is_empty() && !key.contains(['[', ']'])).then(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_paths() {
        for (path, expected) in [
            ("$['a b']", Some("a b")),
            ("$[\"a\"]", Some("a")),
            ("$.a", Some("a")),
            ("$.a.b", None),
            ("$['a']['b']", None),
            ("$[0]", None),
            ("$", None),
        ] {
            assert_eq!(key(path).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn paths_are_added_behind_the_others() {
        let add = |text: &str| PathsText::new(text.to_owned()).expect("paths").changed(&["$['new']".to_owned()]);
        let pretty = "{\n  \"jsonpaths\": [\n    \"$['a']\",\n    \"$['b]']\"\n  ]\n}\n";
        assert_eq!(add(pretty).as_deref(), Some(pretty.replace("b]']\"", "b]']\",\n    \"$['new']\"").as_str()));
        assert_eq!(
            add("{\"jsonpaths\": [\"$['a']\"]}").as_deref(),
            Some("{\"jsonpaths\": [\"$['a']\", \"$['new']\"]}")
        );
        assert_eq!(add("{\"jsonpaths\": [\"$['a']\"], \"more\": [1]}"), None);
    }
}
