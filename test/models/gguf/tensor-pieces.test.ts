import { expect, it } from "vitest";
import { bytesSource, openGguf } from "../../../ts/index.js";
import { concatenated } from "../../../ts/io/byte-source.js";
import { denseTensors } from "../../../ts/models/gguf/dense-tensors.js";
import { ggufTensors } from "../../../ts/models/gguf/tensors.js";
import { goldenBytes } from "../../golden.js";

/** A golden model, and how many bytes of it have been read. */
async function counted(name: string) {
  const source = bytesSource(await goldenBytes(`gguf/models/${name}.gguf`));
  const state = { read: 0 };
  const read = (offset: number, length: number) => {
    state.read += length;
    return source.read(offset, length);
  };
  return { state, file: await openGguf({ ...source, size: source.size, read }) };
}

const pieces = [
  ["qwen35", "model.layers.0.linear_attn.in_proj_qkv.weight"],
  ["qwen35", "model.layers.0.linear_attn.out_proj.weight"],
  ["llama", "model.layers.0.self_attn.q_proj.weight"],
  ["gptneox", "gpt_neox.layers.0.attention.query_key_value.weight"],
  ["gpt2", "transformer.h.0.attn.c_attn.weight"],
  ["gpt2-Q8_0", "transformer.h.0.attn.c_attn.weight"],
] as const;

// Merges read tensors in pieces of 1 MB: one of 100 MB would be read a hundred times.
it.each(pieces)(
  "a tensor of %s that is stored in another order is read once, however many pieces: %s",
  async (of, name) => {
    const { state, file } = await counted(of);
    for (const tensors of [ggufTensors(file), denseTensors(file)]) {
      state.read = 0;
      const whole = await tensors.raw(name);
      const once = state.read;
      const row = whole.length / tensors.info(name).shape[0]!;
      state.read = 0;
      const parts: Uint8Array[] = [];
      for (let at = 0; at < whole.length; at += row) parts.push(await tensors.raw(name, at, at + row));
      expect(state.read).toBe(once);
      expect(concatenated(parts)).toEqual(whole);
      // Pieces that end within a row.
      expect(await tensors.raw(name, row + 4, 3 * row - 4)).toEqual(whole.slice(row + 4, 3 * row - 4));
    }
  },
);
