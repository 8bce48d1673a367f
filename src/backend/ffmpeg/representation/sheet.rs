//! The page of a contact sheet.

use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;

use super::super::chroma_site::ChromaSite;
use super::super::convert::{TargetFormat, rgba8_frame};
use crate::deliver::ContactSheet;
use crate::error::{Error, ErrorKind, Result};
use crate::picture::{draw_text, text_width};
use crate::plan::ColorTags;

const GROUND: [u8; 4] = [24, 25, 30, 255];

/// The most pixels that a side of a page may have.
const LARGEST: u32 = 16_384;

/// Pictures side by side, each with its number and its timecode below, under the name of the shot.
pub(super) struct Sheet {
    columns: u32,
    cell: (u32, u32),
    /// Around cells.
    gap: u32,
    /// How high a line of text is.
    line: u32,
    width: u32,
    height: u32,
    data: Vec<u8>,
    placed: u32,
}

impl Sheet {
    /// Whether a page of this layout is not larger than pictures can be.
    pub(super) fn check(layout: ContactSheet, cell: (u32, u32)) -> Result<()> {
        let (width, height) = Sheet::page(layout, i64::from(layout.columns) * i64::from(layout.rows), cell);
        if width.max(height) <= LARGEST {
            return Ok(());
        }
        let what = format!("a contact sheet of {width} × {height} pixels is larger than {LARGEST} on a side");
        Err(Error::new(ErrorKind::Option, what))
    }

    /// How large the page for `count` pictures of `cell` pixels is: width and height.
    pub(super) fn page(layout: ContactSheet, count: i64, cell: (u32, u32)) -> (u32, u32) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let columns = layout.columns.min(count).max(1);
        let (gap, line) = margins(cell);
        let width = cell.0.saturating_add(gap).saturating_mul(columns).saturating_add(gap);
        let row = cell.1.saturating_add(line + gap);
        (width, row.saturating_mul(count.div_ceil(columns)).saturating_add(line * 2))
    }

    /// A page for `count` pictures of `cell` pixels (width, height), called `title`.
    pub(super) fn new(layout: ContactSheet, count: i64, cell: (u32, u32), title: &str) -> Sheet {
        let columns = layout.columns.min(u32::try_from(count).unwrap_or(u32::MAX)).max(1);
        let ((width, height), (gap, line)) = (Sheet::page(layout, count, cell), margins(cell));
        let data = GROUND.repeat(width as usize * height as usize);
        let mut sheet = Sheet { columns, cell, gap, line, width, height, data, placed: 0 };
        sheet.text((gap, line / 4), 1.4, title);
        sheet
    }

    /// What pictures are converted to before they are placed.
    pub(super) fn cell(&self) -> TargetFormat {
        TargetFormat {
            format: Pixel::RGB24,
            width: self.cell.0,
            height: self.cell.1,
            color: ColorTags::SRGB,
            premultiplied: false,
            chroma: ChromaSite::default(),
        }
    }

    /// Places the next picture, which is of [`Sheet::cell`]'s kind, with two texts below it: left and right.
    pub(super) fn place(&mut self, picture: &Video, left: &str, right: &str) {
        let (column, row) = (self.placed % self.columns, self.placed / self.columns);
        let x = self.gap + column * (self.cell.0 + self.gap);
        let y = self.line * 2 + row * (self.cell.1 + self.line + self.gap);
        let lines = picture.data(0).chunks(picture.stride(0).max(1)).take(self.cell.1 as usize);
        for (line, pixels) in (y..).zip(lines) {
            let start = (line as usize * self.width as usize + x as usize) * 4;
            let cells = self.data[start..][..self.cell.0 as usize * 4].as_chunks_mut::<4>().0;
            for (cell, pixel) in cells.iter_mut().zip(pixels.as_chunks::<3>().0) {
                cell[..3].copy_from_slice(pixel);
            }
        }
        let below = y + self.cell.1;
        self.text((x, below), 1.0, left);
        let size = self.size(1.0);
        self.text((x + self.cell.0.saturating_sub(whole(text_width(right, size))), below), 1.0, right);
        self.placed += 1;
    }

    /// The page as it is.
    pub(super) fn picture(&self) -> Result<Video> {
        rgba8_frame(&self.data, self.width, self.height)
    }

    /// How many pictures it holds.
    pub(super) fn placed(&self) -> i64 {
        self.placed.into()
    }

    #[allow(clippy::cast_precision_loss, reason = "a page is far smaller than 2^24 pixels on a side")]
    fn size(&self, share: f32) -> f32 {
        self.line as f32 * 0.8 * share
    }

    #[allow(clippy::cast_precision_loss, reason = "a page is far smaller than 2^24 pixels on a side")]
    fn text(&mut self, (x, y): (u32, u32), share: f32, text: &str) {
        let size = self.size(share);
        draw_text(&mut self.data, self.width, self.height, x as f32, y as f32, size, text);
    }
}

/// What is left free around cells of this size, and how high a line of text below them is.
fn margins(cell: (u32, u32)) -> (u32, u32) {
    ((cell.0 / 40).max(2), (cell.0 / 14).max(8))
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
fn whole(width: f32) -> u32 {
    width.ceil() as u32
}
