import { ModelError } from "../errors/errors.js";
import { clip } from "../errors/excerpt.js";
import { Fingerprint, PiecesPrint } from "../io/fingerprint.js";
import {
  byteLength,
  decodeTensor,
  isReadableFloat,
  type OpenTensorFile,
  type TensorIndex,
} from "../io/safetensors/index.js";
import type { TextTokenizer } from "../tokenize/text-tokenizer.js";
import { formatShape, sameShape } from "../values/tensor.js";
import type { ModelPlan, NamedShape } from "./architecture.js";

/** The prefix of every name in a file: "bert." or "roberta." for a model with a head. */
function prefixBefore(file: TensorIndex, name: string): string {
  if (file.has(name)) return "";
  const found = file.names.filter((other) => other.endsWith(`.${name}`));
  return found.length === 1 ? found[0]!.slice(0, -name.length) : "";
}

/** What models for texts and pictures have before the names of their language model, after the base. */
const INNER = "language_model.";

/** How a file's names follow from a model's: with a prefix or, in a bare model's file, without `base`; in a larger model's below it. */
function renaming(file: TensorIndex, name: string, base: string): TensorNames {
  const bare = base !== "" && name.startsWith(base) && !file.has(name) && file.has(name.slice(base.length));
  if (bare) return (other) => nameIn(file, "", other.startsWith(base) ? other.slice(base.length) : other);
  const inner = `${base}${INNER}`;
  const isInner = base !== "" && name.startsWith(base) && file.has(inner + name.slice(base.length));
  if (isInner) return (other) => nameIn(file, "", other.startsWith(base) ? inner + other.slice(base.length) : other);
  const prefix = prefixBefore(file, name);
  return (other) => nameIn(file, prefix, other);
}

/** What a file calls a tensor. */
export type TensorNames = (name: string) => string;

/** The first BERTs call a norm's weight and bias gamma and beta, as TensorFlow did. */
const oldNames = { weight: "gamma", bias: "beta" } as const;

function nameIn(file: TensorIndex, prefix: string, name: string): string {
  const norm = /^(.*LayerNorm\.)(weight|bias)$/.exec(name);
  if (norm === null || file.has(prefix + name)) return prefix + name;
  const old = `${prefix}${norm[1]}${oldNames[norm[2] as keyof typeof oldNames]}`;
  return file.has(old) ? old : prefix + name;
}

/**
 * Compares config.json with a file's header: nothing is allocated by sizes that the file does not have. It ends at the first
 * tensor that does not fit, so it takes time in proportion to the file, whatever the config says.
 * Throws `ModelError` for a missing tensor, another shape, or elements that are no floats.
 *
 * @param base what the names begin with that the file of a bare model leaves out
 * @returns the file's name for each of those
 */
export function checkTensors(file: TensorIndex, tensors: Iterable<NamedShape>, base = ""): TensorNames {
  let nameOf: TensorNames | undefined;
  for (const tensor of tensors) {
    const own = (nameOf ??= renaming(file, tensor.name, base));
    for (const { name, shape } of presentTensors(file, [tensor], own)) checkTensor(file, own(name), shape);
  }
  return nameOf ?? ((name) => name);
}

/** The tensors that a file has of those, or in their place. */
export function* presentTensors(
  file: Pick<TensorIndex, "has">,
  tensors: Iterable<NamedShape>,
  nameOf: TensorNames,
): Generator<NamedShape> {
  const has = ({ name }: NamedShape) => file.has(nameOf(name));
  for (const tensor of tensors)
    yield* (has(tensor) ? undefined : tensor.instead?.().find(([first]) => has(first!))) ?? [tensor];
}

/** Checks one tensor, by the file's name for it. */
export function checkTensor(file: TensorIndex, tensor: string, expected: readonly number[]): void {
  if (!file.has(tensor))
    throw new ModelError(`model.safetensors has no tensor "${clip(tensor)}", which config.json calls for`, { tensor });
  const { shape: found, dtype } = file.info(tensor);
  if (!sameShape(found, expected))
    throw new ModelError(
      `model.safetensors: ${clip(tensor)} is ${clip(formatShape(found))}; config.json calls for ${formatShape(expected)}`,
      { tensor, found, expected },
    );
  if (!isReadableFloat(dtype))
    throw new ModelError(
      `model.safetensors: ${clip(tensor)} has elements of type ${dtype}; weights are floating-point numbers of 8 bits or more`,
      { tensor, dtype },
    );
}

