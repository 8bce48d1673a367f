//! Makes one picture of a run's output: the first, the middle and the last frame of each shot, without handles.
//!
//! ```text
//! cargo run --release --example contact_sheet -- out/demo docs/contact-sheet.png
//! ```
//!
//! A sheet that is there already stays.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use ffmpeg_next::format::Pixel;
use otio_conflate::backend::ffmpeg::{
    ChromaSite, Converter, DecodeOptions, Frame, MovieReader, SourcePicture, TargetFormat,
};
use otio_conflate::picture::{Rect, draw_text, text_width};
use otio_conflate::plan::ColorTags;
use otio_conflate::time::Timecode;
use otio_conflate::{Report, ShotReport};

/// How many shots stand side by side, with three frames each.
const ACROSS: u32 = 2;
/// The size of a frame.
const THUMB: (u32, u32) = (224, 126);
/// Between frames, and between shots and around them.
const GAP: (u32, u32) = (12, 24);
/// The room for a shot's name, and for the numbers below a frame.
const TEXT: (u32, u32) = (30, 26);
const GROUND: [u8; 4] = [24, 25, 30, 255];

fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [folder, sheet] = arguments.as_slice() else {
        eprintln!("usage: contact_sheet FOLDER SHEET.png");
        return ExitCode::FAILURE;
    };
    match make(folder.clone(), sheet.clone()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn make(folder: PathBuf, sheet: PathBuf) -> Result<(), Box<dyn Error>> {
    let mut report: Report = serde_json::from_slice(&std::fs::read(folder.join("manifest.json"))?)?;
    report.folder = folder;
    let delivered: Vec<&ShotReport> =
        report.shots.iter().filter(|shot| shot.output.is_some() && shot.of.is_none()).collect();
    let cell = (3 * THUMB.0 + 2 * GAP.0, TEXT.0 + THUMB.1 + TEXT.1);
    let rows = u32::try_from(delivered.len())?.div_ceil(ACROSS);
    let size = (GAP.1 + ACROSS * (cell.0 + GAP.1), GAP.1 + rows * cell.1);
    let mut page = Page { data: GROUND.repeat(size.0 as usize * size.1 as usize), size };
    for (place, shot) in (0..).zip(delivered) {
        let corner = (GAP.1 + place % ACROSS * (cell.0 + GAP.1), GAP.1 / 2 + place / ACROSS * cell.1);
        page.shot(&report, shot, corner)?;
    }
    let rgb = image::DynamicImage::from(image::RgbaImage::from_raw(size.0, size.1, page.data).ok_or("no picture")?);
    let (best, adaptive) = (image::codecs::png::CompressionType::Best, image::codecs::png::FilterType::Adaptive);
    let file = std::io::BufWriter::new(std::fs::File::create_new(&sheet)?);
    rgb.to_rgb8().write_with_encoder(image::codecs::png::PngEncoder::new_with_quality(file, best, adaptive))?;
    println!("{}: {} by {}", sheet.display(), size.0, size.1);
    Ok(())
}

struct Page {
    data: Vec<u8>,
    size: (u32, u32),
}

impl Page {
    fn shot(&mut self, report: &Report, shot: &ShotReport, (x, y): (u32, u32)) -> Result<(), Box<dyn Error>> {
        let output = shot.output.as_ref().ok_or("a shot without a file")?;
        let start = Timecode::parse(&shot.record.start_timecode, report.rate)?;
        let mut reader = MovieReader::open(report.folder.join(&output.path), &DecodeOptions::default())?;
        let mut converter = Converter::new();
        self.text(x, y, 21.0, &shot.shot);
        let (first, last) = (shot.head, shot.frame_count - shot.tail - 1);
        let top = y + TEXT.0;
        for (index, x) in
            [first, (first + last + 1) / 2, last].into_iter().zip((x..).step_by((THUMB.0 + GAP.0) as usize))
        {
            self.frame(&mut converter, &reader.frame(index, report.rate)?.frame, (x, top))?;
            let timecode = Timecode::from_frame(start.frame() + index, report.rate, start.is_drop()).to_string();
            self.text(x, top + THUMB.1 + 3, 14.0, &(shot.first_frame + index).to_string());
            self.text(x + THUMB.0 - whole(text_width(&timecode, 14.0)), top + THUMB.1 + 3, 14.0, &timecode);
        }
        Ok(())
    }

    fn frame(&mut self, converter: &mut Converter, frame: &Frame, (x, y): (u32, u32)) -> otio_conflate::Result<()> {
        let (width, height) = THUMB;
        let source =
            SourcePicture { frame: frame.as_av(), color: frame.color(), premultiplied: frame.is_premultiplied() };
        let (format, color, chroma) = (Pixel::RGB24, ColorTags::SRGB, ChromaSite::default());
        let target = TargetFormat { format, width, height, color, premultiplied: false, chroma };
        let converted = converter.convert(&source, &target, Rect::whole(width, height))?;
        let rgb = converted.as_ref().unwrap_or(frame.as_av());
        for (line, pixels) in (y..y + height).zip(rgb.data(0).chunks(rgb.stride(0))) {
            for (column, pixel) in (x..x + width).zip(pixels.chunks_exact(3)) {
                let start = (line as usize * self.size.0 as usize + column as usize) * 4;
                self.data[start..start + 3].copy_from_slice(pixel);
            }
        }
        Ok(())
    }

    #[allow(clippy::cast_precision_loss, reason = "a sheet is far smaller than 2^24 pixels on a side")]
    fn text(&mut self, x: u32, y: u32, size: f32, text: &str) {
        draw_text(&mut self.data, self.size.0, self.size.1, x as f32, y as f32, size, text);
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
fn whole(width: f32) -> u32 {
    width.ceil() as u32
}
