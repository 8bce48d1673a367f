//! How cuts differ: every kind of edit is told as what it is, and nothing else is. R11, R12.
//!
//! `COMPARE_CASES` is how many random pairs of cuts are compared.

use otio_conflate::Plan;
use otio_conflate::plan::compare::{Action, Change, Difference, compare};
use otio_conflate::plan::{HandleMode, Handles, PlanOptions};
use serde_json::Value;

use crate::support::*;

/// One shot of a cut that a test edits.
#[derive(Debug, Clone, PartialEq)]
struct Piece {
    /// The same through all edits.
    id: usize,
    name: String,
    media: String,
    start: i32,
    frames: i32,
    speed: f64,
    opacity: f64,
}

impl Piece {
    fn new(id: usize, media: &str, start: i32, frames: i32) -> Piece {
        let (name, media) = (format!("sh{id:03}"), media.to_owned());
        Piece { id, name, media, start, frames, speed: 1.0, opacity: 1.0 }
    }

    fn clip(&self) -> Value {
        let media = movie(&self.media, range(0, 100_000, 24));
        let mut clip = clip_of(&self.name, range(self.start, self.frames, 24), media);
        if self.speed != 1.0 {
            clip = warped(clip, self.speed);
        }
        if self.opacity != 1.0 {
            clip = clip.with("metadata", serde_json::json!({"opacity": self.opacity}));
        }
        clip
    }
}

fn planned_above(pieces: &[Piece], above: Option<(usize, i32)>) -> Plan {
    let mut tracks = vec![track("V1", pieces.iter().map(Piece::clip).collect::<Vec<_>>())];
    if let Some((place, start)) = above {
        let before: i32 = pieces[..place].iter().map(|piece| piece.frames).sum();
        let title = clip_of("title", range(start, 3, 24), movie("title", range(0, 100, 24)));
        tracks.push(track("V2", [gap(before + 1), title.with("metadata", serde_json::json!({"opacity": 0.5}))]));
    }
    let mut options = PlanOptions::default();
    options.handles = Handles::both(4);
    options.handle_mode = HandleMode::Source;
    options.shots = "track:V1".parse().expect("a selection");
    plan(&timeline(tracks), &options)
}

fn planned(pieces: &[Piece]) -> Plan {
    planned_above(pieces, None)
}

/// Names of all differences of the changes that have any, with the shot's name.
fn told(changes: &[Change]) -> Vec<(String, Vec<Difference>, Action)> {
    let name = |change: &Change| {
        let shot = change.new.as_ref().or(change.old.as_ref()).expect("one side");
        shot.name.clone()
    };
    let changed = changes.iter().filter(|change| change.action != Action::Keep);
    changed.map(|change| (name(change), change.differences.clone(), change.action)).collect()
}

fn base() -> Vec<Piece> {
    (0..8)
        .map(|id| Piece::new(id, ["a", "b_v001", "c"][id % 3], 1000 + 100 * i32::try_from(id).expect("few"), 20))
        .collect()
}

#[track_caller]
fn one(edit: impl FnOnce(&mut Vec<Piece>), name: &str, differences: &[Difference], action: Action) {
    let old = base();
    let mut new = old.clone();
    edit(&mut new);
    let changes = compare(&planned(&old), &planned(&new));
    assert_eq!(told(&changes), [(name.to_owned(), differences.to_vec(), action)]);
}

#[test]
fn the_same_cut_has_no_changes() {
    let changes = compare(&planned(&base()), &planned(&base()));
    assert_eq!(changes.len(), 8);
    assert!(changes.iter().all(|change| change.action == Action::Keep && change.differences.is_empty()));
}

/// At twice the speed a record frame is two of the media: one that starts a media frame later shows none of the frames that were
/// delivered.
#[test]
fn a_slip_by_less_than_a_record_frame_is_told() {
    let at = |start: i32| {
        let mut cut = base();
        (cut[5].speed, cut[5].start) = (2.0, start);
        planned(&cut)
    };
    let told = |from: i32, to: i32| {
        let changes = compare(&at(from), &at(to));
        let mut changed = changes.into_iter().filter(|change| !change.differences.is_empty());
        let change = changed.next().expect("a change");
        assert!(changed.next().is_none());
        (change.name().to_owned(), change.differences, change.action)
    };
    for (to, frames) in [(1501, 1), (1499, -1)] {
        let wanted = ("sh005".to_owned(), vec![Difference::Slipped { frames }], Action::Repull);
        assert_eq!(told(1500, to), wanted, "{to}");
    }
    // By whole record frames it can be cut out of the handles.
    assert_eq!(told(1500, 1504).2, Action::Retrim);
}

