//! What C functions answer with: codes that may stand for errors, and strings.

use std::ffi::{CStr, c_char, c_int};

use ffmpeg_next::Error as AvError;

/// A code as it is, or the error that it stands for.
pub(super) fn check(code: c_int) -> Result<c_int, AvError> {
    if code < 0 { Err(AvError::from(code)) } else { Ok(code) }
}

/// The text of a C string that belongs to the library; empty for a null pointer.
///
/// # Safety
/// `text` is null or points to a NUL-terminated string that stays as it is during the call.
pub(super) unsafe fn text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: not null; the rest is what the caller promises.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}
