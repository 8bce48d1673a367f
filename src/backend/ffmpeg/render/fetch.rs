//! The decoders of one worker, and what a layer shows at a record frame.

use super::super::damage::{DamagedRun, DamagedRuns};
use super::super::decode::MovieReader;
use super::super::fields::{self, FieldOrder};
use super::super::frame::Frame;
use super::super::media::ResolvedMedia;
use super::super::movie::{Outside, Picked};
use super::super::options::DecodeOptions;
use super::super::sequence::SequenceReader;
use super::program::Same;
use super::scene::Scene;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Layer, MediaSource, Substitute};
use crate::time::{Rate, Ratio};
use crate::timeline::MissingFramePolicy;

/// Decoders kept open by one worker, besides those that the frame at hand needs.
const IDLE: usize = 2;

/// What a layer shows at a record frame.
#[derive(Debug, Clone)]
pub(super) enum LayerFrame {
    /// A frame of its media.
    Frame {
        /// The frame.
        frame: Frame,
        /// Where it was looked for in the media, in frames at the rate that the plan counts them at.
        position: Ratio,
        /// How much of the next frame is mixed into it.
        share: Ratio,
    },
    /// Black.
    Black,
    /// A picture that is made.
    Made,
}

impl LayerFrame {
    /// Whether both are the same picture, seen by the same layer.
    pub(super) fn is_same(&self, other: &LayerFrame) -> bool {
        match (self, other) {
            // Several places may give one frame: media that ended, or that runs slower than the timeline takes it to.
            (
                LayerFrame::Frame { position: a, frame: one, share },
                LayerFrame::Frame { position: b, frame: other, share: same },
            ) => (a == b && share == same) || std::ptr::eq(one.plane(0).0, other.plane(0).0),
            (LayerFrame::Black, LayerFrame::Black) | (LayerFrame::Made, LayerFrame::Made) => true,
            _ => false,
        }
    }
}

enum LayerReader {
    Movie(Box<MovieReader>),
    Sequence(SequenceReader),
}

/// A decoder and the layer that used it last.
struct Slot {
    source: MediaSource,
    object: String,
    reader: LayerReader,
    last_used: u64,
}

/// The decoders of one worker.
pub(super) struct Readers<'s> {
    scene: &'s Scene<'s>,
    options: DecodeOptions,
    slots: Vec<Slot>,
    /// The paths of the layers that the frame at hand needs.
    needed: Vec<String>,
    clock: u64,
    notes: Vec<String>,
    /// Damaged frames that were shown.
    damaged: DamagedRuns,
    /// Interlaced frames stay as they are.
    pub(super) keep_fields: bool,
}

