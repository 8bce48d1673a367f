//! Every sample in its place. R14.

use otio_conflate::plan::{HandleMode, Handles, RateConform};

use crate::support::*;

/// A click at the first sample of each of the first frames of a second: frame *i* at level (*i* + 1) / 64.
fn frames(rate: u32, per_second: f64, count: usize) -> Channels {
    let at = |frame: usize| (frame as f64 * f64::from(rate) / per_second).round() as usize;
    let clicked: Vec<_> = (0..count).map(|frame| (at(frame), 0, (frame + 1) as f32 / 64.0)).collect();
    let both: Vec<_> =
        clicked.iter().flat_map(|&(sample, _, level)| [(sample, 0, level), (sample, 1, level)]).collect();
    clicks(2, at(count) + 100, &both)
}

#[test]
fn every_shot_has_its_own_samples_and_nothing_else() {
    let media = Media::new();
    let wav = media.wav("a.wav", 48_000, &frames(48_000, 24.0, 40));
    let cut = timeline([
        video([gap(30)]),
        audio([clip("A", &wav, range(3, 10, 24)), gap(5), clip("B", &wav, range(20, 15, 24))]),
    ]);
    let run = run(&cut, &pieces(&[("one", 0, 4), ("two", 4, 13), ("three", 17, 13)]));
    let expected = |record: usize| match record {
        0..10 => Some(record + 3),
        15..30 => Some(record + 5),
        _ => None,
    };
    for (name, first, count) in [("one", 0, 4), ("two", 4, 13), ("three", 17, 13)] {
        let wanted: Vec<(usize, f32)> = (first..first + count)
            .filter_map(|record| Some(((record - first) * 2000, (expected(record)? + 1) as f32 / 64.0)))
            .collect();
        let heard = run.heard(name);
        assert_eq!(heard[0].len(), count * 2000, "{name}");
        for channel in &heard {
            assert_eq!(loud(channel, 0.0), wanted, "{name}");
        }
    }
    assert_eq!(run.said(), "");
}

#[test]
fn handles_sound_like_the_cut_or_like_the_clip() {
    let media = Media::new();
    let wav = media.wav("a.wav", 48_000, &frames(48_000, 24.0, 40));
    let picture = crate::common::movie(&media.path("p.mov"), 0..40, "24", "-c:v mjpeg");
    let shown = |start: i32| clip("sh", &picture, range(start, 6, 24));
    let heard = |name: &str, start: i32| clip(name, &wav, range(start, 6, 24));
    let cut = timeline([video([shown(10), shown(20)]), audio([heard("A", 10), heard("B", 20)])]);
    let said = |mode: HandleMode, name: &str| {
        let run = run(
            &cut,
            &options(|options| {
                (options.handles, options.handle_mode) = (Handles::both(2), mode);
            }),
        );
        let heard = run.heard(name);
        loud(&heard[1], 0.0)
            .iter()
            .map(|&(sample, level)| (sample / 2000, (level * 64.0) as i32 - 1))
            .collect::<Vec<_>>()
    };
    let frames = |list: &[i32]| list.iter().copied().enumerate().collect::<Vec<_>>();
    assert_eq!(said(HandleMode::Timeline, "sh_2"), frames(&[14, 15, 20, 21, 22, 23, 24, 25]));
    assert_eq!(said(HandleMode::Source, "sh_2"), frames(&[18, 19, 20, 21, 22, 23, 24, 25, 26, 27]));
}

#[test]
fn an_hour_at_ntsc_speed_ends_on_the_sample_it_should() {
    let media = Media::new();
    // 23.976 frames a second: frame n starts at sample 2002 n.
    let wav = media.wav("a.wav", 48_000, &clicks(2, 60_060, &[(2002, 0, 0.5), (2002 * 15, 1, 0.25)]));
    let pairs = 86_314 / 20;
    let pair = [clip("A", &wav, range(1, 10, 23.976)), clip("B", &wav, range(15, 10, 23.976_023_976))];
    let children: Vec<_> = (0..pairs).flat_map(|_| pair.clone()).collect();
    let cut = timeline_at(time(0, 23.976), [audio(children)]);
    let last = 20 * (pairs - 1);
    let run = run(&cut, &pieces(&[("first", 0, 13), ("last", last, 13), ("odd", last + 1, 10)]));
    let first = run.heard("first");
    assert_eq!(first[0].len(), 13 * 2002);
    assert_eq!(loud(&first[0], 0.0), [(0, 0.5)]);
    assert_eq!(loud(&first[1], 0.0), [(20_020, 0.25)]);
    assert!(run.heard("last") == first);
    let odd = run.heard("odd");
    assert_eq!((loud(&odd[0], 0.0), loud(&odd[1], 0.0)), (vec![], vec![(18_018, 0.25)]));
}

