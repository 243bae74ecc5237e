import { join } from "node:path";
import { root } from "../setup/paths.mjs";
import { findToolchain, target } from "../wasm/toolchain.mjs";
import { rustFlags, variants } from "../wasm/variants.mjs";
import { findFirefox } from "../browsers/firefox.mjs";
import { findWebKit } from "../browsers/webkit.mjs";
import { countCargo } from "./count.mjs";
import { minutesFile } from "./minutes.mjs";
import { lint, lintTypes, style, types, unused } from "./sources.mjs";
import { vitest } from "./vitest.mjs";

/** Lints what only wasm32 compiles: the SIMD vector, the exports and, in a threaded variant, the pool of threads. */
function wasmClippy(variant, hint) {
  const { path, env } = findToolchain(variants[variant]) ?? {};
  const flags = rustFlags(variants[variant]);
  const lint = [
    "clippy",
    ...flags.options,
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
    env: { ...env, ...flags.env, CARGO_TARGET_DIR: join(root, "target", variant) },
    hint,
  };
}

/** What the check needs to be installed, by its name on the command line. */
const missing = { rustfmt: "rustup component add rustfmt", clippy: "rustup component add clippy" };

/** Checks that run no test in JavaScript, the longest first, and apart from one another those that wait for cargo's lock. */
const others = [
  { name: "cargo-test", command: ["cargo", "test", "--workspace", "--no-fail-fast"], count: countCargo },
  style(),
  lint(),
  lintTypes(),
  types("tsc", "."),
  unused,
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
];

/** The kernels as wasm32 compiles them: between the two, each feature is on once and off once. */
const lintOfKernels = () => [
  wasmClippy("relaxed", `rustup target add ${target}`),
  wasmClippy("simd-threads", "rustup component add rust-src"),
];

/** In browsers, if all of them are here, the bits of every runtime and a tab that is hidden; `npm run test:runtimes` runs the rest. */
const browserFiles = ["test/runtimes/browsers.test.ts", "test/runtimes/hidden.test.ts"];
const browsers = vitest("browsers", {}, "--config", "vitest.runtimes.config.ts", ...browserFiles);

/**
 * The checks of a part, in stages that follow one another, and how many of a stage's run beside each other: "quick" is what `npm test`
 * runs, "rest" what it leaves of the matrix, nothing twice. `count` reads `{ passed, failed, skipped }` from the output; a check without it
 * counts as one. `loud` checks show their output as it comes. `again` gives a check of what a run that broke off left, or null. `hint` is
 * the command that brings a missing program.
 */
export function stagesOfChecks(part) {
  const tests = vitest("vitest", { LOWRANK_TESTS: part, LOWRANK_MINUTES: minutesFile });
  const inBrowsers = part === "rest" && findFirefox() !== null && findWebKit() !== null ? [browsers] : [];
  return [
    { checks: part === "rest" ? lintOfKernels() : others, atOnce: 2 },
    // Vitest has workers of its own.
    { checks: [tests, ...inBrowsers], atOnce: 1 },
  ];
}
