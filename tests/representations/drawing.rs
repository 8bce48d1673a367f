//! Burn-ins and letterboxes.

use serde_json::json;

use crate::made::*;
use crate::support::*;

/// Where two pictures of one size differ: left, top, and behind right and bottom.
fn difference(a: &[u8], b: &[u8], width: usize) -> Option<[usize; 4]> {
    let places = a.iter().zip(b).enumerate().filter(|(_, (a, b))| a != b).map(|(at, _)| (at % width, at / width));
    places.fold(None, |area: Option<[usize; 4]>, (x, y)| {
        let [left, top, right, bottom] = area.unwrap_or([x, y, x, y]);
        Some([left.min(x), top.min(y), right.max(x + 1), bottom.max(y + 1)])
    })
}

#[test]
fn text_stands_where_it_is_asked_for_and_nothing_else_changes() {
    let cut = cut(4, "0", PRORES);
    // Kinds of samples: planar and packed, 8 bits and more, RGB and YUV.
    for intermediate in ["ffv1", "png", "prores-4444"] {
        let plain = representation(json!({"name": "plain", "preset": "ffv1"}));
        let at = |corner: &str| {
            representation(json!({"name": corner, "preset": "ffv1", "burn_ins": [
                {"text": "x", "at": corner, "size": 0.1, "back": "#808080", "back_opacity": 1.0}]}))
        };
        let corners = ["top-left", "top", "top-right", "center", "bottom-left", "bottom", "bottom-right"];
        let mut wanted: Vec<_> = corners.iter().map(|corner| at(corner)).collect();
        wanted.push(plain);
        let made = make(&cut.plan, intermediate, wanted);
        let frame = |name: &str| gray(&made.path("c", name), None, SIZE).remove(1);
        let plain = frame("plain");
        for corner in corners {
            let [left, top, right, bottom] = difference(&frame(corner), &plain, SIZE.0).expect("something is drawn");
            let across = match corner {
                _ if corner.ends_with("left") => right < 64,
                _ if corner.ends_with("right") => left > 192,
                _ => left > 96 && right < 160,
            };
            let down = match corner {
                _ if corner.starts_with("top") => bottom < 32,
                _ if corner.starts_with("bottom") => top > 128,
                _ => top > 64 && bottom < 96,
            };
            assert!(across && down, "{intermediate}, {corner}: {left} to {right}, {top} to {bottom}");
        }
    }
}

#[test]
fn fields_tell_frames_apart() {
    let cut = cut(3, "0", PRORES);
    let telling = |field: &str| {
        representation(json!({"name": field, "preset": "ffv1",
            "burn_ins": [{"text": format!("{{{field}}}"), "at": "bottom", "size": 0.12, "back_opacity": 1}]}))
    };
    let saying = |name: &str, text: &str| {
        representation(json!({"name": name, "preset": "ffv1",
            "burn_ins": [{"text": text, "at": "bottom", "size": 0.12, "back_opacity": 1}]}))
    };
    let fields = ["shot", "clip", "track", "timeline", "frame", "timecode", "media", "source_frame", "source_timecode"];
    let texts = ["c", "c", "V1", "cut", "1002", "01:00:00:01", "m.mov", "11", "00:00:00:11"];
    let mut wanted: Vec<_> = fields.iter().map(|field| telling(field)).collect();
    wanted.extend(fields.iter().zip(texts).map(|(field, text)| saying(&format!("{field} said"), text)));
    let made = make(&cut.plan, "ffv1", wanted);
    for field in fields {
        let told = gray(&made.path("c", field), None, SIZE);
        let said = gray(&made.path("c", &format!("{field} said")), None, SIZE);
        assert_eq!(difference(&told[1], &said[1], SIZE.0), None, "{field}");
        let moves = ["frame", "timecode", "source_frame", "source_timecode"].contains(&field);
        assert_eq!(difference(&told[2], &said[2], SIZE.0).is_some(), moves, "{field}");
    }
}

