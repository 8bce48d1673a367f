//! What may go to another thread, and what many do at once.

use std::thread;

use otio_conflate::otio::reference::{self, ReferenceTimeline};
use otio_conflate::otio::{self, ReadOptions};

use super::samples;

fn is_send<T: Send>(_: &T) {}

#[test]
fn a_timeline_made_on_one_thread_answers_and_ends_on_another() {
    let text = samples().into_iter().next().expect("there are samples").1;
    let here = ReferenceTimeline::from_json(&text).expect("valid");
    is_send(&here);
    let before = here.available_range(&[]).expect("known");
    let (there, after) = thread::spawn(move || {
        let after = here.available_range(&[]).expect("known");
        (here, after)
    })
    .join()
    .expect("no panic");
    assert_eq!(before, after);
    thread::spawn(move || drop(there)).join().expect("no panic");
}

#[test]
fn many_threads_read_write_and_ask_at_once() {
    let samples = samples();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for (path, text) in &samples {
                    let ours = otio::read_str(text, &ReadOptions::default()).expect("valid");
                    let library = ReferenceTimeline::new(&ours).expect("valid");
                    let theirs = library.timeline().expect("valid");
                    assert_eq!(ours.tracks, theirs.tracks, "{}", path.display());
                    reference::to_json(&ours).expect("valid");
                    reference::schema_versions().expect("known");
                    for index in 0..ours.tracks.children.len() {
                        library.range_in_parent(&[index]).expect("known");
                    }
                    assert!(reference::from_json("{").is_err());
                }
            });
        }
    });
}

#[test]
fn the_deepest_file_fits_a_threads_stack() {
    // Two JSON levels to a composition.
    let levels = otio::MAX_NESTING - 1;
    let mut text = r#"{"OTIO_SCHEMA": "Gap.1"}"#.to_owned();
    for _ in 0..levels {
        text = format!(r#"{{"OTIO_SCHEMA": "Stack.1", "children": [{text}]}}"#);
    }
    let timeline = format!(r#"{{"OTIO_SCHEMA": "Timeline.1", "tracks": {text}}}"#);
    let mut metadata = "0".to_owned();
    for _ in 0..ReadOptions::DEPTH_LIMIT - 2 {
        metadata = format!("[{metadata}]");
    }
    let flat = format!(r#"{{"OTIO_SCHEMA": "Gap.1", "metadata": {{"deep": {metadata}}}}}"#);
    let small = thread::Builder::new().stack_size(2 << 20);
    small
        .spawn(move || {
            let timeline = ReferenceTimeline::from_json(&timeline).expect("valid");
            let deepest = vec![0; levels];
            timeline.range_in_parent(&deepest).expect("known");
            timeline
                .transformed_time(timeline.available_range(&[]).expect("known").duration, &deepest, &[])
                .expect("known");
            drop(timeline.timeline().expect("valid"));
            ReferenceTimeline::from_json(&flat).expect("valid");
        })
        .expect("a thread")
        .join()
        .expect("no panic");
}
