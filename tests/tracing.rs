//! What a subscriber of the crate `tracing` gets: the spans of all that is done, what was chosen in them, and FFmpeg's log.
#![cfg(all(feature = "ffmpeg", feature = "tracing"))]

#[path = "common/mod.rs"]
mod common;
#[path = "common/otio.rs"]
mod otio;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};

use otio_conflate::backend::Control;
use otio_conflate::backend::ffmpeg::{FfmpegBackend, FfmpegLookup};
use otio_conflate::deliver::{Cut, Preset, Representation, Review, TranscodeOptions, Trim, transcode, trim};
use otio_conflate::plan::{Damaged, PlanOptions};
use otio_conflate::relink::{Index, RelinkOptions, relink};
use otio_conflate::{CancelToken, Conflation, Delivery, Existing, NoObserver, Plan, Report, Status};
use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::{Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

use common::movie;

/// The fields of a span or an event, as they are printed.
#[derive(Debug, Clone, Default)]
struct Fields(BTreeMap<String, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}").trim_matches('"').to_owned());
    }
}

/// Something that was recorded, and the spans that it lies in, the innermost first.
#[derive(Debug, Clone)]
struct Record {
    is_span: bool,
    target: String,
    level: Level,
    name: String,
    fields: Fields,
    inside: Vec<(String, Fields)>,
}

impl Record {
    fn field(&self, name: &str) -> &str {
        self.fields.0.get(name).map_or("", String::as_str)
    }

    /// Whether it lies in a span of this name, one of whose fields is `value`.
    fn is_in(&self, span: &str, value: &str) -> bool {
        self.inside.iter().any(|(name, fields)| name == span && fields.0.values().any(|field| field == value))
    }
}

static RECORDS: Mutex<Vec<Record>> = Mutex::new(Vec::new());

struct Recorder;

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Recorder {
    fn on_new_span(&self, attributes: &tracing::span::Attributes<'_>, id: &tracing::Id, context: Context<'_, S>) {
        let span = context.span(id).expect("it was just made");
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let inside = scope(span.parent());
        span.extensions_mut().insert(fields.clone());
        let (target, name) = (span.metadata().target().to_owned(), span.name().to_owned());
        let record = Record { is_span: true, target, level: *span.metadata().level(), name, fields, inside };
        RECORDS.lock().expect("no test panics here").push(record);
    }

    fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let name = fields.0.get("message").cloned().unwrap_or_default();
        let (target, level) = (event.metadata().target().to_owned(), *event.metadata().level());
        let inside = scope(context.event_span(event));
        let record = Record { is_span: false, target, level, name, fields, inside };
        RECORDS.lock().expect("no test panics here").push(record);
    }
}

/// A span and those around it.
fn scope<'s, S: LookupSpan<'s>>(span: Option<tracing_subscriber::registry::SpanRef<'s, S>>) -> Vec<(String, Fields)> {
    let spans = span.into_iter().flat_map(|span| span.scope());
    spans.map(|span| (span.name().to_owned(), span.extensions().get::<Fields>().cloned().unwrap_or_default())).collect()
}

/// Records everything from now on, for the whole process.
fn record() {
    static ONCE: LazyLock<()> = LazyLock::new(|| {
        let subscriber = tracing_subscriber::registry().with(Recorder);
        tracing::subscriber::set_global_default(subscriber).expect("it is the only one");
    });
    LazyLock::force(&ONCE);
}

/// What was recorded that fits.
fn recorded(fits: impl Fn(&Record) -> bool) -> Vec<Record> {
    RECORDS.lock().expect("no test panics here").iter().filter(|record| fits(record)).cloned().collect()
}

/// The one span of this name, one of whose fields is `value`.
#[track_caller]
fn span(name: &str, value: &str) -> Record {
    let is_it = |record: &Record| record.is_span && record.name == name && record.fields.0.values().any(|v| v == value);
    let found = recorded(is_it);
    assert_eq!(found.len(), 1, "spans {name} of {value}: {found:?}");
    assert_eq!((found[0].target.as_str(), found[0].level), ("otio_conflate", Level::INFO));
    found[0].clone()
}

fn cut(name: &str, media: &Path, frames: i64) -> Value {
    let media = otio::external(&media.to_string_lossy(), Value::Null);
    let mut cut = otio::timeline_at(
        Value::Null,
        [otio::track("V1", [otio::clip_of(&format!("{name}_sh"), otio::range(0, frames, 24), media)])],
    );
    cut["name"] = json!(name);
    cut
}

