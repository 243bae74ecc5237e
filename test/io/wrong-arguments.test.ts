import { expect, it } from "vitest";
import {
  adapterConfig,
  blobSource,
  bytesSource,
  LowrankError,
  openSafetensors,
  readAdapter,
  readSafetensors,
} from "../../ts/index.js";
import { placesIn, withAt } from "../arguments/places.js";
import { own, wrongValues } from "../arguments/wrong.js";
import { adapterFiles } from "./adapters.js";

const files = await adapterFiles("valid/llama_rank_alpha_pattern");
const bytes = files["adapter_model.safetensors"]!;

/** Right arguments of every reader, everything optional given. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests pass anything
const calls: Record<string, { args: () => unknown[]; run: (...args: any[]) => unknown }> = {
  adapterConfig: { args: () => [{ r: 2, loraAlpha: 4, targetModules: ["x"] }], run: adapterConfig },
  blobSource: { args: () => [new Blob([bytes as Uint8Array<ArrayBuffer>])], run: blobSource },
  bytesSource: { args: () => [bytes], run: bytesSource },
  openSafetensors: { args: () => [bytesSource(bytes), "file"], run: openSafetensors },
  readAdapter: { args: () => [{ ...files }, { allowNonFinite: true }], run: readAdapter },
  readSafetensors: { args: () => [bytes, "file"], run: readSafetensors },
};

it.each(Object.keys(calls))("%s does its work, or throws a short error of ours, whatever comes", async (name) => {
  const { args, run } = calls[name]!;
  const problems: string[] = [];
  for (const place of placesIn(args())) {
    for (const [what, value] of Object.entries(wrongValues())) {
      try {
        await run(...(withAt(args(), place, value) as unknown[]));
      } catch (thrown) {
        if (thrown === own || (thrown instanceof LowrankError && thrown.message.length < 600)) continue;
        problems.push(`${what} at ${place.join(".")}: ${String(thrown)} ${(thrown as Error).stack?.split("\n")[1]}`);
      }
    }
  }
  expect(problems).toEqual([]);
});
