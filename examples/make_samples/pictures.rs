//! What the sample media show: a scene of their own with something that moves, and the frame's number.

use otio_conflate::picture::{draw_text, text_width};

use super::strip;

type Color = [u8; 3];
type Scene = fn(&mut Picture, f32);

/// How a medium looks.
pub(crate) struct Look {
    /// The name its files begin with.
    pub(crate) name: &'static str,
    /// The sky, from its top to the horizon.
    sky: [Color; 2],
    /// What is below the horizon.
    ground: [Color; 2],
    /// What moves, given seconds.
    scene: Scene,
}

/// The look of the medium of this name.
pub(crate) fn look(name: &str) -> Look {
    let (name, sky, ground, scene): (_, _, _, Scene) = match name {
        "quay_t3" => ("quay_t3", [[24, 44, 92], [214, 120, 78]], [[44, 48, 70], [16, 20, 36]], sunset),
        "ferry_t1" => ("ferry_t1", [[96, 150, 186], [190, 212, 214]], [[34, 92, 112], [10, 40, 58]], ferry),
        "gulls_t2" => ("gulls_t2", [[58, 116, 84], [180, 196, 132]], [[66, 88, 52], [26, 40, 26]], gulls),
        "lamp_insert" => ("lamp_insert", [[58, 22, 30], [104, 40, 34]], [[46, 18, 22], [20, 8, 12]], lamp),
        "drone_25fps" => ("drone_25fps", [[70, 64, 118], [150, 132, 176]], [[74, 66, 92], [24, 22, 40]], drone),
        "A003C007" => ("A003C007", [[28, 92, 96], [120, 176, 150]], [[20, 66, 70], [8, 30, 36]], crane),
        "lighthouse" => ("lighthouse", [[14, 18, 44], [48, 58, 104]], [[20, 24, 44], [6, 8, 18]], lighthouse),
        _ => ("fog", [[92, 96, 100], [150, 152, 150]], [[98, 100, 100], [58, 60, 62]], fog),
    };
    Look { name, sky, ground, scene }
}

/// A frame of a numbered medium: interleaved RGBA, opaque.
pub(crate) fn frame(look: &Look, number: i64, seconds: f32, caption: &str, (width, height): (u32, u32)) -> Vec<u8> {
    let mut picture = Picture::new(width, height);
    let horizon = picture.high * 0.7;
    picture.gradient(0.0, horizon, look.sky);
    picture.gradient(horizon, picture.high, look.ground);
    (look.scene)(&mut picture, seconds);
    let (wide, high) = (picture.wide, picture.high);
    picture.text(wide * 0.03, high * 0.03, high * 0.075, look.name);
    let number_text = format!("{number:03}");
    let half = text_width(&number_text, high * 0.42) / 2.0 / high + 0.03;
    let middle = wide / high / 2.0;
    let panel = [(middle - half, 0.31), (middle + half, 0.31), (middle + half, 0.66), (middle - half, 0.66)];
    picture.shape(&panel, [10, 12, 20], 0.45);
    picture.text_in_the_middle(high * 0.28, high * 0.42, &number_text);
    picture.text_in_the_middle(high * 0.8, high * 0.075, caption);
    if let Some(blocks) = strip::blocks(look.name, number) {
        picture.blocks(&blocks);
    }
    picture.data
}

/// A lower third: a box with soft edges and a round badge, on nothing.
pub(crate) fn lower_third(width: u32, height: u32) -> Vec<u8> {
    let mut picture = Picture { data: vec![0; width as usize * height as usize * 4], ..Picture::new(width, height) };
    let (wide, high) = (picture.wide, picture.high);
    let (left, right, top, bottom) = (wide * 0.07, wide * 0.8, high * 0.7, high * 0.88);
    // Half opaque, and fading out to the right.
    picture.paint([14, 18, 40], |x, y| {
        let inside = (x - left).min(y - top).min(bottom - y) + 0.5;
        inside.clamp(0.0, 1.0) * ((right - x) / (wide * 0.2)).clamp(0.0, 1.0) * 0.85
    });
    let (radius, middle) = (high * 0.075, (left + high * 0.1, (top + bottom) / 2.0));
    picture.paint([244, 190, 66], |x, y| (radius - (x - middle.0).hypot(y - middle.1) + 0.5).clamp(0.0, 1.0));
    picture.text(middle.0 + radius * 1.5, top + high * 0.015, high * 0.085, "HARBOUR LIGHTS");
    picture.text(middle.0 + radius * 1.5, top + high * 0.105, high * 0.055, "Episode 3: The Ferry");
    picture.data
}

struct Picture {
    data: Vec<u8>,
    width: u32,
    height: u32,
    wide: f32,
    high: f32,
}

impl Picture {
    fn new(width: u32, height: u32) -> Picture {
        #[allow(clippy::cast_precision_loss, reason = "sample pictures are small")]
        let (wide, high) = (width as f32, height as f32);
        Picture { data: [0, 0, 0, 255].repeat(width as usize * height as usize), width, height, wide, high }
    }

