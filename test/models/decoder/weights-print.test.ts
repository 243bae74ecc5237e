import { describe, expect, it } from "vitest";
import { CausalLanguageModel } from "../../../ts/index.js";
import { weightsPrint } from "../../../ts/models/language/batch/block-tree.js";
import { decoderFiles, type DecoderName } from "../language/golden-decoder.js";

type Header = Record<string, { readonly data_offsets: readonly [number, number] }>;

/** Where each tensor of a safetensors file begins and ends. */
function placesOf(file: Uint8Array): [name: string, start: number, end: number][] {
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const { __metadata__: _, ...header } = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length))) as Header;
  return Object.entries(header).map(([name, { data_offsets: places }]) => {
    const [start, end] = places.map((place) => 8 + length + place) as [number, number];
    return [name, start, end];
  });
}

describe("a fingerprint of weights", () => {
  it.each<[DecoderName, "f32" | "q8" | "q4"]>([
    ["qwen2", "f32"],
    ["qwen2", "q8"],
    ["gpt_neox", "f32"],
    ["lfm2", "q4"],
    ["qwen3_5", "f32"],
    ["olmoe", "f32"],
  ])("of %s in %s is that of its bits: signs of any tensor change it", async (name, weights) => {
    const files = await decoderFiles(name);
    const file = files["model.safetensors"]!;
    const printOf = async (own: Uint8Array) => {
      using model = await CausalLanguageModel.load({ ...files, "model.safetensors": own }, { weights });
      return weightsPrint(model.model);
    };
    const own = await printOf(file);
    expect(await printOf(file)).toBe(own);
    const kept: string[] = [];
    for (const [tensor, start, end] of placesOf(file)) {
      const changed = file.slice();
      // Signs of the last group, of which one alone may be rounded to nothing; the first row of a table may be zero.
      for (let at = Math.max(start, end - 128) + 3; at < end; at += 4) changed[at]! ^= 128;
      if ((await printOf(changed)) === own) kept.push(tensor);
    }
    // Keys and values do not depend on the output layer.
    expect(kept.filter((tensor) => !/^(lm_head|embed_out)\.weight$/.test(tensor))).toEqual([]);
  });
});
