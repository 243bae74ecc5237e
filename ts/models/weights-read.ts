import { Fingerprint } from "../io/fingerprint.js";
import { decodeTensor, type OpenTensorFile } from "../io/safetensors/index.js";
import type { TextTokenizer } from "../tokenize/text-tokenizer.js";
import type { ModelPlan } from "./architecture.js";
import { checkTensors, presentTensors } from "./tensor-check.js";

/** A file of weights, and what tells apart those of a model that were read from it. */
export interface ReadWeights {
  readonly file: OpenTensorFile;
  /** Of the bytes of a model's tensors, in the plan's order, and of its tokenizer. All tensors have been read by then. */
  readonly fingerprint: (plan: Tensors, tokenizer: PrintedTokenizer) => string;
}

/** A tokenizer: the same weights with another one are another base. */
type PrintedTokenizer = Pick<TextTokenizer, "fingerprint">;

/** What a plan says of a file's tensors. */
type Tensors = Pick<ModelPlan, "tensors" | "base">;

/** A fingerprint of bytes. */
export const printOf = (bytes: Uint8Array) => new Fingerprint().add(bytes).toString();

/** The same file, whose tensors are fingerprinted as they are read: once, as the file stores them. */
export function fingerprinted(file: OpenTensorFile): ReadWeights {
  const prints = new Map<string, string>();
  const reading = (of: OpenTensorFile): OpenTensorFile => {
    const raw = async (name: string) => {
      const bytes = await of.raw(name);
      if (!prints.has(name)) prints.set(name, printOf(of.outFirst === undefined ? bytes : await of.outFirst.raw(name)));
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
    joined([...namesOf(file, plan).map((name) => prints.get(name)!), tokenizer.fingerprint]);
  return { file: reading(file), fingerprint };
}

/** The fingerprint that an encoder has of a file, without loading one. */
export async function fingerprintOf(file: OpenTensorFile, plan: Tensors, tokenizer: PrintedTokenizer): Promise<string> {
  const prints: string[] = [];
  for (const name of namesOf(file, plan)) prints.push(printOf(await (file.outFirst ?? file).raw(name)));
  return joined([...prints, tokenizer.fingerprint]);
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