fn planned(cut: &Value) -> Plan {
    let mut options = PlanOptions::default();
    options.damaged = Damaged::Warn;
    Plan::with_media(&otio::read(cut), &options, &FfmpegLookup::new()).expect("a plan")
}

fn run(plan: &Plan, folder: &Path, preset: &str) -> Report {
    let poster = Representation::by_name("poster").expect("there is one");
    let preset = Preset::by_name(preset).expect("a preset");
    let delivery = Delivery::new(folder).preset(preset).representation(poster).existing(Existing::Skip);
    Conflation::new(FfmpegBackend::new(), delivery).run(plan, &NoObserver).expect("a run")
}

/// A movie whose sixth packet is overwritten in its middle.
fn damaged_movie(folder: &Path) -> PathBuf {
    let path = movie(&folder.join("a.mkv"), 0..12, "24", "-c:v ffv1 -level 3 -slicecrc 1 -g 1");
    let output = std::process::Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", "v:0", "-show_entries", "packet=pos,size", "-of", "csv=p=0"])
        .arg(&path)
        .output()
        .expect("the tests need the ffprobe command line tool");
    let text = String::from_utf8(output.stdout).expect("numbers");
    let line = text.lines().nth(5).expect("twelve packets");
    let fields: Vec<usize> = line.split(',').filter_map(|field| field.parse().ok()).collect();
    let [size, place] = fields[..] else { panic!("{line} is not a size and a place") };
    let mut data = std::fs::read(&path).expect("reads");
    data[place + size / 2..place + size].fill(0x55);
    std::fs::write(&path, data).expect("writes");
    path
}

#[test]
fn a_run_has_spans_with_names_and_ffmpegs_lines_in_them() {
    record();
    let folder = tempfile::tempdir().expect("a folder");
    let media = damaged_movie(folder.path());
    let plan = planned(&cut("damaged_cut", &media, 12));
    let report = run(&plan, &folder.path().join("shots"), "prores-hq");
    assert_eq!(report.shots[0].status, Status::Done, "{:?}", report.shots[0].error);

    span("plan", "damaged_cut");
    let looked_up = recorded(|record| record.name == "a medium was looked up" && record.is_in("plan", "damaged_cut"));
    assert_eq!(looked_up.len(), 1, "{looked_up:?}");
    assert_eq!((looked_up[0].field("is_there"), looked_up[0].field("frames")), ("true", "12"));
    let probes = recorded(|record| record.is_span && record.name == "probe" && record.is_in("plan", "damaged_cut"));
    assert!(probes.iter().all(|probe| probe.field("file") == media.to_string_lossy()) && !probes.is_empty());

    let begun = span("run", "damaged_cut");
    assert!(begun.inside.is_empty() && begun.field("backend") == "ffmpeg", "{begun:?}");
    let shot = span("shot", "damaged_cut_sh");
    assert!(shot.is_in("run", "damaged_cut") && shot.field("frames") == "12", "{shot:?}");

    let in_shot = |name: &str| {
        let found = recorded(|record| record.name == name && record.is_in("shot", "damaged_cut_sh"));
        assert!(!found.is_empty(), "no {name}");
        found
    };
    assert!(in_shot("a decoder is open").iter().any(|event| event.field("decoder") == "ffv1"));
    let encoders = in_shot("an encoder is open");
    assert!(encoders.iter().any(|event| event.field("encoder") == Preset::OWN_PRORES), "{encoders:?}");
    assert!(in_shot("a segment of the program").iter().all(|event| event.field("working") == "output"));
    assert_eq!(in_shot("the shot is delivered").len(), 1);
    let poster = in_shot("representation");
    assert_eq!((poster.len(), poster[0].field("name")), (1, "poster"));
    assert!(encoders.iter().any(|event| event.is_in("representation", "poster")), "{encoders:?}");

    // The decoder's own threads wrote it.
    let is_line = |record: &Record| record.target == "ffmpeg" && record.is_in("shot", "damaged_cut_sh");
    let lines = recorded(|record| is_line(record) && record.level <= Level::WARN && record.field("object") == "ffv1");
    assert!(lines.iter().any(|line| line.name.contains("CRC") || line.name.contains("slice")), "{lines:?}");

    let again = run(&plan, &folder.path().join("shots"), "prores-hq");
    assert_eq!(again.shots[0].status, Status::Skipped);
    let skipped = in_shot("the shot is skipped");
    assert_eq!(skipped.len(), 1);
    assert!(!skipped[0].field("because").is_empty(), "{skipped:?}");
}

