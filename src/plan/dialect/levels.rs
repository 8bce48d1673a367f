//! What applications say of levels and pans, in one form.

use crate::plan::Gain;
use crate::time::Time;

/// The most decibels that are believed; what is lower than the least is silence.
pub(super) const LOUDEST: f64 = 60.0;
pub(super) const SILENT: f64 = -100.0;

/// What a parameter does.
pub(super) enum SoundPart {
    Gain(Gain),
    Pan(f64),
    PanKeys(Vec<(Time, f64)>),
    /// Nothing that is known: its name.
    Unknown(String),
}

/// Decibels at these times; `None` where there are none.
pub(super) fn in_order(mut keys: Vec<(Time, f64)>) -> Option<Gain> {
    keys.sort_by_key(|(time, _)| *time);
    keys.dedup_by_key(|(time, _)| *time);
    (!keys.is_empty()).then_some(Gain::Decibels(keys))
}

/// The factor of so many decibels.
pub(super) fn factor(decibels: f64) -> f64 {
    if decibels <= SILENT { 0.0 } else { 10f64.powf(decibels / 20.0) }
}
