//! One model, whoever reads: the native reader against the library's.

use otio_conflate::Timeline;
use otio_conflate::otio::reference::{self, ReferenceTimeline};
use otio_conflate::otio::{self, ReadOptions};
use proptest::prelude::*;

use super::{cases, generated};

fn native(text: &str) -> Timeline {
    otio::read_str(text, &ReadOptions::default()).unwrap_or_else(|error| panic!("{error:#}\n{text}"))
}

fn without_notes(timeline: &Timeline) -> Timeline {
    let mut timeline = timeline.clone();
    (timeline.notes, timeline.path) = (Vec::new(), None);
    timeline
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn both_readers_give_the_same_model(text in generated::timeline()) {
        let ours = otio::read_str(&text, &ReadOptions::default());
        let theirs = reference::from_json(&text);
        let ours = ours.map_err(|error| TestCaseError::fail(format!("native: {error:#}\n{text}")))?;
        let theirs = theirs.map_err(|error| TestCaseError::fail(format!("library: {error:#}\n{text}")))?;
        prop_assert_eq!(without_notes(&ours), without_notes(&theirs), "{}", text);
    }

    #[test]
    fn what_we_write_the_library_reads_back_equal(text in generated::timeline()) {
        let ours = native(&text);
        let again = reference::from_json(&otio::to_json(&ours));
        let again = again.map_err(|error| TestCaseError::fail(format!("{error:#}\n{text}")))?;
        prop_assert_eq!(without_notes(&ours), without_notes(&again));
        // And to the library, what we wrote is what was in the file.
        let written = ReferenceTimeline::new(&ours).expect("was read just now");
        let first = ReferenceTimeline::from_json(&text).expect("was read just now");
        let nan = text.contains("NaN");
        prop_assert!(nan || written.is_equivalent(&first).expect("both are timelines"), "{}", text);
    }
}