#[test]
fn the_reference_that_is_chosen_is_told_and_so_is_what_was_found() {
    record();
    let folder = tempfile::tempdir().expect("a folder");
    let media = movie(&folder.path().join("proxy.mkv"), 0..12, "24", "-c:v ffv1");
    let mut two = cut("two_references", &folder.path().join("gone.mkv"), 12);
    let references = &mut two["tracks"]["children"][0]["children"][0]["media_references"];
    references["proxy"] = otio::external(&media.to_string_lossy(), Value::Null);
    planned(&two);
    let chosen =
        recorded(|record| record.name == "a reference of several is chosen" && record.is_in("plan", "two_references"));
    assert!(!chosen.is_empty());
    for event in chosen {
        let told = (event.field("clip"), event.field("active"), event.field("chosen"), event.field("is_there"));
        assert_eq!(told, ("two_references_sh", "DEFAULT_MEDIA", "proxy", "true"));
    }

    let mut timeline = otio::read(&cut("relinked", &folder.path().join("nowhere.mkv"), 12));
    relink(&mut timeline, &Index::new([]), &RelinkOptions::default());
    let span = span("relink", "relinked");
    assert!(span.inside.is_empty());
    let told = recorded(|record| record.name == "a medium was looked for" && record.is_in("relink", "relinked"));
    assert!(told.len() == 1 && told[0].field("found").contains("no file fits"), "{told:?}");
}

#[test]
fn pieces_other_files_and_reviews_have_spans() {
    record();
    let folder = tempfile::tempdir().expect("a folder");
    let media = movie(&folder.path().join("whole.mov"), 0..24, "24", "-c:v libx264 -g 12 -pix_fmt yuv420p -bf 0");
    let shown = media.to_string_lossy();
    let request = Trim::new(&media).piece(Cut::frames(12, 6), folder.path().join("piece.mov"));
    trim(&request, &CancelToken::new()).expect("a trim");
    assert_eq!(span("trim", &shown).field("pieces"), "1");
    let pieces = recorded(|record| record.name == "a piece is done" && record.is_in("trim", &shown));
    assert!(pieces.len() == 1 && pieces[0].field("copied") == "true", "{pieces:?}");

    let wanted = [Representation::by_name("poster").expect("there is one")];
    let control = Control { observer: &NoObserver, cancel: &CancelToken::new() };
    transcode(&media, &wanted, folder.path().join("made"), &TranscodeOptions::default(), &control).expect("made");
    span("transcode", &shown);
    let posters = recorded(|record| record.name == "representation" && record.is_in("transcode", &shown));
    assert_eq!(posters.len(), 1);

    let plan = planned(&cut("reviewed_cut", &media, 24));
    let report = run(&plan, &folder.path().join("shots"), "h264");
    let mut review = Review::default();
    review.name = "review_of_reviewed_cut".to_owned();
    review.plan(&report).expect("a plan");
    span("review", "review_of_reviewed_cut");
    let joined = span("plan", "review_of_reviewed_cut");
    assert!(joined.is_in("review", "review_of_reviewed_cut"), "{joined:?}");
    run(&plan, &folder.path().join("copied"), "h264");
}

#[test]
fn seeks_and_copied_packets_are_told() {
    record();
    let folder = tempfile::tempdir().expect("a folder");
    let media =
        movie(&folder.path().join("sought.mov"), 0..60, "24", "-c:v prores_ks -profile:v 3 -pix_fmt yuv422p10le");
    let plan = planned(&cut("copied_cut", &media, 12));
    run(&plan, &folder.path().join("shots"), "prores-hq");
    let copied = recorded(|record| record.name == "packets are copied" && record.is_in("shot", "copied_cut_sh"));
    assert!(copied.len() == 1 && copied[0].field("count") == "12", "{copied:?}");

    let mut reader = otio_conflate::backend::ffmpeg::MovieReader::open(
        &media,
        &otio_conflate::backend::ffmpeg::DecodeOptions::default(),
    )
    .expect("opens");
    let rate = reader.info().rate.expect("a movie");
    for frame in [0, 50, 10] {
        reader.frame(frame, rate).expect("decodes");
    }
    let told = |name: &str| recorded(|record| record.name == name && record.field("file") == media.to_string_lossy());
    assert!(told("forwards by a seek").iter().any(|event| event.field("frames") == "50"));
    assert_eq!(told("backwards by a seek").len(), 1);
}
