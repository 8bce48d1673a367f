//! Configurations, LUTs and colour decisions: whatever is in them is used or refused. The first byte chooses what they are.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use otio_conflate::color::{self, Step};
use otio_conflate::plan::{CdlStyle, ColorConfig};

const ENDINGS: [&str; 16] = [
    "ocio", "ocioz", "cube", "clf", "ctf", "cc", "ccc", "cdl", "3dl", "csp", "spi1d", "spi3d", "spimtx", "lut", "itx", "cub",
];

fuzz_target!(|data: &[u8]| {
    let Some((first, text)) = data.split_first() else { return };
    let ending = ENDINGS[usize::from(*first) % ENDINGS.len()];
    let Ok(folder) = tempfile::tempdir() else { return };
    let path = folder.path().join(format!("a.{ending}"));
    if std::fs::write(&path, text).is_err() {
        return;
    }
    let is_config = ending.starts_with("ocio");
    let config = if is_config { ColorConfig::File(path.clone()) } else { ColorConfig::Raw };
    let Ok(engine) = color::open(&config) else { return };
    let spaces = engine.spaces();
    let step = match (is_config, spaces.first().zip(spaces.last())) {
        (true, Some((from, to))) => Step::Convert { from: from.name.clone(), to: to.name.clone() },
        _ => Step::File { path: path.display().to_string(), id: None, style: CdlStyle::Asc },
    };
    if let Ok(made) = engine.transform(&[step], &BTreeMap::new()) {
        made.transform.apply(&mut [[0.5; 4], [-1.0, 2.0, f32::NAN, 0.0]]);
    }
});
