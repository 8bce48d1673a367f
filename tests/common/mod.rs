//! Media that tests make for themselves: frames that carry their own number, and the way to read it back.

#![allow(dead_code, unreachable_pub, reason = "every test binary uses its own part of this")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use otio_conflate::backend::ffmpeg::Frame;

/// Pixels in a line of a numbered frame.
pub const WIDTH: usize = 256;
/// Lines of a numbered frame.
pub const HEIGHT: usize = 160;
/// A number is drawn as 16 blocks, one a bit, and below them as 16 more with every bit turned over.
const BLOCK: usize = 32;
const COLUMNS: usize = 8;

/// A numbered frame as planar 4:2:0, 8 bits, limited range. Below the number, something moves.
pub fn draw(number: u16) -> Vec<u8> {
    let mut luma = vec![16u8; WIDTH * HEIGHT];
    for (y, line) in luma.chunks_exact_mut(WIDTH).enumerate() {
        for (x, sample) in line.iter_mut().enumerate() {
            *sample = match bit(x / BLOCK + y / BLOCK * COLUMNS, number) {
                Some(true) => 235,
                Some(false) => 16,
                None => 64 + u8::try_from((x + usize::from(number) * 3) % 128).expect("below 128"),
            };
        }
    }
    luma.resize(WIDTH * HEIGHT * 3 / 2, 128);
    luma
}

fn bit(block: usize, number: u16) -> Option<bool> {
    match block {
        0..=15 => Some(number >> block & 1 == 1),
        16..=31 => Some(number >> (block - 16) & 1 == 0),
        _ => None,
    }
}

/// The number that a decoded frame carries; `None` if its blocks do not agree with one another.
pub fn number(frame: &Frame) -> Option<u16> {
    let (data, stride) = frame.plane(0);
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    assert!(width == WIDTH && height == HEIGHT, "a numbered frame is {WIDTH}x{HEIGHT}, this is {width}x{height}");
    let bytes = (data.len() - stride * (height - 1)) / width;
    let format = format!("{:?}", frame.format());
    let sample = |x: usize, y: usize| -> f64 {
        let pixel = &data[y * stride + x * bytes..][..bytes];
        match (bytes, pixel) {
            (2 | 6 | 8, [high, low, ..]) if format.ends_with("BE") => f64::from(u16::from_be_bytes([*high, *low])),
            (2 | 6 | 8, [low, high, ..]) => f64::from(u16::from_le_bytes([*low, *high])),
            (4, &[a, b, c, d]) if format.contains("F32") => f64::from(f32::from_ne_bytes([a, b, c, d])),
            _ => f64::from(pixel[0]),
        }
    };
    number_in(sample, (0, 0), (width, height))
}

/// The number of a picture that lies at `(left, top)` among others and was scaled to `(width, height)`.
pub fn number_in(
    sample: impl Fn(usize, usize) -> f64,
    (left, top): (usize, usize),
    (width, height): (usize, usize),
) -> Option<u16> {
    let blocks: Vec<f64> = (0..32)
        .map(|block| {
            let (across, down) = (block % COLUMNS * BLOCK, block / COLUMNS * BLOCK);
            let inner = || (8..BLOCK - 8).step_by(4);
            let at = |x: usize, y: usize| sample(left + x * width / WIDTH, top + y * height / HEIGHT);
            inner().flat_map(|y| inner().map(move |x| (x, y))).map(|(x, y)| at(across + x, down + y)).sum::<f64>()
        })
        .collect();
    let middle = blocks.iter().sum::<f64>() / 32.0;
    let mut number = 0;
    for block in 0..16 {
        let (one, other) = (blocks[block] > middle, blocks[block + 16] > middle);
        if one == other {
            return None;
        }
        number |= u16::from(one) << block;
    }
    Some(number)
}

