import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import golden from "../golden/bits.json" with { type: "json" };
import { bitsModule, bundleProgram } from "./bundle.mjs";
import { installedPrograms } from "./programs.mjs";

// In the project, so that the runtimes find its dependencies.
const folder = mkdtempSync(join(root, "build/runtimes-"));
const program = join(folder, "bits.mjs");
beforeAll(() => bundleProgram(bitsModule, program));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(installedPrograms)("%s", (_, [command, ...args]) => {
  it.each([1, 2] as const)("gives the bits of every runtime, %d thread(s)", (threads) => {
    const options = { cwd: root, encoding: "utf8", env: { ...process.env, NODE_OPTIONS: "" } } as const;
    const output = execFileSync(command!, [...args, program, String(threads)], options);
    expect(JSON.parse(output)).toEqual({ build: "simd", threads, threadsRefused: null, bits: golden[threads] });
  });
});
