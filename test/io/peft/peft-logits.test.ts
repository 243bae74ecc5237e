import { describe, expect, it } from "vitest";
import { readAdapter } from "../../../ts/io/peft/index.js";
import { readSafetensors } from "../../../ts/io/safetensors/index.js";
import { goldenBytes } from "../../golden.js";
import { adapterFiles, baseFiles, manifest } from "./adapters.js";
import { AdaptedWeights } from "./adapted-weights.js";
import { bert, type Forward, gpt2, llama } from "./reference-models.js";

const forwards: Record<string, Forward> = {
  tiny_llama: llama,
  tiny_llama_tied: llama,
  tiny_gpt2: gpt2,
  tiny_bert: bert,
};
const conv1d = /\.(c_attn|c_proj|c_fc)$/;

/** PyTorch computed the expected logits in float32: with values up to 10 it is right to about 1e-5. */
const TOLERANCE = 2e-5;

/*
 * What is read of an adapter (orientation, scaling, patterns, element types, magnitudes, biases, whole modules) gives PEFT's own
 * logits when put into the definitions. The forward passes are the tests' own, in double precision.
 */
describe("adapters give PEFT's logits", () => {
  for (const [name, { base, note }] of Object.entries(manifest.valid)) {
    it(`${name}: ${note}`, async () => {
      const file = readSafetensors((await baseFiles(base))["model.safetensors"]!);
      const adapter = readAdapter(await adapterFiles(`valid/${name}`));
      const expected = readSafetensors(await goldenBytes(`adapters/valid/${name}/expected.safetensors`));
      const ids = expected.tensor("input_ids");
      const length = ids.shape[1]!;
      const sequences = [0, 1].map((i) => [...ids.data.subarray(i * length, (i + 1) * length)]);
      const worst = (applied: typeof adapter | null, logits: string) => {
        const weights = new AdaptedWeights(file, applied, base === "tiny_gpt2" ? conv1d : null);
        const got = sequences.flatMap((sequence) => forwards[base]!(weights, sequence).flat());
        const { data } = expected.tensor(logits);
        expect(got.length).toBe(data.length);
        return Math.max(...got.map((value, i) => Math.abs(value - data[i]!)));
      };
      expect(worst(null, "logits_base")).toBeLessThan(TOLERANCE);
      expect(worst(adapter, "logits_adapter")).toBeLessThan(TOLERANCE);
      expect(worst(adapter, "logits_merged")).toBeLessThan(TOLERANCE);
      expect(worst(null, "logits_adapter")).toBeGreaterThan(0.1);
    });
  }
});
