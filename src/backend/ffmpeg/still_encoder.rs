//! Frames into EXR and PNG files by the encoders of this crate, several at once where cores are idle.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, OnceLock};

use ffmpeg_next::codec::packet::{Flags, Packet};
use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::idle_cores::{Sharing, Workers};
use super::primaries::chromaticities;
use super::sys::frames;
use super::sys::pixel_info::PixelInfo;
use super::sys::write::EncoderSetup;
use crate::codec::exr::{self, ExrCompression, ExrLabel};
use crate::codec::png;
use crate::deliver::Preset;
use crate::error::{Error, ErrorKind, Result};
use crate::memory;
use crate::plan::ColorTags;

/// An open encoder, used as FFmpeg's are.
pub(super) struct StillEncoder {
    coder: Arc<Coder>,
    shape: (Pixel, u32, u32),
    workers: Workers,
    /// How many frames may be encoded at once.
    at_once: usize,
    /// Frames that were handed over, in their order.
    frames: VecDeque<Pending>,
    /// What is said about the frame that comes next.
    label: ExrLabel,
    received: i64,
    is_over: bool,
}

enum Coder {
    Exr(Box<exr::ExrEncoder>),
    Png(png::PngEncoder),
}

enum Pending {
    Ready(Result<Vec<u8>>),
    /// The outcome, or what the thread panicked with.
    Running(Receiver<std::thread::Result<Result<Vec<u8>>>>),
}

impl StillEncoder {
    /// `texts` go into files that have a place for texts of any name.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] for values that options cannot have, [`ErrorKind::Unsupported`] for options and pixel formats
    /// that it does not have.
    pub(super) fn open(
        setup: &EncoderSetup<'_>,
        texts: &BTreeMap<String, String>,
        idle_cores: bool,
    ) -> Result<StillEncoder> {
        let coder = match setup.name {
            Preset::OWN_EXR => Coder::Exr(Box::new(exr_encoder(setup, texts)?)),
            _ => Coder::Png(png_encoder(setup)?),
        };
        let workers = Workers::new(setup.threads, idle_cores)?;
        let threads = match &workers {
            Workers::Caller => 1,
            Workers::Own(pool) => pool.current_num_threads(),
            Workers::Idle(_) => crate::threads::available(),
        };
        let bytes = u64::from(PixelInfo::need(setup.format)?.depth().div_ceil(8) * 4);
        let frame = u64::from(setup.width).saturating_mul(setup.height.into()).saturating_mul(bytes);
        Ok(StillEncoder {
            coder: Arc::new(coder),
            shape: (setup.format, setup.width, setup.height),
            workers,
            at_once: memory::frames_that_wait(threads, frame),
            frames: VecDeque::new(),
            label: ExrLabel::default(),
            received: 0,
            is_over: false,
        })
    }

    /// Says something about the frame that is sent next.
    pub(super) fn label(&mut self, label: ExrLabel) {
        self.label = label;
    }

    /// Encodes a frame, or says that there are no more.
    pub(super) fn send(&mut self, frame: Option<&Video>) -> Result<()> {
        let Some(frame) = frame else {
            self.is_over = true;
            return Ok(());
        };
        if (frame.format(), frame.width(), frame.height()) != self.shape {
            let (format, width, height) = self.shape;
            let got = format!("{:?} of {} × {}", frame.format(), frame.width(), frame.height());
            let what = format!("a frame of {got} for files of {format:?} of {width} × {height}");
            return Err(Error::new(ErrorKind::Encode, what));
        }
        let frame = frames::top_down(frame)?;
        let label = std::mem::take(&mut self.label);
        let pool = match &self.workers {
            Workers::Caller => None,
            Workers::Own(pool) => Some(pool),
            Workers::Idle(_) if Sharing::cores_are_idle() => idle_threads(),
            Workers::Idle(_) => None,
        };
        let pending = match pool.filter(|_| self.at_once > 1) {
            Some(pool) => {
                let coder = Arc::clone(&self.coder);
                let (sender, receiver) = sync_channel(1);
                pool.spawn(move || {
                    let encoded = catch_unwind(AssertUnwindSafe(|| coder.encode(&frame, &label)));
                    // Nobody waits any more where the shot has failed.
                    let _ = sender.send(encoded);
                });
                Pending::Running(receiver)
            }
            None => Pending::Ready(self.coder.encode(&frame, &label)),
        };
        self.frames.push_back(pending);
        Ok(())
    }

    /// The next file, if it is there already or there is no room for more.
    pub(super) fn receive(&mut self, packet: &mut Packet) -> Result<bool> {
        let is_full = self.is_over || self.frames.len() >= self.at_once;
        let encoded = match self.frames.pop_front() {
            None => return Ok(false),
            Some(Pending::Ready(encoded)) => encoded,
            Some(Pending::Running(receiver)) => match receiver.try_recv() {
                Err(_) if !is_full => {
                    self.frames.push_front(Pending::Running(receiver));
                    return Ok(false);
                }
                Err(_) => {
                    receiver.recv().unwrap_or_else(|_| Ok(Err(lost()))).unwrap_or_else(|panic| resume_unwind(panic))
                }
                Ok(outcome) => outcome.unwrap_or_else(|panic| resume_unwind(panic)),
            },
        };
        *packet = Packet::copy(&encoded?);
        packet.set_pts(Some(self.received));
        packet.set_dts(Some(self.received));
        packet.set_duration(1);
        packet.set_flags(Flags::KEY);
        self.received += 1;
        Ok(true)
    }
}

fn lost() -> Error {
    Error::new(ErrorKind::Encode, "a thread of an encoder ended without a picture")
}

