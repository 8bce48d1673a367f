//! Makes one picture of a run's output: the first, the middle and the last frame of each shot, without handles.
//!
//! ```text
//! cargo run --release --example contact_sheet -- out/demo docs/contact-sheet.png
//! ```
//!
//! A sheet that is there already stays.

#![allow(clippy::cast_possible_truncation, reason = "a sheet is far smaller than 2^24 pixels on a side")]

use std::error::Error;
use std::fs::File;
use std::io::BufWriter;

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{DynamicImage, Rgba, RgbaImage, imageops};
use otio_conflate::Report;
use otio_conflate::backend::ffmpeg::{FfmpegBackend, FrameOptions};
use otio_conflate::deliver::Review;
use otio_conflate::picture::{draw_text, text_width};

/// How many shots stand side by side, with three frames each.
const ACROSS: u32 = 2;
/// The size of a frame.
const THUMB: (u32, u32) = (224, 126);
/// Between frames, and between shots and around them.
const GAP: (u32, u32) = (12, 24);
/// The room for a shot's name, and for the numbers below a frame.
const TEXT: (u32, u32) = (30, 26);
const GROUND: Rgba<u8> = Rgba([24, 25, 30, 255]);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, sheet] = arguments.as_slice() else { return Err("usage: contact_sheet FOLDER SHEET.png".into()) };
    let mut report = Report::open(format!("{folder}/manifest.json"))?;
    // A plan that shows all shots one behind the other, without their handles.
    let plan = Review::default().sound(false).plan(&report)?;
    let options = FrameOptions::default().size(THUMB.0, THUMB.1);
    let frames = FfmpegBackend::new().frames_as(&plan, &options)?;
    let mut reader = frames.reader();

    report.shots.retain(|shot| shot.of.is_none());
    report.shots.sort_by_key(|shot| shot.record.start + shot.head);
    let cell = (3 * THUMB.0 + 2 * GAP.0, TEXT.0 + THUMB.1 + TEXT.1);
    let rows = u32::try_from(report.shots.len())?.div_ceil(ACROSS);
    let mut page = RgbaImage::from_pixel(GAP.1 + ACROSS * (cell.0 + GAP.1), GAP.1 + rows * cell.1, GROUND);
    let mut start = 0;
    for (place, shot) in (0..).zip(&report.shots) {
        let (left, y) = (GAP.1 + place % ACROSS * (cell.0 + GAP.1), GAP.1 / 2 + place / ACROSS * cell.1);
        text(&mut page, left, y, 21.0, &shot.shot);
        let count = shot.frame_count - shot.head - shot.tail;
        for (index, x) in [0, count / 2, count - 1].into_iter().zip((left..).step_by((THUMB.0 + GAP.0) as usize)) {
            let picture = reader.frame(start + index)?;
            let samples = picture.as_u8().ok_or("expected 8 bits")?.to_vec();
            let thumb = RgbaImage::from_raw(picture.width, picture.height, samples).ok_or("no picture")?;
            imageops::overlay(&mut page, &thumb, x.into(), (y + TEXT.0).into());
            let (below, timecode) = (y + TEXT.0 + THUMB.1 + 3, plan.timecode(start + index).to_string());
            text(&mut page, x, below, 14.0, &(shot.first_frame + shot.head + index).to_string());
            text(&mut page, x + THUMB.0 - text_width(&timecode, 14.0).ceil() as u32, below, 14.0, &timecode);
        }
        start += count;
    }
    let file = BufWriter::new(File::create_new(sheet)?);
    let png = PngEncoder::new_with_quality(file, CompressionType::Best, FilterType::Adaptive);
    println!("{sheet}: {} by {}", page.width(), page.height());
    Ok(DynamicImage::from(page).to_rgb8().write_with_encoder(png)?)
}

fn text(page: &mut RgbaImage, x: u32, y: u32, size: f32, text: &str) {
    let (width, height) = page.dimensions();
    draw_text(page.as_mut(), width, height, x as f32, y as f32, size, text);
}
