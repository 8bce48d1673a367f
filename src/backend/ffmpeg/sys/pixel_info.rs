//! What FFmpeg knows about a pixel format: the one description of how samples lie.

use std::ffi::{CStr, c_int};

use ffmpeg_next::ffi;
use ffmpeg_next::format::Pixel;

use crate::error::{Error, ErrorKind, Result};

/// Where a component of a pixel format lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Component {
    pub(crate) plane: usize,
    /// Bytes from one sample to the next; bits where [`PixelInfo::bits`] says so, as for `offset`.
    pub(crate) step: usize,
    /// Bytes in front of the first sample's word.
    pub(crate) offset: usize,
    pub(crate) shift: u32,
    pub(crate) depth: u32,
}

impl Component {
    /// Bytes of the word that a sample lies in.
    pub(crate) fn word(&self) -> usize {
        match self.depth + self.shift {
            ..=8 => 1,
            9..=16 => 2,
            _ => 4,
        }
    }
}

/// What FFmpeg knows about a pixel format.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct PixelInfo {
    pub(crate) name: String,
    pub(crate) chroma_shift: (u32, u32),
    /// Red, green and blue, or a palette of them.
    pub(crate) rgb: bool,
    pub(crate) alpha: bool,
    pub(crate) float: bool,
    pub(crate) planar: bool,
    pub(crate) big_endian: bool,
    /// Samples are numbers of a palette's entries, which are the second plane.
    pub(crate) palette: bool,
    /// Steps and offsets are bits.
    pub(crate) bits: bool,
    /// 0 is white.
    pub(crate) inverted: bool,
    /// Why samples of this format are not looked at, if they are not.
    pub(crate) refused: Option<&'static str>,
    pub(crate) components: Vec<Component>,
}

impl PixelInfo {
    /// What is known about a format; nothing about [`Pixel::None`].
    pub(crate) fn of(format: Pixel) -> Option<PixelInfo> {
        // SAFETY: the call takes any number and returns null or a pointer into a table that lives for ever.
        let raw = unsafe { ffi::av_pix_fmt_desc_get(format.into()).as_ref() }?;
        let has = |flag: c_int| raw.flags & u64::from(flag.unsigned_abs()) != 0;
        // SAFETY: names in the table are C strings that live as long as the table.
        let name = unsafe { CStr::from_ptr(raw.name) }.to_string_lossy().into_owned();
        let number = |value: c_int| usize::try_from(value).unwrap_or(0);
        let (big_endian, bits) = (has(ffi::AV_PIX_FMT_FLAG_BE), has(ffi::AV_PIX_FMT_FLAG_BITSTREAM));
        let components = raw.comp[..usize::from(raw.nb_components).min(4)]
            .iter()
            .map(|c| {
                let (shift, depth) = (c.shift.unsigned_abs(), c.depth.unsigned_abs());
                // A byte of a big-endian word is given by the byte before it (libavutil/pixdesc.c).
                let behind = c_int::from(big_endian && !bits && shift + depth <= 8);
                Component {
                    plane: number(c.plane).min(3),
                    step: number(c.step),
                    offset: number(c.offset + behind),
                    shift,
                    depth,
                }
            })
            .collect();
        let mut info = PixelInfo {
            chroma_shift: (raw.log2_chroma_w.into(), raw.log2_chroma_h.into()),
            rgb: has(ffi::AV_PIX_FMT_FLAG_RGB) || has(ffi::AV_PIX_FMT_FLAG_PAL),
            alpha: has(ffi::AV_PIX_FMT_FLAG_ALPHA),
            float: has(ffi::AV_PIX_FMT_FLAG_FLOAT),
            planar: has(ffi::AV_PIX_FMT_FLAG_PLANAR),
            big_endian,
            palette: has(ffi::AV_PIX_FMT_FLAG_PAL),
            bits,
            // The one thing that descriptions leave to the name.
            inverted: format == Pixel::MonoWhite,
            refused: None,
            components,
            name,
        };
        info.refused = if has(ffi::AV_PIX_FMT_FLAG_HWACCEL) {
            Some(PixelInfo::ELSEWHERE)
        } else if has(ffi::AV_PIX_FMT_FLAG_BAYER) {
            Some("they are a camera's raw samples, which have to be developed first")
        // Newer versions have a flag for it, older ones none.
        } else if info.name.starts_with("xyz") {
            Some("they are CIE XYZ, which has to be converted to a display's colours first")
        } else {
            info.unreadable()
        };
        Some(info)
    }

