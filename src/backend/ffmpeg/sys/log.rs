//! FFmpeg's log lines, kept apart by the decoder or file that wrote them.
//!
//! FFmpeg reports much of what it finds damaged through its log alone. The log is one function for the whole process, so
//! that function is replaced once, by one that keeps the lines of this library's own objects and hands all others to
//! FFmpeg's default. An object is told by its `opaque` pointer, which FFmpeg copies to the contexts of its decoding
//! threads: it points into a block of memory of its [`Lines`], at the place that stands for the packet being decoded.
//! What has no such pointer (parsers, bitstream filters, demuxers) runs in the calling thread, which is marked while a
//! [`Listening`] lives.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ffi::{c_char, c_int, c_void};
use std::io::Write as _;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError, RwLock};

use ffmpeg_next::ffi;

use super::answers::text;
use crate::trace;

#[cfg(all(target_arch = "x86_64", not(windows)))]
type Arguments = *mut ffi::__va_list_tag;
#[cfg(not(all(target_arch = "x86_64", not(windows))))]
type Arguments = ffi::va_list;

/// Packets in a row that are told apart.
const PLACES: usize = 4096;
/// Lines kept at most until they are taken, beside one for each packet.
const KEPT: usize = 64;
/// Bytes of a line.
const LINE: c_int = 512;
/// The mark of a thread whose lines are dropped.
const QUIET: usize = 1;

/// What the HEVC decoder says, for debugging, of a picture that it decoded to its end.
pub(crate) const DECODED: &str = "Decoded frame with POC";
/// What it says when it compares a picture with the hash that came with it.
pub(crate) const COMPARED: &str = "Verifying checksum for frame";
/// What the demuxer of NUT files says when it looks for the next packet behind something that is none.
pub(crate) const RESYNCED: &str = "syncing from";
/// What the demuxer of transport streams says where packets are missing.
pub(crate) const UNCONTINUED: &str = "Continuity check failed for pid";
/// Lines for debugging that are kept: as these texts, with nothing filled in.
const MARKS: [&str; 4] = [DECODED, COMPARED, RESYNCED, UNCONTINUED];

/// The level up to which lines of this library's own objects are printed.
static PRINTED: AtomicI32 = AtomicI32::new(ffi::AV_LOG_FATAL);
/// Whose memory an `opaque` pointer points into, by the address of its first byte.
static OWNERS: RwLock<BTreeMap<usize, Arc<SharedLog>>> = RwLock::new(BTreeMap::new());

thread_local! {
    /// Where lines of this thread belong that no object claims: 0 to nobody, [`QUIET`], or an address.
    static MARK: Cell<usize> = const { Cell::new(0) };
}

/// Replaces the log function, once.
pub(super) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let level = match std::env::var("OTIO_CONFLATE_FFMPEG_LOG").as_deref() {
            Ok("quiet") => ffi::AV_LOG_QUIET,
            Ok("error") => ffi::AV_LOG_ERROR,
            Ok("warning") => ffi::AV_LOG_WARNING,
            Ok("info") => ffi::AV_LOG_INFO,
            Ok("debug") => ffi::AV_LOG_DEBUG,
            _ => ffi::AV_LOG_FATAL,
        };
        PRINTED.store(level, Ordering::Relaxed);
        // SAFETY: the function has the type that is asked for, and lives for ever.
        unsafe { ffi::av_log_set_callback(Some(on_line)) };
    });
}

/// A line of FFmpeg's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogLine {
    /// The number of the packet that was being decoded (the first one is 1), 0 while the decoder was opened.
    pub(crate) packet: u64,
    /// FFmpeg's level: 16 an error, 24 a warning, 32 for information, 48 for [`DECODED`] and [`COMPARED`].
    pub(crate) level: i32,
    /// What it says, in one line.
    pub(crate) text: String,
    /// The demuxer says it, or who opens files, and not a decoder that was tried meanwhile.
    pub(crate) of_container: bool,
}

struct SharedLog {
    /// Nobody reads or writes these bytes; their addresses stand for packets.
    places: Box<[u8]>,
    lines: Mutex<Vec<LogLine>>,
    /// What it works for, where threads of its own write.
    scope: trace::LastScope,
}

impl SharedLog {
    fn lines(&self) -> MutexGuard<'_, Vec<LogLine>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lines of one decoder or one open file.
pub(crate) struct Lines(Arc<SharedLog>);

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lines")
    }
}

impl Lines {
    pub(crate) fn new() -> Lines {
        install();
        let shared = Arc::new(SharedLog {
            places: vec![0; PLACES].into_boxed_slice(),
            lines: Mutex::new(Vec::new()),
            scope: trace::LastScope::new(),
        });
        let mut owners = OWNERS.write().unwrap_or_else(PoisonError::into_inner);
        owners.insert(shared.places.as_ptr() as usize, Arc::clone(&shared));
        Lines(shared)
    }

