//! Kinds of edits, one at a time and together.

use otio_conflate::deliver::AudioDelivery;
use otio_conflate::{Omitted, Timeline};
use serde_json::Value;

use crate::otio::{self, With as _};
use crate::support::{Counts, Show, assert_same, counts, cut, files, keyed_opacity, opacity, timeline};

/// Three shots, one behind the other.
fn before(show: &Show) -> [Value; 3] {
    [show.clip("sh010", "a_v001", 20, 10), show.clip("sh020", "b_v001", 30, 12), show.clip("sh030", "a_v001", 60, 8)]
}

/// An edit, how many shots it leaves to be kept, copied and rendered, and the cut after it.
struct Edit {
    what: &'static str,
    counts: (usize, usize, usize),
    after: fn(&Show) -> Timeline,
}

const EDITS: [Edit; 19] = [
    Edit { what: "nothing", counts: (3, 0, 0), after: |show| cut(&before(show)) },
    Edit {
        what: "trimmed within handles; the shots behind it move along",
        counts: (0, 3, 0),
        after: |show| {
            let [_, b, c] = before(show);
            cut(&[show.clip("sh010", "a_v001", 22, 6), b, c])
        },
    },
    Edit {
        what: "trimmed at its end",
        counts: (2, 1, 0),
        after: |show| {
            let [a, b, _] = before(show);
            cut(&[a, b, show.clip("sh030", "a_v001", 60, 5)])
        },
    },
    Edit {
        what: "longer than its handles",
        counts: (2, 0, 1),
        after: |show| {
            let [a, b, _] = before(show);
            cut(&[a, b, show.clip("sh030", "a_v001", 60, 20)])
        },
    },
    Edit {
        what: "slipped beyond its handles",
        counts: (2, 0, 1),
        after: |show| {
            let [a, _, c] = before(show);
            cut(&[a, show.clip("sh020", "b_v001", 33, 12), c])
        },
    },
    Edit {
        what: "moved",
        counts: (0, 3, 0),
        after: |show| {
            let [a, b, c] = before(show);
            cut(&[c, a, b])
        },
    },
    Edit {
        what: "renamed",
        counts: (2, 1, 0),
        after: |show| {
            let [a, b, c] = before(show);
            cut(&[a, b.with("name", "sh025"), c])
        },
    },
    Edit {
        what: "names that change places",
        counts: (1, 2, 0),
        after: |show| {
            let [a, b, c] = before(show);
            cut(&[a.with("name", "sh020"), b.with("name", "sh010"), c])
        },
    },
    Edit {
        what: "retimed",
        counts: (2, 0, 1),
        after: |show| {
            let [a, b, c] = before(show);
            cut(&[a, b.with("effects", otio::warp(2)), c])
        },
    },
    Edit {
        what: "media replaced",
        counts: (2, 0, 1),
        after: |show| {
            let [a, _, c] = before(show);
            cut(&[a, show.clip("sh020", "b_v002", 30, 12), c])
        },
    },
    Edit {
        what: "a layer over one shot",
        counts: (2, 0, 1),
        after: |show| {
            let [a, b, c] = before(show);
            let over = show.clip("over", "b_v002", 0, 4).with("effects", opacity(50.0));
            let (clips, gap) = ([a, b, c], otio::gap(13));
            timeline(vec![
                otio::track("V1", clips.clone()),
                otio::track("V2", [gap, over]),
                otio::audio_track("A1", clips),
            ])
        },
    },
    Edit {
        what: "a dissolve between two shots",
        counts: (1, 0, 2),
        after: |show| {
            let [a, b, c] = before(show);
            let pictures = [a.clone(), otio::dissolve(2, 2), b.clone(), c.clone()];
            timeline(vec![otio::track("V1", pictures), otio::audio_track("A1", [a, b, c])])
        },
    },
    Edit {
        what: "another opacity",
        counts: (2, 0, 1),
        after: |show| {
            let [a, b, c] = before(show);
            cut(&[a, b.with("effects", opacity(50.0)), c])
        },
    },
    Edit {
        what: "a look that shows the same, and is worked with otherwise",
        counts: (2, 0, 1),
        after: |show| {
            let [a, b, c] = before(show);
            cut(&[a, b.with("effects", keyed_opacity()), c])
        },
    },
    Edit {
        what: "sound alone",
        counts: (2, 1, 0),
        after: |show| {
            let [a, b, c] = before(show);
            let others = [a.clone(), show.clip("music", "b_v002", 10, 12), c.clone()];
            timeline(vec![otio::track("V1", [a, b, c]), otio::audio_track("A1", others)])
        },
    },
    Edit {
        what: "a new shot between others",
        counts: (1, 2, 1),
        after: |show| {
            let [a, b, c] = before(show);
            cut(&[a, show.clip("sh015", "b_v002", 50, 9), b, c])
        },
    },
    Edit {
        what: "a shot omitted",
        counts: (1, 1, 0),
        after: |show| {
            let [a, _, c] = before(show);
            cut(&[a, c])
        },
    },
    Edit {
        what: "a shot split in two whose handles are there",
        counts: (2, 2, 0),
        after: |show| {
            let [a, b, c] = before(show);
            let halves = [show.clip("sh020", "b_v001", 30, 6), show.clip("sh021", "b_v001", 36, 6)];
            let _ = b;
            let [d, e] = halves;
            cut(&[a, d, e, c])
        },
    },
    Edit {
        what: "everything at once",
        counts: (0, 3, 2),
        after: |show| {
            let [a, b, c] = before(show);
            let new = show.clip("sh040", "b_v002", 70, 5);
            cut(&[new, c.with("name", "sh010"), b, a.with("name", "sh030"), show.clip("sh050", "b_v002", 20, 5)])
        },
    },
];

