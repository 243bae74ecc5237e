import type { Engine } from "../../../engine/running.js";
import { ModelError } from "../../../errors/errors.js";
import { encodeTensor } from "../../../io/safetensors/index.js";
import type { GgufArchitecture } from "../names.js";
import { isGrouped } from "../tensors.js";

/** Types in which tensors are written. */
const writtenTypes = ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1"] as const;
export type WrittenType = (typeof writtenTypes)[number];

export const isWrittenType = (type: string): type is WrittenType => (writtenTypes as readonly string[]).includes(type);

/** `general.file_type` of a file most of whose tensors are of a type. */
export const fileTypes: Readonly<Record<WrittenType, number>> = { F32: 0, F16: 1, BF16: 32, Q8_0: 7, Q4_0: 2, Q4_1: 3 };

/** What the choice of a tensor's type depends on besides the requested type. */
interface TypedTensor {
  /** Name in GGUF. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Whether the words' table is the output layer's weight too. */
  readonly tied: boolean;
}

/** Whether it is a matrix that llama.cpp writes in fewer bits: norms, biases, positions, convolutions and routers stay in float32. */
export const isNarrowed = ({ name, shape }: Pick<TypedTensor, "name" | "shape">) =>
  shape.length > 1 &&
  name.endsWith(".weight") &&
  !/(?:norm|position_embd|shortconv\.conv|ssm_conv1d|ffn_gate_inp)\.weight$/.test(name);

/**
 * A tensor's type in a file of a type, chosen as in llama.cpp: in files of four bits the output layer has eight (llama.cpp: Q6_K if rows
 * are whole groups of 256), and rows that are not whole groups are F16.
 */
export function typeOf(tensor: TypedTensor, type: WrittenType): WrittenType {
  if (!isNarrowed(tensor)) return "F32";
  if (!isGrouped(type)) return type;
  if ((tensor.shape.at(-1) ?? 1) % 32 !== 0) return "F16";
  const isOutput = tensor.name === "output.weight" || (tensor.tied && tensor.name === "token_embd.weight");
  return isOutput ? "Q8_0" : type;
}

/** Whether a Hugging Face tensor is a Conv1D weight of such a model, which GGUF files store transposed. */
export const isTurned = ({ inFirst }: GgufArchitecture, name: string) =>
  inFirst && /\.c_(?:attn|proj|fc)\.weight$/.test(name);

/** The kernels' number of each type. */
const numbers: Readonly<Record<WrittenType, number>> = { F32: 0, F16: 1, BF16: 2, Q8_0: 3, Q4_1: 4, Q4_0: 7 };
/** Bytes of a group of 32. */
const groupBytes: Readonly<Record<WrittenType, number>> = { F32: 128, F16: 64, BF16: 64, Q8_0: 34, Q4_1: 20, Q4_0: 18 };
/** The largest magnitude whose group has a scale in binary16. */
const largest: Readonly<Record<WrittenType, number>> = {
  F32: Infinity,
  F16: Infinity,
  BF16: Infinity,
  Q8_0: 127 * 65504,
  Q4_1: 65504,
  Q4_0: 7 * 65504,
};

/** Rows of float32 values in a type of a GGUF file, made in an engine's memory. Dispose of it. */
export class RowEncoder {
  private blocks: readonly [from: number, to: number] | null = null;
  private room = 0;

  constructor(private readonly engine: Engine) {}

  /**
   * Whole rows of `width`. Rounded to nearest, or in groups to the least squared error. Throws `ModelError` for values that groups cannot
   * hold, `FormatError` for those too large for F16 or BF16.
   */
  encode(values: Float32Array, width: number, type: WrittenType, tensor: string): Uint8Array {
    if (type === "F32" || values.length === 0) return encodeTensor(values, "F32", tensor);
    const { kernels } = this.engine;
    const length = (values.length / 32) * groupBytes[type];
    const [from, to] = this.memory(values.length);
    if (isGrouped(type)) {
      checkGroups(values, type, tensor);
      this.engine.write(from, values, values.length);
      kernels.quantize_rows(numbers.F32, from, width, values.length / width, numbers[type], to);
    } else {
      this.engine.write(from, values, values.length);
      // It says which is too large.
      if (kernels.stored_encode(numbers[type], values.length, from, to) > 0)
        encodeTensor(values, type as "F16" | "BF16", tensor);
    }
    return this.engine.readBytes(to, length);
  }

  dispose(): void {
    if (this.engine.closed || this.blocks === null) return;
    for (const block of this.blocks) this.engine.heap.release(block);
    this.blocks = null;
  }

  /** Memory for so many values, and for their bytes in another type. */
  private memory(values: number): readonly [number, number] {
    if (this.blocks !== null && values <= this.room) return this.blocks;
    this.dispose();
    const from = this.engine.heap.allocate(4 * values);
    this.blocks = [from, this.engine.heap.allocate(2 * values + 64)];
    this.room = values;
    return this.blocks;
  }
}

function checkGroups(values: Float32Array, type: WrittenType, tensor: string): void {
  const limit = largest[type];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Math.abs(value) <= limit) continue;
    const why = Number.isFinite(value) ? `too large for ${type}, whose numbers end at ${limit}` : "no number";
    throw new ModelError(`${tensor} holds ${value}, which is ${why}; bf16 and f32 take it`, { tensor, value });
  }
}
