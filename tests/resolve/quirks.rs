//! What differs from one Resolve to the next: versions, platforms, languages, and what people do meanwhile.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use otio_conflate::backend::resolve::{
    RenderPreset, ResolveBackend, ResolveGrade, ResolveOptions, Scope, TimelineChoice,
};
use otio_conflate::plan::PlanOptions;
use otio_conflate::{Conflation, Delivery, ErrorKind, Observer, Report, Result};
use serde_json::{Value, json};

use crate::fake_resolve::python;
use crate::rendering::preset;
use crate::support::{NONE, Stage, WARM};

fn quirks(quirks: Value) -> impl FnOnce(&mut Value) {
    move |state| state["quirks"] = quirks
}

#[test]
fn renders_are_found_wherever_they_lie() {
    let odd =
        json!({"sub_folder": "{timeline}/V1/{name}", "litter": [".DS_Store", "._{name}.mov"], "codecs_by": "label"});
    let stage = Stage::usual(quirks(odd));
    stage.check(stage.options(), &PlanOptions::default(), "prores-lt", WARM);
    let stage = Stage::usual(quirks(json!({"number_separator": ".", "sub_folder": "{name}"})));
    let options = stage.with(|options| {
        options.format = Some("DPX".to_owned());
        options.codec = Some("RGB 10-bit".to_owned());
    });
    stage.check(options, &PlanOptions::default(), "prores-lt", WARM);
}

#[test]
fn jobs_are_told_of_in_other_words() {
    let words = json!({"Ready": "待機中", "Rendering": "レンダリング中", "Complete": "完了", "Failed": "失敗"});
    let stage = Stage::usual(quirks(json!({"status": words, "ready_after_start": 5})));
    let before = stage.fake.now();
    stage.check(stage.options(), &PlanOptions::default(), "prores-lt", WARM);
    // Nothing but the error tells that it failed.
    stage.fake.set_faults(&json!({"render": {"fail_at": 50, "error": "GPU"}}));
    let run = stage.try_run(stage.options(), stage.plan(&PlanOptions::default()), "prores-lt");
    let error = run.err().expect("the job failed");
    assert_eq!(error.kind(), ErrorKind::Application, "{error:#}");
    assert!(format!("{error:#}").contains("GPU"), "{error:#}");
    assert_eq!(stage.fake.now(), before);
}

#[test]
fn a_render_that_begins_between_two_questions_goes_on() {
    // Whether it renders is asked for before it is said to, its status after, when half of it is done.
    let status = json!({"Rendering": "レンダリング中"});
    let stage = Stage::usual(quirks(json!({"status": status, "ready_after_start": 5})));
    stage.fake.set_faults(&json!({"render": {"pace": 0.06}}));
    let options = stage.with(|options| options.limits.poll = Duration::from_millis(150));
    stage.check(options, &PlanOptions::default(), "prores-lt", WARM);
}

#[test]
fn a_codec_that_is_listed_and_refused_is_an_error_that_names_it() {
    let stage = Stage::usual(quirks(json!({"refused_codecs": ["ProRes4444"]})));
    let before = stage.fake.now();
    let options = stage.with(|options| {
        options.format = Some("QuickTime".to_owned());
        options.codec = Some("Apple ProRes 4444".to_owned());
    });
    let error = stage.try_run(options, stage.plan(&PlanOptions::default()), "prores-lt").err().expect("it is refused");
    assert!(format!("{error:#}").contains("ProRes4444"), "{error:#}");
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
        assert_eq!(error.kind(), ErrorKind::Option, "{error:#}");
        assert!(words.iter().all(|word| format!("{error:#}").contains(word)), "{error:#}");
        assert_eq!(stage.fake.now(), before);
    }
}

