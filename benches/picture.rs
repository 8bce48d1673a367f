//! What a frame of HD costs on its way through: dissolve, over, and the conversions around them.
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]

use criterion::{Criterion, criterion_group, criterion_main};
use otio_conflate::picture::{
    Affine, PicturePart, PlaneMut, PlaneRef, Rgba16, SampleKind, blend_over, dissolve_plane, draw, mix, over,
    premultiply, resample, unpremultiply,
};
use otio_conflate::plan::Blend;
use otio_conflate::time::Ratio;

const WIDTH: u32 = 1920;
const HEIGHT: u32 = 1080;

fn noise(length: usize, mask: u8) -> Vec<u8> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_le_bytes()[3]
    };
    // Every second byte is a sample's high one where samples have two bytes.
    (0..length).map(|index| if index % 2 == 1 { next() & mask } else { next() }).collect()
}

fn dissolves(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("dissolve 1080p plane");
    for (name, kind, mask) in [
        ("8 bits", SampleKind::U8, 0xff),
        ("10 bits", SampleKind::U16 { bits: 10 }, 0x03),
        ("16 bits", SampleKind::U16 { bits: 16 }, 0xff),
        ("float", SampleKind::F32, 0x3f),
    ] {
        let stride = WIDTH as usize * kind.bytes();
        let (from, to) = (noise(stride * HEIGHT as usize, mask), noise(stride * HEIGHT as usize, mask));
        let mut out = vec![0; from.len()];
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let size = (WIDTH as usize, HEIGHT as usize);
                let plane = |data| PlaneRef { data, stride };
                let target = PlaneMut { data: &mut out, stride };
                dissolve_plane(kind, size, plane(&from), plane(&to), target, Ratio::new(7, 24));
            });
        });
    }
}

fn image() -> Rgba16 {
    let bytes = noise(WIDTH as usize * HEIGHT as usize * 8, 0xff);
    let data = bytes.as_chunks::<2>().0.iter().map(|bytes| u16::from_le_bytes(*bytes)).collect();
    let mut image = Rgba16 { width: WIDTH, height: HEIGHT, data };
    premultiply(&mut image);
    image
}

fn layers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("RGBA16 1080p");
    let (mut below, above) = (image(), image());
    group.bench_function("over", |bencher| bencher.iter(|| over(&mut below, &above, Ratio::ONE)));
    group.bench_function("over, half", |bencher| bencher.iter(|| over(&mut below, &above, Ratio::new(1, 2))));
    group.bench_function("mix", |bencher| bencher.iter(|| mix(Some(&below), Some(&above), Ratio::new(1, 3))));
    group.bench_function("unpremultiply", |bencher| bencher.iter(|| unpremultiply(&mut below)));
    group.bench_function("resample to 720p", |bencher| bencher.iter(|| resample(&above, 1280, 720)));
    group.bench_function("multiply", |bencher| {
        bencher.iter(|| blend_over(&mut below, &above, Ratio::ONE, Blend::Multiply))
    });
    let part = PicturePart { left: 0.0, top: 0.0, right: WIDTH.into(), bottom: HEIGHT.into() };
    for (name, way) in [("drawn at half size", Affine::scale(0.5, 0.5)), ("turned by a degree", Affine::turn(1.0))] {
        group.bench_function(name, |bencher| bencher.iter(|| draw(&above, way, part, (WIDTH, HEIGHT))));
    }
}

#[cfg(feature = "ffmpeg")]
fn conversions(criterion: &mut Criterion) {
    use ffmpeg_next::format::Pixel;
    use otio_conflate::backend::ffmpeg::{ChromaSite, Converter, SourcePicture, TargetFormat};
    use otio_conflate::picture::Rect;
    use otio_conflate::plan::ColorTags;

    let mut group = criterion.benchmark_group("convert 1080p");
    let mut converter = Converter::new();
    let target = |format, color| TargetFormat {
        format,
        width: WIDTH,
        height: HEIGHT,
        color,
        premultiplied: false,
        chroma: ChromaSite::Left,
    };
    let whole = Rect::whole(WIDTH, HEIGHT);
    let video = target(Pixel::YUV420P, ColorTags::BT709);
    let frame = converter.black(&video).unwrap();
    let source = SourcePicture { frame: &frame, color: ColorTags::BT709, premultiplied: false };
    let wide = TargetFormat { format: Pixel::YUV422P10LE, ..video };
    group.bench_function("yuv420p to yuv422p10", |bencher| {
        bencher.iter(|| converter.convert(&source, &wide, whole).unwrap());
    });
    let bars = Rect { x: 0, y: 138, width: 1920, height: 804 };
    group.bench_function("yuv420p to a letterbox of yuv422p10", |bencher| {
        bencher.iter(|| converter.convert(&source, &wide, bars).unwrap());
    });
    let rgb = target(Pixel::RGB24, ColorTags { transfer: 1, ..ColorTags::SRGB });
    group.bench_function("yuv420p to rgb24", |bencher| {
        bencher.iter(|| converter.convert(&source, &rgb, whole).unwrap())
    });
    let image = converter.read_rgba16(&source, (WIDTH, HEIGHT), 1).unwrap();
    group.bench_function("yuv420p to RGBA16", |bencher| {
        bencher.iter(|| converter.read_rgba16(&source, (WIDTH, HEIGHT), 1).unwrap());
    });
    group.bench_function("RGBA16 to yuv422p10", |bencher| {
        bencher.iter(|| converter.write_rgba16(&image, 1, &wide).unwrap());
    });
}

#[cfg(not(feature = "ffmpeg"))]
fn conversions(_: &mut Criterion) {}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(std::time::Duration::from_millis(200))
        .measurement_time(std::time::Duration::from_millis(800));
    targets = dissolves, layers, conversions
}
criterion_main!(benches);
