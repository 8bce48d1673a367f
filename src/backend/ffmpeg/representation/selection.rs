//! Which pictures of a range a representation shows, and how often.

use std::ops::Range;

use super::FrameRange;
use crate::deliver::{Content, Poster, Representation};
use crate::time::{Rate, Ratio};

/// Which pictures are shown, and how often.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum FrameSelection {
    /// So many frames a picture, of the pictures in a range: frame *k* is shown at the moment *k* / rate, and is the
    /// picture that is on then.
    Steady(Ratio, Range<i64>),
    /// These, in rising order.
    Some(Vec<i64>),
}

impl FrameSelection {
    /// What `representation` shows of a range at `rate`. What it asks for and does not get is noted.
    pub(super) fn of(
        representation: &Representation,
        rate: Rate,
        frame_range: &FrameRange,
        notes: &mut Vec<String>,
    ) -> FrameSelection {
        let (head, tail) = frame_range.handles;
        let last = (frame_range.frames - tail - 1).max(head);
        match representation.content {
            Content::All => {
                let own = representation.rate.unwrap_or(rate);
                FrameSelection::Steady(
                    own.nominal() / rate.nominal(),
                    representation.shown(frame_range.frames, frame_range.handles),
                )
            }
            Content::Poster(Poster { frame: None }) => FrameSelection::Some(vec![(head + last) / 2]),
            Content::Poster(Poster { frame: Some(number) }) => {
                let index = number.saturating_sub(frame_range.first);
                let nearest = index.clamp(0, (frame_range.frames - 1).max(0));
                if nearest != index {
                    let shown = frame_range.first + nearest;
                    notes.push(format!("{}: there is no frame {number}; {shown} is shown", representation.name));
                }
                FrameSelection::Some(vec![nearest])
            }
            Content::ContactSheet(layout) => {
                let cells = i64::from(layout.columns) * i64::from(layout.rows);
                let count = cells.min(last - head + 1).max(1);
                let steps = (count - 1).max(1);
                let at = |cell: i64| head + (2 * cell * (last - head) + steps) / (2 * steps);
                FrameSelection::Some((0..count).map(at).collect())
            }
        }
    }

    /// How often picture `index` is shown.
    pub(super) fn times(&self, index: i64) -> i64 {
        match self {
            FrameSelection::Steady(..) => self.total(index + 1) - self.total(index),
            FrameSelection::Some(indices) => i64::from(indices.binary_search(&index).is_ok()),
        }
    }

    /// How many frames are made of the first `frames` pictures.
    pub(super) fn total(&self, frames: i64) -> i64 {
        match self {
            FrameSelection::Steady(step, shown) => {
                (Ratio::whole(frames.clamp(shown.start, shown.end) - shown.start) * *step).ceil()
            }
            FrameSelection::Some(indices) => {
                i64::try_from(indices.partition_point(|&index| index < frames)).unwrap_or(i64::MAX)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliver::{ContactSheet, Preset};

    fn frame_range(frames: i64, handles: (i64, i64)) -> FrameRange {
        FrameRange { frames, handles, first: 1001 - handles.0, sound: None, timecode: None }
    }

    fn shown(content: Content, frame_range: &FrameRange) -> Vec<i64> {
        let mut representation = Representation::new("r", Preset::default());
        representation.content = content;
        let selection = FrameSelection::of(&representation, Rate::FPS_24, frame_range, &mut Vec::new());
        (0..frame_range.frames).filter(|&index| selection.times(index) > 0).collect()
    }

    #[test]
    fn every_frame_is_the_picture_on_screen_when_it_starts() {
        for (from, to) in [(24.0, 12.0), (24.0, 25.0), (23.976, 59.94), (60.0, 24.0), (25.0, 23.976), (24.0, 24.0)] {
            let (from, to) = (Rate::new(from).expect("a rate"), Rate::new(to).expect("a rate"));
            let mut representation = Representation::new("r", Preset::default());
            representation.rate = Some(to);
            let selection = FrameSelection::of(&representation, from, &frame_range(100, (0, 0)), &mut Vec::new());
            let shown: Vec<i64> = (0..100).flat_map(|index| (0..selection.times(index)).map(move |_| index)).collect();
            assert_eq!(i64::try_from(shown.len()).expect("few"), selection.total(100));
            for (frame, index) in (0..).zip(shown) {
                assert_eq!(index, (Ratio::whole(frame) / to.nominal() * from.nominal()).floor(), "{from} to {to}");
            }
        }
    }

    #[test]
    fn handles_are_left_out_where_they_are_not_wanted() {
        let mut representation = Representation::new("r", Preset::default());
        representation.handles = false;
        let selection = |frame_range: &FrameRange| {
            let selection = FrameSelection::of(&representation, Rate::FPS_24, frame_range, &mut Vec::new());
            (
                (0..frame_range.frames).filter(|&index| selection.times(index) > 0).collect::<Vec<_>>(),
                selection.total(frame_range.frames),
            )
        };
        assert_eq!(selection(&frame_range(10, (3, 5))), (vec![3, 4], 2));
        assert_eq!(selection(&frame_range(3, (0, 0))), (vec![0, 1, 2], 3));
        assert_eq!(selection(&frame_range(3, (2, 1))).1, 3, "there is nothing else to show");
    }

    #[test]
    fn posters_and_sheets_leave_handles_out() {
        assert_eq!(shown(Content::Poster(Poster::default()), &frame_range(30, (10, 0))), [19]);
        assert_eq!(shown(Content::Poster(Poster { frame: Some(1001) }), &frame_range(30, (10, 0))), [10]);
        assert_eq!(shown(Content::Poster(Poster { frame: Some(-9) }), &frame_range(30, (10, 0))), [0]);
        let sheet = Content::ContactSheet(ContactSheet { columns: 2, rows: 2 });
        assert_eq!(shown(sheet, &frame_range(20, (4, 6))), [4, 7, 10, 13]);
        assert_eq!(shown(sheet, &frame_range(3, (0, 0))), [0, 1, 2]);
        assert_eq!(shown(sheet, &frame_range(1, (0, 0))), [0]);
        let one = Content::ContactSheet(ContactSheet { columns: 1, rows: 1 });
        assert_eq!(shown(one, &frame_range(9, (0, 0))), [0]);
    }
}