#[test]
fn settings_of_a_preset_or_of_the_page_do_not_reach_the_shots() {
    let page = json!({"SelectAllFrames": false, "FormatWidth": 64, "FormatHeight": 36, "FrameRate": "25",
        "TimelineStartTimecode": "09:00:00:00", "ExportVideo": false, "ClipStartFrame": 7});
    let stage = Stage::usual(|state| {
        state["project"]["timelines"][0]["marks"] = json!({"video": {"in": 2, "out": 5}});
        state["project"]["render_mode"] = json!(0);
        state["project"]["render_settings"] = page.clone();
        state["project"]["presets"] = json!({"Odd": page});
    });
    stage.check(stage.options(), &PlanOptions::default(), "prores-lt", WARM);
    let options = stage.with(|options| {
        options.scope = Scope::PerShot;
        options.preset = RenderPreset::Named("Odd".to_owned());
    });
    stage.check(options, &PlanOptions::default(), "prores-lt", WARM);
}

#[test]
fn a_new_version_of_a_grade_may_be_blank() {
    let stage = Stage::usual(quirks(json!({"new_version": "blank"})));
    let options = stage.with(|options| options.grade = ResolveGrade::Bypass);
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
        self.stage.script(self.does);
    }
}

impl Stage {
    /// Lets another script do something with `project`.
    pub(crate) fn script(&self, does: &str) {
        let script = format!(
            "import DaVinciResolveScript as api\nresolve = api.scriptapp('Resolve')\n\
             project = resolve.GetProjectManager().GetCurrentProject()\n{does}"
        );
        let modules = self.fake.folder().join("Modules");
        let made = Command::new(python())
            .args(["-B", "-c", &script])
            .envs(self.fake.environment())
            .env("PYTHONPATH", modules)
            .status();
        assert!(made.expect("python3 is there").success(), "{script}");
    }
}

impl Stage {
    /// A run in which `somebody` does something else in Resolve.
    fn run_with(&self, change: impl FnOnce(&mut ResolveOptions), does: &str) -> Result<Report> {
        self.fake.set_faults(&json!({"render": {"pace": 0.02}}));
        let somebody = Somebody { stage: self, done: AtomicBool::new(false), does };
        let out = self.media.path("out/x").parent().expect("a folder").to_owned();
        let delivery = Delivery::new(out).preset(preset("prores-lt"));
        let plan = self.plan(&PlanOptions::default());
        let run = Conflation::new(ResolveBackend::new(self.with(change)), delivery).run(&plan, &somebody);
        assert!(somebody.done.into_inner(), "it was rendering");
        run
    }
}

#[test]
fn what_somebody_adds_meanwhile_stays() {
    for set in ["usual", "other"] {
        let stage = Stage::usual(|state| {
            state["quirks"] = json!({"set": set});
            state["project"]["timelines"] = json!([{"name": "somebody's work", "video": []}]);
        });
        let added = stage.media.path("added.wav");
        std::fs::write(&added, b"").expect("a new file");
        let does = format!(
            "pool = project.GetMediaPool()\npool.SetCurrentFolder(pool.GetRootFolder())\nassert pool.ImportMedia(['{}'])",
            added.display()
        );
        let run = stage.run_with(|options| options.timeline = TimelineChoice::Import, &does).expect("a run");
        assert!(run.succeeded());
        let pool = stage.fake.now()["project"]["media_pool"]["root"].clone();
        assert_eq!(pool["clips"], json!(["added.wav", "somebody's work"]), "{set}");
        assert_eq!(pool["folders"], json!([]), "{set}");
    }
}

#[test]
fn somebody_stops_the_render() {
    let stage = Stage::usual(|_| ());
    let before = stage.fake.now();
    let error = stage.run_with(|_| (), "project.StopRendering()").expect_err("there is no whole render");
    assert_eq!(error.kind(), ErrorKind::Application, "{error:#}");
    assert_eq!(stage.fake.now(), before);
}

#[test]
fn somebody_clears_the_queue_and_the_render_is_whole() {
    let stage = Stage::usual(|_| ());
    let before = stage.fake.now();
    let change = |options: &mut ResolveOptions| options.limits.files = std::time::Duration::from_secs(20);
    let report = stage.run_with(change, "project.DeleteAllRenderJobs()").expect("the render went on");
    stage.check_run(&report, stage.plan(&PlanOptions::default()), WARM);
    assert_eq!(stage.fake.now(), before);
}

