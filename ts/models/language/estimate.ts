import type { GgufFile } from "../../io/gguf/index.js";
import type { WeightFormat } from "../../ops/product/frozen-weight.js";
import type { NamedShape } from "../architecture.js";
import type { ConfigJson } from "../config-values.js";
import { decoderPlan } from "../decoders.js";
import type { DecoderPlan } from "../decoder/index.js";
import { estimateOf, type MemoryEstimate, type MemoryOptions } from "../estimate-memory.js";
import { formatOf } from "../stored-weights.js";
import { checkTensors, presentTensors } from "../file-tensors.js";
import { lazyChunk } from "../../waiting/lazy-chunk.js";

const ggufTensors = /* @__PURE__ */ lazyChunk(async () => (await import("../gguf/tensors.js")).ggufTensors);

/** The configuration to estimate. */
export interface LanguageMemoryOptions extends Omit<MemoryOptions, "weights"> {
  /** Format of the weights, or an open GGUF file for those that `weights: "auto"` would use. Default: as in `load`, by the model's size. */
  readonly weights?: WeightFormat | GgufFile;
}

/** Estimates the memory of a language model; see `estimateMemory`. */
export async function estimateLanguageMemory(
  config: ConfigJson,
  options: LanguageMemoryOptions,
): Promise<MemoryEstimate> {
  const plan = decoderPlan(config);
  const { weights, ...rest } = Object(options) as LanguageMemoryOptions;
  // Another object is refused there, with the option's name.
  if (!isOpenGguf(weights)) return estimateOf(plan, options as MemoryOptions);
  const formats = await formatsOf(plan, weights);
  return estimateOf(plan, { ...rest, weights: "q8" }, formats);
}

function isOpenGguf(value: unknown): value is GgufFile {
  const { metadata, names, info } = Object(value) as Partial<GgufFile>;
  return metadata instanceof Map && Array.isArray(names) && typeof info === "function";
}

/** The format of each tensor of a plan; tensors of one joined weight share it. */
async function formatsOf(plan: DecoderPlan, gguf: GgufFile): Promise<(tensor: NamedShape) => WeightFormat> {
  const file = (await ggufTensors())(gguf);
  const nameOf = checkTensors(file, plan.tensors(), plan.base);
  const stored = plan.config.inFirst ? (file.outFirst ?? file) : file;
  const of = (names: readonly string[]) => formatOf("auto", stored, names.map(nameOf));
  const joined = new Map<string, WeightFormat>();
  for (const { paths, tensors = paths, output } of plan.linears()) {
    // It is not joined, or is not in the file.
    if (output !== undefined) continue;
    const names = tensors.map((path) => `${path}.weight`);
    const format = of(names);
    for (const name of names) joined.set(name, format);
  }
  return (tensor) =>
    joined.get(tensor.name) ?? of(Array.from(presentTensors(file, [tensor], nameOf), ({ name }) => name));
}
