//! What no plan can be made of is a typed error that names its place. R15.

use otio_conflate::ErrorKind;
use otio_conflate::plan::{MediaSource, MissingPolicy, PlanOptions};
use serde_json::Value;

use crate::support::*;

#[test]
fn a_clip_without_any_range_is_refused_by_name_and_path() {
    let cut = timeline([track("V1", [clip("A", 0, 4), clip_of("B", Value::Null, movie("B", Value::Null))])]);
    let error = refused(&cut, &PlanOptions::default());
    assert_eq!(error.kind(), ErrorKind::Time);
    assert_eq!(error.place().object.as_deref(), Some("tracks[0].children[1]"));
    assert_eq!(error.place().clip.as_deref(), Some("B"));
    assert!(format!("{error:#}").contains("/m/B.mov"), "{error:#}");
}

#[test]
fn the_path_leads_into_nested_compositions() {
    let nest = stack([track("in", [clip("N", 0, 1), clip_of("B", Value::Null, movie("B", Value::Null))])]);
    let error = refused(&timeline([track("V1", [nest])]), &PlanOptions::default());
    assert_eq!(error.place().object.as_deref(), Some("tracks[0].children[0].children[0].children[1]"));
}

fn elsewhere(url: &str) -> Value {
    let media = movie("A", range(0, 100, 24)).with("target_url", url);
    timeline([track("V1", [clip_of("A", range(0, 4, 24), media)])])
}

#[test]
fn a_location_that_is_no_path_is_refused() {
    for url in ["http://example.com/a.mov", "rtsp://camera/1", "file:", "concat://a|b"] {
        let error = refused(&elsewhere(url), &PlanOptions::default());
        assert_eq!(error.kind(), ErrorKind::Location, "{url}");
        assert_eq!(error.place().object.as_deref(), Some("tracks[0].children[0]"), "{url}");
        assert_eq!(error.place().clip.as_deref(), Some("A"), "{url}");
    }
}

#[test]
fn where_media_may_be_missing_such_a_location_counts_as_missing() {
    for policy in [MissingPolicy::Black, MissingPolicy::Slate] {
        let plan = plan(&elsewhere("http://example.com/a.mov"), &options(|options| options.media_missing = policy));
        assert!(matches!(&plan.media[0].source, MediaSource::Missing { what } if what.contains("example.com")));
        assert_eq!(plan.shots.len(), 1);
    }
}

#[test]
fn times_nobody_can_count_with_are_refused() {
    let far = timeline([track("V1", [clip("A", 0, 1e300)])]);
    let error = refused(&far, &PlanOptions::default());
    assert_eq!(error.kind(), ErrorKind::Time);
    assert_eq!(error.place().object.as_deref(), Some("tracks[0].children[0]"));
    let start = timeline([track("V1", [clip("A", 0, 4)])]).with("global_start_time", time(1e200, 24));
    let error = refused(&start, &PlanOptions::default());
    assert_eq!((error.kind(), error.place().object.as_deref()), (ErrorKind::Time, Some("global_start_time")));
}

#[test]
fn an_empty_cut_has_no_shots_and_says_so() {
    for cut in [timeline(Vec::new()), timeline([track("V1", [gap(4)])])] {
        let plan = plan(&cut, &PlanOptions::default());
        assert!(plan.shots.is_empty());
        assert_warns(&plan, "tracks", "there are no shots");
    }
}

#[test]
fn a_clip_of_no_length_is_said_and_is_no_shot() {
    let plan = plan(&timeline([track("V1", [clip("A", 0, 0), clip("B", 0, 2)])]), &PlanOptions::default());
    assert_eq!(names(&plan), ["B"]);
    assert_warns(&plan, "tracks[0].children[0]", "no frame inside the cut");
}