#[test]
fn a_flat_pass_comes_from_the_page_unless_a_preset_is_named() {
    let stage = Stage::usual(|state| {
        state["project"]["render_settings"] = json!({"FlatPass": true});
        state["project"]["presets"] = json!({"Graded": {"format": "mov", "codec": "ProRes422HQ"}});
    });
    stage.check(stage.options(), &PlanOptions::default(), "prores-lt", NONE);
    let preset = RenderPreset::Named("Graded".to_owned());
    stage.check(stage.with(|options| options.preset = preset), &PlanOptions::default(), "prores-lt", WARM);
}

#[test]
fn files_that_come_late_or_grow_are_waited_for() {
    for fault in ["late", "grows"] {
        let stage = Stage::usual(|_| ());
        stage.fake.set_faults(&json!({"render": {fault: 0.6}}));
        let options = stage.with(|options| options.limits.files = std::time::Duration::from_secs(5));
        stage.check(options, &PlanOptions::default(), "prores-lt", WARM);
    }
}

#[test]
fn a_job_that_stays_at_its_end_is_told_by_its_files() {
    /// Lets somebody else render from then on.
    struct Busy<'s>(&'s Stage);
    impl Observer for Busy<'_> {
        fn preparing(&self, share: f64) {
            if share > 0.0 {
                self.0.fake.set_faults(&json!({"render": {"pace": 0.02, "somebody": true}}));
            }
        }
    }
    let stage = Stage::usual(quirks(json!({"stuck_at_the_end": true})));
    let before = stage.fake.now();
    stage.fake.set_faults(&json!({"render": {"pace": 0.02}}));
    let options = stage.with(|options| options.limits.stall = Duration::from_secs(4));
    let out = stage.media.path("out/x").parent().expect("a folder").to_owned();
    let run = Conflation::new(ResolveBackend::new(options), Delivery::new(out).preset(preset("prores-lt")));
    let plan = stage.plan(&PlanOptions::default());
    let report = run.run(&plan, &Busy(&stage)).expect("it is whole");
    stage.check_run(&report, plan, WARM);
    assert!(stage.fake.calls_of("Project.StopRendering").is_empty(), "somebody else is rendering");
    assert_eq!(stage.fake.now(), before);
}

#[test]
fn parts_that_are_rendered_are_kept_when_another_fails() {
    let stage = Stage::usual(|_| ());
    let before = stage.fake.now();
    stage.fake.set_faults(&json!({"calls": [{"method": "Project.AddRenderJob", "nth": 2, "do": "empty"}]}));
    let out = stage.media.path("out/x").parent().expect("a folder").to_owned();
    let options = stage.with(|options| options.scope = Scope::Union);
    let run = Conflation::new(ResolveBackend::new(options), Delivery::new(&out));
    let error = run.run(&stage.plan(&PlanOptions::default()), &otio_conflate::NoObserver).expect_err("the second part");
    let text = format!("{error:#}");
    let kept = text.split("kept in ").nth(1).and_then(|rest| rest.split(':').next()).expect("where they are kept");
    assert!(std::path::Path::new(kept).join("0001/render.mov").is_file(), "{text}");
    assert!(text.contains("AddRenderJob"), "{text}");
    assert_eq!(stage.fake.now(), before);
}

#[test]
fn a_queue_that_is_cleared_after_the_render_takes_nothing_away() {
    let stage = Stage::usual(|_| ());
    stage.fake.set_faults(&json!({"render": {"cleared": true}}));
    stage.check(stage.options(), &PlanOptions::default(), "prores-lt", WARM);
}

/// A stage whose project has these settings, and options that let it render EXR.
fn exr(settings: Value) -> (Stage, ResolveOptions) {
    let stage = Stage::usual(|state| state["project"]["settings"] = settings);
    let options = stage.with(|options| {
        options.format = Some("EXR".to_owned());
        options.codec = Some("RGB half (ZIP)".to_owned());
    });
    (stage, options)
}

