//! Which layer of an OpenEXR file is its picture.

use super::header::{ExrPart, StoredChannel};

/// The layer that is the picture.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) part: usize,
    /// The places of red, green, blue and alpha among the part's channels; of luminance alone, the second one.
    pub(super) channels: [Option<usize>; 4],
    pub(super) luminance: bool,
}

/// A layer of a part.
struct ExrLayer {
    part: usize,
    name: String,
    channels: [Option<usize>; 4],
}

/// Chooses RGB(A), else the only layer that has red, green and blue, else luminance.
pub(super) fn choose(parts: &[ExrPart]) -> Result<Choice, String> {
    let mut layers: Vec<ExrLayer> = Vec::new();
    for (number, part) in parts.iter().enumerate().filter(|(_, part)| !part.deep) {
        for (index, channel) in part.channels.iter().enumerate() {
            let Some(place) = channel.place() else { continue };
            let name = channel.split().0;
            let known = layers.iter().position(|layer| layer.part == number && layer.name == name);
            let known = known.unwrap_or_else(|| {
                layers.push(ExrLayer { part: number, name: name.to_owned(), channels: [None; 4] });
                layers.len() - 1
            });
            layers[known].channels[place].get_or_insert(index);
        }
    }
    layers.retain(|layer| layer.channels[..3].iter().all(Option::is_some));
    let main = |layer: &&ExrLayer| {
        let last = layer.name.rsplit('.').next().unwrap_or_default();
        ["rgba", "rgb", "combined"].iter().any(|name| last.eq_ignore_ascii_case(name))
    };
    fn only(mut found: Vec<&ExrLayer>) -> Option<&ExrLayer> {
        if found.len() == 1 { found.pop() } else { None }
    }
    let chosen = layers.iter().find(|layer| layer.name.is_empty());
    let chosen =
        chosen.or_else(|| only(layers.iter().filter(main).collect())).or_else(|| only(layers.iter().collect()));
    if let Some(layer) = chosen {
        let choice = Choice { part: layer.part, channels: layer.channels, luminance: false };
        return usable(&parts[layer.part], &choice).map(|()| choice);
    }
    if layers.is_empty() {
        for (number, part) in parts.iter().enumerate().filter(|(_, part)| !part.deep) {
            let named = |name: &str| part.channels.iter().position(|channel| channel.name == name);
            let Some(luminance) = named("Y") else { continue };
            if named("RY").is_some() || named("BY").is_some() {
                return Err(
                    "it holds luminance and chroma (Y, RY, BY), which are not supported; expected RGB".to_owned()
                );
            }
            let choice = Choice { part: number, channels: [None, Some(luminance), None, named("A")], luminance: true };
            return usable(part, &choice).map(|()| choice);
        }
    }
    if parts.iter().all(|part| part.deep) {
        return Err("it holds deep data, which is not supported".to_owned());
    }
    let what = if layers.is_empty() { "no layer has" } else { "several layers have" };
    Err(format!("{what} red, green and blue, and none is called RGB or RGBA; its layers are {}", list(parts)))
}

/// Whether FFmpeg decodes the chosen channels.
fn usable(part: &ExrPart, choice: &Choice) -> Result<(), String> {
    let chosen: Vec<&StoredChannel> = choice.channels.iter().flatten().map(|&index| &part.channels[index]).collect();
    if chosen.iter().any(|channel| channel.kind == 0) {
        return Err("its colour channels hold 32-bit integers, which are not supported; expected floats".to_owned());
    }
    if part.channels.iter().any(|channel| channel.sampling != (1, 1)) {
        return Err("it has subsampled channels, which are not supported".to_owned());
    }
    // FFmpeg's DWA decoder takes any three channels for blue, green and red of half floats.
    let named = |channel: &StoredChannel| ["R", "G", "B", "A"].contains(&channel.split().1);
    let dwa = matches!(part.compression, 8 | 9);
    let usual = !choice.luminance && chosen.len() == part.channels.len();
    if dwa && !(usual && chosen.iter().all(|channel| channel.kind == 1 && named(channel))) {
        return Err("DWA compression of anything but R, G, B and A in half floats is not supported".to_owned());
    }
    if chosen.windows(2).any(|pair| pair[0].kind != pair[1].kind) {
        return Err("its colour channels mix half and single floats, which is not supported".to_owned());
    }
    Ok(())
}

/// Every layer with its channels.
fn list(parts: &[ExrPart]) -> String {
    let mut layers: Vec<(String, Vec<&str>)> = Vec::new();
    for part in parts {
        for channel in &part.channels {
            let (layer, what) = channel.split();
            let name = [part.name.as_str(), layer].iter().filter(|name| !name.is_empty()).copied().collect::<Vec<_>>();
            let name = name.join(": ");
            match layers.iter_mut().find(|(known, _)| *known == name) {
                Some((_, channels)) => channels.push(what),
                None => layers.push((name, vec![what])),
            }
        }
    }
    const MOST: usize = 40;
    let more = layers.len().saturating_sub(MOST);
    let named = layers.iter().take(MOST).map(|(name, channels)| match name.as_str() {
        "" => format!("({})", channels.join(", ")),
        name => format!("{name:?} ({})", channels.join(", ")),
    });
    let named = named.collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{named} and {more} more") } else { named }
}
