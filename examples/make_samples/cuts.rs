//! The sample timelines.

use MissingFramePolicy::{Black, Error, Hold};
use otio_conflate::Timeline;
use otio_conflate::time::Rate;
use otio_conflate::timeline::{
    Child, Clip, Composition, Effect, Gap, MediaCommon, MediaReference, MissingFramePolicy, RationalTime, RawTimeRange,
    Transition,
};

/// One o'clock in frames of a 24 fps timecode.
pub(crate) const HOUR: i64 = 24 * 3600;

const R24: Rate = Rate::FPS_24;
const R25: Rate = Rate::FPS_25;

/// Every timeline, with the name of its file.
pub(crate) fn all() -> [(&'static str, Timeline); 5] {
    [
        ("first-cut.otio", first_cut()),
        ("dissolves.otio", dissolves()),
        ("two-tracks.otio", two_tracks()),
        ("handles.otio", handles()),
        ("odd-media.otio", odd_media()),
    ]
}

fn first_cut() -> Timeline {
    let v1 = vec![
        clip("sh010", quay(), range(12, 48, R24)),
        dissolve(6, 6),
        clip("sh020", ferry(), range(20, 40, R24)),
        clip("sh030", a003(), range(HOUR + 6, 24, R24)),
        gap(12),
        clip("sh040", lighthouse(), range(1007, 28, R24)),
        clip("sh050", drone(), range(10, 50, R25)),
        at_speed(2.0, clip("sh060", gulls(), range(6, 36, R24))),
    ];
    let v2 = vec![gap(62), clip("sh025_insert", lamp(), range(8, 16, R24))];
    timeline("Harbour Lights ep03 first cut", vec![track("V1", v1), track("V2", v2)])
}

fn dissolves() -> Timeline {
    let v1 = vec![
        dissolve(0, 12),
        clip("sh110", quay(), range(20, 36, R24)),
        dissolve(8, 8),
        clip("sh120", ferry(), range(24, 36, R24)),
        dissolve(0, 10),
        clip("sh130", lighthouse(), range(1004, 28, R24)),
        transition("Wipe_Left", 6, 6),
        clip("sh140", gulls(), range(30, 30, R24)),
        dissolve(10, 0),
    ];
    timeline("Harbour Lights ep03 dissolves", vec![track("V1", v1)])
}

fn two_tracks() -> Timeline {
    let v1 = vec![
        clip("sh210", quay(), range(0, 40, R24)),
        clip("sh220", ferry(), range(30, 32, R24)),
        clip("sh230", gulls(), range(10, 32, R24)),
    ];
    let v2 = vec![gap(32), clip("sh215_insert", lamp(), range(4, 16, R24)), gap(28), disabled(drone_look())];
    let v3 = vec![gap(4), titled(), gap(70)];
    timeline("Harbour Lights ep03 two tracks", vec![track("V1", v1), track("V2", v2), track("V3", v3)])
}

fn handles() -> Timeline {
    let v1 = vec![
        clip("sh310", quay(), range(30, 24, R24)),
        clip("sh320", ferry(), range(3, 24, R24)),
        dissolve(4, 4),
        clip("sh330", a003(), range(HOUR + 8, 24, R24)),
    ];
    timeline("Harbour Lights ep03 handles", vec![track("V1", v1)])
}

fn odd_media() -> Timeline {
    let v1 = vec![
        clip("sh410_not_delivered", movie("tug_t1.mp4", Some(range(0, 72, R24))), range(10, 24, R24)),
        clip("sh420_holes_hold", fog(Hold), range(1004, 18, R24)),
        clip("sh430_holes_black", fog(Black), range(1004, 18, R24)),
        clip("sh440_holes_error", fog(Error), range(1004, 18, R24)),
        clip("sh450_overrun", quay(), range(72, 24, R24)),
        clip("sh460_shorter_than_said", movie("lamp_insert.mp4", Some(range(0, 60, R24))), range(24, 24, R24)),
        clip("sh470_nothing_said", movie("A003C007.mov", None), range(HOUR + 12, 12, R24)),
        clip("sh480_no_media", MediaReference::missing(), range(0, 12, R24)),
    ];
    timeline("Harbour Lights ep03 odd media", vec![track("V1", v1)])
}

fn quay() -> MediaReference {
    movie("quay_t3.mp4", Some(range(0, 84, R24)))
}

fn ferry() -> MediaReference {
    movie("ferry_t1.mp4", Some(range(0, 84, R24)))
}

fn gulls() -> MediaReference {
    movie("gulls_t2.mp4", Some(range(0, 84, R24)))
}

fn lamp() -> MediaReference {
    movie("lamp_insert.mp4", Some(range(0, 36, R24)))
}

fn drone() -> MediaReference {
    movie("drone_25fps.mp4", Some(range(0, 75, R25)))
}

fn a003() -> MediaReference {
    movie("A003C007.mov", Some(range(HOUR, 36, R24)))
}

fn lighthouse() -> MediaReference {
    frames("lighthouse", ".jpg", 40, Error)
}

fn fog(holes: MissingFramePolicy) -> MediaReference {
    frames("fog", ".png", 23, holes)
}

/// An alternative that the editor switched off.
fn drone_look() -> Child {
    clip("sh230_alt", drone(), range(0, 20, R25))
}

/// A still lies there as long as its clip does; nothing has to be said about how long it is.
fn titled() -> Child {
    clip("title_ep03", movie("lower_third.png", None), range(0, 30, R24))
}

#[allow(clippy::cast_precision_loss, reason = "sample timelines are short")]
fn time(frames: i64, rate: Rate) -> RationalTime {
    RationalTime::new(frames as f64, rate)
}

fn range(start: i64, count: i64, rate: Rate) -> RawTimeRange {
    RawTimeRange { start_time: time(start, rate), duration: time(count, rate) }
}

fn movie(file: &str, available_range: Option<RawTimeRange>) -> MediaReference {
    let media = MediaReference::file(format!("media/{file}"));
    match available_range {
        Some(range) => media.available(range),
        None => media,
    }
}

fn frames(name: &str, suffix: &str, count: i64, holes: MissingFramePolicy) -> MediaReference {
    MediaReference::ImageSequence {
        target_url_base: format!("media/{name}/"),
        name_prefix: format!("{name}."),
        name_suffix: suffix.to_owned(),
        start_frame: 1001,
        frame_step: 1,
        rate: R24.written(),
        frame_zero_padding: 4,
        missing_frame_policy: holes,
        common: MediaCommon::default(),
    }
    .available(range(1001, count, R24))
}

fn clip(name: &str, media: MediaReference, source_range: RawTimeRange) -> Child {
    Clip::new(name, media).range(source_range).into()
}

fn at_speed(time_scalar: f64, mut child: Child) -> Child {
    if let Child::Clip(clip) = &mut child {
        let mut effect = Effect::speed(time_scalar);
        effect.name = "Speed".to_owned();
        clip.item.effects.push(effect);
    }
    child
}

fn disabled(mut child: Child) -> Child {
    if let Child::Clip(clip) = &mut child {
        clip.item.enabled = false;
    }
    child
}

fn gap(count: i64) -> Child {
    Gap::new(count, R24).into()
}

fn dissolve(before: i64, behind: i64) -> Child {
    transition("SMPTE_Dissolve", before, behind)
}

fn transition(kind: &str, before: i64, behind: i64) -> Child {
    let mut transition = Transition::dissolve(before, behind, R24);
    transition.transition_type = kind.to_owned();
    transition.into()
}

fn track(name: &str, children: Vec<Child>) -> Composition {
    children.into_iter().fold(Composition::video(name), Composition::with)
}

fn timeline(name: &str, tracks: Vec<Composition>) -> Timeline {
    tracks.into_iter().fold(Timeline::new(name).start(time(HOUR, R24)), Timeline::track)
}