fn managed(output: &str) -> Value {
    json!({"colorScienceMode": "davinciYRGBColorManagedv2", "colorSpaceOutput": output})
}

#[test]
fn exr_of_display_colours_is_not_taken_for_light() {
    // The simulated Resolve writes the same values whatever its settings say: taken for what they are, they are what a
    // movie would have been.
    for (output, transfer) in
        [("Rec.709 Gamma 2.4", 1), ("sRGB", 13), ("Rec.2100 ST2084", 16), ("DaVinci WG/Intermediate", 2)]
    {
        let (stage, options) = exr(managed(output));
        let run = stage.check(options, &PlanOptions::default(), "prores-lt", WARM);
        let said = |warnings: &[String]| warnings.iter().any(|warning| warning.contains(&format!("{output:?}")));
        assert!(run.report.shots.iter().all(|shot| said(&shot.warnings)), "{output}: {:#?}", run.report.shots);
        let messages: Vec<String> = run.report.warnings.iter().map(|warning| warning.message.clone()).collect();
        assert!(said(&messages), "{output}: {messages:?}");
        let manifest = Report::open(run.report.folder.join("manifest.json")).expect("a manifest");
        assert!(manifest.shots.iter().all(|shot| said(&shot.warnings)));
        // What ProRes has a code for.
        let written = if [1, 16].contains(&transfer) { transfer } else { 2 };
        assert_eq!(manifest.canvas.color.transfer, written, "{output}");
        let tag = &crate::common::ffprobe(&run.path("a"))["streams"][0]["color_transfer"];
        match transfer {
            1 => assert_eq!(tag, "bt709"),
            16 => assert_eq!(tag, "smpte2084"),
            _ => assert!(tag.is_null() || tag == "unknown", "{output}: {tag}"),
        }
    }
}

#[test]
fn exr_goes_into_exr_and_representations_as_it_is() {
    let (stage, options) = exr(managed("Rec.709 Gamma 2.4"));
    let plan = stage.plan(&PlanOptions::default());
    let out = stage.media.path("out/x").parent().expect("a folder").to_owned();
    let mut delivery = Delivery::new(&out).preset(preset("exr"));
    delivery.representations = vec![otio_conflate::deliver::Representation::by_name("h264").expect("a representation")];
    let backend = ResolveBackend::new(options);
    let report = Conflation::new(backend, delivery).run(&plan, &otio_conflate::NoObserver).expect("a run");
    assert!(report.succeeded(), "{report:#?}");
    assert_eq!(report.canvas.color.transfer, 1, "EXR, and not linear");
    let shot = &report.shots[0];
    let review = out.join(&shot.representations[0].output.path);
    let gray = |path: &std::path::Path| {
        let pixels = crate::common::samples(path, None, "rgb24");
        let sum: u64 = pixels.iter().map(|&value| u64::from(value)).sum();
        sum as f64 / pixels.len() as f64
    };
    // Taken for light, it would be brighter.
    let stage = Stage::usual(|_| ());
    let run = stage.check(stage.options(), &PlanOptions::default(), "h264", WARM);
    let difference = (gray(&review) - gray(&run.path("a"))).abs();
    assert!(difference < 3.0, "{difference}");
}

