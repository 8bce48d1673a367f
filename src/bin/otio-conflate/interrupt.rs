//! Ctrl-C stops between frames, so that nothing is left half-done.

use otio_conflate::CancelToken;

/// What a program ends with that an interrupt ended.
pub(crate) const INTERRUPTED: u8 = 130;

/// Stops what `cancel` stops on the first Ctrl-C (or SIGTERM), and the program on the second.
pub(crate) fn cancel_on_interrupt(cancel: &CancelToken) {
    let cancel = cancel.clone();
    let handler = move || {
        if cancel.is_cancelled() {
            std::process::exit(INTERRUPTED.into());
        }
        cancel.cancel();
        tell!("stopping after the current frames; press Ctrl-C again to stop at once");
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        tell!("warning: Ctrl-C will leave temporary files behind: {error:#}");
    }
}