fn check(show: &Show, edits: &[&Edit]) {
    show.fresh(&cut(&before(show)), "old");
    for (number, edit) in edits.iter().enumerate() {
        let after = (edit.after)(show);
        let what = format!("{}, {}", show.preset.name, edit.what);
        let [fresh, here, elsewhere] = ["fresh", "here", "elsewhere"].map(|name| format!("{name}{number}"));
        show.fresh(&after, &fresh);
        let wanted = files(&show.path(&fresh));
        show.copy("old", &here);
        let report = show.follow(&after, &here, &here, Omitted::Remove);
        let (kept, copied, rendered) = edit.counts;
        let reasons: Vec<_> = report.shots.iter().map(|shot| (&shot.shot, &shot.reason)).collect();
        assert_eq!(counts(&report), Counts { kept, copied, rendered }, "{what}: {reasons:#?}");
        assert_same(&files(&show.path(&here)), &wanted, &what);
        // In another folder nothing can be kept, but as much is copied.
        let report = show.follow(&after, &elsewhere, "old", Omitted::Keep);
        let reasons: Vec<_> = report.shots.iter().map(|shot| (&shot.shot, &shot.reason)).collect();
        assert_eq!(counts(&report), Counts { kept: 0, copied: kept + copied, rendered }, "{what}: {reasons:#?}");
        assert_same(&files(&show.path(&elsewhere)), &wanted, &what);
        // It can be followed in its turn.
        let again = show.follow(&after, &here, &here, Omitted::Keep);
        assert_eq!(counts(&again), Counts { kept: report.shots.len(), copied: 0, rendered: 0 }, "{what}");
    }
}

#[test]
fn what_follows_equals_a_fresh_run_byte_for_byte_after_each_kind_of_edit() {
    check(&Show::new("prores-lt"), &EDITS.iter().collect::<Vec<_>>());
}

/// Edits that copy in every way that there is.
fn few() -> Vec<&'static Edit> {
    EDITS.iter().filter(|edit| ["moved", "sound alone", "everything at once"].contains(&edit.what)).collect()
}

#[test]
fn pictures_of_each_movie_preset_whose_frames_stand_alone_are_copied() {
    for preset in ["prores-4444", "ffv1", "mjpeg", "dnxhr-lb"] {
        check(&Show::new(preset), &few());
    }
}

#[test]
fn files_of_sequences_are_copied_under_their_new_numbers_and_timecodes() {
    for preset in ["exr", "png", "tiff", "jpg"] {
        let mut show = Show::new(preset);
        show.preset = show.preset.with_audio(AudioDelivery::Wav);
        check(&show, &few());
    }
}