/** A file of weights, and what tells apart those of a model that were read from it. */
export interface ReadWeights {
  readonly file: OpenTensorFile;
  /** Returns the fingerprint of the bytes of a model's tensors, in the plan's order, and of its tokenizer. All tensors were read by then. */
  readonly fingerprint: (plan: Tensors, tokenizer: PrintedTokenizer) => string;
}

/** A tokenizer: the same weights with another one are another base. */
type PrintedTokenizer = Pick<TextTokenizer, "fingerprint">;

/** What a plan says of a file's tensors. */
type Tensors = Pick<ModelPlan, "tensors" | "base">;

/** A fingerprint of bytes. */
export const printOf = (bytes: Uint8Array) => new Fingerprint().add(bytes).toString();

/** A file whose tensors are fingerprinted as they are read: once, as the file stores them. */
export function fingerprinted(file: OpenTensorFile): ReadWeights {
  const prints = new Map<string, PiecesPrint>();
  const reading = (of: OpenTensorFile): OpenTensorFile => {
    const raw: OpenTensorFile["raw"] = async (name, begin = 0, end, into) => {
      const bytes = await of.raw(name, begin, end, into);
      const print = prints.get(name) ?? new PiecesPrint();
      if (of.outFirst !== undefined) {
        if (!prints.has(name)) prints.set(name, print.add(await of.outFirst.raw(name)));
      } else if (begin === print.length) prints.set(name, print.add(bytes));
      return bytes;
    };
    const tensor = async (name: string) => {
      const bytes = await raw(name);
      const { dtype, shape } = of.info(name);
      const { grouped } = of;
      const isGrouped = grouped !== undefined && grouped.nearest(name) !== null;
      return { shape, data: isGrouped ? grouped.values(name, bytes) : decodeTensor(bytes, dtype, name) };
    };
    return { ...of, raw, tensor, ...(of.outFirst && { outFirst: reading(of.outFirst) }) };
  };
  const fingerprint: ReadWeights["fingerprint"] = (plan, tokenizer) =>
    joined([...namesOf(file, plan).map((name) => prints.get(name)!.toString()), tokenizer.fingerprint]);
  return { file: reading(file), fingerprint };
}

/** The fingerprint that an encoder has of a file, without loading one. */
export async function fingerprintOf(file: OpenTensorFile, plan: Tensors, tokenizer: PrintedTokenizer): Promise<string> {
  const prints: string[] = [];
  for (const name of namesOf(file, plan)) prints.push(await tensorPrint(file.outFirst ?? file, name));
  return joined([...prints, tokenizer.fingerprint]);
}

/** Bytes that are read at once: tables of language models have gigabytes. */
const PIECE = 2 ** 28;

async function tensorPrint(file: OpenTensorFile, name: string): Promise<string> {
  if (file.grouped !== undefined) return printOf(await file.raw(name));
  const { dtype, shape } = file.info(name);
  const size = byteLength(dtype, shape);
  const print = new PiecesPrint();
  while (print.length < size) print.add(await file.raw(name, print.length, Math.min(print.length + PIECE, size)));
  return print.toString();
}

/** Whatever a file calls a model's tensors, and whatever else it has: the same weights have the same fingerprint. */
function namesOf(file: OpenTensorFile, plan: Tensors): string[] {
  const nameOf = checkTensors(file, plan.tensors(), plan.base);
  return Array.from(presentTensors(file, plan.tensors(), nameOf), ({ name }) => nameOf(name));
}

/** The fingerprint of an encoder whose vectors go through further layers; where there are none, that of the encoder alone. */
export const withLayers = (encoder: string, layers: readonly string[]) =>
  layers.length === 0 ? encoder : joined([encoder, ...layers]);

const joined = (prints: readonly string[]) => printOf(new TextEncoder().encode(prints.join()));
