//! A medium is one regular file: nothing else is opened through it, and nothing else is opened in its place.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use otio_conflate::backend::ffmpeg::{DecodeOptions, MovieReader, SequenceReader, SoundReader, probe};
use otio_conflate::plan::MediaSource;
use otio_conflate::time::Rate;
use otio_conflate::timeline::MissingFramePolicy;
use otio_conflate::{Error, ErrorKind};

use crate::common::{movie, number};

/// What every way of opening a file says about it.
fn refused(path: &Path) -> Vec<Error> {
    let begun = Instant::now();
    let name = path.display();
    let errors = vec![
        MovieReader::open(path, &DecodeOptions::default()).err().unwrap_or_else(|| panic!("{name} was opened")),
        probe(path).err().unwrap_or_else(|| panic!("{name} was probed")),
        SoundReader::open(path, None).err().unwrap_or_else(|| panic!("{name} was heard")),
    ];
    assert!(begun.elapsed() < Duration::from_secs(20), "{name} took {:?}", begun.elapsed());
    for error in &errors {
        assert!(format!("{error:#}").contains(&*name.to_string()), "{error:#}");
        assert!(!format!("{error:#}").ends_with(": "), "a reason is missing: {error:#}");
    }
    errors
}

#[test]
fn lists_of_other_files_open_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let secret = movie(&path("secret.ts"), 0..24, "24", "-c:v mpeg2video -q:v 3");
    let plain = secret.display();
    let hls = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nLOCATION\n#EXT-X-ENDLIST\n";
    let dash = "<?xml version=\"1.0\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" \
        profiles=\"urn:mpeg:dash:profile:isoff-on-demand:2011\" type=\"static\" mediaPresentationDuration=\"PT1S\">\
        <Period><AdaptationSet mimeType=\"video/mp2t\"><Representation id=\"1\" bandwidth=\"1\">\
        <BaseURL>secret.ts</BaseURL></Representation></AdaptationSet></Period></MPD>\n";
    let sdp =
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n";
    let lists = [
        hls.replace("LOCATION", "secret.ts"),
        hls.replace("LOCATION", &format!("file:{plain}")),
        "ffconcat version 1.0\nfile secret.ts\n".to_owned(),
        format!("ffconcat version 1.0\nfile file:{plain}\n"),
        format!("ffconcat version 1.0\nfile subfile:,,start,0,end,1000000,,:{plain}\n"),
        sdp.to_owned(),
        dash.to_owned(),
    ];
    for (number, list) in lists.iter().enumerate() {
        for ending in ["mov", "m3u8", "ffconcat", "txt", "sdp", "mpd", "ts", "y"] {
            let path = path(&format!("list{number}.{ending}"));
            std::fs::write(&path, list).expect("writes");
            refused(&path);
        }
    }
    let error = &refused(&path("list0.m3u8"))[0];
    assert!(format!("{error:#}").contains("expected a media file"), "{error:#}");
    // Names are names.
    for name in ["concat:secret.ts|secret.ts", "subfile,,start,0,end,100,,:secret.ts", "%d.tga", "data:,x"] {
        for error in refused(&path(name)) {
            assert_eq!(error.kind(), ErrorKind::MediaMissing, "{error:#}");
        }
    }
}

/// An alias of the Macintosh: a volume, a file, how far both lie below what they share, and the whole path.
fn alias(target: &str) -> Vec<u8> {
    let file = target.rsplit('/').next().expect("a name");
    let field = |text: &str, room: usize| {
        let mut field = vec![u8::try_from(text.len()).expect("short")];
        field.extend_from_slice(text.as_bytes());
        field.resize(room + 1, 0);
        field
    };
    let path = format!("disk:{}", target.trim_start_matches('/').replace('/', ":"));
    let padded = [path.as_bytes(), &vec![0; path.len() % 2]].concat();
    let length = u16::try_from(path.len()).expect("short").to_be_bytes();
    let levels = [0, 1, 0, 1];
    [
        &[0; 10][..],
        &field("disk", 27),
        &[0; 12],
        &field(file, 63),
        &[0; 16],
        &levels,
        &[0; 16],
        &[0, 2],
        &length,
        &padded,
        &[0xff, 0xff, 0, 0],
    ]
    .concat()
}

