//! What holds for every cut: a plan against the simplest thing that could work, frame by frame. R1 to R12.

use otio_conflate::plan::{Handles, ShotSelection};
use proptest::prelude::*;
use serde_json::Value;

use crate::support::*;

#[derive(Debug, Clone)]
enum Piece {
    Gap(u8),
    Clip { frames: u8, start: u8, enabled: bool },
    Dissolve(u8, u8),
}

fn pieces(dissolves: bool) -> impl Strategy<Value = Vec<Piece>> {
    let clip = || {
        (1u8..9, 0u8..200, prop::bool::weighted(0.85)).prop_map(|(frames, start, enabled)| Piece::Clip {
            frames,
            start,
            enabled,
        })
    };
    let most = if dissolves { 2 } else { 0 };
    let piece = prop_oneof![
        2 => (0u8..6).prop_map(Piece::Gap),
        6 => clip(),
        most => (0u8..5, 0u8..5).prop_map(|(before, after)| Piece::Dissolve(before, after)),
    ];
    prop::collection::vec(piece, 0..9)
}

fn built(tracks: &[Vec<Piece>]) -> Value {
    let child = |track: usize, (index, piece): (usize, &Piece)| match piece {
        Piece::Gap(frames) => gap(*frames),
        Piece::Clip { frames, start, enabled } => {
            clip(&format!("{track}.{index}"), 300 + i32::from(*start), *frames).with("enabled", *enabled)
        }
        Piece::Dissolve(before, after) => dissolve(*before, *after),
    };
    let tracks = tracks.iter().enumerate().map(|(number, pieces)| {
        let children: Vec<Value> = pieces.iter().enumerate().map(|piece| child(number, piece)).collect();
        track(&format!("V{number}"), children)
    });
    timeline(tracks.collect::<Vec<_>>())
}

/// What a track of cuts shows at each frame.
fn painted(number: usize, pieces: &[Piece]) -> Vec<Option<String>> {
    let paint = |(index, piece): (usize, &Piece)| match *piece {
        Piece::Gap(frames) => vec![None; frames.into()],
        Piece::Clip { frames, start, enabled } => (0..frames)
            .map(|frame| enabled.then(|| format!("{number}.{index} {}", 300 + i32::from(start) + i32::from(frame))))
            .collect(),
        Piece::Dissolve(..) => Vec::new(),
    };
    pieces.iter().enumerate().flat_map(paint).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_cut_of_cuts_shows_the_topmost_clip_at_each_frame(tracks in prop::collection::vec(pieces(false), 1..4)) {
        let painted: Vec<_> = tracks.iter().enumerate().map(|(number, pieces)| painted(number, pieces)).collect();
        let length = painted.iter().map(Vec::len).max().unwrap_or(0);
        let expected: Vec<String> = (0..length)
            .map(|frame| painted.iter().rev().find_map(|track| track.get(frame).cloned().flatten()))
            .map(|shown| shown.unwrap_or_else(|| "-".to_owned()))
            .collect();
        let length = i64::try_from(length).expect("short");
        let plan = plan(&built(&tracks), &whole(length));
        prop_assert_eq!(plan.duration, length);
        if length > 0 {
            prop_assert_eq!(shown(&plan, "cut"), expected);
        }
    }

    #[test]
    fn whatever_the_cut_its_shots_are_whole(
        tracks in prop::collection::vec(pieces(true), 1..4),
        head in 0u32..6,
        tail in 0u32..6,
        source in any::<bool>(),
    ) {
        let options = options(|options| {
            options.handles = Handles { head, tail };
            options.shots = ShotSelection::All;
            options.handle_mode = if source { "source" } else { "timeline" }.parse().expect("a mode");
        });
        let plan = plan(&built(&tracks), &options);
        for shot in &plan.shots {
            prop_assert_eq!(shot.spans.iter().map(|span| span.count).sum::<i64>(), shot.frame_count);
            prop_assert_eq!(shot.spans[0].start, shot.start);
            prop_assert_eq!(shot.first_frame, options.first_frame - shot.head);
            for pair in shot.spans.windows(2) {
                prop_assert_eq!(pair[0].start + pair[0].count, pair[1].start);
                prop_assert!(pair[0].stack != pair[1].stack, "identical neighbours are one span");
            }
            for (row, place) in plan.frames(shot).zip(0..) {
                prop_assert_eq!((row.frame, row.record), (shot.first_frame + place, shot.start + place));
                let sum: f64 = row.layers.iter().map(|layer| layer.weight).sum();
                prop_assert!(sum < 1.0 + 1e-12 && row.layers.iter().all(|layer| layer.weight > 0.0), "{:?}", row);
            }
        }
        // The same frame of the cut looks the same in every shot that shows it.
        if !source {
            let whole = self::plan(&built(&tracks), &whole(plan.duration));
            let rows: Vec<_> = whole.shots.iter().flat_map(|shot| whole.frames(shot)).collect();
            for row in plan.shots.iter().flat_map(|shot| plan.frames(shot)) {
                let there = &rows[usize::try_from(row.record).expect("inside the cut")];
                prop_assert_eq!(&row.layers, &there.layers);
            }
        }
        let stored = serde_json::to_string(&plan).expect("plain data");
        prop_assert_eq!(serde_json::from_str::<otio_conflate::Plan>(&stored).expect("it was just written"), plan);
    }
}
