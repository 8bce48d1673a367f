//! FCPXML of Final Cut Pro X, as its adapter reads it: with `fcpx` in the metadata of media, and without much of what was
//! written.

use crate::time::Rate;
use crate::timeline::{Child, Composition, MediaReference};

/// What the adapter leaves out without a trace.
const LEFT_OUT: &str = "it was made of FCPXML by an adapter that leaves out speeds, transitions, titles, generators, multicam \
                        clips, effects, transforms, opacity, start timecode and which clips are disabled; compare it with \
                        the application";

/// A clip whose picture and sound are elements of their own.
const REPEATED: &str = "it is the clip before it once more, as the adapter of FCPXML writes a clip with sound: all that follows \
                        lies later than in the application";

/// What is to be said of a cut that the adapter of FCPXML has made, which counts at `rate`: places of children of `root`, and of
/// theirs, with sentences.
pub(in crate::plan) fn notes(root: &Composition, rate: Option<Rate>) -> Vec<(Vec<usize>, String)> {
    let mut notes = Vec::new();
    if is_from_fcpxml(root) {
        notes.push((Vec::new(), LEFT_OUT.to_owned()));
        notes.extend(disordered(root).map(|note| (Vec::new(), note)));
        for (index, child) in root.children.iter().enumerate() {
            let Child::Composition(track) = child else { continue };
            let repeated = track.children.windows(2).enumerate().filter(|(_, pair)| is_repeated(pair));
            notes.extend(repeated.map(|(place, _)| (vec![index, place + 1], REPEATED.to_owned())));
        }
    }
    notes.extend(rate.and_then(truncated).map(|note| (Vec::new(), note)));
    notes
}

/// The place of the primary storyline, which is lane 0, among the tracks of such a cut.
pub(in crate::plan) fn primary(root: &Composition) -> Option<usize> {
    let place = root.children.iter().position(|child| child.name() == "0")?;
    (lanes(root).is_some() && is_from_fcpxml(root)).then_some(place)
}

/// Whether two neighbours are one clip, as the adapter writes those whose picture and sound are elements of their own.
fn is_repeated(pair: &[Child]) -> bool {
    let [Child::Clip(first), Child::Clip(second)] = pair else { return false };
    let same = first.item.name == second.item.name && first.item.source_range == second.item.source_range;
    same && first.media_reference() == second.media_reference()
}

/// The numbers of the lanes that the tracks of `root` are called by.
fn lanes(root: &Composition) -> Option<Vec<i64>> {
    root.children.iter().map(|child| child.name().parse().ok()).collect()
}

/// Whether a clip directly in the tracks of `root`, or in a nest of those, shows media of the adapter's.
fn is_from_fcpxml(root: &Composition) -> bool {
    root.children.iter().any(|child| match child {
        Child::Clip(clip) => {
            let common = clip.media_reference().and_then(MediaReference::common);
            common.is_some_and(|media| media.metadata.contains_key("fcpx"))
        }
        Child::Composition(inner) => is_from_fcpxml(inner),
        _ => false,
    })
}

/// Lanes are numbers, and the adapter sorts them as texts: -1 before -2, 10 before 2.
fn disordered(root: &Composition) -> Option<String> {
    let lanes = lanes(root)?;
    let sorted = lanes.windows(2).all(|pair| pair[0] <= pair[1]);
    (!sorted).then(|| {
        format!(
            "its tracks are lanes in the order {lanes:?}: they are laid over one another so, and not by their numbers"
        )
    })
}

/// The adapter drops what is behind the point of a rate, and rounds every time to what is left.
fn truncated(rate: Rate) -> Option<String> {
    let meant = [(23.0, "24000/1001"), (29.0, "30000/1001"), (47.0, "48000/1001"), (59.0, "60000/1001")];
    let meant = meant.into_iter().chain([(119.0, "120000/1001")]).find(|(cut, _)| *cut == rate.written())?.1;
    Some(format!(
        "the record rate {} is what the adapter of FCPXML makes of {meant}: it has rounded all times to it, and frames \
         may be off by as much; export the cut in another format",
        rate.written()
    ))
}
