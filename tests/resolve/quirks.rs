//! What differs from one Resolve to the next: versions, platforms, languages, and what people do meanwhile.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use otio_conflate::backend::resolve::{Grade, RenderPreset, ResolveBackend, Scope, TimelineChoice};
use otio_conflate::plan::PlanOptions;
use otio_conflate::{Conflation, Delivery, ErrorKind, Observer};
use serde_json::{Value, json};

use crate::rendering::preset;
use crate::support::{NONE, Stage, WARM, other};

fn quirk(name: &'static str, value: Value) -> impl FnOnce(&mut Value) {
    move |state| state["quirks"] = json!({name: value})
}

/// Whole runs, each against a Resolve that differs in one thing.
fn each(quirks: &[(&'static str, Value)]) {
    for (name, value) in quirks {
        println!("{name}: {value}");
        let stage = Stage::usual(quirk(name, value.clone()));
        stage.check(stage.options(), &PlanOptions::default(), "prores-lt", WARM);
    }
}

#[test]
fn renders_are_found_wherever_they_lie() {
    each(&[
        ("sub_folder", json!("{name}")),
        ("sub_folder", json!("{timeline}/V1/{name}")),
        ("litter", json!([".DS_Store", "._{name}.mov"])),
        ("codecs_by", json!("label")),
    ]);
    for separator in ["_", "."] {
        let stage = Stage::usual(quirk("number_separator", json!(separator)));
        let options = stage.with(|options| options.format = Some("DPX".to_owned()));
        stage.check(options, &PlanOptions::default(), "prores-lt", WARM);
    }
}

#[test]
fn jobs_are_told_of_in_other_words() {
    each(&[
        ("status", json!({"Ready": "待機中", "Rendering": "レンダリング中", "Complete": "完了"})),
        ("numbers_as_float", json!(true)),
        ("ready_after_start", json!(5)),
        ("named_arguments", json!(false)),
    ]);
    // Nothing but the error tells that it failed.
    let stage = Stage::usual(quirk("status", json!({"Failed": "失敗", "Rendering": "レンダリング中"})));
    stage.fake.set_faults(&json!({"render": {"fail_at": 50, "error": "GPU"}}));
    let before = stage.fake.now();
    let run = stage.try_run(stage.options(), stage.plan(&PlanOptions::default()), "prores-lt");
    let error = run.err().expect("the job failed");
    assert_eq!(error.kind(), ErrorKind::Application, "{error}");
    assert!(error.to_string().contains("GPU"), "{error}");
    assert_eq!(stage.fake.now(), before);
}

#[test]
fn a_codec_that_is_listed_and_refused_is_an_error_that_names_it() {
    let stage = Stage::usual(quirk("refused_codecs", json!(["ProRes4444"])));
    let before = stage.fake.now();
    let options = stage.with(|options| {
        options.format = Some("QuickTime".to_owned());
        options.codec = Some("Apple ProRes 4444".to_owned());
    });
    let error = stage.try_run(options, stage.plan(&PlanOptions::default()), "prores-lt").err().expect("it is refused");
    assert!(error.to_string().contains("ProRes4444"), "{error}");
    assert_eq!(stage.fake.now(), before);
    // Where nobody asked for it, another one will do.
    stage.check(stage.options(), &PlanOptions::default(), "prores-lt", WARM);
}

#[test]
fn formats_and_codecs_that_are_not_listed_are_errors_that_list_them() {
    let stage = Stage::usual(|_| ());
    for (format, codec, words) in [
        ("Cineon", None, ["Cineon", "QuickTime"]),
        ("QuickTime", Some("RGB 99-bit"), ["RGB 99-bit", "Apple ProRes 422 HQ"]),
    ] {
        let before = stage.fake.now();
        let options = stage.with(|options| {
            options.format = Some(format.to_owned());
            options.codec = codec.map(str::to_owned);
        });
        let error = stage.try_run(options, stage.plan(&PlanOptions::default()), "prores-lt").err().expect("not listed");
        assert_eq!(error.kind(), ErrorKind::Option, "{error}");
        assert!(words.iter().all(|word| error.to_string().contains(word)), "{error}");
        assert_eq!(stage.fake.now(), before);
    }
}

#[test]
fn settings_of_a_preset_or_of_the_page_do_not_reach_the_shots() {
    let page = json!({"SelectAllFrames": false, "FormatWidth": 64, "FormatHeight": 36, "FrameRate": "25",
        "TimelineStartTimecode": "09:00:00:00", "ExportVideo": false, "ClipStartFrame": 7});
    for scope in [Scope::WholeTimeline, Scope::PerShot] {
        let stage = Stage::usual(|state| {
            state["project"]["timelines"][0]["marks"] = json!({"video": {"in": 2, "out": 5}});
            state["project"]["render_mode"] = json!(0);
            state["project"]["render_settings"] = page.clone();
            state["project"]["presets"] = json!({"Odd": page});
        });
        for preset in [RenderPreset::None, RenderPreset::Named("Odd".to_owned())] {
            let options = stage.with(|options| {
                options.scope = scope;
                options.preset = preset;
            });
            stage.check(options, &PlanOptions::default(), "prores-lt", WARM);
        }
    }
}

#[test]
fn grades_are_left_out_of_groups_and_layers_as_well_as_they_can() {
    let stage = Stage::usual(|state| {
        state["quirks"] = json!({"new_version": "blank"});
    });
    let options = stage.with(|options| options.grade = Grade::Bypass);
    stage.check(options, &PlanOptions::default(), "prores-lt", NONE);
}

/// Does something in Resolve once, as soon as it renders, from another script.
struct Somebody<'s> {
    stage: &'s Stage,
    done: AtomicBool,
    does: &'s str,
}

impl Observer for Somebody<'_> {
    fn preparing(&self, share: f64) {
        if share == 0.0 || self.done.swap(true, Ordering::Relaxed) {
            return;
        }
        let script = format!(
            "import DaVinciResolveScript as api\nresolve = api.scriptapp('Resolve')\n\
             project = resolve.GetProjectManager().GetCurrentProject()\n{}",
            self.does
        );
        let modules = self.stage.fake.folder().join("Modules");
        let made = Command::new("python3")
            .args(["-B", "-c", &script])
            .envs(self.stage.fake.environment())
            .env("PYTHONPATH", modules)
            .status();
        assert!(made.expect("python3 is there").success(), "{script}");
    }
}

