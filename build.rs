//! With the feature `opentimelineio`: finds the OpenTimelineIO library, compiles the shim over it, and has bindgen read
//! the shim's header. With the feature `ffmpeg`: says whether it is FFmpeg 8 or newer, which keeps a stream's side data elsewhere.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(ffmpeg_8)");
    if std::env::var("DEP_FFMPEG_FFMPEG_8_0").is_ok_and(|value| value == "true") {
        println!("cargo:rustc-cfg=ffmpeg_8");
    }
    #[cfg(feature = "opentimelineio")]
    opentimelineio::build();
}

#[cfg(feature = "opentimelineio")]
mod opentimelineio {
    use std::env;
    use std::path::{Path, PathBuf};
    use std::process::exit;

    const SHIM: &str = "src/otio/reference";
    /// Where CMake installs without being told, and what package managers use.
    const USUAL_PREFIXES: [&str; 5] = ["/usr/local", "/usr", "/opt/homebrew", "/opt/local", "/opt/opentimelineio"];

    /// An installed library.
    struct Library {
        include: Vec<PathBuf>,
        /// Where the libraries lie; none where pkg-config has said already how to link.
        lib: Option<PathBuf>,
    }

    pub(super) fn build() {
        println!("cargo:rerun-if-changed={SHIM}/shim.h");
        println!("cargo:rerun-if-changed={SHIM}/shim.cpp");
        let library = find();
        compile(&library);
        if let Some(lib) = &library.lib {
            link(lib);
        }
        bind();
    }

    /// The first of: `OPENTIMELINEIO_DIR`, what pkg-config knows, `target/opentimelineio`, the usual prefixes of CMake.
    fn find() -> Library {
        let mut refused = Vec::new();
        println!("cargo:rerun-if-env-changed=OPENTIMELINEIO_DIR");
        if let Some(prefix) = env::var_os("OPENTIMELINEIO_DIR").filter(|prefix| !prefix.is_empty()) {
            // Whoever names a place means that one and no other.
            return at_prefix(Path::new(&prefix)).unwrap_or_else(|reason| give_up(&[reason]));
        }
        match pkg_config::Config::new().atleast_version("0.16").cargo_metadata(false).probe("opentimelineio") {
            Ok(found) => match is_new_enough(&found.include_paths) {
                Ok(()) => {
                    // Asked again, for what it prints to cargo.
                    let _ = pkg_config::Config::new().atleast_version("0.16").probe("opentimelineio");
                    return Library { include: found.include_paths, lib: None };
                }
                Err(reason) => refused.push(reason),
            },
            Err(_) => refused.push("pkg-config".to_owned()),
        }
        println!("cargo:rerun-if-env-changed=CMAKE_PREFIX_PATH");
        let listed = env::var_os("CMAKE_PREFIX_PATH").unwrap_or_default();
        let listed = env::split_paths(&listed).filter(|prefix| !prefix.as_os_str().is_empty());
        let usual = USUAL_PREFIXES.iter().map(PathBuf::from);
        for prefix in own_prefixes().into_iter().chain(listed).chain(usual) {
            match at_prefix(&prefix) {
                Ok(library) => return library,
                Err(reason) => refused.push(reason),
            }
        }
        give_up(&refused)
    }

    /// Where `scripts/install-opentimelineio` puts the library: `target/opentimelineio`, of this crate or of the
    /// workspace that is being built.
    fn own_prefixes() -> Vec<PathBuf> {
        let mut prefixes = vec![root().join("target/opentimelineio")];
        // OUT_DIR is target/PROFILE/build/NAME/out, with the target's name before the profile where that was asked for.
        let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
        let targets = out.ancestors().skip(4).take(2).map(|target| target.join("opentimelineio"));
        prefixes.extend(targets.filter(|prefix| *prefix != root().join("target/opentimelineio")));
        prefixes
    }