impl<'s> Readers<'s> {
    pub(super) fn new(scene: &'s Scene<'s>, threads: usize) -> Readers<'s> {
        // EXR stays linear until it is converted: only the conversion knows the output.
        let options =
            DecodeOptions::default().threads(threads).damaged(scene.plan.damaged).max_pixels(scene.max_pixels);
        Readers {
            scene,
            options,
            slots: Vec::new(),
            needed: Vec::new(),
            clock: 0,
            notes: Vec::new(),
            damaged: DamagedRuns::default(),
            keep_fields: false,
        }
    }

    /// Tells which layers the next frame needs, so that no decoder is taken from one for another.
    pub(super) fn begin_frame(&mut self, needed: &[Same<'_, Layer>]) {
        self.clock += 1;
        self.needed.clear();
        self.needed.extend(needed.iter().map(|layer| layer.object.clone()));
    }

    /// What was noticed while reading, each once.
    pub(super) fn take_notes(&mut self) -> Vec<String> {
        let mut notes = std::mem::take(&mut self.notes);
        notes.extend(self.damaged.take().iter().map(DamagedRun::to_string));
        notes
    }

    fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// What `layer` shows at record frame `record`; in slow motion that is to be blended, the next frame, too, with its
    /// share.
    pub(super) fn seen(&mut self, layer: &Layer, record: i64) -> Result<(LayerFrame, Option<(Frame, Ratio)>)> {
        let scene = self.scene;
        let found = &scene.found[layer.media.index()];
        match found {
            ResolvedMedia::Picture(_) => {}
            ResolvedMedia::Black => return Ok((LayerFrame::Black, None)),
            ResolvedMedia::Slate { .. } | ResolvedMedia::Generated(_) => return Ok((LayerFrame::Made, None)),
            other => {
                let unseen = || Error::new(ErrorKind::MediaMissing, "the medium was not looked at");
                return Err(other.error().unwrap_or_else(unseen));
            }
        }
        let Some((index, second)) = scene.plan.source_blend(layer, record) else {
            return Ok((LayerFrame::Black, None));
        };
        let Some((next, share)) = second else {
            // Only the movie knows which frame is on screen then.
            let position = scene.plan.source_position(layer, record).unwrap_or(Ratio::whole(index));
            return Ok((self.read(layer, position)?, None));
        };
        let first = self.read(layer, Ratio::whole(index))?;
        Ok(match self.read(layer, Ratio::whole(next))? {
            LayerFrame::Frame { frame, .. } => (first, Some((frame, share))),
            _ => (first, None),
        })
    }

    /// The frame at `position` of the media of `layer`, or what is shown instead.
    fn read(&mut self, layer: &Layer, position: Ratio) -> Result<LayerFrame> {
        let index = position.frame();
        let scene = self.scene;
        let media = &scene.plan.media[layer.media];
        let keep = self.keep_fields;
        let fields = scene.found[layer.media.index()].picture().and_then(|info| info.top_field_first);
        if fields.is_some() && !keep {
            self.note(fields::was_deinterlaced(&media.source.display()));
        }
        let (seen, damage) = match self.reader(layer, &media.source)? {
            LayerReader::Movie(reader) if let Some(top_first) = fields => {
                let order = if top_first { FieldOrder::Top } else { FieldOrder::Bottom };
                match keep {
                    true => held_without_fields(reader, position, media.rate, order)?,
                    false => whole_frame(reader, position, media.rate, order)?,
                }
            }
            LayerReader::Movie(reader) => movie_frame(reader, position, media.rate)?,
            LayerReader::Sequence(reader) => {
                let seen = sequence_frame(reader, index, &media.source)?;
                (seen, reader.damage().map(str::to_owned))
            }
        };
        if let Some(damage) = damage {
            self.damaged.add(&media.source.display(), media.source.number(index), &damage.into());
        }
        match seen {
            ReadFrame::Frame { frame, position, note } => {
                if let Some(note) = note {
                    self.note(note);
                }
                Ok(LayerFrame::Frame { frame, position, share: Ratio::ZERO })
            }
            ReadFrame::Black { note } => {
                self.note(note);
                Ok(LayerFrame::Black)
            }
            ReadFrame::Outside { frame, side } => {
                let file = media.source.display();
                let where_it_ends = match side {
                    Outside::Before => "begins later",
                    Outside::After => "ends earlier",
                };
                let message = || format!("{file} {where_it_ends} than source frame {index}");
                let substitute = scene.plan.overrun.substitute(message).map_err(|error| error.at_frame(index))?;
                self.note(format!("{file} {where_it_ends} than the timeline says: {substitute}"));
                Ok(match substitute {
                    Substitute::Black => LayerFrame::Black,
                    Substitute::Nearest => LayerFrame::Frame { frame, position, share: Ratio::ZERO },
                })
            }
        }
    }

    /// A decoder for `layer`: its own, else an idle one of the same media, else a new one.
    fn reader(&mut self, layer: &Layer, source: &MediaSource) -> Result<&mut LayerReader> {
        let clock = self.clock;
        let own = |slot: &Slot| slot.object == layer.object && slot.source == *source;
        let idle = |slot: &Slot| slot.source == *source && !self.needed.contains(&slot.object);
        let place = self.slots.iter().position(own).or_else(|| self.slots.iter().position(idle));
        let place = match place {
            Some(place) => place,
            None => {
                self.close_idle();
                let options = self.options.clone().exr_color(self.scene.plan.media[layer.media].color);
                let reader = match source {
                    MediaSource::Sequence { .. } => LayerReader::Sequence(SequenceReader::new(source, &options)?),
                    _ => {
                        let path = source.file(0).unwrap_or_default();
                        LayerReader::Movie(Box::new(MovieReader::open(path, &options)?))
                    }
                };
                let object = layer.object.clone();
                self.slots.push(Slot { source: source.clone(), object, reader, last_used: clock });
                self.slots.len() - 1
            }
        };
        let slot = &mut self.slots[place];
        slot.last_used = clock;
        slot.object.clone_from(&layer.object);
        Ok(&mut slot.reader)
    }

    /// Closes all but the last few decoders that the frame at hand does not need.
    fn close_idle(&mut self) {
        let mut idle: Vec<u64> =
            self.slots.iter().filter(|slot| !self.needed.contains(&slot.object)).map(|slot| slot.last_used).collect();
        idle.sort_unstable();
        let Some(oldest) = idle.len().checked_sub(IDLE).filter(|&surplus| surplus > 0).map(|surplus| idle[surplus])
        else {
            return;
        };
        let needed = &self.needed;
        self.slots.retain(|slot| needed.contains(&slot.object) || slot.last_used >= oldest);
    }
}

