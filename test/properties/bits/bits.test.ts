import { expect, it } from "vitest";
import { engine } from "../../../ts/engine/engine.js";
import { goldenJson } from "../../golden.js";
import { useBuild } from "../../setup/use-build.js";
import { bits } from "./cases.js";

/** By number of threads. */
const golden = await goldenJson<Record<string, Record<string, string>>>("bits.json");
const { threads } = engine().info;

// What fuses multiplications with additions, as "relaxed" may, differs from one processor to another: only "simd" is laid down.
useBuild({ build: "simd", threads });

it("the simd build gives the bits that every runtime gives", { timeout: 300_000 }, async () => {
  expect(engine().info).toMatchObject({ build: "simd", threads });
  expect(await bits()).toEqual(golden[threads]);
});