    fn root() -> PathBuf {
        PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default())
    }

    /// The library below `prefix`, or why there is none.
    fn at_prefix(prefix: &Path) -> Result<Library, String> {
        let include = prefix.join("include");
        is_new_enough(std::slice::from_ref(&include))?;
        let lib = ["lib", "lib64"].map(|name| prefix.join(name));
        let lib = lib.into_iter().find(|folder| library_in(folder, "opentimelineio").is_some());
        let lib = lib.ok_or_else(|| format!("{}: headers, but no library", prefix.display()))?;
        // Another version may be installed in its place. (A file that is not there would have this run every time.)
        println!("cargo:rerun-if-changed={}", include.join("opentimelineio/version.h").display());
        // Versions before 0.18 name the headers of what they depend on without its folder.
        let imath = include.join("Imath");
        let include = [include, imath].into_iter().filter(|folder| folder.is_dir()).collect();
        Ok(Library { include, lib: Some(lib) })
    }

    /// The headers of 0.16 were the first to use `std::any`; no older ones can be compiled against.
    fn is_new_enough(include: &[PathBuf]) -> Result<(), String> {
        let headers = include.iter().map(|folder| folder.join("opentimelineio/serialization.h"));
        for header in headers {
            if let Ok(text) = std::fs::read_to_string(&header) {
                return match text.contains("std::any") {
                    true => Ok(()),
                    false => Err(format!("{}: older than 0.16", header.display())),
                };
            }
        }
        let places: Vec<_> = include.iter().map(|folder| folder.display().to_string()).collect();
        Err(places.join(", "))
    }

    /// How the library `name` in `folder` is linked, if it is there: "static" or "dylib".
    fn library_in(folder: &Path, name: &str) -> Option<&'static str> {
        let is_there = |file: String| folder.join(file).exists();
        if is_there(format!("lib{name}.a")) {
            return Some("static");
        }
        [format!("lib{name}.so"), format!("lib{name}.dylib"), format!("{name}.lib")]
            .into_iter()
            .any(is_there)
            .then_some("dylib")
    }

    fn compile(library: &Library) {
        let mut build = cc::Build::new();
        build.cpp(true).std("c++17").file(format!("{SHIM}/shim.cpp")).warnings(false);
        for folder in &library.include {
            // Warnings in headers that are not ours do not concern our users.
            build.flag_if_supported(format!("-isystem{}", folder.display())).include(folder);
        }
        if library.lib.as_deref().and_then(|lib| library_in(lib, "opentimelineio")) == Some("static") {
            build.define("OTIO_STATIC", None).define("OPENTIME_STATIC", None);
        }
        // Links the shim and the C++ runtime; the libraries it needs have to come after it.
        build.compile("otio_conflate_shim");
    }

    fn link(lib: &Path) {
        println!("cargo:rustc-link-search=native={}", lib.display());
        for name in ["opentimelineio", "opentime"] {
            let kind = library_in(lib, name).unwrap_or("dylib");
            println!("cargo:rustc-link-lib={kind}={name}");
            if kind == "dylib" && cfg!(unix) {
                // For this crate's own examples and tests; other programs say where their libraries are themselves.
                println!("cargo:rustc-link-arg=-Wl,-rpath,{}", lib.display());
            }
        }
    }

    fn bind() {
        let bindings = bindgen::Builder::default()
            .header(format!("{SHIM}/shim.h"))
            .allowlist_function("oc_.*")
            .allowlist_type("oc_.*")
            .default_enum_style(bindgen::EnumVariation::Consts)
            .prepend_enum_name(false)
            .merge_extern_blocks(true)
            .parse_callbacks(Box::new(bindgen::CargoCallbacks::new()))
            .generate();
        let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("opentimelineio.rs");
        let written = bindings
            .map_err(|error| error.to_string())
            .and_then(|bindings| bindings.write_to_file(&out).map_err(|error| format!("{}: {error}", out.display())));
        if let Err(error) = written {
            fail(&[&format!("bindgen cannot read {SHIM}/shim.h: {}", error.replace('\n', " "))]);
        }
    }

    fn give_up(refused: &[String]) -> ! {
        let script = root().join("scripts/install-opentimelineio");
        fail(&[
            "the feature `opentimelineio` needs the OpenTimelineIO C++ library, 0.16 or newer",
            &format!("to build it, run: bash {}", script.display()),
            &format!("or set OPENTIMELINEIO_DIR to where it is installed; looked at: {}", refused.join("; ")),
        ])
    }

    /// Ends the build with these lines and nothing else: cargo fails for them, not for how this program ends.
    fn fail(lines: &[&str]) -> ! {
        for line in lines {
            println!("cargo::error={line}");
        }
        exit(0);
    }
}