#[test]
fn each_edit_is_told_as_what_it_is() {
    use Action::{Omit, Repull, Retrim};
    use Difference::{LookChanged, MediaReplaced, Moved, New, Omitted, Renamed, Retimed, Slipped, Trimmed};
    let trim = |head, tail| Trimmed { head, tail };
    one(|cut| drop(cut.remove(3)), "sh003", &[Omitted], Omit);
    one(|cut| cut.insert(2, Piece::new(90, "new", 10, 9)), "sh090", &[New], Repull);
    // Inside the handles, and beyond them.
    one(|cut| (cut[2].start, cut[2].frames) = (1197, 23), "sh002", &[trim(3, 0)], Retrim);
    one(|cut| (cut[2].start, cut[2].frames) = (1206, 10), "sh002", &[trim(-6, -4)], Retrim);
    one(|cut| cut[2].frames = 30, "sh002", &[trim(0, 10)], Repull);
    one(|cut| cut[4].start += 3, "sh004", &[Slipped { frames: 3 }], Retrim);
    one(|cut| cut[4].start -= 9, "sh004", &[Slipped { frames: -9 }], Repull);
    let speed = |value: i64| Some(otio_conflate::time::Ratio::new(value, 1));
    one(|cut| cut[5].speed = 2.0, "sh005", &[Retimed { from: speed(1), to: speed(2) }], Repull);
    one(
        |cut| {
            let piece = cut.remove(1);
            cut.insert(6, piece);
        },
        "sh001",
        &[Moved],
        Retrim,
    );
    let replaced = |from: &str, to: &str, version| MediaReplaced { from: from.into(), to: to.into(), version };
    one(|cut| cut[1].media = "b_v002".to_owned(), "sh001", &[replaced("/m/b_v001.mov", "/m/b_v002.mov", true)], Repull);
    one(|cut| cut[3].media = "z".to_owned(), "sh003", &[replaced("/m/a.mov", "/m/z.mov", false)], Repull);
    one(|cut| cut[6].opacity = 0.5, "sh006", &[LookChanged], Repull);
    let renamed = Renamed { from: "sh007".to_owned(), to: "x".to_owned() };
    one(|cut| cut[7].name = "x".to_owned(), "x", &[renamed], Retrim);
    // Two at once.
    one(
        |cut| {
            let mut piece = cut.remove(1);
            piece.frames -= 5;
            cut.insert(6, piece);
        },
        "sh001",
        &[Moved, trim(0, -5)],
        Retrim,
    );
}

/// Handles that show the cut show the neighbours: frames of the shot's own media are not in them.
#[test]
fn handles_of_the_timeline_hold_nothing_of_the_shot() {
    let planned = |pieces: &[Piece], mode: HandleMode| {
        let mut options = PlanOptions::default();
        options.handles = Handles::both(4);
        options.handle_mode = mode;
        plan(&timeline([track("V1", pieces.iter().map(Piece::clip).collect::<Vec<_>>())]), &options)
    };
    let old = base();
    let mut longer = old.clone();
    (longer[2].start, longer[2].frames) = (1197, 23);
    let mut shorter = old.clone();
    shorter[2].frames -= 3;
    for (new, mode, action) in [
        (&longer, HandleMode::Source, Action::Retrim),
        (&longer, HandleMode::Timeline, Action::Repull),
        (&shorter, HandleMode::Timeline, Action::Retrim),
    ] {
        let changes = told(&compare(&planned(&old, mode), &planned(new, mode)));
        assert_eq!(changes.iter().map(|(.., action)| *action).collect::<Vec<_>>(), [action], "{changes:?}");
    }
    // A plan for another canvas makes other pictures of the same cut.
    let mut wide = planned(&old, HandleMode::Source);
    wide.placement = otio_conflate::plan::Placement::Fill;
    let changes = told(&compare(&planned(&old, HandleMode::Source), &wide));
    assert!(
        changes.len() == 8 && changes.iter().all(|(_, found, _)| found == &[Difference::SettingsChanged]),
        "{changes:?}"
    );
}

#[test]
fn what_lies_above_is_a_change_of_the_shot_below() {
    let cut = base();
    let title = |start| planned_above(&cut, Some((3, start)));
    let changed = |old: &Plan, new: &Plan| told(&compare(old, new));
    let wanted = [("sh003".to_owned(), vec![Difference::LayersChanged], Action::Repull)];
    assert_eq!(changed(&planned(&cut), &title(5)), wanted);
    assert_eq!(changed(&title(5), &title(6)), wanted);
    assert_eq!(changed(&title(5), &title(5)), []);
    // It goes along where the shots in front are shorter.
    let mut shorter = cut.clone();
    shorter[0].frames -= 7;
    let wanted = [("sh000".to_owned(), vec![Difference::Trimmed { head: 0, tail: -7 }], Action::Retrim)];
    assert_eq!(changed(&title(5), &planned_above(&shorter, Some((3, 5)))), wanted);
}

