//! Makes the folder `otio-samples/`: short media whose frames carry their own number, and timelines that use them.
//!
//! ```text
//! cargo run --release --example make_samples -- otio-samples
//! ```

mod cuts;
mod pictures;
mod strip;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;
use otio_conflate::backend::ffmpeg::{
    Converter, FormatRequest, MovieWriter, OutputSettings, SequenceNames, SequenceWriter, SourcePicture, rgba8_frame,
};
use otio_conflate::deliver::Preset;
use otio_conflate::picture::Rect;
use otio_conflate::plan::ColorTags;
use otio_conflate::time::{Rate, Timecode};
use otio_conflate::{Error, ErrorKind, Result, otio};

const LARGE: (u32, u32) = (640, 360);
const SMALL: (u32, u32) = (480, 270);

/// The numbers of the fog's frames: some were never rendered.
const FOG: [i64; 19] =
    [1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1012, 1013, 1014, 1015, 1016, 1017, 1019, 1020, 1021, 1022, 1023];

fn main() -> ExitCode {
    let folder = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("otio-samples"), PathBuf::from);
    match make(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn make(folder: &Path) -> Result<()> {
    let media = folder.join("media");
    // Whatever is there may be somebody's own.
    let names = cuts::all().into_iter().map(|(file, _)| folder.join(file));
    if let Some(there) = [media.clone()].into_iter().chain(names).find(|path| path.symlink_metadata().is_ok()) {
        let message = format!("{} exists already; expected a folder without it", there.display());
        return Err(Error::new(ErrorKind::Exists, message).at_file(there));
    }
    for folder in [media.clone(), media.join("lighthouse"), media.join("fog")] {
        std::fs::create_dir_all(&folder).map_err(|error| Error::io("create", &folder, error))?;
    }
    for (name, frames) in [("quay_t3", 84), ("ferry_t1", 84), ("gulls_t2", 84), ("lamp_insert", 36)] {
        movie(&media.join(format!("{name}.mp4")), "h264", Rate::FPS_24, LARGE, frames, None)?;
    }
    movie(&media.join("drone_25fps.mp4"), "h264", Rate::FPS_25, LARGE, 75, None)?;
    let hour = Timecode::from_frame(cuts::HOUR, Rate::FPS_24, false);
    movie(&media.join("A003C007.mov"), "prores-proxy", Rate::FPS_24, SMALL, 36, Some(hour))?;
    let lighthouse: Vec<i64> = (1001..=1040).collect();
    sequence(&media.join("lighthouse"), "jpg", &lighthouse)?;
    sequence(&media.join("fog"), "png", &FOG)?;
    lower_third(&media)?;
    for (file, timeline) in cuts::all() {
        otio::write_file(&timeline, folder.join(file))?;
    }
    Ok(())
}

/// Writes a movie of frames 0, 1, 2 and so on.
fn movie(
    path: &Path,
    preset: &str,
    rate: Rate,
    size: (u32, u32),
    frames: i64,
    timecode: Option<Timecode>,
) -> Result<()> {
    let mut settings = settings(preset, size, rate, false)?;
    settings.timecode = timecode;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let look = pictures::look(&name);
    let mut painter = Painter::new(&settings);
    let mut writer = MovieWriter::create(path, &settings)?;
    for number in 0..frames {
        let source_frame = timecode.map_or(0, Timecode::frame) + number;
        let caption = Timecode::from_frame(source_frame, rate, false).to_string();
        writer.write(&painter.paint(&pictures::frame(&look, number, seconds(number, rate), &caption, size))?)?;
    }
    let written = writer.finish()?;
    println!("{}: {} frames, {} bytes", path.display(), written.frames, written.bytes);
    Ok(())
}

/// Writes the frames of these numbers, each into a file of its own.
fn sequence(folder: &Path, preset: &str, numbers: &[i64]) -> Result<()> {
    let mut settings = settings(preset, LARGE, Rate::FPS_24, false)?;
    // JPEG at its best is larger than samples have to be.
    if let Some((_, quality)) = settings.preset.encoders[0].options.iter_mut().find(|(key, _)| key == "global_quality")
    {
        *quality = "590".to_owned();
    }
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let look = pictures::look(&name);
    let mut painter = Painter::new(&settings);
    let mut bytes = 0;
    for &number in numbers {
        let suffix = format!(".{}", settings.preset.extension);
        let names = SequenceNames::new(folder, &format!("{name}."), &suffix, number);
        let caption = names.file(0).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut writer = SequenceWriter::create(names, &settings)?;
        let seconds = seconds(number - 1001, Rate::FPS_24);
        writer.write(&painter.paint(&pictures::frame(&look, number, seconds, &caption, LARGE))?)?;
        bytes += writer.finish()?.bytes;
    }
    println!("{}: {} frames, {bytes} bytes", folder.display(), numbers.len());
    Ok(())
}

/// Writes a still with alpha. A sequence of one frame would have a number in its name, which stills do not.
fn lower_third(folder: &Path) -> Result<()> {
    let settings = settings("png", LARGE, Rate::FPS_24, true)?;
    let names = SequenceNames::new(folder, "lower_third.", ".png", 1);
    let numbered = names.file(0);
    let mut writer = SequenceWriter::create(names, &settings)?;
    writer.write(&Painter::new(&settings).paint(&pictures::lower_third(LARGE.0, LARGE.1))?)?;
    writer.finish()?;
    let path = folder.join("lower_third.png");
    std::fs::rename(&numbered, &path).map_err(|error| Error::io("write", &path, error))
}

fn settings(preset: &str, size: (u32, u32), rate: Rate, alpha: bool) -> Result<OutputSettings> {
    let preset = Preset::by_name(preset)?;
    let source = if preset.name == "png" { Pixel::RGBA } else { Pixel::YUV420P };
    let format = preset.pixel_format(FormatRequest { source, alpha }, size.0, size.1)?;
    Ok(OutputSettings::new(preset, format, size, rate))
}

#[allow(clippy::cast_precision_loss, reason = "sample media are short")]
fn seconds(frame: i64, rate: Rate) -> f32 {
    frame as f32 * rate.den() as f32 / rate.num() as f32
}

/// Turns RGBA pictures into what an encoder takes.
struct Painter<'a> {
    settings: &'a OutputSettings,
    converter: Converter,
}

impl Painter<'_> {
    fn new(settings: &OutputSettings) -> Painter<'_> {
        Painter { settings, converter: Converter::new() }
    }

    fn paint(&mut self, rgba: &[u8]) -> Result<Video> {
        let (width, height) = (self.settings.width, self.settings.height);
        let frame = rgba8_frame(rgba, width, height)?;
        let source = SourcePicture { frame: &frame, color: ColorTags::SRGB, premultiplied: false };
        let converted = self.converter.convert(&source, &self.settings.target(), Rect::whole(width, height))?;
        Ok(converted.unwrap_or(frame))
    }
}
