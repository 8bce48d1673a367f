//! Which pictures of a stretch a representation shows, and how often.

use std::ops::Range;

use super::Stretch;
use crate::deliver::{Content, Poster, Representation};
use crate::time::{Rate, Ratio};

/// Which pictures are shown, and how often.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Picks {
    /// So many frames a picture, of the pictures in a range: frame *k* is shown at the moment *k* / rate, and is the
    /// picture that is on then.
    Steady(Ratio, Range<i64>),
    /// These, in rising order.
    Some(Vec<i64>),
}

impl Picks {
    /// What `representation` shows of a stretch at `rate`. What it asks for and does not get is noted.
    pub(super) fn of(representation: &Representation, rate: Rate, stretch: &Stretch, notes: &mut Vec<String>) -> Picks {
        let (head, tail) = stretch.handles;
        let last = (stretch.frames - tail - 1).max(head);
        match representation.content {
            Content::All => {
                let own = representation.rate.unwrap_or(rate);
                Picks::Steady(own.nominal() / rate.nominal(), representation.shown(stretch.frames, stretch.handles))
            }
            Content::Poster(Poster { frame: None }) => Picks::Some(vec![(head + last) / 2]),
            Content::Poster(Poster { frame: Some(number) }) => {
                let index = number.saturating_sub(stretch.first);
                let nearest = index.clamp(0, (stretch.frames - 1).max(0));
                if nearest != index {
                    let shown = stretch.first + nearest;
                    notes.push(format!("{}: there is no frame {number}; {shown} is shown", representation.name));
                }
                Picks::Some(vec![nearest])
            }
            Content::ContactSheet(layout) => {
                let cells = i64::from(layout.columns) * i64::from(layout.rows);
                let count = cells.min(last - head + 1).max(1);
                let steps = (count - 1).max(1);
                let at = |cell: i64| head + (2 * cell * (last - head) + steps) / (2 * steps);
                Picks::Some((0..count).map(at).collect())
            }
        }
    }

    /// How often picture `index` is shown.
    pub(super) fn times(&self, index: i64) -> i64 {
        match self {
            Picks::Steady(..) => self.total(index + 1) - self.total(index),
            Picks::Some(indices) => i64::from(indices.binary_search(&index).is_ok()),
        }
    }

    /// How many frames are made of the first `frames` pictures.
    pub(super) fn total(&self, frames: i64) -> i64 {
        match self {
            Picks::Steady(step, shown) => {
                (Ratio::whole(frames.clamp(shown.start, shown.end) - shown.start) * *step).ceil()
            }
            Picks::Some(indices) => i64::try_from(indices.partition_point(|&index| index < frames)).unwrap_or(i64::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliver::{ContactSheet, Preset};

    fn stretch(frames: i64, handles: (i64, i64)) -> Stretch {
        Stretch { frames, handles, first: 1001 - handles.0, sound: None, timecode: None }
    }

    fn shown(content: Content, stretch: &Stretch) -> Vec<i64> {
        let mut representation = Representation::new("r", Preset::default());
        representation.content = content;
        let picks = Picks::of(&representation, Rate::FPS_24, stretch, &mut Vec::new());
        (0..stretch.frames).filter(|&index| picks.times(index) > 0).collect()
    }

    #[test]
    fn every_frame_is_the_picture_on_screen_when_it_starts() {
        for (from, to) in [(24.0, 12.0), (24.0, 25.0), (23.976, 59.94), (60.0, 24.0), (25.0, 23.976), (24.0, 24.0)] {
            let (from, to) = (Rate::new(from).expect("a rate"), Rate::new(to).expect("a rate"));
            let mut representation = Representation::new("r", Preset::default());
            representation.rate = Some(to);
            let picks = Picks::of(&representation, from, &stretch(100, (0, 0)), &mut Vec::new());
            let shown: Vec<i64> = (0..100).flat_map(|index| (0..picks.times(index)).map(move |_| index)).collect();
            assert_eq!(i64::try_from(shown.len()).expect("few"), picks.total(100));
            for (frame, index) in (0..).zip(shown) {
                assert_eq!(index, (Ratio::whole(frame) / to.nominal() * from.nominal()).floor(), "{from} to {to}");
            }
        }
    }

    #[test]
    fn handles_are_left_out_where_they_are_not_wanted() {
        let mut representation = Representation::new("r", Preset::default());
        representation.handles = false;
        let picks = |stretch: &Stretch| {
            let picks = Picks::of(&representation, Rate::FPS_24, stretch, &mut Vec::new());
            (
                (0..stretch.frames).filter(|&index| picks.times(index) > 0).collect::<Vec<_>>(),
                picks.total(stretch.frames),
            )
        };
        assert_eq!(picks(&stretch(10, (3, 5))), (vec![3, 4], 2));
        assert_eq!(picks(&stretch(3, (0, 0))), (vec![0, 1, 2], 3));
        assert_eq!(picks(&stretch(3, (2, 1))).1, 3, "there is nothing else to show");
    }

    #[test]
    fn posters_and_sheets_leave_handles_out() {
        assert_eq!(shown(Content::Poster(Poster::default()), &stretch(30, (10, 0))), [19]);
        assert_eq!(shown(Content::Poster(Poster { frame: Some(1001) }), &stretch(30, (10, 0))), [10]);
        assert_eq!(shown(Content::Poster(Poster { frame: Some(-9) }), &stretch(30, (10, 0))), [0]);
        let sheet = Content::ContactSheet(ContactSheet { columns: 2, rows: 2 });
        assert_eq!(shown(sheet, &stretch(20, (4, 6))), [4, 7, 10, 13]);
        assert_eq!(shown(sheet, &stretch(3, (0, 0))), [0, 1, 2]);
        assert_eq!(shown(sheet, &stretch(1, (0, 0))), [0]);
        let one = Content::ContactSheet(ContactSheet { columns: 1, rows: 1 });
        assert_eq!(shown(one, &stretch(9, (0, 0))), [0]);
    }
}