#[test]
fn transitions_are_changes_of_both_sides() {
    let cut = base();
    let with = |half: Option<i32>| {
        let mut children: Vec<Value> = cut.iter().map(Piece::clip).collect();
        if let Some(half) = half {
            children.insert(3, dissolve(half, half));
        }
        let mut options = PlanOptions::default();
        options.handles = Handles::both(4);
        plan(&timeline([track("V1", children)]), &options)
    };
    for (old, new) in [(None, Some(3)), (Some(3), None), (Some(3), Some(4))] {
        let changes = told(&compare(&with(old), &with(new)));
        let names: Vec<&str> = changes.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(names, ["sh002", "sh003"], "{changes:?}");
        assert!(changes.iter().all(|(_, found, _)| found == &[Difference::TransitionChanged]), "{changes:?}");
    }
    assert_eq!(told(&compare(&with(Some(3)), &with(Some(3)))), []);
}

#[test]
fn repeats_are_told_apart_by_their_neighbours() {
    // The same frames three times, under one name.
    let mut old: Vec<Piece> =
        (0..9).map(|id| Piece::new(id, "a", 1000 + 100 * i32::try_from(id).expect("few"), 20)).collect();
    for place in [1, 4, 7] {
        (old[place].start, old[place].name) = (5000, "again".to_owned());
    }
    for gone in [1, 4, 7] {
        let mut new = old.clone();
        new.remove(gone);
        let changes = compare(&planned(&old), &planned(&new));
        let omitted: Vec<usize> = changes
            .iter()
            .filter(|change| change.new.is_none())
            .filter_map(|change| Some(change.old.as_ref()?.index))
            .collect();
        assert_eq!(omitted, [gone]);
        // Shots of one name are numbered, so those behind it have other names now.
        let others = changes.iter().filter(|change| change.new.is_some()).flat_map(|change| &change.differences);
        assert!(others.clone().all(|difference| matches!(difference, Difference::Renamed { .. })), "{changes:?}");
        assert_eq!(others.count(), [1, 4, 7].iter().filter(|&&place| place > gone).count(), "{changes:?}");
    }
}

/// A generator of numbers below `most`.
fn dice(mut seed: u64) -> impl FnMut(usize) -> usize {
    move |most| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((seed >> 33) % most as u64).expect("below a usize")
    }
}

