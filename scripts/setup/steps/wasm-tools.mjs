import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ask } from "../../wasm/toolchain.mjs";
import { isBuilt } from "../../wasm/build.mjs";
import { pathWith, root, toolsFolder } from "../paths.mjs";
import { run } from "../process.mjs";

/** Versions are pinned in Cargo.toml. */
function pinned() {
  const manifest = readFileSync(join(root, "Cargo.toml"), "utf8");
  const version = (name) => new RegExp(`^${name} = "=?([^"]+)"`, "m").exec(manifest)[1];
  return { "wasm-pack": version("wasm-pack"), "wasm-bindgen": version("wasm-bindgen") };
}

/** Tools whose pinned version is neither on PATH nor in the project's own folder. */
function missing() {
  const env = { ...process.env, PATH: pathWith(join(toolsFolder, "bin")) };
  return Object.entries(pinned()).filter(([name, version]) => ask(name, ["--version"], env) !== `${name} ${version}`);
}

const packages = { "wasm-pack": "wasm-pack", "wasm-bindgen": "wasm-bindgen-cli" };

/** The tools that turn compiled Rust into a module with its JavaScript. */
export function wasmTools(chosen) {
  return {
    title: "wasm-pack and wasm-bindgen (compiled once, a few minutes)",
    needed: () => !chosen.every(isBuilt) && missing().length > 0,
    async run() {
      // A target folder that survives lets an interrupted build go on; tools need to compile fast, not to run fast.
      const target = join(toolsFolder, "target");
      const env = { CARGO_TARGET_DIR: target, CARGO_PROFILE_RELEASE_OPT_LEVEL: "1", CARGO_PROFILE_RELEASE_LTO: "off" };
      for (const [name, version] of missing()) {
        const options = ["--root", toolsFolder, "--no-track", "--force", "--bin", name];
        await run("cargo", ["install", ...options, `${packages[name]}@${version}`], { env });
      }
      rmSync(target, { recursive: true, force: true });
    },
  };
}
