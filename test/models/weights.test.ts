import { expect, it } from "vitest";
import { encodeTensor } from "../../ts/io/safetensors/index.js";
import { engineInfo, readSafetensors, SentenceEncoder, writeSafetensors } from "../../ts/index.js";
import { miniLM } from "./minilm.js";

const texts = ["a sentence", "one that is a good deal longer, and says no more than the first", "Kurz.", "x ".repeat(150)];

/** The model's file with its matrices rounded to a type, and written as that type or as float32. */
async function rounded(dtype: "F16" | "BF16", written: "F32" | "F16" | "BF16") {
  const files = await miniLM();
  const file = readSafetensors(files["model.safetensors"]!);
  const tensors = file.names
    .filter((name) => file.info(name).dtype === "F32")
    .map((name) => {
      const { shape, data } = file.tensor(name);
      const matrix = shape.length === 2 && !name.includes("token_type");
      if (!matrix) return { name, tensor: { shape, data }, dtype: "F32" as const };
      const narrow = writeSafetensors({ x: { shape, data, dtype } as never });
      return { name, tensor: readSafetensors(narrow).tensor("x"), dtype: written };
    });
  void encodeTensor;
  return { files, tensors };
}

it.each(["f16", "bf16"] as const)("%s", async (weights) => {
  const files = await miniLM();
  const before = engineInfo().memory;
  using encoder = await SentenceEncoder.load(files, { weights });
  const loaded = engineInfo().memory;
  const t = performance.now();
  const vectors = await encoder.encode(texts);
  console.log(before, loaded, engineInfo().memory, performance.now() - t);
  const exact = await SentenceEncoder.load(files);
  const want = await exact.encode(texts);
  let worst = 0;
  vectors.forEach((v, i) => v.forEach((x, j) => (worst = Math.max(worst, Math.abs(x - want[i]![j]!)))));
  console.log(weights, worst, engineInfo().memory);
  exact.dispose();
  expect(worst).toBeLessThan(0.05);
});
void rounded;