#[test]
fn random_edits_are_all_found_and_nothing_else_is() {
    let cases = std::env::var("COMPARE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(60);
    let mut kinds = std::collections::BTreeMap::<String, usize>::new();
    for case in 0..cases {
        let mut dice = dice(case);
        let count = 6 + dice(30);
        let old: Vec<Piece> = (0..count)
            .map(|id| {
                let media = ["a", "b", "c_v001", "d_v009"][dice(4)];
                Piece::new(
                    id,
                    media,
                    1000 + 200 * i32::try_from(id).expect("few"),
                    16 + i32::try_from(dice(30)).expect("few"),
                )
            })
            .collect();
        let mut new = old.clone();
        let mut edited = std::collections::BTreeSet::new();
        for number in 0..1 + dice(5) {
            let place = dice(new.len());
            if !edited.insert(new[place].id) {
                continue;
            }
            let signed = |value: usize| i32::try_from(value).expect("few") - 6;
            match dice(9) {
                0 => drop(new.remove(place)),
                1 => {
                    let own = Piece::new(900 + number, "new", 10 + 100 * i32::try_from(number).expect("few"), 9);
                    edited.insert(own.id);
                    edited.remove(&new[place].id);
                    new.insert(place, own);
                }
                2 => {
                    let head = signed(dice(12));
                    new[place].start -= head;
                    new[place].frames += head;
                }
                3 => new[place].frames += signed(dice(12)),
                4 => new[place].start += signed(dice(12)),
                5 => new[place].speed = [0.5, 2.0, -1.0][dice(3)],
                6 => new[place].media = new[place].media.replace("_v00", "_v10"),
                7 => new[place].name = format!("renamed{number}"),
                _ => new[place].opacity = 0.25,
            }
        }
        // One shot goes elsewhere, far enough that nothing else can be said to have moved instead.
        let mut moved = None;
        if new.len() > 20 && dice(2) == 0 {
            let piece = new.remove(dice(5));
            moved = Some(piece.id);
            new.insert(new.len() - dice(5), piece);
        }
        let changes = compare(&planned(&old), &planned(&new));
        // What each side holds is told once.
        assert_eq!(changes.iter().filter(|change| change.old.is_some()).count(), old.len());
        assert_eq!(changes.iter().filter(|change| change.new.is_some()).count(), new.len());
        for change in &changes {
            let (before, after) =
                (change.old.as_ref().map(|shot| &old[shot.index]), change.new.as_ref().map(|shot| &new[shot.index]));
            let mut wanted = Vec::new();
            match (before, after) {
                (Some(before), Some(after)) => {
                    assert_eq!(before.id, after.id, "{case}: {change:?}");
                    if before.media != after.media {
                        let place = |media: &str| format!("/m/{media}.mov");
                        let (from, to) = (place(&before.media), place(&after.media));
                        wanted.push(Difference::MediaReplaced { from, to, version: true });
                    }
                    if moved == Some(after.id) {
                        wanted.push(Difference::Moved);
                    }
                    if before.speed != after.speed {
                        let speed = |piece: &Piece| Some(otio_conflate::time::Ratio::nearest(piece.speed));
                        wanted.push(Difference::Retimed { from: speed(before), to: speed(after) });
                    }
                    let (head, tail) = (
                        i64::from(before.start - after.start),
                        i64::from(after.start + after.frames - before.start - before.frames),
                    );
                    match (head, tail) {
                        (0, 0) => {}
                        (head, tail) if head == -tail => wanted.push(Difference::Slipped { frames: tail }),
                        (head, tail) => wanted.push(Difference::Trimmed { head, tail }),
                    }
                    if before.opacity != after.opacity {
                        wanted.push(Difference::LookChanged);
                    }
                    if before.name != after.name {
                        wanted.push(Difference::Renamed { from: before.name.clone(), to: after.name.clone() });
                    }
                }
                (Some(before), None) => {
                    assert!(new.iter().all(|piece| piece.id != before.id), "{case}: {change:?}");
                    wanted.push(Difference::Omitted);
                }
                (None, Some(after)) => {
                    assert!(after.id >= 900, "{case}: {change:?}");
                    wanted.push(Difference::New);
                }
                (None, None) => unreachable!("one side at least"),
            }
            assert_eq!(change.differences, wanted, "{case}: {before:?} {after:?}");
            for difference in &change.differences {
                let text = format!("{difference:?}");
                *kinds.entry(text.split([' ', '{']).next().unwrap_or_default().to_owned()).or_default() += 1;
            }
        }
    }
    assert!(kinds.len() >= 9, "{kinds:?}");
}

#[test]
fn changes_are_printed_for_people_and_programs() {
    let old = base();
    let mut new = old.clone();
    new[0].frames = 18;
    new[1].name = "a <b>, \"c\"\u{1b}[2J".to_owned();
    new.remove(4);
    new.push(Piece::new(90, "new", 10, 9));
    let changes = compare(&planned(&old), &planned(&new));
    let table = otio_conflate::plan::compare::table(&changes);
    let line =
        |start: &str| table.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{start}: {table}"));
    assert!(line("sh000").ends_with("re-trim  trimmed (head +0, tail -2)"), "{table}");
    assert!(line("sh004").contains("-            omit") && line("sh090").contains("re-pull  new"), "{table}");
    assert!(!table.contains('\u{1b}') && table.lines().count() == 10, "{table}");
    let csv = otio_conflate::plan::compare::csv(&changes);
    assert_eq!(csv.matches("\r\n").count(), 10);
    assert!(csv.contains("\"\"c\"\""), "{csv}");
    let svg = otio_conflate::plan::compare::svg(&changes);
    assert_eq!((svg.matches("<rect").count(), svg.matches("<polygon").count()), (1 + 8 + 8, 7), "{svg}");
    assert!(svg.contains("a &lt;b&gt;, &quot;c&quot;") && !svg.contains('\u{1b}'), "{svg}");
    // Back from JSON they are the same.
    let text = serde_json::to_string(&changes).expect("plain data");
    assert_eq!(serde_json::from_str::<Vec<Change>>(&text).expect("its own"), changes);
}

#[test]
fn ten_thousand_shots_are_compared_at_once() {
    let old: Vec<Piece> = (0..10_000)
        .map(|id| Piece::new(id, ["a", "b", "c", "d"][id % 4], 1000 + 7 * i32::try_from(id).expect("few"), 20))
        .collect();
    let mut new = old.clone();
    new.retain(|piece| piece.id % 10 != 3);
    new.iter_mut().filter(|piece| piece.id % 10 == 5).for_each(|piece| piece.frames -= 3);
    let (old, new) = (planned(&old), planned(&new));
    let changes = compare(&old, &new);
    let count = |action: Action| changes.iter().filter(|change| change.action == action).count();
    assert_eq!([Action::Keep, Action::Retrim, Action::Repull, Action::Omit].map(count), [8000, 1000, 0, 1000]);
}

/// A name that is longer than any column is shown as it is.
#[test]
fn a_table_holds_names_of_any_length() {
    let old = base();
    let mut new = old.clone();
    new[1].name = "n".repeat(70_000);
    let text = otio_conflate::plan::compare::table(&compare(&planned(&old), &planned(&new)));
    assert!(text.contains(&new[1].name));
}
