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