#[test]
fn what_somebody_adds_meanwhile_stays() {
    for set in ["usual", "other"] {
        let stage = Stage::usual(|state| {
            state["quirks"] = json!({"set": set});
            state["project"]["timelines"] = json!([{"name": "somebody's work", "video": []}]);
        });
        stage.fake.set_faults(&json!({"render": {"pace": 0.02}}));
        let out = stage.media.path("out/x").parent().expect("a folder").to_owned();
        let plan = stage.plan(&PlanOptions::default());
        let added = stage.media.path("added.wav");
        std::fs::write(&added, b"").expect("a new file");
        let does = format!(
            "pool = project.GetMediaPool()\npool.SetCurrentFolder(pool.GetRootFolder())\n\
             assert pool.ImportMedia(['{}'])",
            added.display()
        );
        let somebody = Somebody { stage: &stage, done: AtomicBool::new(false), does: &does };
        let options = stage.with(|options| options.timeline = TimelineChoice::Import);
        let delivery = Delivery::new(&out).preset(preset("prores-lt"));
        let run = Conflation::new(ResolveBackend::new(options), delivery).run(&plan, &somebody).expect("a run");
        assert!(run.succeeded() && somebody.done.into_inner());
        let pool = stage.fake.now()["project"]["media_pool"]["root"].clone();
        assert_eq!(pool["clips"], json!(["added.wav", "somebody's work"]), "{set}");
        assert_eq!(pool["folders"], json!([]), "{set}");
    }
}

#[test]
fn somebody_stops_the_render_or_deletes_the_job() {
    for does in ["project.StopRendering()", "project.DeleteAllRenderJobs()"] {
        let stage = Stage::usual(|_| ());
        let before = stage.fake.now();
        stage.fake.set_faults(&json!({"render": {"pace": 0.05}}));
        let out = stage.media.path("out/x").parent().expect("a folder").to_owned();
        let plan = stage.plan(&PlanOptions::default());
        let somebody = Somebody { stage: &stage, done: AtomicBool::new(false), does };
        let delivery = Delivery::new(&out).preset(preset("prores-lt"));
        let run = Conflation::new(ResolveBackend::new(stage.options()), delivery).run(&plan, &somebody);
        let error = run.expect_err("there is no whole render");
        assert_eq!(error.kind(), ErrorKind::Application, "{does}: {error}");
        assert_eq!(stage.fake.now(), before, "{does}");
    }
}

#[test]
fn another_resolve_altogether_does_the_main_job() {
    let stage = Stage::usual(other);
    let options = stage.with(|options| options.timeline = TimelineChoice::Import);
    stage.check(options, &PlanOptions::default(), "prores-hq", WARM);
}

#[test]
fn a_resolve_that_has_to_be_started_is_waited_for() {
    let mut stage = Stage::usual(|state| state["loading"] = json!(2));
    stage.fake.kill();
    let options = stage.with(|options| options.start = Some(stage.fake.command()));
    let run = stage.try_run(options, stage.plan(&PlanOptions::default()), "prores-lt").expect("it was started");
    assert!(run.report.succeeded());
}
