import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { difference } from "../engine/webgpu/training-loop.js";
import { noDriver, softwareDriver } from "../engine/webgpu/software-driver.js";
import { installedPrograms } from "./programs.mjs";

interface Outcome {
  readonly adapter?: { readonly vendor: string; readonly software: boolean };
  readonly gpu: number[];
  readonly wasm: number[];
  readonly error?: { readonly name: string; readonly message: string; readonly details: unknown };
}

const program = join(root, "test/runtimes/webgpu-program.mjs");

function run([command, ...args]: readonly string[], driver: Record<string, string>): Outcome {
  const env = { ...process.env, NODE_OPTIONS: "", ...driver };
  return JSON.parse(execFileSync(command!, [...args, program], { cwd: root, encoding: "utf8", env })) as Outcome;
}

const missing = { name: "UnsupportedError", details: { op: "init", option: "device", missing: "webgpu" } };

function expectTrained({ gpu, wasm }: Outcome): void {
  // Measured with SwiftShader and llvmpipe: 2e-7 of the largest number.
  expect(difference(wasm, gpu)).toBeLessThan(2e-6);
  expect(gpu[5]).toBeLessThan(gpu[0]!);
}

const nodes = installedPrograms.filter(([name]) => name.endsWith("Node"));

describe.each(nodes)("%s with the package webgpu", (_, command) => {
  it("trains on Chromium's software adapter as on WebAssembly", () => {
    const outcome = run(command, softwareDriver());
    expect(outcome.error).toBeUndefined();
    expect(outcome.adapter).toMatchObject({ vendor: "google", software: true });
    expectTrained(outcome);
  });

  it("names what is missing without a driver", () => {
    const { error } = run(command, noDriver);
    expect(error).toMatchObject(missing);
    expect(error!.message).toMatch(/^init: this machine has no adapter for WebGPU/);
  });
});

describe.each(installedPrograms.filter(([name]) => name === "Deno"))("%s", (_, command) => {
  it("trains on its own WebGPU as on WebAssembly, or names what is missing where it has no adapter", () => {
    const outcome = run(command, {});
    if (outcome.error === undefined) expectTrained(outcome);
    else {
      expect(outcome.error).toMatchObject(missing);
      expect(outcome.error.message).toMatch(/^init: this machine has no adapter for WebGPU/);
    }
  });
});