    /// Why the description is not one of samples that can be reached by it, if so.
    fn unreadable(&self) -> Option<&'static str> {
        let parts = &self.components;
        let colors = parts.len() - usize::from(self.alpha && !self.palette).min(parts.len());
        let usual = match self.palette {
            true => parts.len() == 1,
            false => matches!((self.rgb, colors), (true, 3) | (false, 1 | 3)),
        };
        if !usual {
            return Some("they have an unusual number of components");
        }
        if self.float && (!self.rgb && colors == 3 || parts.iter().any(|c| !matches!(c.depth, 16 | 32))) {
            return Some("they are floating-point numbers of an unusual kind");
        }
        let chroma = !self.rgb && colors == 3;
        let range = match (self.float, chroma) {
            (true, _) => 16..=32,
            (false, true) => 8..=16,
            (false, false) => 1..=32,
        };
        if parts.iter().any(|c| !range.contains(&c.depth) || c.step == 0 || c.depth + c.shift > 32) {
            return Some("they are of an unusual depth");
        }
        // Bits are taken out of single bytes; longer runs of them lie in words that the description does not tell.
        if self.bits && parts.iter().any(|c| c.depth > 8 || 8 % c.step != 0) {
            return Some("their samples do not lie in whole bytes");
        }
        // Where chroma shares a plane with luma, one has to come as regularly as the other.
        let (luma, across) = (parts[0], self.chroma_shift.0);
        if chroma && parts[1..3].iter().any(|c| c.plane == luma.plane && c.step != luma.step << across) {
            return Some("their samples do not lie at regular distances");
        }
        None
    }

    /// Refuses what [`PixelInfo::refused`] is about.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`].
    pub(crate) fn check(&self) -> Result<()> {
        match self.refused {
            None => Ok(()),
            Some(why) => {
                let what = format!("pictures of the pixel format {} are neither read nor written: {why}", self.name);
                Err(Error::new(ErrorKind::Unsupported, what))
            }
        }
    }

    pub(crate) fn need(format: Pixel) -> Result<PixelInfo> {
        PixelInfo::of(format)
            .ok_or_else(|| Error::new(ErrorKind::Unsupported, format!("pixel format {format:?} is not known")))
    }

    /// Why pictures in a graphics card are refused.
    const ELSEWHERE: &'static str = "they are in the memory of a graphics card";

    /// Whether pictures of this format lie in the computer's memory.
    pub(crate) fn is_in_memory(&self) -> bool {
        self.refused != Some(PixelInfo::ELSEWHERE)
    }

    /// Bits of the deepest component.
    pub(crate) fn depth(&self) -> u32 {
        self.components.iter().map(|c| c.depth).max().unwrap_or(8)
    }

    /// By how much plane `plane` is subsampled, as powers of two: how many pixels what [`PixelInfo::plane_step`] holds
    /// stands for.
    pub(crate) fn plane_shift(&self, plane: usize) -> (u32, u32) {
        let here = |chroma: bool| {
            let parts = self.components.iter().enumerate();
            parts.filter(|(_, c)| c.plane == plane).any(|(i, _)| (i == 1 || i == 2) == chroma)
        };
        if self.rgb || self.components.len() < 3 {
            return (0, 0);
        }
        (if here(true) { self.chroma_shift.0 } else { 0 }, if here(false) { 0 } else { self.chroma_shift.1 })
    }

    /// Bytes from one pixel to the next in plane `plane`, or from one group of pixels to the next where those share
    /// their chroma; bits for formats of bits.
    pub(crate) fn plane_step(&self, plane: usize) -> usize {
        self.components.iter().filter(|c| c.plane == plane).map(|c| c.step).max().unwrap_or(0)
    }

    pub(crate) fn planes(&self) -> usize {
        self.components.iter().map(|c| c.plane + 1).max().unwrap_or(0)
    }
}
