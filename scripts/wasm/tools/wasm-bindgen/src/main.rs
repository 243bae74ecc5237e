//! The part of wasm-bindgen's command line that wasm-pack uses to build for the web:
//! `wasm-bindgen IN.wasm --out-dir FOLDER --typescript --target web`, and `wasm-bindgen --version`.

use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["--version"] => {
            println!("wasm-bindgen {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        [input, "--out-dir", folder, "--typescript", "--target", "web"] => match prepare(input, folder) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("wasm-bindgen: {error}");
                ExitCode::FAILURE
            }
        },
        _ => {
            eprintln!(
                "usage: wasm-bindgen IN.wasm --out-dir FOLDER --typescript --target web\n\
                 This is not wasm-bindgen's own command line; for other options: cargo install wasm-bindgen-cli --version {}",
                env!("CARGO_PKG_VERSION")
            );
            ExitCode::from(2)
        }
    }
}

fn prepare(input: &str, folder: &str) -> Result<(), Box<dyn std::error::Error>> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(input).typescript(true).web(true)?;
    bindgen.generate(folder)?;
    Ok(())
}
