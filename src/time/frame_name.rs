//! Names of numbered files: one place that writes them and reads them.

/// `number` with at least `padding` digits; a sign stands before the zeros and does not count.
pub(crate) fn padded(number: i64, padding: usize) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{:0padding$}", number.unsigned_abs())
}

/// Names of the files of a sequence: `prefix`, the frame's number with at least `padding` digits, `suffix`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameName<'n> {
    /// Text before the number.
    pub(crate) prefix: &'n str,
    /// Text after the number, the extension included.
    pub(crate) suffix: &'n str,
    /// Least number of digits.
    pub(crate) padding: usize,
}

impl FrameName<'_> {
    /// Name of the file of frame `number`.
    pub(crate) fn of(&self, number: i64) -> String {
        format!("{}{}{}", self.prefix, padded(number, self.padding), self.suffix)
    }

    /// Frame number in `name`, if it is a name of this sequence: written with at least `padding` digits, and no more zeros
    /// than that takes.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        let text = name.strip_prefix(self.prefix)?.strip_suffix(self.suffix)?;
        let digits = text.strip_prefix('-').unwrap_or(text);
        let padding = self.padding.max(1);
        let padded = digits.len() == padding || (digits.len() > padding && !digits.starts_with('0'));
        (padded && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
    }

    /// The names as one pattern, such as `sh010.%04d.exr`.
    pub(crate) fn pattern(&self) -> String {
        let number = if self.padding > 0 { format!("%0{}d", self.padding) } else { "%d".to_owned() };
        format!("{}{number}{}", self.prefix, self.suffix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_it_is_written() {
        let name = FrameName { prefix: "sh010.", suffix: ".exr", padding: 4 };
        for number in [0, 7, 1001, 123_456, -3, -12_345] {
            assert_eq!(name.number(&name.of(number)), Some(number));
        }
        assert_eq!([name.of(7), name.of(-3), name.pattern()], ["sh010.0007.exr", "sh010.-0003.exr", "sh010.%04d.exr"]);
        for other in
            ["sh010.7.exr", "sh010.00007.exr", "sh010.+007.exr", "sh010.0007.png", "sh01.0007.exr", "sh010..exr"]
        {
            assert_eq!(name.number(other), None, "{other}");
        }
        let bare = FrameName { padding: 0, ..name };
        assert_eq!(
            (bare.number("sh010.7.exr"), bare.number("sh010.07.exr"), bare.pattern().as_str()),
            (Some(7), None, "sh010.%d.exr")
        );
        assert_eq!(bare.number("sh010.0.exr"), Some(0));
    }
}