#[test]
fn rates_whose_frames_are_no_whole_samples_round_to_the_nearest() {
    let media = Media::new();
    // 29.97: a frame is 1601.6 samples.
    let ntsc = 30_000.0 / 1001.0;
    let wav = media.wav("a.wav", 48_000, &frames(48_000, ntsc, 40));
    let cut = timeline_at(time(0, 29.97), [audio([clip("A", &wav, range(0, 30, 29.97))])]);
    let run = run(&cut, &pieces(&[("a", 0, 7), ("b", 7, 3), ("c", 10, 20)]));
    for (name, first, count) in [("a", 0, 7), ("b", 7, 3), ("c", 10, 20)] {
        let heard = run.heard(name);
        assert_eq!(heard[0].len(), (f64::from(count) * 1601.6).round() as usize, "{name}");
        let found: Vec<usize> = loud(&heard[0], 0.0).iter().map(|&(sample, _)| sample).collect();
        let wanted = (0..count).map(|frame| {
            let click = (f64::from(first + frame) * 1601.6).round();
            (click - f64::from(first) * 1601.6).round() as usize
        });
        for (found, wanted) in found.iter().zip(wanted) {
            assert!(found.abs_diff(wanted) <= 1, "{name}: {found}, not {wanted}");
        }
        assert_eq!(found.len(), count as usize, "{name}");
    }
}

#[test]
fn other_sample_rates_are_converted_without_moving() {
    let media = Media::new();
    for rate in [44_100, 96_000, 11_025] {
        // A click between low and high frequencies: a short bell, whose middle is its peak.
        let mut channels = steady(&[0.0, 0.0], rate as usize);
        for second in [20, 40, 60, 80] {
            let middle = rate as usize * second / 100;
            for offset in -40i32..=40 {
                let at = (middle as i32 + offset) as usize;
                let bell = 0.5 * (-f64::from(offset * offset) / 50.0).exp();
                channels.iter_mut().for_each(|channel| channel[at] = bell as f32);
            }
        }
        let wav = media.wav(&format!("{rate}.wav"), rate, &channels);
        let cut = timeline([audio([clip("A", &wav, range(0, 24, 24))])]);
        let run = run(&cut, &pieces(&[("all", 0, 24), ("odd", 9, 3)]));
        let peaks = |heard: &Channels, at: &[usize]| {
            for &wanted in at {
                let (low, high) = (wanted - 300, wanted + 300);
                let peak = (low..high).max_by(|&a, &b| heard[0][a].total_cmp(&heard[0][b])).expect("some");
                assert_eq!(peak, wanted, "{rate}");
                level(heard[0][peak], 0.5, &rate.to_string());
            }
        };
        peaks(&run.heard("all"), &[9_600, 19_200, 28_800, 38_400]);
        peaks(&run.heard("odd"), &[1_200]);
    }
}

#[test]
fn adjoining_pieces_of_one_sound_join_without_a_seam() {
    let media = Media::new();
    let tone: Vec<f32> = (0..88_200).map(|sample| (sample as f32 * 0.031).sin() * 0.5).collect();
    let wav = media.wav("a.wav", 44_100, &vec![tone.clone(), tone]);
    let whole = timeline([audio([clip("A", &wav, range(2, 20, 24))])]);
    let bladed = timeline([audio([
        clip("A", &wav, range(2, 7, 24)),
        clip("B", &wav, range(9, 1, 24)),
        clip("C", &wav, range(10, 12, 24)),
    ])]);
    let (one, three) = (cut(&whole, 20), cut(&bladed, 20));
    let worst = one[0].iter().zip(&three[0]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst < 1e-5, "{worst}");
}

#[test]
fn clips_that_lie_between_frames_are_placed_to_the_sample() {
    let media = Media::new();
    let wav = media.wav("a.wav", 48_000, &clicks(2, 96_000, &[(12_345, 0, 0.5), (12_345, 1, 0.5)]));
    // The clip starts 1777 samples into the cut and 345 into its media.
    let cut_of =
        |gap: f64, start: f64| timeline([audio([gap_at(gap, 48_000), clip("A", &wav, range(start, 48_000, 48_000))])]);
    let heard = cut(&cut_of(1777.0, 345.0), 20);
    assert_eq!(loud(&heard[0], 0.0), [(1777 + 12_000, 0.5)]);
    // Half a sample is rounded, and the first sample of the clip is not lost.
    let heard = cut(&cut_of(1777.5, 12_345.0), 20);
    assert_eq!(loud(&heard[0], 0.0).len(), 1);
    assert!(loud(&heard[0], 0.0)[0].0.abs_diff(1777) <= 1);
}

