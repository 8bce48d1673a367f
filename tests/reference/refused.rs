//! What the library refuses. It keeps what it had read until then and never frees it, so that a check for leaks leaves
//! these tests out.

use otio_conflate::ErrorKind;
use otio_conflate::otio::reference::{self, ReferenceTimeline};
use otio_conflate::otio::{self, ReadOptions, Reader};

use super::library::{native, track_of};

#[test]
fn what_it_cannot_read_is_a_typed_error_with_its_reason() {
    let refused = |text: &str| reference::from_json(text).expect_err(text);
    let kinds = [
        ("", ErrorKind::Json),
        ("{", ErrorKind::Json),
        (r#"{"OTIO_SCHEMA": "Gap.1"} x"#, ErrorKind::Json),
        ("\"a\0b\"", ErrorKind::Json),
        (r#"{"OTIO_SCHEMA": "Timeline.1"}"#, ErrorKind::Schema),
        (r#"{"OTIO_SCHEMA": "Timeline.99", "tracks": null}"#, ErrorKind::Schema),
        (r#"{"OTIO_SCHEMA": "Timeline", "tracks": null}"#, ErrorKind::Schema),
        (r#"{"OTIO_SCHEMA": "Gap.1", "name": "a\u0000b"}"#, ErrorKind::Schema),
        (r#"{"OTIO_SCHEMA": "Gap.1", "enabled": 1}"#, ErrorKind::Schema),
        (r#"{"OTIO_SCHEMA": "Gap.1", "metadata": []}"#, ErrorKind::Schema),
        (r#"{"OTIO_SCHEMA": "MissingReference.1"}"#, ErrorKind::Schema),
        ("[]", ErrorKind::Schema),
        ("1", ErrorKind::Schema),
        (r#""text""#, ErrorKind::Schema),
    ];
    for (text, kind) in kinds {
        let error = refused(text);
        assert_eq!(error.kind(), kind, "{text}: {error:#}");
    }
    // The object is named, and no line of a text that nobody sees.
    let error = refused(&track_of(
        r#"{"OTIO_SCHEMA": "Gap.1", "source_range": {"OTIO_SCHEMA": "TimeRange.1",
        "start_time": {"OTIO_SCHEMA": "RationalTime.1", "value": 0, "rate": 0},
        "duration": {"OTIO_SCHEMA": "RationalTime.1", "value": 1, "rate": 24}}}"#,
    ));
    assert_eq!(error.kind(), ErrorKind::Time);
    assert_eq!(error.place().object.as_deref(), Some("tracks[0].children[0].source_range.start_time"));
    assert_eq!(error.place().line_column, None);
    let options = ReadOptions::default().with_reader(Reader::OpenTimelineIo);
    assert_eq!(otio::read_bytes(b"\xff{}", &options).expect_err("no UTF-8").kind(), ErrorKind::Json);
}

#[test]
fn what_only_we_know_is_refused_and_not_lost() {
    let unknown = track_of(r#"{"OTIO_SCHEMA": "Subtitle.1", "text": "hello"}"#);
    let error = ReferenceTimeline::new(&native(&unknown)).expect_err("no item of the library");
    assert_eq!(error.kind(), ErrorKind::Schema);
    assert!(format!("{error:#}").starts_with("OpenTimelineIO: "), "{error:#}");
}
