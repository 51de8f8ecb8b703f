//! The fields of a datetime format, such as `YYYY-MM-DD`.

/// Fields, the longer before those that they begin with.
const FIELDS: [&str; 49] = [
    "SSSSS", "SSSS", "MONTH", "IYYY", "YYYY", "Y,YYY", "HH24", "HH12", "A.M.", "P.M.", "B.C.", "A.D.", "IDDD", "IYY",
    "YYY", "MON", "DDD", "DAY", "FF6", "FF3", "FF", "IY", "YY", "CC", "WW", "IW", "MM", "MI", "MS", "US", "RM", "DD",
    "DY", "ID", "HH", "SS", "AM", "PM", "BC", "AD", "TZ", "OF", "I", "Y", "Q", "W", "D", "J", "T",
];

/// A piece of a format.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// The field in upper case, as it was written, and whether padding is left out (FM).
    Field(&'static str, &'a str, bool),
    Text(&'a str),
}

/// Divides a format into fields and what stands between them.
pub fn pieces(format: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let (mut rest, mut unpadded) = (format, false);
    while let Some(first) = rest.chars().next() {
        if let Some(quoted) = rest.strip_prefix('"') {
            let end = quoted.find('"').unwrap_or(quoted.len());
            found.push(Piece::Text(&quoted[..end]));
            rest = quoted.get(end + 1..).unwrap_or_default();
            continue;
        }
        if rest.get(..2).is_some_and(|two| two.eq_ignore_ascii_case("FM")) {
            unpadded = true;
            rest = &rest[2..];
            continue;
        }
        let field =
            FIELDS.iter().find(|field| rest.get(..field.len()).is_some_and(|text| text.eq_ignore_ascii_case(field)));
        let length = match field {
            Some(field) if *field != "T" => {
                found.push(Piece::Field(field, &rest[..field.len()], unpadded));
                unpadded = false;
                field.len()
            }
            _ => {
                found.push(Piece::Text(&rest[..first.len_utf8()]));
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    found
}
