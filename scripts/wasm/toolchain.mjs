import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

export const target = "wasm32-unknown-unknown";
export const debianPackages = ["rustc-web", "cargo-web", "rust-web-src", "libstd-rust-web-dev", "lld-19"];

/** What a command prints, or "" where it fails or is missing. */
export function ask(command, args, env = process.env) {
  const { status, stdout } = spawnSync(command, args, { encoding: "utf8", env });
  return status === 0 ? stdout.trim() : "";
}

/**
 * The Rust that can compile for wasm32, as `{ name, path, env }`: folders to put first on PATH, and variables.
 * Null where there is none yet. The active rustc comes first; Debian's compiles the standard library from source.
 */
export function findToolchain({ ownStd = false } = {}) {
  const library = ask("rustc", ["--print", "target-libdir", "--target", target]);
  if (library !== "" && existsSync(library) && (!ownStd || hasStdSource())) {
    return { name: "the active rustc", path: [], env: ownStd ? buildStd : {} };
  }
  if (debianInstalled()) {
    const env = { ...buildStd, CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: "wasm-ld-19" };
    return { name: "Debian's rustc", path: ["/usr/bin"], env };
  }
  return null;
}

/** Whether the active rustc has its standard library's source, which threads need compiled anew. */
function hasStdSource() {
  return existsSync(join(ask("rustc", ["--print", "sysroot"]), "lib/rustlib/src/rust/library/Cargo.lock"));
}

// Stable compilers take -Z build-std only when told to behave as nightly ones. Without its features the library has no backtraces, which
// WebAssembly cannot make.
const buildStd = {
  RUSTC_BOOTSTRAP: "1",
  CARGO_UNSTABLE_BUILD_STD: "std,panic_abort",
  CARGO_UNSTABLE_BUILD_STD_FEATURES: "",
};

function debianInstalled() {
  const states = ask("dpkg-query", ["-W", "-f", "${db:Status-Status}\n", ...debianPackages]).split("\n");
  return states.length === debianPackages.length && states.every((state) => state === "installed");
}
