import { expect, it } from "vitest";
import { bytesSource, openGguf } from "../../ts/index.js";
import { ggufTensors } from "../../ts/models/gguf/tensors.js";
import type { WrittenType } from "../../ts/models/gguf/writing/written-types.js";
import { formatOf } from "../../ts/models/stored-weights.js";
import { qwen35File } from "./gguf/writing/qwen35-file.js";

/** One weight, of which the last two are a hundredth, and the second a third. */
const names = ["qkv", "z", "b", "a"].map((name) => `model.layers.0.linear_attn.in_proj_${name}.weight`);

it.each<[string, Partial<Record<"attn_gate" | "ssm_alpha" | "ssm_beta", WrittenType>>, WrittenType, string]>([
  ["of one type", {}, "Q4_0", "q4"],
  ["of eight bits", {}, "Q8_0", "q8"],
  ["of four bits and eight", { attn_gate: "Q8_0" }, "Q4_0", "q8"],
  ["of eight bits but for small ones", { ssm_alpha: "F32", ssm_beta: "F32" }, "Q8_0", "q8"],
  ["of four bits but for small ones", { ssm_alpha: "BF16", ssm_beta: "F32" }, "Q4_0", "q8"],
  ["of which a large one is wider", { attn_gate: "F16" }, "Q8_0", "f32"],
  ["of one type without groups", {}, "BF16", "bf16"],
  ["of several without groups", { ssm_alpha: "F32", ssm_beta: "F32" }, "BF16", "f32"],
])(
  'with weights "auto", tensors that are joined in one weight, %s, get one format',
  async (_, types, other, format) => {
    const typeOf = (name: string) => types[name.split(".")[2] as keyof typeof types] ?? other;
    const tensors = ggufTensors(await openGguf(bytesSource(await qwen35File(typeOf))));
    expect(formatOf("auto", tensors, names)).toBe(format);
    expect(formatOf("f16", tensors, names)).toBe("f16");
  },
);
