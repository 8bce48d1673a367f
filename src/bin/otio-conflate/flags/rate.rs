//! Frames per second on the command line.

use otio_conflate::time::Rate;

/// Reads `24`, `23.976` or `24000/1001`.
pub(crate) fn rate(text: &str) -> Result<Rate, String> {
    let number = |text: &str| text.parse::<f64>().map_err(|_| format!("{text:?} is no number"));
    let rate = match text.split_once('/') {
        Some((num, den)) => number(num)? / number(den)?,
        None => number(text)?,
    };
    Rate::new(rate).map_err(|error| error.to_string())
}
