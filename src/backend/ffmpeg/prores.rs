//! Frames into packets by the ProRes-compatible encoder of this crate.

use std::collections::VecDeque;

use ffmpeg_next::codec::packet::{Flags, Packet};
use ffmpeg_next::codec::{Id, Parameters};
use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;

use super::idle_cores::{Sharing, Workers};
use super::sys::frames;
use super::sys::pixel_info::PixelInfo;
use super::sys::write::{EncoderSetup, describe};
use crate::codec::prores::{LARGEST, Plane, Profile, ProresDescription, ProresEncoder, ProresPicture, Threads};
use crate::error::{Error, ErrorKind, Result};

/// Who made the frame, as its header says it: this crate, unless a preset says otherwise.
const VENDOR: [u8; 4] = *b"otcf";

/// An open encoder, used as FFmpeg's are.
pub(super) struct PooledProresEncoder {
    encoder: ProresEncoder,
    parameters: Parameters,
    format: Pixel,
    size: (u32, u32),
    workers: Workers,
    ready: VecDeque<Packet>,
    /// Memory for a frame, used again.
    data: Vec<u8>,
}

/// Whether this encoder takes pictures of this size.
pub(super) fn takes(width: u32, height: u32) -> bool {
    usize::try_from(width.max(height)).is_ok_and(|side| side <= LARGEST)
}

impl PooledProresEncoder {
    /// # Errors
    /// [`ErrorKind::Option`] for sizes and vendors that cannot be, [`ErrorKind::Unsupported`] for options and pixel
    /// formats that it does not have.
    pub(super) fn open(setup: &EncoderSetup<'_>, idle_cores: bool) -> Result<PooledProresEncoder> {
        let mut profile = (Profile::Standard, b"apcn", 2);
        let mut vendor = VENDOR;
        for (key, value) in setup.options {
            match (key.as_str(), value.as_str()) {
                ("profile", "0") => profile = (Profile::Proxy, b"apco", 0),
                ("profile", "1") => profile = (Profile::Lt, b"apcs", 1),
                ("profile", "2") => profile = (Profile::Standard, b"apcn", 2),
                ("profile", "3") => profile = (Profile::Hq, b"apch", 3),
                ("profile", "4") => profile = (Profile::P4444, b"ap4h", 4),
                // Every frame is coded on its own.
                ("g", "1") => {}
                ("vendor", letters) => {
                    vendor = letters.as_bytes().try_into().ok().filter(|_| letters.is_ascii()).ok_or_else(|| {
                        let what = format!("invalid vendor {letters:?}; expected four letters, such as apl0");
                        Error::new(ErrorKind::Option, what)
                    })?;
                }
                _ => {
                    let what = format!("{} has no option {key:?} with the value {value:?}", setup.name);
                    return Err(Error::new(ErrorKind::Unsupported, what));
                }
            }
        }
        let (takes, expected): (&[Pixel], _) = match profile.0 {
            Profile::P4444 => (&[Pixel::YUV444P10LE, Pixel::YUVA444P10LE], "yuv444p10le or yuva444p10le"),
            _ => (&[Pixel::YUV422P10LE], "yuv422p10le"),
        };
        if !takes.contains(&setup.format) {
            let what = format!("{} does not encode {:?}; expected {expected}", setup.name, setup.format);
            return Err(Error::new(ErrorKind::Unsupported, what));
        }
        let positive = |(num, den): (i32, i32)| (num.unsigned_abs(), den.unsigned_abs());
        let about = ProresDescription {
            vendor,
            rate: positive(setup.rate),
            pixel_aspect: positive(setup.pixel_aspect),
            color: [setup.color.primaries, setup.color.transfer, setup.color.matrix],
        };
        let side = |length: u32| usize::try_from(length).unwrap_or(usize::MAX);
        let encoder = ProresEncoder::new(profile.0, (side(setup.width), side(setup.height)), about)?;
        let workers = Workers::new(setup.threads, idle_cores)?;
        let parameters = describe(setup, Id::PRORES, *profile.1, profile.2)?;
        let (format, size) = (setup.format, (setup.width, setup.height));
        Ok(PooledProresEncoder { encoder, parameters, format, size, workers, ready: VecDeque::new(), data: Vec::new() })
    }

    /// Encodes frame number `number`.
    pub(super) fn send(&mut self, frame: &Video, number: i64) -> Result<()> {
        if (frame.format(), frame.width(), frame.height()) != (self.format, self.size.0, self.size.1) {
            let (width, height) = self.size;
            let got = format!("{:?} of {} × {}", frame.format(), frame.width(), frame.height());
            let what = format!("a frame of {got} for a movie of {:?} of {width} × {height}", self.format);
            return Err(Error::new(ErrorKind::Encode, what));
        }
        let frame = &frames::top_down(frame)?;
        let planes = [samples(frame, 0)?, samples(frame, 1)?, samples(frame, 2)?];
        let [width, height] = [self.size.0, self.size.1].map(|side| usize::try_from(side).unwrap_or(usize::MAX));
        let alpha = (self.format == Pixel::YUVA444P10LE).then(|| samples(frame, 3)).transpose()?;
        let picture = ProresPicture { planes, alpha, width, height };
        let data = &mut self.data;
        match &self.workers {
            Workers::Own(pool) => pool.install(|| self.encoder.encode(&picture, Threads::Pool, data)),
            Workers::Idle(_) if Sharing::cores_are_idle() => {
                self.encoder.encode(&picture, Threads::Pool, data);
            }
            Workers::Caller | Workers::Idle(_) => self.encoder.encode(&picture, Threads::One, data),
        }
        let mut packet = Packet::copy(data);
        packet.set_pts(Some(number));
        packet.set_dts(Some(number));
        packet.set_duration(1);
        packet.set_flags(Flags::KEY);
        self.ready.push_back(packet);
        Ok(())
    }

    /// The next packet, if there is one.
    pub(super) fn receive(&mut self, packet: &mut Packet) -> bool {
        match self.ready.pop_front() {
            Some(ready) => {
                *packet = ready;
                true
            }
            None => false,
        }
    }

    /// What a muxer has to know about the stream.
    pub(super) fn parameters(&self) -> Parameters {
        self.parameters.clone()
    }
}

/// The samples of a plane of a frame that lies top down.
fn samples(frame: &Video, plane: usize) -> Result<Plane<'_>> {
    let (bytes, stride) = frames::plane(frame, &PixelInfo::need(frame.format())?, plane);
    let samples = bytemuck::try_cast_slice(bytes).map_err(|_| {
        let what = format!("plane {plane} of a frame does not consist of 16-bit samples");
        Error::new(ErrorKind::Encode, what)
    })?;
    Ok(Plane { samples, stride: stride / 2 })
}