/// The same QuickTime file with its picture in another file, which is named in this way.
fn with_external_data(whole: &Path, kind: &[u8; 4], name: &[u8]) -> Vec<u8> {
    let mut data = std::fs::read(whole).expect("reads");
    let mut entry = vec![0, 0, 0, 0];
    entry.extend_from_slice(kind);
    entry.extend_from_slice(&[0; 4]);
    entry.extend_from_slice(name);
    let length = u32::try_from(entry.len()).expect("short");
    entry[..4].copy_from_slice(&length.to_be_bytes());
    let size = |data: &[u8], at: usize| u32::from_be_bytes(data[at..at + 4].try_into().expect("four")) as usize;
    // Size, kind, version, how many; then the first entry.
    let place = data.windows(4).position(|window| window == b"dref").expect("a data reference") - 4;
    let old = place + 16;
    let length = size(&data, old);
    let growth = entry.len() - length;
    data.splice(old..old + length, entry);
    for kind in [b"dref", b"dinf", b"minf", b"mdia", b"trak", b"moov"] {
        let at = data[..old].windows(4).rposition(|window| window == kind).expect("it lies in all of them") - 4;
        let grown = u32::try_from(size(&data, at) + growth).expect("small");
        data[at..at + 4].copy_from_slice(&grown.to_be_bytes());
    }
    data
}

#[test]
fn external_data_references_open_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let coder = "-c:v libx264 -bf 0 -g 1";
    let own = movie(&folder.path().join("own.mp4"), 0..12, "24", coder);
    let other = movie(&folder.path().join("other.mp4"), 100..112, "24", coder);
    let path = folder.path().join("reference.mp4");
    for target in ["other.mp4".to_owned(), format!("file://{}", other.display()), other.display().to_string()] {
        let url = [target.as_bytes(), &[0]].concat();
        for (kind, name) in [(b"url ", url), (b"alis", alias(&target))] {
            for path in [&path, &path.with_extension("mov")] {
                std::fs::write(path, with_external_data(&own, kind, &name)).expect("writes");
                // Either its own bytes are taken, or none.
                let read = |index| MovieReader::open(path, &DecodeOptions::default())?.frame(index, Rate::FPS_24);
                for index in [0, 7] {
                    if let Ok(picked) = read(index) {
                        assert_eq!(number(&picked.frame), u16::try_from(index).ok(), "{target}");
                    }
                }
            }
        }
    }
}

#[test]
fn what_is_no_regular_file_is_refused_unopened() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("folder.mov")).expect("a folder");
    std::fs::write(path("empty.mov"), "").expect("writes");
    let mut all = vec![(path("folder.mov"), "a folder"), (path("empty.mov"), "the file is empty")];
    #[cfg(unix)]
    {
        fifo(&path("fifo.mov"));
        std::os::unix::net::UnixListener::bind(path("socket.mov")).expect("a socket");
        std::os::unix::fs::symlink("/dev/zero", path("link.mov")).expect("a link");
        all.extend([
            (path("fifo.mov"), "a FIFO"),
            (path("socket.mov"), "a socket"),
            (path("link.mov"), "a device"),
            (PathBuf::from("/dev/zero"), "a device"),
        ]);
    }
    #[cfg(target_os = "linux")]
    all.push((PathBuf::from("/proc/self/cmdline"), "a file of the system"));
    for (path, what) in all {
        for error in refused(&path) {
            assert_eq!(error.kind(), ErrorKind::Decode, "{error:#}");
            assert!(format!("{error:#}").contains(what), "{error:#}");
        }
    }
}

#[cfg(unix)]
fn fifo(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().expect("mkfifo runs").success());
}

#[cfg(unix)]
#[test]
fn numbered_frames_are_regular_files_too() {
    let folder = tempfile::tempdir().expect("a folder");
    fifo(&folder.path().join("a.0001.png"));
    let source = MediaSource::Sequence {
        folder: folder.path().to_owned(),
        prefix: "a.".to_owned(),
        suffix: ".png".to_owned(),
        start: 1,
        step: 1,
        padding: 4,
        holes: MissingFramePolicy::Error,
    };
    let mut reader = SequenceReader::new(&source, &DecodeOptions::default()).expect("a sequence");
    let error = reader.read(0).expect_err("it is a FIFO");
    assert!(format!("{error:#}").contains("a FIFO") && error.place().frame == Some(1), "{error:#}");
}

#[test]
fn pictures_of_gigabytes_are_refused_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["a.png", "a.bmp", "a.tif"] {
        let path = movie(&folder.path().join(name), [7], "24", "-frames:v 1 -pix_fmt rgb24");
        let file = std::fs::OpenOptions::new().write(true).open(&path).expect("opens");
        file.set_len(3 << 30).expect("a sparse file");
        let begun = Instant::now();
        let error = MovieReader::open(&path, &DecodeOptions::default()).expect_err("too large");
        assert!(format!("{error:#}").contains("too many for a still"), "{error:#}");
        assert!(probe(&path).is_err() && begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}