#[test]
fn nested_tracks_are_heard_where_they_lie_and_trimmed() {
    let media = Media::new();
    let wav = media.wav("a.wav", 48_000, &frames(48_000, 24.0, 40));
    let mut nest = stack([video([gap(12)]), audio([gap(2), clip("A", &wav, range(5, 10, 24))])]);
    nest["source_range"] = range(4, 6, 24);
    let heard = cut(&timeline([video([gap(3), nest.clone(), gap(3)])]), 12);
    // Frame 4 of the nest, frame 7 of the media, lies at record frame 3.
    let levels: Vec<_> = (0..6usize).map(|frame| ((frame + 3) * 2000, (frame + 8) as f32 / 64.0)).collect();
    assert_eq!(loud(&heard[0], 0.0), levels);
    // The same inside an audio track, where its pictures do not matter.
    assert!(cut(&timeline([video([gap(12)]), audio([gap(3), nest.clone(), gap(3)])]), 12) == heard);
    // In both tracks at once it is one nest, not two.
    let both = timeline([video([gap(3), nest.clone(), gap(3)]), audio([gap(3), nest, gap(3)])]);
    assert!(cut(&both, 12) == heard);
}

#[test]
fn frame_for_frame_sound_runs_with_its_picture() {
    let media = Media::new();
    let wav = media.wav("a.wav", 48_000, &frames(48_000, 25.0, 40));
    let mut a = clip("A", &wav, range(0, 24, 25));
    a["media_references"]["DEFAULT_MEDIA"]["available_range"] = range(0, 40, 25);
    let cut = timeline([audio([a])]);
    let mut options = pieces(&[("cut", 0, 20)]);
    options.rate_conform = RateConform::FrameForFrame;
    let run = run(&cut, &options);
    let heard = run.heard("cut");
    for frame in 1..20 {
        let near = &heard[0][frame * 2000 - 3..frame * 2000 + 4];
        let peak = near.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).expect("some");
        assert_eq!(peak.0, 3, "frame {frame}: {near:?}");
    }
}

#[test]
fn what_is_switched_off_is_not_heard() {
    let media = Media::new();
    let wav = media.wav("a.wav", 48_000, &steady(&[0.25, 0.25], 48_000));
    let a = || clip("A", &wav, range(0, 4, 24));
    let off = |mut object: serde_json::Value| {
        object["enabled"] = false.into();
        object
    };
    let cut_of = timeline([video([gap(8)]), off(audio([a()])), audio([off(a()), a()]), off(stack([audio([a()])]))]);
    let heard = cut(&cut_of, 8);
    assert!(heard[0][..8000].iter().all(|&sample| sample == 0.0));
    assert!(heard[0][8000..].iter().all(|&sample| sample == 0.25));
    assert_eq!(heard[0].len(), 16_000);
}

#[test]
fn sound_files_count_from_their_time_reference() {
    let media = Media::new();
    let channels = clicks(2, 96_000, &[(12_000, 0, 0.5)]);
    let arguments = "-c:a pcm_s24le -write_bext 1 -metadata time_reference=172800000";
    let wav = sound(&media.path("bext.wav"), 48_000, &channels, arguments);
    // By the file's own count, 01:00:00:00, and by a count from 0.
    for start in [86_402, 2] {
        let heard = cut(&timeline([audio([clip("A", &wav, range(start, 12, 24))])]), 12);
        assert_eq!(loud(&heard[0], 0.0), [(8_000, 0.5)], "{start}");
    }
    // A clip that says nothing is as long as its media.
    let mut all = clip("A", &wav, serde_json::Value::Null);
    all["source_range"] = serde_json::Value::Null;
    let cut_of = timeline([audio([all.clone(), all])]);
    let planned = plan(&cut_of, &pieces(&[])).expect("a plan");
    assert_eq!(planned.duration, 96);
    let heard = cut(&cut_of, 96);
    assert_eq!(loud(&heard[0], 0.0), [(12_000, 0.5), (108_000, 0.5)]);
}