    /// Lays a colour over the picture, as opaque at each pixel's middle as `cover` says.
    fn paint(&mut self, color: Color, cover: impl Fn(f32, f32) -> f32) {
        self.paint_in((0.0, 0.0, self.wide, self.high), color, cover);
    }

    /// The same inside of left, top, right, bottom alone.
    fn paint_in(&mut self, area: (f32, f32, f32, f32), color: Color, cover: impl Fn(f32, f32) -> f32) {
        let (left, top) = (whole(area.0).min(self.width), whole(area.1).min(self.height));
        let (right, bottom) = (whole(area.2.ceil()).min(self.width), whole(area.3.ceil()).min(self.height));
        for line in top..bottom {
            for column in left..right {
                #[allow(clippy::cast_precision_loss, reason = "sample pictures are small")]
                let share = cover(column as f32 + 0.5, line as f32 + 0.5);
                if share <= 0.0 {
                    continue;
                }
                let start = (line as usize * self.width as usize + column as usize) * 4;
                let pixel = &mut self.data[start..start + 4];
                let below = f32::from(pixel[3]) / 255.0 * (1.0 - share);
                let alpha = share + below;
                for (sample, color) in pixel.iter_mut().zip(color) {
                    *sample = byte((f32::from(color) * share + f32::from(*sample) * below) / alpha);
                }
                pixel[3] = byte(alpha * 255.0);
            }
        }
    }

    fn gradient(&mut self, top: f32, bottom: f32, colors: [Color; 2]) {
        for line in whole(top)..whole(bottom) {
            #[allow(clippy::cast_precision_loss, reason = "sample pictures are small")]
            let part = (line as f32 - top) / (bottom - top);
            let color: Color = std::array::from_fn(|sample| {
                let [from, to] = colors.map(|color| f32::from(color[sample]));
                byte(from + (to - from) * part)
            });
            let start = line as usize * self.width as usize * 4;
            for pixel in self.data[start..start + self.width as usize * 4].chunks_exact_mut(4) {
                pixel[..3].copy_from_slice(&color);
            }
        }
    }

    /// A disc; places and sizes are shares of the picture's height, places counted from the left and the top.
    fn disc(&mut self, (x, y): (f32, f32), radius: f32, color: Color, opacity: f32) {
        let (x, y, radius) = (x * self.high, y * self.high, radius * self.high);
        let area = (x - radius - 1.0, y - radius - 1.0, x + radius + 1.0, y + radius + 1.0);
        self.paint_in(area, color, |column, line| {
            (radius - (column - x).hypot(line - y) + 0.5).clamp(0.0, 1.0) * opacity
        });
    }

    /// A convex shape, its corners clockwise, in shares of the picture's height.
    fn shape(&mut self, corners: &[(f32, f32)], color: Color, opacity: f32) {
        let corners: Vec<_> = corners.iter().map(|(x, y)| (x * self.high, y * self.high)).collect();
        let low = |pick: fn(&(f32, f32)) -> f32| corners.iter().map(pick).fold(f32::MAX, f32::min) - 1.0;
        let high = |pick: fn(&(f32, f32)) -> f32| corners.iter().map(pick).fold(f32::MIN, f32::max) + 1.0;
        let area = (low(|c| c.0), low(|c| c.1), high(|c| c.0), high(|c| c.1));
        let edges: Vec<_> = corners.iter().zip(corners.iter().cycle().skip(1)).collect();
        self.paint_in(area, color, |x, y| {
            let inside = edges.iter().map(|(from, to)| {
                let (along, down) = (to.0 - from.0, to.1 - from.1);
                (along * (y - from.1) - down * (x - from.0)) / along.hypot(down)
            });
            (inside.fold(f32::MAX, f32::min) + 0.5).clamp(0.0, 1.0) * opacity
        });
    }

    fn text(&mut self, x: f32, y: f32, size: f32, text: &str) {
        draw_text(&mut self.data, self.width, self.height, x, y, size, text);
    }

    fn text_in_the_middle(&mut self, y: f32, size: f32, text: &str) {
        self.text((self.wide - text_width(text, size)) / 2.0, y, size, text);
    }

