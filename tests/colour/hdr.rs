//! Movies in PQ: what they say about the display that they were graded on, and how bright they get.

use otio_conflate::backend::ffmpeg::FfmpegBackend;
use otio_conflate::deliver::Representation;
use otio_conflate::plan::{ColorTags, OutputColor, OutputLook};
use otio_conflate::{Conflation, NoObserver, Report};
use serde_json::Value;

use crate::common::ffprobe;
use crate::cut::{clip, cut, delivery, plan};
use crate::otio::track;
use crate::support::*;

fn movie(name: &str, preset: &str) -> Representation {
    toml::from_str(&format!("name = \"{name}\"\npreset = {preset}")).expect("a representation")
}

/// The side data of a kind that ffprobe tells of the only stream of pictures.
fn side(stream: &Value, kind: &str) -> Option<Value> {
    let list = stream.get("side_data_list")?.as_array()?;
    list.iter().find(|side| side["side_data_type"] == kind).cloned()
}

#[test]
fn movies_in_pq_tell_their_mastering_display_and_their_brightness_and_others_do_not() {
    let show = Show::new();
    let (a, _) = show.noise("plate/plate.%04d.png", 3, 401);
    let mut color = show.plan();
    color.hdr.mastering = Some("p3-d65:0.0001-1000".parse().expect("a display"));
    color.hdr.light = Some("1000,400".parse().expect("a level"));
    let pq = OutputColor::View { display: Some("PQ/TV".to_owned()), view: Some("Plain".to_owned()) };
    color.representations = OutputLook::graded(pq);
    let timeline = cut([track("V1", [clip("a", &a, 3)])]);
    let planned = plan(&timeline, &color, |_| ()).expect("a plan");
    let deep_h264 = "{ base = \"h264\", name = \"h264-10\", encoders = [{ encoder = \"libx264\", formats = [\"yuv420p10le\"], options = [] }] }";
    let mut sdr = movie("sdr", "\"h264\"");
    sdr.color = Some(OutputColor::View { display: Some("Rec.1886".to_owned()), view: Some("Plain".to_owned()) });
    let wanted = vec![
        movie("prores", "\"prores-4444\"").with_color(&color.representations.color),
        movie("hevc", "\"hevc-10\""),
        movie("avc", deep_h264),
        movie("ffv1", "\"ffv1\""),
        sdr,
    ];
    let report: Report = Conflation::new(FfmpegBackend::new(), delivery(&show.path("out"), wanted))
        .run(&planned, &NoObserver)
        .expect("a run");
    assert!(report.succeeded(), "{:?}", report.shots[0].error);
    assert_eq!(report.canvas.space.as_deref(), Some("log"));
    let text = std::fs::read_to_string(show.path("out").join("manifest.json")).expect("a manifest");
    let manifest: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(manifest["canvas"]["space"], "log");
    for made in &report.shots[0].representations {
        let stream = &ffprobe(&report.folder.join(&made.output.path))["streams"][0];
        let (display, light) =
            (side(stream, "Mastering display metadata"), side(stream, "Content light level metadata"));
        let told = made.color.as_ref().expect("colours");
        if made.name == "sdr" {
            assert_eq!((display, light, told.hdr), (None, None, Default::default()), "{stream}");
            continue;
        }
        assert_eq!(stream["color_transfer"], "smpte2084", "{}", made.name);
        let display = display.unwrap_or_else(|| panic!("{}: {stream}", made.name));
        let share = |key: &str| {
            let (num, den) = display[key].as_str().expect("a share").split_once('/').expect("a share");
            num.parse::<f64>().expect("a number") / den.parse::<f64>().expect("a number")
        };
        for (key, wanted) in [
            ("red_x", 0.68),
            ("red_y", 0.32),
            ("green_x", 0.265),
            ("green_y", 0.69),
            ("blue_x", 0.15),
            ("blue_y", 0.06),
            ("white_point_x", 0.3127),
            ("white_point_y", 0.329),
            ("min_luminance", 0.0001),
            ("max_luminance", 1000.0),
        ] {
            // Matroska has floats, of which ffprobe makes shares again.
            assert!((share(key) - wanted).abs() <= wanted * 0.02, "{} {key}: {}", made.name, share(key));
        }
        let light = light.unwrap_or_else(|| panic!("{}: {stream}", made.name));
        assert_eq!((&light["max_content"], &light["max_average"]), (&1000.into(), &400.into()), "{}", made.name);
        assert_eq!(told.hdr, color.hdr);
        assert_eq!(told.tags.map(|tags: ColorTags| (tags.primaries, tags.transfer)), Some((9, 16)));
    }
    assert_eq!(report.warnings, Vec::new());
    // Nothing is PQ: that is told.
    color.representations = crate::cut::views();
    let planned = plan(&timeline, &color, |_| ()).expect("a plan");
    let report = Conflation::new(FfmpegBackend::new(), delivery(&show.path("none"), vec![movie("sdr", "\"h264\"")]))
        .run(&planned, &NoObserver)
        .expect("a run");
    assert!(report.warnings.iter().any(|warning| warning.message.contains("mastering")), "{:?}", report.warnings);
}

trait WithColor {
    fn with_color(self, color: &OutputColor) -> Self;
}

impl WithColor for Representation {
    /// `prores` is the canvas unless it says something else.
    fn with_color(mut self, color: &OutputColor) -> Representation {
        self.color = Some(color.clone());
        self
    }
}
