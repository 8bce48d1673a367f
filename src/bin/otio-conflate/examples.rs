//! Examples of each subcommand and the list of presets: the end of its help, and parts of docs/cli.md and of the manual page.

use clap::Command;

/// A command line, and what it does.
type Example = (&'static str, &'static str);

/// What the columns of `inspect` hold.
const COLUMNS: &str = "\
    Each object of the timeline is a line: its kind, its name, its start within its track in seconds, what it uses, and its path, \
    as warnings and errors name it. What it uses is the range of its media as FIRST + COUNT @ RATE (12 + 48 @ 24 is frames 12 to 59 \
    at 24 fps), then disabled, speed, freeze, other effects and the number of markers; of a transition it is the type and \
    IN_OFFSET + OUT_OFFSET @ RATE. The line below a clip says whether its media file was found or is MISSING, where it was looked \
    for, and behind \"has\" the range that the timeline says is available. The last line counts clips with and without their media.";

/// What `--preset` may name: each with its codec, its file and its samples, as docs/formats.md has them.
const PRESETS: &[(&str, &str, &str, &str)] = &[
    ("prores-proxy, prores-lt", "ProRes", ".mov", "4:2:2, 10 bits"),
    ("prores-422, prores-hq", "ProRes", ".mov", "4:2:2, 10 bits"),
    ("prores-4444", "ProRes", ".mov", "4:4:4, 10 bits, alpha"),
    ("dnxhr-lb, dnxhr-sq, dnxhr-hq", "DNxHR", ".mov", "4:2:2, 8 bits"),
    ("h264", "H.264", ".mp4", "4:2:0, 8 bits"),
    ("hevc", "HEVC", ".mp4", "4:2:0, 8 bits"),
    ("hevc-10", "HEVC", ".mp4", "4:2:0, 10 bits"),
    ("vp9", "VP9", ".webm", "4:2:0, 8 bits"),
    ("ffv1", "FFV1, lossless", ".mkv", "as the canvas, up to 16 bits"),
    ("mjpeg", "Motion JPEG", ".mov", "8 bits, full range"),
    ("png, tiff", "PNG, TIFF", "numbered frames", "RGB, up to 16 bits, alpha"),
    ("jpg", "JPEG", "numbered frames", "8 bits, full range"),
    ("exr", "OpenEXR", "numbered frames", "linear RGB, half float, alpha"),
];

/// What `--representation` may name beside these.
const REPRESENTATIONS: &str = "\
    Representations: every preset, and proxy-half and proxy-quarter (ProRes Proxy at a half and a quarter of the size), prores \
    (ProRes LT), poster (the middle frame as JPEG), contact-sheet (12 frames as JPEG), or a .toml or .json file (docs/formats.md).";

/// The subcommands whose help lists the presets.
const WITH_PRESETS: &[&str] = &["conflate", "transcode"];

/// The subcommands that take presets, and whose help says where they are listed.
const WITH_POINTER: &[&str] = &["plan", "trim", "review", "farm", "resolve"];

/// The examples of a subcommand.
pub(crate) fn of(subcommand: &str) -> &'static [Example] {
    match subcommand {
        "inspect" => &[
            ("otio-conflate inspect cut.otio", "tracks, clips, and which media are missing"),
            ("otio-conflate inspect cut.otio --map /Volumes/show=/mnt/show", "with media that moved"),
            ("otio-conflate inspect cut.otio --media /mnt/camera", "what a search for missing media finds there"),
            (
                "otio-conflate inspect --ocio ocio://default",
                "colour spaces, displays, views and looks of a configuration",
            ),
        ],
        "plan" => &[
            (
                "otio-conflate plan cut.otio --handles 8 > cut.plan.json",
                "the plan, which `conflate` and `farm` also read",
            ),
            ("otio-conflate plan cut.otio --frames", "which source frames each output frame shows"),
            ("otio-conflate plan cut.otio --explain --preset h264", "how each frame would be made"),
        ],
        "conflate" => &[
            ("otio-conflate conflate cut.otio --out shots --handles 8 --dry-run", "what would be rendered"),
            (
                "otio-conflate conflate cut.otio --out shots --representation h264",
                "ProRes shots, each with a review movie",
            ),
            ("otio-conflate conflate cut.otio --out plates --preset exr --only sh020,sh040", "two shots as EXR files"),
            (
                "otio-conflate conflate cut.otio --out shots --representation h264 --since shots/manifest.json",
                "after a change of the cut: renders only what is new, with the flags of the first run",
            ),
        ],
        "farm" => &[
            (
                "otio-conflate farm cut.otio --out job --folder /mnt/show/shots --dry-run",
                "tasks, their cost, their files",
            ),
            (
                "otio-conflate farm cut.otio --out job --folder /mnt/show/shots --chunks 4 --review",
                "a job of four tasks",
            ),
        ],
        "task" => &[
            ("otio-conflate task check --written-by 0.1.0", "fails unless this is version 0.1.0"),
            ("otio-conflate task render job/data --chunk 1 --chunks 4", "the first of four tasks"),
            ("otio-conflate task render job/data --shots sh020", "one shot again"),
            ("otio-conflate task merge job/data", "joins the part manifests when all tasks are done"),
        ],
        "transcode" => &[
            (
                "otio-conflate transcode sh010.mov --representation h264 --representation poster --out dailies",
                "a review movie and a poster",
            ),
            (
                "otio-conflate transcode 'plates/sh010.%04d.exr' --rate 25 --representation prores-hq --out dailies",
                "a movie of numbered frames",
            ),
        ],
        "trim" => &[
            ("otio-conflate trim reel.mov sh010.mov=0-99 sh020.mov=100-199", "two pieces, by frames from 0"),
            ("otio-conflate trim reel.mov sh010.mov=01:00:04:00-01:00:08:00", "by timecode; the end is not included"),
            (
                "otio-conflate trim reel.mov sh010.mov=4s-8.5s --copy never --preset prores-hq",
                "by seconds, encoded anew",
            ),
        ],
        "review" => &[
            ("otio-conflate review shots/manifest.json --out review", "one movie of all shots of a run"),
            (
                "otio-conflate review shots/manifest.json --out review --slate 'Reel 2, Tuesday' --preset prores-lt",
                "with a slate, for an editor",
            ),
        ],
        "resolve" => &[
            ("otio-conflate resolve cut.otio --out graded", "shots of the timeline that is open in Resolve, as graded"),
            ("otio-conflate resolve cut.otio --out graded --ungraded plates", "and the same shots without their grade"),
            ("otio-conflate resolve cut.otio --out graded --submit render.ticket", "returns while Resolve renders"),
            ("otio-conflate resolve collect render.ticket", "waits for that render and delivers its shots"),
        ],
        "diff" => &[
            ("otio-conflate diff cut_v1.otio cut_v2.otio", "shots that changed"),
            ("otio-conflate diff shots/manifest.json cut_v2.otio", "against what was delivered, handles included"),
            (
                "otio-conflate diff cut_v1.otio cut_v2.otio --handles 8 --edl changes.edl --svg changes.svg",
                "with a change list and a picture",
            ),
        ],
        "completions" => &[
            ("otio-conflate completions bash > ~/.local/share/bash-completion/completions/otio-conflate", "for bash"),
            ("otio-conflate completions zsh > ~/.zfunc/_otio-conflate", "for zsh, where ~/.zfunc is in $fpath"),
        ],
        "man" => &[
            ("otio-conflate man > ~/.local/share/man/man1/otio-conflate.1", "for `man otio-conflate`"),
            ("otio-conflate man | man -l -", "to read it now"),
        ],
        _ => &[],
    }
}