#[test]
fn exr_that_is_linear_is_light_and_exr_of_which_nothing_is_told_is_refused() {
    for settings in [
        managed("Linear"),
        json!({"colorScienceMode": "acescct", "colorAcesODT": "No Output Transform"}),
        json!({"separateColorSpaceAndGamma": "1", "colorSpaceOutput": "Rec.709", "colorSpaceOutputGamma": "Linear"}),
    ] {
        let (stage, options) = exr(settings);
        let before = stage.fake.now();
        let run = stage.try_run(options, stage.plan(&PlanOptions::default()), "prores-lt").expect("it is linear");
        assert!(run.report.succeeded() && run.report.shots.iter().all(|shot| shot.warnings.is_empty()));
        assert_eq!(stage.fake.now(), before);
    }
    for settings in [json!({}), json!({"colorScienceMode": "davinciYRGB", "colorSpaceOutput": ""})] {
        let (stage, options) = exr(settings);
        let before = stage.fake.now();
        let error =
            stage.try_run(options.clone(), stage.plan(&PlanOptions::default()), "prores-lt").err().expect("untold");
        assert_eq!(error.kind(), ErrorKind::Mismatch, "{error:#}");
        assert!(format!("{error:#}").contains("GetSetting") && format!("{error:#}").contains("linear"), "{error:#}");
        assert_eq!(stage.fake.now(), before);
        let mut told = options.clone();
        (told.color_space, told.gamma) = (Some("Rec.709".to_owned()), Some("Gamma 2.4".to_owned()));
        stage.check(told, &PlanOptions::default(), "prores-lt", WARM);
        let mut accepted = options;
        accepted.accept_differences = true;
        let run = stage.try_run(accepted, stage.plan(&PlanOptions::default()), "ffv1").expect("it is accepted");
        assert!(
            run.report.warnings.iter().any(|warning| warning.message.contains("linear")),
            "{:?}",
            run.report.warnings
        );
    }
}

/// What is baked into representations begins with what Resolve renders: where its project says another space than the caller,
/// nothing is rendered.
#[cfg(feature = "ocio")]
#[test]
fn a_project_that_renders_another_space_than_the_canvas_is_said_to_be_is_refused() {
    let run = |settings: Value, accepted: bool| {
        let stage = Stage::usual(|state| state["project"]["settings"] = settings);
        let options = stage.with(|options| options.accept_differences = accepted);
        let mut planned = PlanOptions::default();
        let mut color = otio_conflate::plan::ColorPlan::default();
        color.config =
            otio_conflate::color::named("ocio://studio-config-v4.0.0_aces-v2.0_ocio-v2.5").expect("built in");
        color.canvas = Some("ARRI LogC4".to_owned());
        planned.color = Some(color);
        let before = stage.fake.now();
        let run = stage.try_run(options, stage.plan(&planned), "prores-lt");
        assert_eq!(stage.fake.now(), before);
        run.map(|run| {
            assert!(run.report.succeeded(), "{:#?}", run.report);
            let output = &run.report.shots[0].color.as_ref().expect("colours").output;
            assert_eq!(output.colorspace.as_deref(), Some("ARRI LogC4"));
            run.report
                .warnings
                .iter()
                .map(ToString::to_string)
                .find(|text| text.contains("the canvas is said to be in"))
        })
    };
    let error = run(managed("Rec.709 Gamma 2.4"), false).expect_err("it is another");
    assert_eq!(error.kind(), ErrorKind::Mismatch, "{error:#}");
    let text = format!("{error:#}");
    assert!(text.contains("\"ARRI LogC4\"") && text.contains("\"Rec.709 Gamma 2.4\", which is another"), "{text}");
    assert!(run(managed("Rec.709 Gamma 2.4"), true).expect("it is accepted").is_some());
    assert_eq!(run(managed("ARRI LogC4"), false).expect("it is the same"), None);
    assert_eq!(run(json!({}), false).expect("nothing is told"), None);
    let unmanaged = json!({"colorScienceMode": "davinciYRGB", "colorSpaceTimeline": "Rec.709 Gamma 2.4"});
    assert!(run(unmanaged, false).expect("its tag means little").is_some());
}

#[test]
fn a_ticket_knows_what_its_exr_holds() {
    let (stage, mut options) = exr(managed("Rec.709 Gamma 2.4"));
    options.scope = Scope::PerShot;
    let backend = ResolveBackend::new(options);
    let out = stage.media.path("out/x").parent().expect("a folder").to_owned();
    let plan = stage.plan(&PlanOptions::default());
    let ticket = backend.submit(&plan, &Delivery::new(out)).expect("a ticket");
    let ticket = serde_json::from_str(&serde_json::to_string(&ticket).expect("plain data")).expect("it was written");
    let report =
        backend.collect(&ticket, &otio_conflate::NoObserver, &otio_conflate::CancelToken::new()).expect("shots");
    stage.check_run(&report, plan, WARM);
}