/// Threads for encoders that make use of idle cores; `None` where the system gives none.
fn idle_threads() -> Option<&'static ThreadPool> {
    static THREADS: OnceLock<Option<ThreadPool>> = OnceLock::new();
    // With the thread that sends frames they are as many as are allowed.
    let threads = crate::threads::available().saturating_sub(usize::from(crate::threads::is_limited())).max(1);
    let start =
        || ThreadPoolBuilder::new().num_threads(threads).thread_name(|number| format!("still-{number}")).build().ok();
    THREADS.get_or_init(start).as_ref()
}

impl Coder {
    /// The file of a frame that lies top down.
    fn encode(&self, frame: &Video, label: &ExrLabel) -> Result<Vec<u8>> {
        let info = PixelInfo::need(frame.format())?;
        match self {
            Coder::Exr(encoder) => {
                let channel = |plane: usize| {
                    let (bytes, stride) = frames::plane(frame, &info, plane);
                    let samples = bytemuck::try_cast_slice(bytes).map_err(|_| {
                        let what = format!("plane {plane} of a frame does not consist of floats");
                        Error::new(ErrorKind::Encode, what)
                    })?;
                    Ok(exr::Channel { samples, stride: stride / 4 })
                };
                // Planes are G, B, R, A.
                let planes = [2, 0, 1, 3];
                let channels: Vec<_> =
                    planes[..info.planes()].iter().map(|&plane| channel(plane)).collect::<Result<_>>()?;
                let mut file = Vec::new();
                encoder.encode(&channels, label, &mut file)?;
                Ok(file)
            }
            Coder::Png(encoder) => {
                let (samples, stride) = frames::plane(frame, &info, 0);
                encoder.encode(samples, stride)
            }
        }
    }
}

fn exr_encoder(setup: &EncoderSetup<'_>, texts: &BTreeMap<String, String>) -> Result<exr::ExrEncoder> {
    let (mut compression, mut level) = (ExrCompression::default(), None);
    for (key, value) in setup.options {
        match key.as_str() {
            "compression" => compression = value.parse()?,
            "level" => level = Some(number(value)?),
            "g" => {}
            _ => return Err(no_option(setup, key)),
        }
    }
    let alpha = match setup.format {
        Pixel::GBRPF32LE => false,
        Pixel::GBRAPF32LE => true,
        _ => return Err(no_format(setup, "gbrpf32le or gbrapf32le")),
    };
    let side = |length: u32| usize::try_from(length).unwrap_or(usize::MAX);
    let (width, height) = (side(setup.width), side(setup.height));
    let mut about = exr::ExrDescription::default();
    let (across, down) = setup.pixel_aspect;
    #[expect(clippy::cast_possible_truncation, reason = "files have 32 bits")]
    let aspect = (f64::from(across) / f64::from(down.max(1))) as f32;
    about.pixel_aspect = if aspect > 0.0 { aspect } else { 1.0 };
    about.rate = Some((setup.rate.0.unsigned_abs(), setup.rate.1.unsigned_abs()));
    #[expect(clippy::cast_possible_truncation, reason = "files have 32 bits")]
    let share = |(x, y): (u32, u32)| ((f64::from(x) / 1e5) as f32, (f64::from(y) / 1e5) as f32);
    about.chromaticities = chromaticities(setup.color.primaries).map(|points| points.map(share));
    about.software = Some(concat!("otio-conflate ", env!("CARGO_PKG_VERSION")).to_owned());
    about.texts.clone_from(texts);
    exr::ExrEncoder::new(exr::ExrSetup { width, height, alpha, compression, level }, about)
}

fn png_encoder(setup: &EncoderSetup<'_>) -> Result<png::PngEncoder> {
    let mut level = None;
    for (key, value) in setup.options {
        match key.as_str() {
            "level" => level = Some(number(value)?),
            "g" => {}
            _ => return Err(no_option(setup, key)),
        }
    }
    let (alpha, deep) = match setup.format {
        Pixel::RGB24 => (false, false),
        Pixel::RGBA => (true, false),
        Pixel::RGB48BE => (false, true),
        Pixel::RGBA64BE => (true, true),
        _ => return Err(no_format(setup, "rgb24, rgba, rgb48be or rgba64be")),
    };
    let ColorTags { primaries, transfer, .. } = setup.color;
    let mut about = png::PngDescription::default();
    let (across, down) = setup.pixel_aspect;
    about.pixel_aspect = Some((across.unsigned_abs(), down.unsigned_abs()));
    let is_known = ![primaries, transfer].contains(&ColorTags::UNSPECIFIED);
    about.color = is_known.then_some((primaries, transfer));
    about.srgb = (primaries, transfer) == (1, 13);
    about.gamma = gamma(transfer);
    about.chromaticities = chromaticities(primaries);
    png::PngEncoder::new(png::PngSetup { width: setup.width, height: setup.height, alpha, deep, level }, about)
}

/// The exponent nearest to a transfer characteristic, in 100 000ths.
fn gamma(transfer: u8) -> Option<u32> {
    match transfer {
        // 1 / 1.961
        1 | 6 | 7 | 12 | 14 | 15 => Some(50_994),
        4 | 13 => Some(45_455),
        5 => Some(35_714),
        8 => Some(100_000),
        _ => None,
    }
}

fn number(value: &str) -> Result<u16> {
    value.parse().map_err(|_| Error::new(ErrorKind::Option, format!("invalid level {value:?}; expected a number")))
}

fn no_option(setup: &EncoderSetup<'_>, key: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("{} has no option {key:?}", setup.name))
}

fn no_format(setup: &EncoderSetup<'_>, expected: &str) -> Error {
    let what = format!("{} does not encode {:?}; expected {expected}", setup.name, setup.format);
    Error::new(ErrorKind::Unsupported, what)
}