    fn address(&self, packet: u64) -> usize {
        let place = usize::try_from(packet % PLACES as u64).unwrap_or(0);
        self.0.places.as_ptr() as usize + place
    }

    /// What an object's `opaque` has to be while it works on this packet. It is never read through.
    pub(super) fn tag(&self, packet: u64) -> *mut c_void {
        self.address(packet) as *mut c_void
    }

    /// Takes the lines of this thread that no object claims, as long as the result lives.
    pub(crate) fn listen(&self, packet: u64) -> Listening {
        self.0.scope.follow();
        Listening::new(self.address(packet))
    }

    /// The lines so far, oldest first; `latest` is the number of the last packet.
    pub(crate) fn take(&self, latest: u64) -> Vec<LogLine> {
        let mut lines = std::mem::take(&mut *self.0.lines());
        for line in &mut lines {
            // A place stands for the last packet that was given it.
            let behind = latest.wrapping_sub(line.packet) % PLACES as u64;
            line.packet = latest.saturating_sub(behind);
        }
        lines
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let mut owners = OWNERS.write().unwrap_or_else(PoisonError::into_inner);
        owners.remove(&(self.0.places.as_ptr() as usize));
    }
}

/// A thread whose lines are taken.
pub(crate) struct Listening {
    before: usize,
    /// It belongs to the thread that made it.
    _here: std::marker::PhantomData<*const ()>,
}

impl Listening {
    fn new(mark: usize) -> Listening {
        Listening { before: MARK.replace(mark), _here: std::marker::PhantomData }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        MARK.set(self.before);
    }
}

/// Drops the lines of this thread that no object claims, as long as the result lives: scalers and filters, whose lines are
/// about how they work.
pub(crate) fn quiet() -> Listening {
    install();
    Listening::new(QUIET)
}

/// The `opaque` of encoders and muxers: their lines are dropped, in whatever thread they are written.
pub(super) fn quiet_tag() -> *mut c_void {
    static DROPPED: std::sync::LazyLock<Lines> = std::sync::LazyLock::new(Lines::new);
    DROPPED.tag(0)
}

/// Who a line belongs to.
enum LineOwner {
    Somebody(Arc<SharedLog>, u64),
    Dropped,
    Foreign,
}

/// # Safety
/// `object` is null or points to a structure that begins with a pointer to its `AVClass`, as `av_log` demands.
unsafe fn owner(object: *mut c_void) -> LineOwner {
    let mut next = object;
    // A decoder's own state names the decoder as its parent.
    for _ in 0..4 {
        if next.is_null() {
            break;
        }
        // SAFETY: what the caller promises; parents are such objects, too. The two classes are those of the structures
        // that the pointer is then taken for.
        unsafe {
            let class = *next.cast::<*const ffi::AVClass>();
            if class.is_null() {
                break;
            }
            let opaque = if class == ffi::avcodec_get_class() {
                (*next.cast::<ffi::AVCodecContext>()).opaque
            } else if class == ffi::avformat_get_class() {
                (*next.cast::<ffi::AVFormatContext>()).opaque
            } else {
                std::ptr::null_mut()
            };
            if let Some(owner) = at(opaque as usize) {
                return owner;
            }
            next = match usize::try_from((*class).parent_log_context_offset) {
                Ok(offset) if offset > 0 => *next.byte_add(offset).cast::<*mut c_void>(),
                _ => break,
            };
        }
    }
    match MARK.try_with(Cell::get) {
        Ok(QUIET) => LineOwner::Dropped,
        Ok(mark) => at(mark).unwrap_or(LineOwner::Foreign),
        Err(_) => LineOwner::Foreign,
    }
}

/// Who owns the memory at this address.
fn at(address: usize) -> Option<LineOwner> {
    if address <= QUIET {
        return None;
    }
    let owners = OWNERS.read().unwrap_or_else(PoisonError::into_inner);
    let (first, shared) = owners.range(..=address).next_back()?;
    let place = address - first;
    (place < PLACES).then(|| LineOwner::Somebody(Arc::clone(shared), place as u64))
}

/// What an object calls itself, such as `h264`.
///
/// # Safety
/// As [`owner`].
unsafe fn name_of(object: *mut c_void) -> String {
    if object.is_null() {
        return String::new();
    }
    // SAFETY: what the caller promises; the class tells how its objects are called.
    unsafe {
        let Some(class) = (*object.cast::<*const ffi::AVClass>()).as_ref() else { return String::new() };
        match class.item_name {
            Some(item_name) => text(item_name(object)),
            None => text(class.class_name),
        }
    }
}

/// Whether an object is an open file.
///
/// # Safety
/// As [`owner`].
unsafe fn is_container(object: *mut c_void) -> bool {
    // SAFETY: what the caller promises.
    !object.is_null() && unsafe { *object.cast::<*const ffi::AVClass>() == ffi::avformat_get_class() }
}

