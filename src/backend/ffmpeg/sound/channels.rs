//! Layouts of channels by FFmpeg's names: which loudspeaker each channel is meant for.

use crate::audio::{Speaker, default_speakers};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::SoundLayout;

use Speaker::{BackCenter, BackLeft, BackRight, Center, Left, Lfe, Right, SideLeft, SideRight, Unknown};

/// FFmpeg's name of the layout of so many channels.
pub(super) fn layout_name(channels: u16) -> Result<&'static str> {
    match channels {
        1 => Ok("mono"),
        2 => Ok("stereo"),
        6 => Ok("5.1"),
        8 => Ok("7.1"),
        _ => Err(Error::new(ErrorKind::Option, format!("there is no layout for a mix of {channels} channels"))),
    }
}

/// The speakers of a layout that FFmpeg calls `name` and that has `channels` channels.
pub(super) fn speakers(name: Option<&str>, channels: usize) -> Vec<Speaker> {
    let known: Option<Vec<Speaker>> = name.and_then(|name| {
        let named: &[Speaker] = match name {
            "mono" => &[Center],
            "stereo" | "downmix" => &[Left, Right],
            "2.1" => &[Left, Right, Lfe],
            "3.0" => &[Left, Right, Center],
            "3.0(back)" => &[Left, Right, BackCenter],
            "3.1" => &[Left, Right, Center, Lfe],
            "4.0" => &[Left, Right, Center, BackCenter],
            "4.1" => &[Left, Right, Center, Lfe, BackCenter],
            // The only pair of surrounds is the one at the sides, whatever FFmpeg calls it.
            "quad" | "quad(side)" => &[Left, Right, SideLeft, SideRight],
            "5.0" | "5.0(side)" => &[Left, Right, Center, SideLeft, SideRight],
            "5.1" | "5.1(side)" => &[Left, Right, Center, Lfe, SideLeft, SideRight],
            "6.0" => &[Left, Right, Center, BackCenter, SideLeft, SideRight],
            "6.1" => &[Left, Right, Center, Lfe, BackCenter, SideLeft, SideRight],
            "6.1(back)" => &[Left, Right, Center, Lfe, BackLeft, BackRight, BackCenter],
            "7.0" => &[Left, Right, Center, BackLeft, BackRight, SideLeft, SideRight],
            "7.1" => &[Left, Right, Center, Lfe, BackLeft, BackRight, SideLeft, SideRight],
            _ => return spelled_out(name),
        };
        Some(named.to_vec())
    });
    known.filter(|speakers| speakers.len() == channels).unwrap_or_else(|| default_speakers(channels))
}

/// A layout that is written speaker by speaker, such as `FL+FR+LFE` or `3 channels (FL+FR+LFE)`.
fn spelled_out(name: &str) -> Option<Vec<Speaker>> {
    let list = name.split_once('(').map_or(name, |(_, list)| list.trim_end_matches(')'));
    (list.contains('+') || list != name).then(|| {
        let speaker = |name: &str| match name {
            "FL" | "DL" => Left,
            "FR" | "DR" => Right,
            "FC" => Center,
            "LFE" => Lfe,
            "SL" => SideLeft,
            "SR" => SideRight,
            "BL" => BackLeft,
            "BR" => BackRight,
            "BC" => BackCenter,
            _ => Unknown,
        };
        list.split('+').map(speaker).collect()
    })
}

impl SoundLayout {
    /// The speakers of the layout, in FFmpeg's order of channels.
    pub(super) fn speakers(self) -> Vec<Speaker> {
        default_speakers(usize::from(self.channels()))
    }

    /// How many channels it has.
    pub(crate) fn channels(self) -> u16 {
        match self {
            SoundLayout::Mono => 1,
            SoundLayout::Stereo => 2,
            SoundLayout::Surround51 => 6,
            SoundLayout::Surround71 => 8,
        }
    }
}
