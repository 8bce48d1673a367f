//! Interlaced pictures made into whole ones, by FFmpeg's `bwdif`.

use ffmpeg_next::Error as Ffmpeg;
use ffmpeg_next::filter::{self, Graph};
use ffmpeg_next::frame::Video;

use crate::error::{Error, ErrorKind, Result};

const INPUT: &str = "in";
const OUTPUT: &str = "out";

/// Which field of an interlaced frame is shown first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldOrder {
    /// The one with the first line.
    Top,
    /// The one with the second line.
    Bottom,
}

/// What a report says of a file whose fields are not kept.
pub(crate) fn was_deinterlaced(file: &str) -> String {
    format!("{file} is interlaced: it was deinterlaced, one frame for one frame")
}

/// The frame between `before` and `after`, of one file, without fields: one frame for one frame. It lies in time where its
/// first field does.
pub(crate) fn deinterlaced(
    before: Option<&Video>,
    frame: &Video,
    after: Option<&Video>,
    order: FieldOrder,
) -> Result<Video> {
    let failed =
        |cause: Ffmpeg| Error::new(ErrorKind::Decode, "an interlaced frame could not be filtered").because(cause);
    let find = |name: &str| {
        filter::find(name)
            .ok_or_else(|| Error::new(ErrorKind::Unsupported, format!("this FFmpeg has no filter {name:?}")))
    };
    let name = frame.format().descriptor().map(|descriptor| descriptor.name().to_owned()).unwrap_or_default();
    let (width, height) = (frame.width(), frame.height());
    let mut input = format!("video_size={width}x{height}:pix_fmt={name}:time_base=1/25:pixel_aspect=1/1");
    // From FFmpeg 7 on, a graph is told colours, and warns of frames that have others.
    if filter::version() >> 16 >= 10 {
        let [range, _, _, matrix] = super::sys::read::frame_color(frame);
        input += &format!(":colorspace={matrix}:range={range}");
    }
    let mut graph = Graph::new();
    graph.add(&find("buffer")?, INPUT, &input).map_err(failed)?;
    graph.add(&find("buffersink")?, OUTPUT, "").map_err(failed)?;
    find("bwdif")?;
    let parity = match order {
        // What the frame says of itself counts; one that says nothing is taken for this.
        FieldOrder::Top => "auto",
        FieldOrder::Bottom => "bff",
    };
    let chain = format!("bwdif=mode=send_frame:parity={parity}:deint=all,format={name}");
    let parsed = graph.output(INPUT, 0).and_then(|parser| parser.input(OUTPUT, 0)?.parse(&chain));
    parsed.and_then(|()| graph.validate()).map_err(failed)?;
    let frames = before.into_iter().chain([frame]).chain(after);
    let unknown = || Error::new(ErrorKind::Decode, "the filter graph has no input or output");
    for (number, picture) in (0i64..).zip(frames) {
        let mut shared = super::sys::read::share(picture).map_err(failed)?;
        shared.set_pts(Some(number));
        graph.get(INPUT).ok_or_else(unknown)?.source().add(&shared).map_err(failed)?;
    }
    graph.get(INPUT).ok_or_else(unknown)?.source().flush().map_err(failed)?;
    let mut out = Video::empty();
    for _ in 0..=usize::from(before.is_some()) {
        out = Video::empty();
        graph.get(OUTPUT).ok_or_else(unknown)?.sink().frame(&mut out).map_err(failed)?;
    }
    out.set_pts(frame.pts());
    Ok(out)
}
