import { bytesSource } from "../../../io/byte-source.js";
import type { ModelSource } from "../../../io/model-source.js";
import { fillSafetensors, WEIGHTS } from "../../../io/safetensors/index.js";
import { modelPlan } from "../../../models/architectures.js";
import { decoderPlan } from "../../../models/decoders.js";
import { lettersTokenizer } from "./letters.js";
import type { ModelShape } from "./model-shapes.js";

/** Bits of 1 in bfloat16. */
const ONE = 0x3f80;
/** Bits of 2⁻⁶ in bfloat16, whose sign and 7 bits of fraction are random. */
const SMALL = 0x3c80;
const RANDOM_BITS = 0x807f;

/** A model with random weights in bfloat16, so that nothing is downloaded: the same weights each time. */
export async function randomModel({ name, task, config }: ModelShape): Promise<ModelSource> {
  const plan = task === "language" ? decoderPlan(config) : await modelPlan(config);
  const tensors = [...plan.tensors()].map(({ name, shape }) => ({ name, shape, dtype: "BF16" as const }));
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const files: Readonly<Record<string, Uint8Array>> = {
    "config.json": json(config),
    [WEIGHTS]: fillSafetensors(tensors, fillRandom),
    // Prompts of language models are token ids.
    ...(task === "encoder" && { "tokenizer.json": json(lettersTokenizer()) }),
  };
  return {
    name: `random weights of ${name}'s shape`,
    open: async (file) => (Object.hasOwn(files, file) ? bytesSource(files[file]!) : null),
  };
}

/** Norms are 1, everything else from −2⁻⁵ to 2⁻⁵. */
function fillRandom({ name }: { readonly name: string }, into: Uint8Array): void {
  const values = new Uint16Array(into.buffer, into.byteOffset, into.byteLength / 2);
  if (/norm.*weight$/i.test(name)) return void values.fill(ONE);
  // A linear congruential generator (Numerical Recipes), whose high bits are random enough.
  let state = name.length;
  for (let i = 0; i < values.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    values[i] = SMALL | ((state >>> 16) & RANDOM_BITS);
  }
}