    fn blocks(&mut self, blocks: &[bool; strip::BLOCKS]) {
        let (width, height) = (self.width as usize, self.height as usize);
        for line in height - strip::lines(height)..height {
            for column in 0..width {
                let sample = if blocks[column * strip::BLOCKS / width] { 255 } else { 0 };
                self.data[(line * width + column) * 4..][..3].fill(sample);
            }
        }
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
fn whole(value: f32) -> u32 {
    value as u32
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
fn byte(value: f32) -> u8 {
    (value + 0.5) as u8
}

fn sunset(picture: &mut Picture, seconds: f32) {
    let sun = (1.0 + seconds * 0.12, 0.2 + seconds * 0.12);
    picture.disc(sun, 0.16, [255, 206, 120], 0.25);
    picture.disc(sun, 0.1, [255, 206, 120], 1.0);
    for post in 0..6u8 {
        let x = 0.1 + f32::from(post) * 0.3;
        picture.shape(&[(x, 0.62), (x + 0.03, 0.62), (x + 0.03, 0.84), (x, 0.84)], [20, 20, 30], 1.0);
    }
}

fn ferry(picture: &mut Picture, seconds: f32) {
    let x = -0.2 + seconds * 0.42;
    picture.shape(&[(x, 0.66), (x + 0.6, 0.66), (x + 0.54, 0.75), (x + 0.06, 0.75)], [188, 60, 52], 1.0);
    picture.shape(&[(x + 0.1, 0.56), (x + 0.45, 0.56), (x + 0.45, 0.66), (x + 0.1, 0.66)], [240, 240, 232], 1.0);
    picture.shape(&[(x + 0.22, 0.47), (x + 0.3, 0.47), (x + 0.3, 0.56), (x + 0.22, 0.56)], [60, 60, 66], 1.0);
}

fn gulls(picture: &mut Picture, seconds: f32) {
    for bird in 0..5u8 {
        let place = f32::from(bird);
        let (x, y) = (1.75 - seconds * (0.3 + place * 0.05) + place * 0.12, 0.16 + place * 0.09);
        let lift = 0.04 * (seconds * 9.0 + place).sin();
        picture.shape(&[(x - 0.09, y + lift), (x, y - 0.01), (x, y + 0.015)], [250, 250, 246], 1.0);
        picture.shape(&[(x, y - 0.01), (x + 0.09, y + lift), (x, y + 0.015)], [232, 232, 228], 1.0);
    }
}

fn lamp(picture: &mut Picture, seconds: f32) {
    let x = 0.89 + 0.4 * (seconds * 1.6).sin();
    for (radius, opacity) in [(0.4, 0.14), (0.28, 0.2), (0.16, 0.9)] {
        picture.disc((x, 0.4), radius, [255, 176, 72], opacity);
    }
    picture.shape(&[(x - 0.01, 0.0), (x + 0.01, 0.0), (x + 0.01, 0.25), (x - 0.01, 0.25)], [20, 10, 10], 1.0);
}

fn drone(picture: &mut Picture, seconds: f32) {
    for line in 0..6u8 {
        // Lines on the ground that come nearer.
        let near = (f32::from(line) / 6.0 + seconds * 0.25).fract();
        let y = 0.7 + 0.3 * near * near;
        picture.shape(&[(0.0, y), (1.78, y), (1.78, y + 0.012), (0.0, y + 0.012)], [220, 200, 240], 0.5 * near);
    }
    let x = 0.3 + seconds * 0.3;
    picture.disc((x, 0.18), 0.03, [20, 20, 28], 1.0);
    picture.shape(&[(x - 0.1, 0.155), (x + 0.1, 0.155), (x + 0.1, 0.165), (x - 0.1, 0.165)], [20, 20, 28], 1.0);
}

fn crane(picture: &mut Picture, seconds: f32) {
    picture.shape(&[(0.3, 0.1), (0.34, 0.1), (0.34, 0.8), (0.3, 0.8)], [232, 150, 40], 1.0);
    picture.shape(&[(0.1, 0.13), (1.5, 0.13), (1.5, 0.17), (0.1, 0.17)], [232, 150, 40], 1.0);
    let x = 0.5 + seconds * 0.55;
    picture.shape(&[(x, 0.17), (x + 0.01, 0.17), (x + 0.01, 0.5), (x, 0.5)], [30, 30, 30], 1.0);
    picture.shape(&[(x - 0.1, 0.5), (x + 0.11, 0.5), (x + 0.11, 0.62), (x - 0.1, 0.62)], [170, 60, 60], 1.0);
}

fn lighthouse(picture: &mut Picture, seconds: f32) {
    let (x, turn) = (0.25, (seconds * 2.2).sin());
    let far = x + 1.6 * turn;
    let beam = [(x, 0.23), (far, 0.05), (far, 0.41)];
    let beam = if turn < 0.0 { [beam[0], beam[2], beam[1]] } else { beam };
    picture.shape(&beam, [255, 240, 190], 0.35);
    picture.shape(&[(x - 0.04, 0.26), (x + 0.04, 0.26), (x + 0.07, 0.72), (x - 0.07, 0.72)], [226, 226, 222], 1.0);
    picture.shape(&[(x - 0.047, 0.4), (x + 0.047, 0.4), (x + 0.054, 0.5), (x - 0.054, 0.5)], [190, 50, 50], 1.0);
    picture.disc((x, 0.23), 0.045, [255, 240, 190], 1.0);
}

fn fog(picture: &mut Picture, seconds: f32) {
    for bank in 0..4u8 {
        let place = f32::from(bank);
        let y = 0.3 + place * 0.12;
        let x = (place * 0.5 + seconds * (0.5 + place * 0.1)).rem_euclid(2.2) - 0.6;
        picture.shape(&[(x, y), (x + 0.8, y), (x + 0.8, y + 0.07), (x, y + 0.07)], [210, 212, 212], 0.5);
    }
}
