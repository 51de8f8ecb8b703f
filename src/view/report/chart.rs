//! Bars to scale, as SVG: they begin at zero, and all bars of a column have one unit, which the head of the column says.

/// Percent of the width that a piece has at the least: what is not zero is seen.
const HAIRLINE: f64 = 0.3;

/// A part of a bar: its class in the style sheet, where it begins and how long it is, in the unit of the scale.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'a> {
    pub class: &'a str,
    pub begins: f64,
    pub length: f64,
}

/// The scale of a bar's width. Zero is always on it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    pub least: f64,
    pub greatest: f64,
}

impl Scale {
    pub fn from_values(values: impl IntoIterator<Item = f64>) -> Self {
        let none = Self { least: 0.0, greatest: 0.0 };
        values
            .into_iter()
            .fold(none, |scale, value| Self { least: scale.least.min(value), greatest: scale.greatest.max(value) })
    }

    /// Where on the width a value is.
    fn percent(self, value: f64) -> f64 {
        let width = self.greatest - self.least;
        if width > 0.0 { (value - self.least) * 100.0 / width } else { 0.0 }
    }

    /// A bar of these pieces, as a cell of a table.
    pub fn bar(self, pieces: &[Piece<'_>]) -> String {
        let mut cell = String::from("<td class=bar><svg width=\"100%\" height=12 aria-hidden=true>");
        for piece in pieces.iter().filter(|piece| piece.length != 0.0) {
            let ends = piece.begins + piece.length;
            let left = self.percent(piece.begins.min(ends));
            let width = (self.percent(piece.begins.max(ends)) - left).max(HAIRLINE);
            let left = left.min(100.0 - width);
            cell.push_str(&format!(
                "<rect class=\"{}\" x=\"{left:.2}%\" width=\"{width:.2}%\" height=12 />",
                piece.class
            ));
        }
        cell.push_str("</svg>");
        cell
    }

    /// A bar from zero.
    pub fn bar_from_zero(self, class: &str, length: f64) -> String {
        self.bar(&[Piece { class, begins: 0.0, length }])
    }
}

/// The head of a column of bars: what both ends of its width stand for, HTML already.
pub fn head(left: &str, right: &str) -> String {
    format!("<th class=bar><span class=scale><span>{left}</span><span>{right}</span></span>")
}

/// The legend of the colours.
pub fn legend(entries: &[(&str, &str)]) -> String {
    let entry = |(class, what): &(&str, &str)| {
        format!("<svg width=12 height=12 aria-hidden=true><rect class=\"{class}\" width=12 height=12 /></svg> {what}")
    };
    format!("<p class=legend>{}</p>\n", entries.iter().map(entry).collect::<Vec<_>>().join(" &ensp; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rects(cell: &str) -> Vec<&str> {
        cell.split("<rect ").skip(1).map(|rect| rect.split(" height").next().unwrap_or_default()).collect()
    }

    #[test]
    fn bars_begin_at_zero_and_are_as_long_as_their_values() {
        let scale = Scale::from_values([200.0, 50.0]);
        assert_eq!(scale, Scale { least: 0.0, greatest: 200.0 });
        assert_eq!(rects(&scale.bar_from_zero("kept", 50.0)), ["class=\"kept\" x=\"0.00%\" width=\"25.00%\""]);
        assert_eq!(rects(&scale.bar_from_zero("kept", 0.0)), [""; 0]);
        // A value of which nothing could be seen is a hairline, inside of the picture.
        assert_eq!(rects(&scale.bar_from_zero("kept", 0.001)), ["class=\"kept\" x=\"0.00%\" width=\"0.30%\""]);
        let last = scale.bar(&[Piece { class: "time", begins: 200.0, length: 0.001 }]);
        assert_eq!(rects(&last), ["class=\"time\" x=\"99.70%\" width=\"0.30%\""]);
    }

    #[test]
    fn a_value_below_zero_lies_left_of_it() {
        let scale = Scale::from_values([-50.0, 150.0]);
        assert_eq!(rects(&scale.bar_from_zero("kept", -50.0)), ["class=\"kept\" x=\"0.00%\" width=\"25.00%\""]);
        assert_eq!(rects(&scale.bar_from_zero("kept", 150.0)), ["class=\"kept\" x=\"25.00%\" width=\"75.00%\""]);
    }
}
