//! A small show: a configuration whose spaces are powers and factors, pictures, and what is read back.

use std::path::{Path, PathBuf};

use otio_conflate::deliver::Representation;
use otio_conflate::plan::{ColorConfig, ColorPlan};
use tempfile::TempDir;

use crate::common::{Dice, raw_movie, samples};

/// Pixels in a line, and lines.
pub(crate) const SIZE: (usize, usize) = (64, 32);

/// `lin` is the reference; in `log` light is squared, in `half` it is half as much, in `video` and on the display it is a power
/// of 2.4. The look `show` halves what is red in `log`; the look `shot` reads a decision by `$SHOT`.
pub(crate) const CONFIG: &str = r#"ocio_profile_version: 2
environment: {SHOT: none}
search_path: luts
strictparsing: true
roles: {default: raw, scene_linear: lin, color_timing: log}
file_rules:
  - !<Rule> {name: plates, pattern: "*plate*", extension: "*", colorspace: log}
  - !<Rule> {name: OpenEXR, pattern: "*", extension: exr, colorspace: half}
  - !<Rule> {name: Default, colorspace: video}
shared_views:
  - !<View> {name: Plain, view_transform: plain, display_colorspace: <USE_DISPLAY_NAME>}
displays:
  Rec.1886:
    - !<Views> [Plain]
    - !<View> {name: Show, view_transform: plain, display_colorspace: Rec.1886, looks: show}
  PQ/TV:
    - !<Views> [Plain]
    - !<View> {name: Raw, colorspace: raw}
active_displays: [Rec.1886, PQ/TV]
view_transforms:
  - !<ViewTransform>
    name: plain
    from_scene_reference: !<MatrixTransform> {matrix: [0.5, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 1]}
looks:
  - !<Look>
    name: show
    process_space: log
    transform: !<CDLTransform> {slope: [0.5, 1, 1]}
  - !<Look>
    name: shot
    process_space: log
    transform: !<FileTransform> {src: $SHOT.cc, cdl_style: asc}
display_colorspaces:
  - !<ColorSpace>
    name: Rec.1886
    aliases: [g24_rec709_display]
    encoding: sdr-video
    from_display_reference: !<ExponentTransform> {value: [2.4, 2.4, 2.4, 1], direction: inverse}
  - !<ColorSpace>
    name: PQ/TV
    aliases: [pq_rec2020_display]
    encoding: hdr-video
    from_display_reference: !<ExponentTransform> {value: [2, 2, 2, 1], direction: inverse}
colorspaces:
  - !<ColorSpace> {name: lin, aliases: [lin_ap1_scene], encoding: scene-linear}
  - !<ColorSpace>
    name: log
    aliases: [the log]
    encoding: log
    to_scene_reference: !<ExponentTransform> {value: [2, 2, 2, 1]}
  - !<ColorSpace>
    name: half
    encoding: scene-linear
    to_scene_reference: !<MatrixTransform> {matrix: [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1]}
  - !<ColorSpace>
    name: video
    aliases: [itu709_rec709_scene]
    encoding: sdr-video
    to_scene_reference: !<ExponentTransform> {value: [2.4, 2.4, 2.4, 1]}
  - !<ColorSpace> {name: raw, isdata: true, encoding: data}
"#;

/// A colour decision as a file of its own.
pub(crate) fn decision(slope: [f64; 3], saturation: f64) -> String {
    let [r, g, b] = slope;
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ColorCorrection id=\"one\"><SOPNode><Slope>{r} {g} {b}</Slope>\
         <Offset>0 0 0</Offset><Power>1 1 1</Power></SOPNode><SatNode><Saturation>{saturation}</Saturation></SatNode>\
         </ColorCorrection>\n"
    )
}

/// A folder with the configuration in it.
pub(crate) struct Show {
    folder: TempDir,
}

impl Show {
    pub(crate) fn new() -> Show {
        let show = Show { folder: tempfile::tempdir().expect("a folder") };
        show.write("show.ocio", CONFIG);
        show
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("in a folder")).expect("a folder");
        path
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).expect("a file");
        path
    }

    pub(crate) fn config(&self) -> ColorConfig {
        ColorConfig::File(self.path("show.ocio"))
    }

    pub(crate) fn plan(&self) -> ColorPlan {
        let mut plan = ColorPlan::default();
        plan.config = self.config();
        plan
    }

    /// Pictures of 16-bit noise as numbered PNG files, and their samples from 0 to 1.
    pub(crate) fn noise(&self, name: &str, count: usize, seed: u64) -> (PathBuf, Vec<[f64; 3]>) {
        let mut dice = Dice::new(seed);
        let numbers: Vec<u16> =
            (0..SIZE.0 * SIZE.1 * count * 3).map(|_| u16::try_from(dice.roll(65_536)).expect("16 bits")).collect();
        let data = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        let path = raw_movie(&self.path(name), "rgb48le", SIZE, "24", data, "-start_number 1001");
        let values: Vec<f64> = numbers.iter().map(|&number| f64::from(number) / 65535.0).collect();
        (path, values.as_chunks::<3>().0.to_vec())
    }

    /// Pictures of one colour, half transparent, straight, as `count` numbered PNG files.
    pub(crate) fn graphic(&self, count: usize) -> PathBuf {
        let pixel: Vec<u8> = [40_000u16, 20_000, 60_000, 32_768].iter().flat_map(|value| value.to_le_bytes()).collect();
        let data = pixel.repeat(SIZE.0 * SIZE.1 * count);
        raw_movie(&self.path("g/g.%04d.png"), "rgba64le", SIZE, "24", data, "-start_number 1001")
    }
}

/// A representation of 16-bit pictures called `name`, with what `color` (TOML) says.
pub(crate) fn pictures(name: &str, color: &str) -> Representation {
    let text = format!("name = \"{name}\"\npreset = \"png\"\n{color}");
    toml::from_str(&text).expect("a representation")
}

/// The samples of numbered pictures, from 0 to 65535.
pub(crate) fn numbers(path: &Path, first: i64) -> Vec<[f64; 3]> {
    let data = samples(path, Some(first), "rgb48le");
    let values: Vec<f64> = data.as_chunks::<2>().0.iter().map(|&bytes| f64::from(u16::from_le_bytes(bytes))).collect();
    values.as_chunks::<3>().0.to_vec()
}

/// Whether every sample is what `wanted` makes of the source, to `most` of 65535.
#[track_caller]
pub(crate) fn assert_made(
    got: &[[f64; 3]],
    source: &[[f64; 3]],
    most: f64,
    what: &str,
    wanted: impl Fn([f64; 3]) -> [f64; 3],
) {
    assert_eq!(got.len(), source.len(), "{what}");
    for (got, &pixel) in got.iter().zip(source) {
        for (got, wanted) in got.iter().zip(wanted(pixel)) {
            let wanted = (wanted.clamp(0.0, 1.0) * 65535.0).round();
            assert!((got - wanted).abs() <= most, "{what}: {got} is not {wanted}, of {pixel:?}");
        }
    }
}