#[test]
fn burn_ins_in_one_place_stand_below_one_another() {
    let cut = cut(1, "0", PRORES);
    let line = |text: &str| json!({"text": text, "at": "bottom-left", "size": 0.1, "back_opacity": 1.0});
    let of = |name: &str, lines: serde_json::Value| {
        representation(json!({"name": name, "preset": "ffv1", "burn_ins": lines}))
    };
    let two = of("two", json!([line("first"), line("second")]));
    let made = make(&cut.plan, "ffv1", vec![of("none", json!([])), of("one", json!([line("second")])), two]);
    let frame = |name: &str| gray(&made.path("c", name), None, SIZE).remove(0);
    let [_, top, _, _] = difference(&frame("two"), &frame("none"), SIZE.0).expect("two lines");
    let [_, lower, _, bottom] = difference(&frame("one"), &frame("none"), SIZE.0).expect("one line");
    let [_, _, _, upper] = difference(&frame("two"), &frame("one"), SIZE.0).expect("the first line");
    assert!(top + 14 <= lower && upper <= lower && bottom < 160, "{top}, {upper}, {lower}, {bottom}");
}

#[test]
fn a_letterbox_is_black_and_leaves_the_rest_alone() {
    let media = Media::new();
    let path = media.flat("gray.mov", "yuv420p", &[180, 128, 128], 2, "-c:v ffv1 -pix_fmt yuv420p");
    let shot = clip("c", file(&path, range(0, 2, 24.0)), range(0, 2, 24.0));
    let cut = plan(&timeline([track("V1", [shot])]), &options(|_| ())).expect("a plan");
    let boxed = |name: &str, aspect: f64| representation(json!({"name": name, "preset": "ffv1", "letterbox": aspect}));
    let made = make(&cut, "ffv1", vec![boxed("scope", 2.39), boxed("square", 1.0), boxed("same", 16.0 / 9.0)]);
    let luma = |name: &str| {
        let all = crate::common::samples(&made.path("c", name), None, "yuv420p");
        all[..320 * 180].to_vec()
    };
    let scope = luma("scope");
    // 320 / 2.39 is 134 lines; bars lie on the grid of chroma.
    for (y, line) in scope.chunks(320).enumerate() {
        let expected = if (24..158).contains(&y) { 180 } else { 16 };
        assert!(line.iter().all(|&sample| sample == expected), "line {y}: {}", line[0]);
    }
    for line in luma("square").chunks(320) {
        assert!(line[..70].iter().chain(&line[250..]).all(|&sample| sample == 16));
        assert!(line[70..250].iter().all(|&sample| sample == 180));
    }
    assert!(luma("same").iter().all(|&sample| sample == 180));
}

#[test]
fn a_box_of_another_shape_is_filled_as_asked() {
    let cut = cut(2, "0", PRORES);
    let sized = |placement: &str| {
        representation(json!({"name": placement, "preset": "ffv1",
            "size": {"width": 256, "height": 256, "placement": placement}}))
    };
    let made = make(&cut.plan, "ffv1", ["fit", "fill", "stretch", "native"].map(sized).into());
    let frame = |name: &str| gray(&made.path("c", name), None, (256, 256)).remove(1);
    let expected = cut.numbers(11, 1)[0];
    for name in ["fit", "native"] {
        let frame = frame(name);
        assert!(frame[..256 * 48].iter().chain(&frame[256 * 208..]).all(|&sample| sample < 18), "{name} has bars");
        assert_eq!(number_at(&frame, 256, (0, 48), SIZE), expected, "{name}");
    }
    assert_eq!(number_at(&frame("stretch"), 256, (0, 0), (256, 256)), expected);
    // Scaled to 410 × 256 and cut to the middle: the second block of each line begins at column −26, and there are five.
    let fill = frame("fill");
    assert!(fill[256 * 255..].iter().all(|&sample| sample > 30), "there are no bars");
    let block = |index: usize| fill[256 * 25 + index * 51] > 128;
    let bit = |index: usize| expected.expect("a number") >> index & 1 == 1;
    assert_eq!([0, 1, 2, 3, 4].map(block), [1, 2, 3, 4, 5].map(bit));
}