/// What a subcommand's output means, where that needs words.
pub(crate) fn explanation(subcommand: &str) -> Option<&'static str> {
    (subcommand == "inspect").then_some(COLUMNS)
}

/// The presets and representations, for the help of `subcommand`.
fn presets(subcommand: &str) -> Option<String> {
    if WITH_POINTER.contains(&subcommand) {
        return Some("Presets and representations are listed by `otio-conflate conflate --help`.".to_owned());
    }
    if !WITH_PRESETS.contains(&subcommand) {
        return None;
    }
    let widest = PRESETS.iter().map(|(names, ..)| names.len()).max().unwrap_or_default();
    let mut text = "Presets:\n".to_owned();
    for (names, codec, file, samples) in PRESETS {
        text += &format!("  {names:widest$}  {codec:<14}  {file:<15}  {samples}\n");
    }
    Some(text + "\n" + REPRESENTATIONS)
}

/// `command` with examples at the end of the help of each subcommand, and the presets where they are asked for.
pub(crate) fn with_examples(command: Command) -> Command {
    command.mut_subcommands(|subcommand| {
        let name = subcommand.get_name().to_owned();
        let mut parts: Vec<String> = explanation(&name).map(str::to_owned).into_iter().collect();
        parts.extend(subcommand.get_after_help().map(ToString::to_string));
        if !of(&name).is_empty() {
            let lines = of(&name).iter().map(|(line, what)| format!("\n  # {what}\n  {line}")).collect::<String>();
            parts.push(format!("Examples:{lines}"));
        }
        parts.extend(presets(&name));
        match parts.is_empty() {
            true => subcommand,
            false => subcommand.after_help(parts.join("\n\n")),
        }
    })
}

#[cfg(test)]
mod tests {
    use otio_conflate::deliver::{Preset, Representation};

    use super::*;

    /// The words of a command line: spaces part them outside single quotes, and a redirection or pipe ends it.
    fn words(line: &str) -> Vec<String> {
        let mut words = vec![String::new()];
        let mut is_quoted = false;
        for c in line.chars() {
            match c {
                '\'' => is_quoted = !is_quoted,
                ' ' if !is_quoted => words.push(String::new()),
                _ => words.last_mut().expect("one at least").push(c),
            }
        }
        let end = words.iter().position(|word| word == ">" || word == "|").unwrap_or(words.len());
        words.truncate(end);
        words
    }

    #[test]
    fn every_subcommand_has_examples_that_the_parser_takes() {
        let command = crate::command();
        for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
            let examples = of(subcommand.get_name());
            assert!((2..=4).contains(&examples.len()), "{}", subcommand.get_name());
            for (line, _) in examples {
                let parsed = command.clone().try_get_matches_from(words(line));
                let parsed = parsed.unwrap_or_else(|error| panic!("{line}: {error}"));
                assert_eq!(parsed.subcommand_name(), Some(subcommand.get_name()), "{line}");
            }
        }
    }

    #[test]
    fn the_list_of_presets_names_each_once() {
        let listed: Vec<&str> = PRESETS.iter().flat_map(|(names, ..)| names.split(", ")).collect();
        let mut all = Preset::NAMES.to_vec();
        let mut sorted = listed.clone();
        all.sort_unstable();
        sorted.sort_unstable();
        assert_eq!(sorted, all);
        for name in Representation::NAMES {
            assert!(listed.contains(&name) || REPRESENTATIONS.contains(name), "{name} is not listed");
        }
        let shown = include_str!("../../../docs/formats.md");
        assert!(Preset::NAMES.into_iter().all(|name| shown.contains(&format!("`{name}`"))));
    }
}
