//! Bundles as the reference model of Open Job Description reads them: valid templates, whose jobs have the tasks that were asked
//! for, in steps that wait for one another.

use std::fs;

use openjd_model::{
    CallerLimits, JobParameterInputValues, PathParameterOptions, SpecificationRevision, StepDependencyGraph,
    StepParameterSpaceIterator, ValidationContext, create_job, decode_job_template, preprocess_job_parameters,
};
use serde_json::Value;

use crate::support::World;

/// The names of the steps of a template, in the order in which they can be done, each with the number of its tasks.
fn steps(template: &Value, world: &World, values: JobParameterInputValues) -> Result<Vec<(String, usize)>, String> {
    let limits = CallerLimits::default();
    let template = decode_job_template(template.clone(), None, &limits).map_err(|error| error.to_string())?;
    let folder = world.path("job").display().to_string();
    let paths = PathParameterOptions::new(&folder, &folder);
    let values = preprocess_job_parameters(&template, &values, &[], &paths).map_err(|error| error.to_string())?;
    let context = ValidationContext::new(SpecificationRevision::V2023_09);
    let job = create_job(&template, &values, &context).map_err(|error| error.to_string())?;
    let order =
        StepDependencyGraph::new(&job).and_then(|graph| graph.topo_sorted()).map_err(|error| error.to_string())?;
    let tasks = |step: &openjd_model::job::Step| match &step.parameter_space {
        None => Ok(1),
        Some(space) => {
            StepParameterSpaceIterator::new(space).map(|tasks| tasks.len()).map_err(|error| error.to_string())
        }
    };
    order.into_iter().map(|step| Ok((job.steps[step].name.clone(), tasks(&job.steps[step])?))).collect()
}

#[test]
fn the_reference_model_takes_bundles() {
    for (flags, expected) in [
        (&["--chunks", "5", "--review"][..], &[("Render", 5), ("Merge", 1), ("Review", 1)][..]),
        (&["--ffmpeg", "/opt/ffmpeg/lib", "--threads", "4", "--memory", "2G"], &[("Render", 1), ("Merge", 1)]),
        (
            &["--job-name", "{{it's}} «odd»: a name", "--command", "/opt/my tools/otio-conflate"],
            &[("Render", 1), ("Merge", 1)],
        ),
        (
            &["--folder", "elsewhere", "--chunks", "2", "--preset", "exr", "--notice", "5"],
            &[("Render", 2), ("Merge", 1)],
        ),
    ] {
        let world = World::new(5);
        world.done(&[&["farm", "cut.otio", "--out", "job"], flags].concat());
        let text = fs::read_to_string(world.path("job/template.yaml")).expect("a template");
        let template: Value = serde_saphyr::from_str(&text).expect("YAML");
        let names = |steps: &[(&str, usize)]| -> Vec<(String, usize)> {
            steps.iter().map(|&(name, tasks)| (name.to_owned(), tasks)).collect()
        };
        // What cannot be a default is among the values that are submitted with it.
        let mut values = JobParameterInputValues::new();
        if let Ok(given) = fs::read_to_string(world.path("job/parameter_values.yaml")) {
            let given: Value = serde_saphyr::from_str(&given).expect("YAML");
            for value in given["parameterValues"].as_array().expect("a list") {
                let text = |key: &str| value[key].as_str().expect("a text").to_owned();
                values.insert(text("name"), text("value").into());
            }
        }
        assert_eq!(steps(&template, &world, values.clone()), Ok(names(expected)), "{flags:?}\n{text}");
        // Chunks may be changed at submission, up to one a shot.
        values.insert("Chunks".into(), 4.into());
        let changed: Vec<_> =
            expected.iter().map(|&(name, tasks)| (name, if name == "Render" { 4 } else { tasks })).collect();
        assert_eq!(steps(&template, &world, values.clone()), Ok(names(&changed)), "{flags:?}");
        values.insert("Chunks".into(), 6.into());
        assert!(steps(&template, &world, values).is_err(), "more tasks than shots");
    }
}

#[test]
fn the_reference_model_refuses_what_is_no_job() {
    let world = World::new(5);
    world.done(&["farm", "cut.otio", "--out", "job"]);
    let text = fs::read_to_string(world.path("job/template.yaml")).expect("a template");
    let breaks = |from: &str, to: &str| {
        assert!(text.contains(from), "{from:?} is not in\n{text}");
        let template: Value = serde_saphyr::from_str(&text.replace(from, to)).expect("YAML");
        assert!(steps(&template, &world, JobParameterInputValues::new()).is_err(), "{to:?} is taken");
    };
    breaks("jobtemplate-2023-09", "jobtemplate-1999-01");
    breaks("dependsOn: Render", "dependsOn: Rendering");
    breaks("{{Param.Chunks}}", "{{Param.Pieces}}");
}
