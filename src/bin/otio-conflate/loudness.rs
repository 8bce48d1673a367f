//! What `--loudness` does before a run.

use otio_conflate::backend::CancelToken;
use otio_conflate::backend::ffmpeg::bring_to_loudness;
use otio_conflate::plan::{PlanOptions, StemSelection};
use otio_conflate::{Plan, Result};

/// Brings the sound of `plan` to the loudness that is asked for, and says what that takes.
pub(crate) fn normalize(
    plan: &mut Plan,
    options: &PlanOptions,
    target: Option<f64>,
    cancel: &CancelToken,
) -> Result<()> {
    if plan.sound.is_none() && options.sound.stems != StemSelection::None {
        tell!("warning: there is no sound to deliver: no stems are written");
    }
    let Some(target) = target else { return Ok(()) };
    if plan.sound.is_none() {
        tell!("warning: the cut has no sound to bring to {target:.1} LUFS");
        return Ok(());
    }
    let normalized = bring_to_loudness(plan, target, cancel)?;
    for warning in &normalized.warnings {
        tell!("warning: {warning}");
    }
    tell!("loudness of the cut: {}; gain {:+.2} dB", normalized.before, normalized.gain);
    if let Some(peak) = normalized.true_peak() {
        tell!("true peak at {target:.1} LUFS, before a limiter: {peak:+.2} dBTP");
        if peak > 0.0 {
            tell!("warning: without a limiter (--limit) the true peak is above full scale");
        }
    }
    Ok(())
}