#[test]
fn other_spellings_of_the_same_answers_are_understood() {
    for odd in [
        json!({"set": "usual", "numbers_as_text": true}),
        json!({"set": "usual", "nothing_for_no": true, "delete_while_rendering": false}),
        json!({"set": "usual", "appended": "done", "jobs_listed": false, "name_suffix": " (1)"}),
        json!({"set": "usual", "status_has_words": false}),
        json!({"set": "usual", "rate_setting": "{} fps", "end_frame_is_last": true, "export": "none"}),
    ] {
        let stage = Stage::usual(quirks(odd.clone()));
        println!("{odd}");
        stage.check(stage.options(), &PlanOptions::default(), "prores-lt", WARM);
        let alone = stage.with(|options| (options.scope, options.grade) = (Scope::PerShot, ResolveGrade::Bypass));
        stage.check(alone.clone(), &PlanOptions::default(), "prores-lt", NONE);
        let handles = crate::rendering::options(|options| {
            options.handles = otio_conflate::plan::Handles::both(2);
            options.handle_mode = otio_conflate::plan::HandleMode::Source;
        });
        stage.check(alone, &handles, "prores-lt", NONE);
        let imported = stage.with(|options| options.timeline = TimelineChoice::Import);
        let before = stage.fake.now();
        let run = stage.try_run(imported, stage.plan(&PlanOptions::default()), "prores-lt").expect("a run");
        assert!(run.report.succeeded());
        assert_eq!(stage.fake.now(), before, "{odd}");
    }
}

#[test]
fn a_run_is_cancelled_while_it_connects() {
    for (what, faults) in [
        ("the module", json!({"connecting": "hang"})),
        ("a call", json!({"calls": [{"method": "Resolve.GetProductName", "do": "hang"}]})),
        ("the project", json!({"calls": [{"method": "ProjectManager.GetCurrentProject", "do": "hang"}]})),
    ] {
        let stage = Stage::usual(|_| ());
        stage.fake.set_faults(&faults);
        let cancel = otio_conflate::CancelToken::new();
        let out = stage.media.path("out/x").parent().expect("a folder").to_owned();
        let plan = stage.plan(&PlanOptions::default());
        let run = Conflation::new(ResolveBackend::new(stage.options()), Delivery::new(&out)).cancel(cancel.clone());
        let begun = std::time::Instant::now();
        let error = std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(700));
                cancel.cancel();
            });
            run.run(&plan, &otio_conflate::NoObserver).expect_err("it is cancelled")
        });
        assert_eq!(error.kind(), ErrorKind::Cancelled, "{what}: {error:#}");
        assert!(begun.elapsed() < Duration::from_secs(15), "{what}: {:?}", begun.elapsed());
        assert!(crate::rendering::files(&out).is_empty(), "{what}");
    }
    // One that has to be started, and never comes.
    let mut stage = Stage::usual(|_| ());
    stage.fake.kill();
    let options = stage.with(|options| options.start = Some(vec!["sleep".to_owned(), "60".to_owned()]));
    let cancel = otio_conflate::CancelToken::new();
    let plan = stage.plan(&PlanOptions::default());
    let run =
        Conflation::new(ResolveBackend::new(options), Delivery::new(stage.media.path("never"))).cancel(cancel.clone());
    let error = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(700));
            cancel.cancel();
        });
        run.run(&plan, &otio_conflate::NoObserver).expect_err("it is cancelled")
    });
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error:#}");
}

#[test]
fn a_resolve_that_has_to_be_started_is_waited_for() {
    let mut stage = Stage::usual(|state| state["loading"] = json!(2));
    stage.fake.kill();
    let options = stage.with(|options| options.start = Some(stage.fake.command()));
    let run = stage.try_run(options, stage.plan(&PlanOptions::default()), "prores-lt").expect("it was started");
    assert!(run.report.succeeded());
}
