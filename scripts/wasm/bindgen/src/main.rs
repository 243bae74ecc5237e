//! Prepares a compiled module for JavaScript: `lowrank-bindgen IN.wasm OUT_FOLDER NAME`.

use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, folder, name] = arguments.as_slice() else {
        eprintln!("usage: lowrank-bindgen IN.wasm OUT_FOLDER NAME");
        return ExitCode::from(2);
    };
    match prepare(input, folder, name) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lowrank-bindgen: {error}");
            ExitCode::FAILURE
        }
    }
}

fn prepare(input: &str, folder: &str, name: &str) -> Result<(), Box<dyn std::error::Error>> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(input).typescript(true).out_name(name).web(true)?;
    bindgen.generate(folder)?;
    Ok(())
}
