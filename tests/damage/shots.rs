//! What a run says about damaged media: it fails with file and frame, or delivers with one warning for a run of frames.
//! R10, R15.

use std::path::{Path, PathBuf};

use otio_conflate::backend::ffmpeg::{FfmpegBackend, FfmpegLookup};
use otio_conflate::deliver::Preset;
use otio_conflate::plan::{Damaged, PlanOptions};
use otio_conflate::{Conflation, Delivery, NoObserver, Plan, ShotReport, Status};
use serde_json::Value;

use crate::common::{movie, number};
use crate::otio;
use crate::support::{open, overwritten, packets};

/// One shot of `count` frames of a medium.
fn conflated(media: &Path, count: i64, damaged: Damaged, preset: &str) -> (tempfile::TempDir, ShotReport) {
    let media = otio::external(&media.to_string_lossy(), Value::Null);
    let clip = otio::clip_of("sh", otio::range(0, count, 24), media);
    let timeline = otio::read(&otio::timeline_at(Value::Null, [otio::track("V1", [clip])]));
    let mut options = PlanOptions::default();
    options.damaged = damaged;
    let plan = Plan::with_media(&timeline, &options, &FfmpegLookup::new()).expect("a plan");
    let folder = tempfile::tempdir().expect("a folder");
    let mut delivery = Delivery::new(folder.path());
    delivery.preset = Preset::by_name(preset).expect("a preset");
    let report = Conflation::new(FfmpegBackend::new(), delivery).run(&plan, &NoObserver).expect("a run");
    (folder, report.shots.into_iter().next().expect("a shot"))
}

/// A file whose frames 5 and 6 are damaged, both ways.
fn trial(path: &Path, broken: &Path, preset: &str, reason: &str) {
    let (folder, failed) = conflated(broken, 12, Damaged::Error, preset);
    assert_eq!(failed.status, Status::Failed, "{}", broken.display());
    let said = failed.error.join(": ");
    for part in [broken.to_str().expect("plain"), "source frame 5", "is damaged", reason] {
        assert!(said.contains(part), "{said} lacks {part:?}");
    }
    let left = std::fs::read_dir(folder.path()).expect("a folder").filter_map(|entry| Some(entry.ok()?.file_name()));
    assert!(left.into_iter().all(|name| name == "manifest.json"), "something is left");

    let (folder, done) = conflated(broken, 12, Damaged::Warn, preset);
    assert_eq!(done.status, Status::Done, "{:?}", done.error);
    let told: Vec<&String> = done.warnings.iter().filter(|warning| warning.contains("damaged")).collect();
    let expected = format!("source frames 5 to 6 of {} are damaged", broken.display());
    assert!(told.len() == 1 && told[0].starts_with(&expected) && told[0].contains(reason), "{told:?}");
    let output = folder.path().join(&done.output.as_ref().expect("a file").path);
    let mut reader = open(&output, Damaged::Warn);
    let mut whole = open(path, Damaged::Error);
    for index in (0..5).chain(7..12) {
        let rate = whole.info().rate.expect("a movie");
        let wanted = number(&whole.frame(index, rate).expect("decodes").frame);
        assert_eq!(number(&reader.frame(index, rate).expect("decodes").frame), wanted, "frame {index}");
    }
}

fn damage(path: &Path, from: usize) -> PathBuf {
    let ranges: Vec<_> = packets(path)
        .into_iter()
        .skip(5)
        .take(2)
        .map(|(range, _)| range.start + range.len() * from / 100..range.end)
        .collect();
    let name = format!("broken-{}", path.file_name().and_then(|name| name.to_str()).expect("plain"));
    overwritten(path, &name, &ranges, 0x55)
}

#[test]
fn a_wrong_checksum_fails_the_shot_or_is_a_warning() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = movie(&folder.path().join("a.mkv"), 100..112, "24", "-c:v ffv1 -level 3 -slicecrc 1 -g 1");
    trial(&path, &damage(&path, 50), "prores-hq", "slice");
}

#[test]
fn what_is_copied_is_decoded_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = movie(&folder.path().join("a.mov"), 100..112, "24", "-c:v prores_ks -profile:v 3 -pix_fmt yuv422p10le");
    trial(&path, &damage(&path, 2), "prores-hq", "");
}
