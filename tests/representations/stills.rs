//! Posters and contact sheets.

use otio_conflate::OutputKind;
use serde_json::json;

use crate::common::ffprobe;
use crate::made::*;

#[test]
fn a_poster_is_the_frame_asked_for() {
    let cut = cut(21, "6:5", PRORES);
    let at = |name: &str, frame: i64| {
        representation(json!({"name": name, "preset": "png", "content": {"poster": {"frame": frame}}}))
    };
    let made = make(&cut.plan, "prores-lt", vec![named("poster"), at("cut", 1001), at("head", 995), at("late", 2000)]);
    let frame = |name: &str| numbers_of(&made.path("c", name), None, SIZE);
    assert_eq!(frame("poster"), cut.numbers(20, 1), "the middle, without handles");
    assert_eq!(frame("cut"), cut.numbers(10, 1));
    assert_eq!(frame("head"), cut.numbers(4, 1));
    assert_eq!(frame("late"), cut.numbers(35, 1), "the nearest");
    let shot = &made.report.shots[0];
    assert!(shot.warnings.iter().any(|warning| warning.contains("2000") && warning.contains("1026")), "{shot:#?}");
    assert!(shot.representations.iter().all(|made| made.output.kind == OutputKind::Still && made.output.bytes > 0));
}

#[test]
fn the_cells_of_a_contact_sheet_are_spread_over_the_shot() {
    let cut = cut(30, "5:5", PRORES);
    let sheet = |name: &str, preset: &str, columns: u32, rows: u32| {
        representation(json!({"name": name, "preset": preset, "size": {"width": 128},
            "content": {"contact_sheet": {"columns": columns, "rows": rows}}}))
    };
    let made = make(&cut.plan, "prores-lt", vec![sheet("wide", "png", 3, 2), sheet("many", "jpg", 8, 8)]);
    // Cells of 128 × 80, with gaps of 3 and lines of 9 pixels.
    let cells = |name: &str, columns: usize, count: usize| {
        let path = made.path("c", name);
        let video = ffprobe(&path)["streams"][0].clone();
        let side = |side: &str| usize::try_from(video[side].as_u64().expect("a side")).expect("small");
        let size = (side("width"), side("height"));
        assert_eq!(size, (3 + columns * 131, 18 + count.div_ceil(columns) * 92), "{name}");
        let page = gray(&path, None, size).remove(0);
        let cell = |index: usize| {
            let corner = (3 + index % columns * 131, 18 + index / columns * 92);
            number_at(&page, size.0, corner, (128, 80))
        };
        (0..count).map(cell).collect::<Vec<_>>()
    };
    let expected: Vec<_> = [10, 16, 22, 27, 33, 39].iter().map(|&index| cut.numbers(index, 1)[0]).collect();
    assert_eq!(cells("wide", 3, 6), expected);
    // No frame twice where there are fewer than cells.
    assert_eq!(cells("many", 8, 30), cut.numbers(10, 30));
}
