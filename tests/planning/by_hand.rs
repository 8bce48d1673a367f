//! Plans that are put together by hand.

use otio_conflate::plan::{
    Curve, Layer, Media, MediaSource, Plan, PlanOptions, Shot, Sound, SoundClip, SoundLayout, SoundMap, SourceMap, Span,
};
use otio_conflate::time::{Rate, Ratio, Time, TimeRange};
use otio_conflate::timeline::{Clip, Composition, MediaReference, RawTimeRange, Timeline};

fn medium() -> Media {
    Media::new(MediaSource::File { path: "/media/a.mov".into() }, Rate::FPS_24).frames(240)
}

fn source(first: i64) -> SourceMap {
    SourceMap::new(0, Ratio::whole(first), Ratio::ONE)
}

#[test]
fn a_plan_by_hand_is_that_of_a_timeline() {
    let media = MediaReference::file("/media/a.mov").available(RawTimeRange::frames(0, 240, Rate::FPS_24));
    let clip = |name, first| Clip::new(name, media.clone()).range(RawTimeRange::frames(first, 48, Rate::FPS_24));
    let track = Composition::video("V1").with(clip("sh010", 100)).with(clip("sh020", 20));
    let planned = Plan::new(&Timeline::new("reel 2").track(track), &PlanOptions::default()).expect("a plan");

    let mut made = Plan::empty("reel 2", Rate::FPS_24);
    for (index, (name, start, first)) in [("sh010", 0, 100), ("sh020", 48, 20)].into_iter().enumerate() {
        let media = made.add_media(medium());
        let mut layer = Layer::new(name, media, SourceMap::new(start, Ratio::whole(first), Ratio::ONE));
        layer.track = "V1".to_owned();
        layer.object = format!("tracks[0].children[{index}]");
        let (track, object) = (layer.track.clone(), layer.object.clone());
        let mut shot = Shot::new(name, vec![Span::new(start, 48, vec![layer.into()])]);
        (shot.track, shot.object) = (track, object);
        made.add_shot(shot);
    }
    made.hero_track = "V1".to_owned();
    made.validate().expect("it holds");
    assert_eq!(made.shots, planned.shots);
    assert_eq!(made, planned);
}

#[test]
fn media_are_there_once_and_shots_lengthen_the_cut_without_their_tails() {
    let mut plan = Plan::empty("cut", Rate::FPS_25);
    let (first, again) = (plan.add_media(medium()), plan.add_media(medium()));
    assert_eq!((first, first.index(), plan.media.len()), (again, 0, 1));
    let second = plan.add_media(Media::new(MediaSource::File { path: "/media/b.mov".into() }, Rate::FPS_25));
    let span = |start, media| Span::new(start, 10, vec![Layer::new("x", media, source(0)).into()]);
    plan.add_shot(Shot::new("a", vec![span(0, second), span(10, first)]));
    let mut shot = Shot::new("b", vec![span(20, first)]);
    shot.tail = 4;
    plan.add_shot(shot);
    assert_eq!((plan.duration, plan.shots[0].frame_count, plan.shots[1].start), (26, 20, 20));
    assert_eq!(plan.canvas_media, [second, first]);
    plan.validate().expect("it holds");
}

#[test]
fn sound_and_curves_are_put_together_as_well() {
    let mut plan = Plan::empty("cut", Rate::FPS_24);
    let media = plan.add_media(medium());
    let mut map = source(0);
    map.curve = Some(Curve::new(2, [Ratio::whole(1), Ratio::whole(3)]));
    assert_eq!([0, 1, 2, 3, 4].map(|record| map.index(record)), [1, 2, 3, 6, 7]);
    assert_eq!(Curve::new(2, []).at(7), Ratio::ZERO);
    let range = TimeRange { start: Time::ZERO, duration: Time::from_frames(48, Rate::FPS_24) };
    let heard = SoundClip::new("a", media, range, SoundMap::new(Time::ZERO, Ratio::ZERO, Ratio::ONE));
    let mut shot = Shot::new("sh010", vec![Span::new(0, 48, vec![Layer::new("a", media, map).into()])]);
    shot.sound.push(heard.clone());
    plan.add_shot(shot);
    assert!(plan.validate().is_err(), "nothing says how it is mixed");
    let mut sound = Sound::new(48_000, SoundLayout::Stereo);
    sound.clips.push(heard);
    plan.sound = Some(sound);
    plan.validate().expect("it holds");
    assert_eq!(plan.samples(&plan.shots[0]), Some(0..96_000));
}
