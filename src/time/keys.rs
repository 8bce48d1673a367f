//! Values between key frames.

/// The value at `at` of `keys`, which lie in order: `line` joins two neighbours, the first value and the last hold beyond them.
/// `None` where there are no keys.
pub(crate) fn between<K: Copy + PartialOrd>(
    keys: &[(K, f64)],
    at: K,
    line: impl Fn((K, f64), (K, f64)) -> f64,
) -> Option<f64> {
    let after = keys.partition_point(|(key, _)| *key <= at);
    match (after.checked_sub(1).and_then(|before| keys.get(before)), keys.get(after)) {
        (Some(before), Some(after)) => Some(line(*before, *after)),
        (Some((_, value)), None) | (None, Some((_, value))) => Some(*value),
        (None, None) => None,
    }
}
