import { join } from "node:path";
import { root } from "../setup/paths.mjs";
import { findToolchain, target } from "../wasm/toolchain.mjs";
import { rustFlags, variants } from "../wasm/variants.mjs";
import { findFirefox } from "../browsers/firefox.mjs";
import { findWebKit } from "../browsers/webkit.mjs";
import { countCargo } from "./count.mjs";
import { minutesFile } from "./minutes.mjs";
import { vitest } from "./vitest.mjs";

/** Lints what only wasm32 compiles: the SIMD vector, the exports and, in a threaded variant, the pool of threads. */
function wasmClippy(variant, hint) {
  const { path, env } = findToolchain(variants[variant]) ?? {};
  const lint = [
    "clippy",
    "--release",
    "--target",
    target,
    "--package",
    "lowrank-wasm",
    "--package",
    "lowrank-compact",
    "--",
    "-D",
    "warnings",
  ];
  return {
    name: `clippy-${variant}`,
    command: ["cargo", ...lint],
    path,
    // The folder that the build of the kernels used has the standard library compiled with these flags.
    env: { ...env, RUSTFLAGS: rustFlags(variants[variant]), CARGO_TARGET_DIR: join(root, "target", variant) },
    hint,
  };
}

/** What the check needs to be installed, by its name on the command line. */
const missing = { rustfmt: "rustup component add rustfmt", clippy: "rustup component add clippy" };

/** Checks types, of what has changed since the last time and of what depends on it. */
const types = (name, project) => ({
  name,
  command: ["tsc", "--project", project, "--incremental", "--tsBuildInfoFile", `.cache/${name}.tsbuildinfo`],
});

/** Prettier keeps what it has seen by its content. ESLint must not: what its rules on types say of a file depends on other files. */
const cached = ["--cache", "--cache-strategy", "content", "--cache-location", ".cache/prettier"];

/** Checks that run no test in JavaScript, the longest first, and apart from one another those that wait for cargo's lock. */
const others = ({ all }) => [
  { name: "cargo-test", command: ["cargo", "test", "--workspace", "--no-fail-fast"], count: countCargo },
  { name: "eslint", command: ["eslint", "--max-warnings", "0", "."] },
  { name: "prettier", command: ["prettier", "--check", ".", ...cached] },
  types("tsc", "."),
  types("tsc-web", "web"),
  { name: "publint", command: ["publint", "--strict"] },
  { name: "publint-flower", command: ["publint", "packages/flower", "--strict"] },
  { name: "publint-queue", command: ["publint", "packages/queue", "--strict"] },
  { name: "publint-studio", command: ["publint", "web", "--strict"] },
  { name: "rustfmt", command: ["cargo", "fmt", "--all", "--check"], hint: missing.rustfmt },
  {
    name: "clippy",
    command: ["cargo", "clippy", "--workspace", "--all-targets", "--", "-D", "warnings"],
    hint: missing.clippy,
  },
  // The kernels for wasm32 are linted by `all` alone: between the two, each feature is on once and off once.
  ...(all ? [wasmClippy("relaxed", `rustup target add ${target}`)] : []),
  ...(all ? [wasmClippy("simd-threads", "rustup component add rust-src")] : []),
];

/** In browsers, if all of them are here, the bits of every runtime and a tab that is hidden; `npm run test:runtimes` runs the rest. */
const inBrowsers = ["test/runtimes/browsers.test.ts", "test/runtimes/hidden.test.ts"];
const browsers = vitest("browsers", {}, "--config", "vitest.runtimes.config.ts", ...inBrowsers);

/**
 * The checks of `npm test`, or with `all` of `npm run test:all`, in stages that follow one another, and how many of a stage's run
 * beside each other. `count` reads `{ passed, failed, skipped }` from the output; a check without it counts as one. `loud` checks
 * show their output as it comes. `again` gives a check of what a run that broke off left, or null. `hint` is the command that brings
 * a missing program.
 */
export function stagesOfChecks({ all }) {
  const tests = vitest("vitest", { LOWRANK_TESTS: all ? "all" : "quick", LOWRANK_MINUTES: minutesFile });
  const everyBrowser = all && findFirefox() !== null && findWebKit() !== null;
  return [
    { checks: others({ all }), atOnce: 2 },
    // Vitest has workers of its own.
    { checks: [tests, ...(everyBrowser ? [browsers] : [])], atOnce: 1 },
  ];
}
