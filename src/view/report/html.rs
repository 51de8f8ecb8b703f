//! Texts and numbers as HTML.

pub fn section(title: &str) -> String {
    format!("<h2>{}</h2>\n", safe(title))
}

/// Text as such, whatever is in it, also between quotes.
pub fn safe(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// `14,896`.
pub fn grouped(number: u64) -> String {
    indicatif::HumanCount(number).to_string()
}

/// A count as a length.
#[expect(clippy::cast_precision_loss, reason = "it is the width of a bar")]
pub fn float(count: u64) -> f64 {
    count as f64
}

/// `74.6 %`, and never 0 % of something or 100 % of less than all.
pub fn percent(part: u64, whole: u64) -> String {
    let share = if whole == 0 { 0.0 } else { float(part) * 100.0 / float(whole) };
    match share {
        _ if part == 0 => "0 %".to_owned(),
        _ if part == whole => "100 %".to_owned(),
        0.0..0.01 => "&lt; 0.01 %".to_owned(),
        0.01..1.0 => format!("{share:.2} %"),
        99.9.. => "&gt; 99.9 %".to_owned(),
        _ => format!("{share:.1} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_not_rounded_to_nothing_or_all() {
        for (part, text) in [
            (0, "0 %"),
            (1, "&lt; 0.01 %"),
            (50, "0.05 %"),
            (12_345, "12.3 %"),
            (99_999, "&gt; 99.9 %"),
            (100_000, "100 %"),
        ] {
            assert_eq!(percent(part, 100_000), text);
        }
    }

    #[test]
    fn no_text_leaves_its_place() {
        assert_eq!(safe("<a href='x' title=\"y\">&"), "&lt;a href=&#39;x&#39; title=&quot;y&quot;&gt;&amp;");
    }
}