/// What reading a frame gave.
enum ReadFrame {
    Frame { frame: Frame, position: Ratio, note: Option<String> },
    Black { note: String },
    Outside { frame: Frame, side: Outside },
}

/// A frame of an interlaced movie as it is; one that is held beyond the media's ends does not move, and has no fields.
fn held_without_fields(
    reader: &mut MovieReader,
    position: Ratio,
    rate: Rate,
    order: FieldOrder,
) -> Result<(ReadFrame, Option<String>)> {
    match movie_frame(reader, position, rate)? {
        (ReadFrame::Outside { .. }, _) => whole_frame(reader, position, rate, order),
        read => Ok(read),
    }
}

/// A frame of an interlaced movie without its fields, made of it and its neighbours.
fn whole_frame(
    reader: &mut MovieReader,
    position: Ratio,
    rate: Rate,
    order: FieldOrder,
) -> Result<(ReadFrame, Option<String>)> {
    let picked = deinterlaced(reader, position, rate, order)?;
    let read = match picked.outside {
        Some(side) => ReadFrame::Outside { frame: picked.frame, side },
        None => ReadFrame::Frame { frame: picked.frame, position, note: None },
    };
    Ok((read, picked.damage))
}

/// The frame at `position` of an interlaced movie, counted at `rate`, without its fields.
pub(in super::super) fn deinterlaced(
    reader: &mut MovieReader,
    position: Ratio,
    rate: Rate,
    order: FieldOrder,
) -> Result<Picked> {
    let neighbour = |reader: &mut MovieReader, position: Ratio| {
        // A damaged one is told where it is shown itself.
        let picked = reader.frame_at(position, rate).ok();
        picked.filter(|picked| picked.outside.is_none() && picked.damage.is_none()).map(|picked| picked.frame)
    };
    let before = neighbour(reader, position - Ratio::ONE);
    let picked = reader.frame_at(position, rate)?;
    let after = neighbour(reader, position + Ratio::ONE);
    let shape = |frame: &Frame| (frame.format(), frame.width(), frame.height());
    let like = |frame: &&Frame| shape(frame) == shape(&picked.frame);
    let (before, after) = (before.as_ref().filter(like), after.as_ref().filter(like));
    let whole = fields::deinterlaced(before.map(Frame::as_av), picked.frame.as_av(), after.map(Frame::as_av), order)?;
    let frame = picked.frame.progressive(whole);
    Ok(Picked { frame, ..picked })
}

fn movie_frame(reader: &mut MovieReader, position: Ratio, rate: Rate) -> Result<(ReadFrame, Option<String>)> {
    let picked = reader.frame_at(position, rate)?;
    let read = match picked.outside {
        Some(side) => ReadFrame::Outside { frame: picked.frame, side },
        None => ReadFrame::Frame { frame: picked.frame, position, note: None },
    };
    Ok((read, picked.damage))
}

/// A frame of a sequence, or what its own policy makes of a hole.
fn sequence_frame(reader: &mut SequenceReader, index: i64, source: &MediaSource) -> Result<ReadFrame> {
    if let Some(frame) = reader.read(index)? {
        return Ok(ReadFrame::Frame { frame, position: Ratio::whole(index), note: None });
    }
    let MediaSource::Sequence { holes, .. } = source else {
        return Err(Error::new(ErrorKind::MediaMissing, "not a sequence"));
    };
    let number = source.number(index);
    let file = source.file(index).unwrap_or_default();
    match holes {
        MissingFramePolicy::Black => {
            Ok(ReadFrame::Black { note: format!("{}: frame {number} is missing; black is shown", source.display()) })
        }
        MissingFramePolicy::Hold => {
            let numbers = reader.list()?;
            let held = numbers.iter().rev().find(|&&there| there < number).or(numbers.first());
            let MediaSource::Sequence { start, step, .. } = source else { unreachable!("checked above") };
            let held = held.map(|held| (held - start).div_euclid(*step));
            let frame = held.map_or(Ok(None), |held| reader.read(held))?;
            match (held, frame) {
                (Some(held), Some(frame)) => {
                    let note = format!(
                        "{}: frame {number} is missing; frame {} is held",
                        source.display(),
                        source.number(held)
                    );
                    Ok(ReadFrame::Frame { frame, position: Ratio::whole(held), note: Some(note) })
                }
                _ => Err(hole(&file, number)),
            }
        }
        MissingFramePolicy::Error => Err(hole(&file, number)),
    }
}

fn hole(file: &std::path::Path, number: i64) -> Error {
    Error::new(ErrorKind::MediaMissing, format!("{} does not exist", file.display())).at_file(file).at_frame(number)
}