/// # Safety
/// As `av_log` calls it: an object or null, a format and the arguments that belong to it.
unsafe extern "C" fn on_line(object: *mut c_void, level: c_int, format: *const c_char, arguments: Arguments) {
    let severity = level & 0xff;
    let printed = PRINTED.load(Ordering::Relaxed);
    // SAFETY: what the caller promises.
    let owner = unsafe { owner(object) };
    let (shared, packet) = match owner {
        LineOwner::Somebody(shared, packet) => (Some(shared), packet),
        LineOwner::Dropped => (None, 0),
        LineOwner::Foreign => {
            // SAFETY: the call gets what this one got, and nothing was taken out of the arguments.
            unsafe { ffi::av_log_default_callback(object, level, format, arguments) };
            return;
        }
    };
    // SAFETY: what the caller promises.
    let of_container = unsafe { is_container(object) };
    if let (ffi::AV_LOG_DEBUG, Some(shared)) = (severity, &shared) {
        // SAFETY: a format is a string that ends with a zero.
        let format = unsafe { std::ffi::CStr::from_ptr(format) }.to_bytes();
        if let Some(mark) = MARKS.iter().find(|mark| format.starts_with(mark.as_bytes())) {
            shared.lines().push(LogLine { packet, level: severity, text: (*mark).to_owned(), of_container });
        }
    }
    // Concealed errors are told as information.
    let kept = shared.as_ref().filter(|_| severity <= ffi::AV_LOG_INFO);
    let traced = trace::takes_lines(severity);
    if kept.is_none() && severity > printed && !traced {
        return;
    }
    thread_local! {
        /// Lines that came in part, to be kept and to be traced.
        static BEGUN: [RefCell<String>; 2] = const { [RefCell::new(String::new()), RefCell::new(String::new())] };
    }
    let assembled = |which: usize, part: &str| {
        let line = BEGUN.try_with(|begun| {
            let mut begun = begun[which].try_borrow_mut().ok()?;
            begun.push_str(part);
            // A line that does not fit is cut.
            let cut = part.len() + 1 >= LINE as usize;
            let whole = part.ends_with(['\n', '\r']) || cut || begun.len() > 2 * LINE as usize;
            whole.then(|| std::mem::take(&mut *begun))
        });
        let line = line.ok().flatten()?.trim().replace(['\n', '\r'], " ");
        (!line.is_empty()).then_some(line)
    };
    let mut buffer: [c_char; LINE as usize] = [0; LINE as usize];
    let mut prefix = 0;
    // SAFETY: the buffer has the length that is said, and the call ends what it writes there with a zero.
    let written = unsafe {
        ffi::av_log_format_line2(object, level, format, arguments, buffer.as_mut_ptr(), LINE, &mut prefix);
        text(buffer.as_ptr())
    };
    if severity <= printed {
        // There is nobody to tell that the log cannot be written.
        let _ = std::io::stderr().write_all(written.as_bytes());
    }
    if traced && let Some(line) = assembled(1, &written) {
        // SAFETY: what the caller promises.
        let name = unsafe { name_of(object) };
        trace::line(severity, &name, &line, shared.as_ref().map(|shared| &shared.scope));
    }
    let Some(shared) = kept else { return };
    let Some(line) = assembled(0, &written) else { return };
    let mut lines = shared.lines();
    if lines.len() < KEPT || !lines.iter().any(|known| known.packet == packet && known.level <= severity) {
        lines.push(LogLine { packet, level: severity, text: line, of_container });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(level: c_int, what: &std::ffi::CStr) {
        // SAFETY: no object, and a format without arguments.
        unsafe { ffi::av_log(std::ptr::null_mut(), level, what.as_ptr()) };
    }

    #[test]
    fn lines_go_to_who_listens() {
        let (one, other) = (Lines::new(), Lines::new());
        {
            let _here = one.listen(7);
            say(ffi::AV_LOG_ERROR, c"first\n");
            {
                let _there = other.listen(3);
                say(ffi::AV_LOG_WARNING, c"half a ");
                say(ffi::AV_LOG_WARNING, c"line\n");
                say(ffi::AV_LOG_DEBUG, c"nothing\n");
            }
            say(ffi::AV_LOG_ERROR, c"second\n");
            let _quiet = quiet();
            say(ffi::AV_LOG_ERROR, c"not kept\n");
        }
        let texts = |lines: Vec<LogLine>| lines.into_iter().map(|line| (line.packet, line.text)).collect::<Vec<_>>();
        assert_eq!(texts(one.take(7)), [(7, "first".to_owned()), (7, "second".to_owned())]);
        assert_eq!(texts(other.take(3)), [(3, "half a line".to_owned())]);
        assert!(one.take(7).is_empty());
    }

    #[test]
    fn places_stand_for_the_last_packets() {
        let lines = Lines::new();
        let latest = PLACES as u64 + 5;
        for packet in [latest - 7, latest] {
            let _here = lines.listen(packet);
            say(ffi::AV_LOG_ERROR, c"said\n");
        }
        let packets: Vec<u64> = lines.take(latest).into_iter().map(|line| line.packet).collect();
        assert_eq!(packets, [latest - 7, latest]);
    }
}