/// Runs the `ffmpeg` command line tool.
pub fn ffmpeg(arguments: &[&str], input: Option<Vec<u8>>) {
    let mut child = Command::new("ffmpeg")
        .args(["-hide_banner", "-nostdin", "-loglevel", "error", "-y"])
        .args(arguments)
        .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the tests need the ffmpeg command line tool");
    let mut stdin = child.stdin.take();
    let writer = std::thread::spawn(move || {
        if let (Some(stdin), Some(input)) = (stdin.as_mut(), input) {
            // A tool that fails stops reading; its own message says why.
            let _ = stdin.write_all(&input);
        }
    });
    let output = child.wait_with_output().expect("ffmpeg runs to its end");
    writer.join().expect("the writer does not panic");
    assert!(output.status.success(), "ffmpeg {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Writes a file of numbered frames `numbers` at `rate`, coded as `arguments` say (space-separated). More inputs may
/// come first among them.
pub fn movie(path: &Path, numbers: impl IntoIterator<Item = u16>, rate: &str, arguments: &str) -> PathBuf {
    raw_movie(path, "yuv420p", (WIDTH, HEIGHT), rate, numbers.into_iter().flat_map(draw).collect(), arguments)
}

/// Writes a file of the pictures in `data`, which are of this pixel format and size, one behind the other.
pub fn raw_movie(
    path: &Path,
    format: &str,
    (width, height): (usize, usize),
    rate: &str,
    data: Vec<u8>,
    arguments: &str,
) -> PathBuf {
    let size = format!("{width}x{height}");
    let mut all = vec!["-f", "rawvideo", "-pix_fmt", format, "-s", &size, "-r", rate, "-i", "-"];
    if format.starts_with("gbrapf32") && knows_alpha_modes() {
        // As EXR files hold it; FFmpeg 9 would multiply it otherwise.
        all.extend(["-vf", "setparams=alpha_mode=premultiplied"]);
    }
    all.extend(arguments.split_whitespace());
    let file = path.to_str().expect("temporary folders have plain names");
    all.push(file);
    ffmpeg(&all, Some(data));
    path.to_owned()
}

/// Whether this FFmpeg tells straight alpha from premultiplied.
fn knows_alpha_modes() -> bool {
    static KNOWS: std::sync::LazyLock<bool> = std::sync::LazyLock::new(|| {
        let help = Command::new("ffmpeg").args(["-hide_banner", "-h", "filter=setparams"]).output();
        String::from_utf8_lossy(&help.expect("the tests need the ffmpeg command line tool").stdout)
            .contains("alpha_mode")
    });
    *KNOWS
}

/// The samples of every frame of a file (or of the sequence of this pattern), as the `ffmpeg` command line tool decodes
/// them into a pixel format, without padding.
pub fn samples(path: &Path, first: Option<i64>, format: &str) -> Vec<u8> {
    let first = first.map(|first| ["-start_number".to_owned(), first.to_string()]);
    let first = first.as_ref().map_or(&[][..], |first| &first[..]);
    if format.starts_with("gbr") && format.ends_with("pf32le") {
        let video = ffprobe_from(path, first)["streams"][0].clone();
        let own = video["pix_fmt"].as_str().expect("a pixel format");
        if own.ends_with("pf16le") {
            // The command line tool of FFmpeg 9 gets wrong what it converts from floats of 16 bits.
            let side = |key: &str| usize::try_from(video[key].as_u64().expect("a size")).expect("a size");
            let plane = side("width") * side("height") * 4;
            let planes = |format: &str| if format.starts_with("gbra") { 4 } else { 3 };
            assert!(planes(format) <= planes(own), "{own} has no alpha");
            let singles = widened(&decoded_samples(path, first, own));
            return singles
                .chunks(plane * planes(own))
                .flat_map(|frame| &frame[..plane * planes(format)])
                .copied()
                .collect();
        }
    }
    decoded_samples(path, first, format)
}

/// Floats of 16 bits as floats of 32.
pub fn widened(halves: &[u8]) -> Vec<u8> {
    let single = |half: &[u8; 2]| {
        let bits = u16::from_le_bytes(*half);
        let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 0x3ff));
        let size = match exponent {
            0 => fraction * 2f32.powi(-24),
            31 if fraction == 0.0 => f32::INFINITY,
            31 => f32::NAN,
            _ => (1024.0 + fraction) * 2f32.powi(exponent - 25),
        };
        (if bits >> 15 == 1 { -size } else { size }).to_le_bytes()
    };
    halves.as_chunks::<2>().0.iter().flat_map(single).collect()
}

fn decoded_samples(path: &Path, first: &[String], format: &str) -> Vec<u8> {
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-nostdin", "-loglevel", "error"]).args(first);
    command.arg("-i").arg(path).args(["-map", "0:v:0", "-fps_mode", "passthrough", "-f", "rawvideo"]);
    command.args(["-pix_fmt", format, "-"]);
    let output = command.output().expect("the tests need the ffmpeg command line tool");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {errors}", path.display());
    output.stdout
}

/// What `ffprobe` says about a file, and how many frames it decodes.
pub fn ffprobe(path: &Path) -> serde_json::Value {
    ffprobe_from(path, &[])
}

fn ffprobe_from(path: &Path, options: &[String]) -> serde_json::Value {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-count_frames", "-show_streams", "-show_format", "-of", "json"])
        .args(options)
        .arg(path)
        .output()
        .expect("the tests need the ffprobe command line tool");
    assert!(output.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("ffprobe writes JSON")
}

/// Range, matrix, primaries and transfer characteristic of a file. The range is its first frame's where the stream has
/// none: QuickTime has no place for it, and FFmpeg 7.1 no longer says for the stream what its ProRes decoder knows.
pub fn color_tags(path: &Path) -> [serde_json::Value; 4] {
    let mut stream = ffprobe(path)["streams"][0].clone();
    if stream["color_range"].is_null() {
        let output = Command::new("ffprobe")
            .args(["-v", "error", "-select_streams", "v:0", "-show_frames", "-read_intervals", "%+#1", "-of", "json"])
            .arg(path)
            .output()
            .expect("the tests need the ffprobe command line tool");
        assert!(output.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&output.stderr));
        let first: serde_json::Value = serde_json::from_slice(&output.stdout).expect("ffprobe writes JSON");
        stream["color_range"] = first["frames"][0]["color_range"].clone();
    }
    ["color_range", "color_space", "color_primaries", "color_transfer"].map(|key| stream[key].clone())
}

/// Numbers that look random and are the same in every run.
pub struct Dice(u64);

impl Dice {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(2).wrapping_add(0x9e37_79b9_7f4a_7c15))
    }

    /// A number below `sides`.
    pub fn roll(&mut self, sides: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 >> 2).expect("62 bits fit") % sides
    }
}

/// Attributes of an EXR file: name, type, value.
pub(crate) fn exr_attributes(file: &Path) -> Vec<(String, String, Vec<u8>)> {
    let data = std::fs::read(file).expect("an EXR file");
    let (mut rest, mut all) = (&data[8..], Vec::new());
    let text = |rest: &mut &[u8]| {
        let end = rest.iter().position(|&byte| byte == 0).expect("an EXR file");
        let text = String::from_utf8(rest[..end].to_vec()).expect("an EXR file");
        *rest = &rest[end + 1..];
        text
    };
    while rest[0] != 0 {
        let (name, kind) = (text(&mut rest), text(&mut rest));
        let size = u32::from_le_bytes(*rest.first_chunk().expect("an EXR file")) as usize;
        all.push((name, kind, rest[4..4 + size].to_vec()));
        rest = &rest[4 + size..];
    }
    all
}
