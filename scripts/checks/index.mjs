import { join } from "node:path";
import { root } from "../setup/paths.mjs";
import { findToolchain, target } from "../wasm/toolchain.mjs";
import { rustFlags, variants } from "../wasm/variants.mjs";
import { findFirefox } from "../browsers/firefox.mjs";
import { findWebKit } from "../browsers/webkit.mjs";
import { countCargo, countVitest, vitestReport } from "./count.mjs";

/** Lints what only wasm32 compiles: the SIMD vector, the exports and, in a threaded variant, the pool of threads. */
function wasmClippy(name, variant, hint) {
  const { path, env } = findToolchain(variants[variant]) ?? {};
  return {
    name,
    command: ["cargo", "clippy", "--target", target, "--package", "lowrank-wasm", "--", "-D", "warnings"],
    path,
    env: { ...env, RUSTFLAGS: rustFlags(variants[variant]), CARGO_TARGET_DIR: join(root, "target", name) },
    hint,
  };
}

function vitest(name, ...args) {
  const report = vitestReport(name);
  return {
    name,
    command: [
      "vitest",
      "run",
      "--reporter=default",
      "--reporter=./scripts/checks/running.mjs",
      "--reporter=json",
      `--outputFile.json=${report}`,
      ...args,
    ],
    count: () => countVitest(report),
    report,
    loud: true,
  };
}

/** In browsers, where all of them are here, the bits of every runtime and a tab that is hidden; `npm run test:runtimes` runs the rest. */
const inBrowsers = ["test/runtimes/browsers.test.ts", "test/runtimes/hidden.test.ts"];
const browsers = vitest("browsers", "--config", "vitest.runtimes.config.ts", ...inBrowsers);

/**
 * Every check, quick ones first. `count` reads `{ passed, failed, skipped }` from the output; a check without it counts
 * as one. `loud` checks show their output as it comes. `hint` is the command that brings a missing program.
 */
export function allChecks() {
  return [
    { name: "prettier", command: ["prettier", "--check", "."] },
    { name: "rustfmt", command: ["cargo", "fmt", "--all", "--check"], hint: "rustup component add rustfmt" },
    { name: "tsc", command: ["tsc", "--project", "."] },
    { name: "tsc-web", command: ["tsc", "--project", "web"] },
    { name: "eslint", command: ["eslint", "--max-warnings", "0", "."] },
    { name: "publint", command: ["publint", "--strict"] },
    {
      name: "clippy",
      command: ["cargo", "clippy", "--workspace", "--all-targets", "--", "-D", "warnings"],
      hint: "rustup component add clippy",
    },
    // Between them each feature is on once and off once.
    wasmClippy("clippy-wasm", "relaxed", `rustup target add ${target}`),
    wasmClippy("clippy-wasm-threads", "simd-threads", "rustup component add rust-src"),
    { name: "cargo-test", command: ["cargo", "test", "--workspace", "--no-fail-fast"], count: countCargo },
    vitest("vitest"),
    ...(findFirefox() !== null && findWebKit() !== null ? [browsers] : []),
  ];
}
