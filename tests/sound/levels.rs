//! How loud it is. R14.

use otio_conflate::plan::Crossfade;

use crate::support::*;

#[test]
fn tracks_add_up_at_unity_gain_and_stay_when_one_of_them_ends() {
    let media = Media::new();
    let a = media.wav("a.wav", 48_000, &steady(&[0.125, -0.25], 96_000));
    let b = media.wav("b.wav", 48_000, &steady(&[0.0625, 0.5], 96_000));
    let tracks = [
        audio([clip("A", &a, range(0, 12, 24))]),
        audio([gap(4), clip("B", &b, range(0, 4, 24))]),
        audio([clip("C", &b, range(0, 2, 24))]),
    ];
    let heard = cut(&timeline(tracks), 12);
    let at = |frame: usize| (heard[0][frame * 2000], heard[1][frame * 2000]);
    assert_eq!(
        [at(0), at(2), at(4), at(8), at(11)],
        [(0.1875, 0.25), (0.125, -0.25), (0.1875, 0.25), (0.125, -0.25), (0.125, -0.25)]
    );
    assert_eq!(heard[0][8 * 2000 - 1], 0.1875);
}

#[test]
fn crossfades_keep_the_power_or_the_sum() {
    let media = Media::new();
    let a = media.wav("a.wav", 48_000, &steady(&[0.5, 0.0], 96_000));
    let b = media.wav("b.wav", 48_000, &steady(&[0.0, 0.5], 96_000));
    let cut = timeline([audio([clip("A", &a, range(4, 8, 24)), dissolve(4, 4), clip("B", &b, range(8, 8, 24))])]);
    for law in [Crossfade::EqualPower, Crossfade::Linear] {
        let mut options = pieces(&[("cut", 0, 16)]);
        options.sound.crossfade = law;
        let heard = run(&cut, &options).heard("cut");
        for sample in (0..32_000).step_by(997) {
            let part = ((sample as f32 - 8000.0) / 16_000.0).clamp(0.0, 1.0);
            let (out, into) = match law {
                Crossfade::Linear => (1.0 - part, part),
                _ => ((part * std::f32::consts::FRAC_PI_2).cos(), (part * std::f32::consts::FRAC_PI_2).sin()),
            };
            assert!((heard[0][sample] - 0.5 * out).abs() < 1e-4, "{law} {sample}: {}", heard[0][sample]);
            assert!((heard[1][sample] - 0.5 * into).abs() < 1e-4, "{law} {sample}: {}", heard[1][sample]);
        }
    }
}

#[test]
fn fades_at_gaps_and_ends_go_to_silence() {
    let media = Media::new();
    let a = media.wav("a.wav", 48_000, &steady(&[0.5, 0.5], 96_000));
    let cut_of =
        timeline([video([gap(16)]), audio([gap(4), dissolve(0, 4), clip("A", &a, range(4, 8, 24)), dissolve(4, 0)])]);
    let heard = cut(&cut_of, 16);
    assert_eq!((heard[0][7999], heard[0][8000]), (0.0, 0.0));
    level(heard[0][12_000], 0.5 * std::f32::consts::FRAC_1_SQRT_2, "half way in");
    assert_eq!(heard[0][16_000], 0.5);
    level(heard[0][20_000], 0.5 * std::f32::consts::FRAC_1_SQRT_2, "half way out");
    assert_eq!(heard[0][24_000], 0.0);
}

#[test]
fn clipping_is_told_with_its_place() {
    let media = Media::new();
    let a = media.wav("a.wav", 48_000, &steady(&[0.75, 0.5], 96_000));
    let cut = timeline([audio([clip("A", &a, range(0, 12, 24))]), audio([gap(5), clip("B", &a, range(0, 2, 24))])]);
    let run = run(&cut, &pieces(&[("quiet", 0, 5), ("loud", 3, 6)]));
    let said = run.said();
    assert!(said.contains("clips") && said.contains("+3.52 dB") && said.contains("4000 samples"), "{said}");
    assert!(said.contains("01:00:00:05"), "{said}");
    let shots: Vec<_> = run.report.shots.iter().map(|shot| shot.warnings.len()).collect();
    assert_eq!(shots, [0, 1]);
    // What lies beyond full scale is cut off there.
    assert!((run.heard("loud")[0][4000] - 1.0).abs() < 1e-6);
}

#[test]
fn a_limiter_keeps_the_mix_below_its_ceiling() {
    let media = Media::new();
    let soft = media.wav("soft.wav", 48_000, &steady(&[0.25, 0.125], 96_000));
    let loud_part = media.wav("loud.wav", 48_000, &steady(&[1.0, 0.5], 12_000));
    let cut_of = timeline([
        audio([clip("A", &soft, range(0, 24, 24))]),
        audio([gap(12), clip("B", &loud_part, range(0, 6, 24))]),
    ]);
    let mut options = pieces(&[("cut", 0, 24), ("end", 18, 6)]);
    options.sound.limit = Some(-6.0);
    let run = run(&cut_of, &options);
    let (heard, ceiling) = (run.heard("cut"), 10f32.powf(-0.3));
    assert_eq!(heard[0].len(), 48_000);
    // Far from what is loud nothing is changed.
    assert_eq!((heard[0][20_000], heard[1][40_000]), (0.25, 0.125));
    level(heard[0][30_000], ceiling, "in it");
    level(heard[1][30_000], ceiling / 2.0, "the other channel, by as much");
    assert!(heard[0].iter().all(|sample| *sample <= ceiling + 1e-6));
    let said = run.said();
    assert!(said.contains("the mix is limited: by 7.94 dB") && said.contains("01:00:00:11"), "{said}");
    let peaks: Vec<f32> = run.report.shots.iter().map(|shot| shot.peak.expect("there is sound").level).collect();
    assert!((peaks[0] - ceiling).abs() < 1e-6 && peaks[1] == 0.25, "{peaks:?}");
}
