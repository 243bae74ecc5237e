// @needs browser
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { root } from "../../../scripts/setup/paths.mjs";
import { softwareDriver } from "./software-driver.js";

type Driver = Record<string, string>;

/** Runs a program in a process that finds one driver. */
function run(program: string, driver: Driver): unknown {
  const options = { cwd: root, input: program, env: { ...process.env, NODE_OPTIONS: "", ...driver } };
  const printed = execFileSync(process.execPath, ["--input-type=module", "-"], { ...options, encoding: "utf8" });
  return JSON.parse(printed.trim().split("\n").at(-1)!);
}

const FEATURES = `import { create } from "webgpu";
  const gpu = create([]);
  console.log(JSON.stringify([...((await gpu.requestAdapter())?.features ?? [])]));
  process.exit(0);`;

/** This computer's own driver, or the one that VK_DRIVER_FILES names. Most software adapters have no numbers of 16 bits; lavapipe of Mesa 25 has. */
const hasF16 = (driver: Driver) => (run(FEATURES, driver) as string[]).includes("shader-f16");
const drivers = [
  ["Chromium's software adapter", softwareDriver()],
  ["this computer's driver", {} as Driver],
].map(([name, driver]) => ({ name, driver: driver as Driver, f16: hasF16(driver as Driver) }));

interface Outcome {
  readonly shares: Record<string, number>;
  readonly features: string[];
  readonly wrong?: string[];
  readonly refused?: string[];
  readonly wrongSubgroups?: string[];
}

async function outcomeOf(driver: Driver): Promise<Outcome> {
  const { outputFiles } = await build({
    entryPoints: [join(root, "test/engine/webgpu/f16-program.ts")],
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    target: "es2022",
    logLevel: "error",
    external: ["webgpu"],
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  } as const);
  return run(outputFiles[0]!.text, driver) as Outcome;
}

describe.each(drivers.filter(({ f16 }) => f16))("$name, with shader-f16", ({ driver }) => {
  it("rounds the inputs of products with weights in groups to 16 bits, and starts without what is wrong", async () => {
    const { shares, features, ...rest } = await outcomeOf(driver);
    for (const [name, share] of Object.entries(shares)) {
      // Both numbers of a multiplication are off by at most 2^-11, a weight by 2^-10 where a driver truncates it.
      expect(share, name).toBeLessThan(3 / 2048);
      if (/ 8 ×/.test(name)) expect(share, name).toBe(0);
      else expect(share, name).toBeGreaterThan(1e-6);
    }
    const subgroups = features.filter((name) => name === "subgroups");
    expect(features).toEqual(["shader-f16", ...subgroups]);
    expect(rest).toEqual({ wrong: subgroups, refused: subgroups, wrongSubgroups: ["shader-f16"] });
  });
});

describe.each(drivers.filter(({ f16 }) => !f16).slice(0, 1))("$name, without shader-f16", ({ driver }) => {
  it("rounds nothing", async () => {
    const { shares, features } = await outcomeOf(driver);
    expect(new Set(Object.values(shares))).toEqual(new Set([0]));
    expect(features).not.toContain("shader-f16");
  });
});
