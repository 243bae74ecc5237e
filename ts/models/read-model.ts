import type { AdaptedEmbedding } from "../adapters/adapted-embedding.js";
import type { AdaptedLinear } from "../adapters/adapted-linear.js";
import type { AdaptedNorm } from "../adapters/adapted-norm.js";
import type { AdapterSelection } from "../adapters/adapter-selection.js";
import type { Graph, NodeId } from "../graph/graph.js";
import { Fingerprint, PiecesPrint } from "../io/fingerprint.js";
import { byteLength, decodeTensor, type OpenTensorFile } from "../io/safetensors/index.js";
import type { TextTokenizer } from "../tokenize/text-tokenizer.js";
import type { ModelPlan, StepSize, TransformerConfig, TransformerModel } from "./architecture.js";
import type { ForwardOptions } from "./layer-checkpoint.js";
import type { RaggedBatch } from "./ragged-batch.js";
import { checkTensors, presentTensors } from "./tensor-check.js";

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

interface Weights {
  readonly linears: readonly AdaptedLinear[];
  readonly norms: readonly AdaptedNorm[];
  readonly tables: readonly AdaptedEmbedding[];
  readonly absent: readonly string[];
}

/** What a model is beside its weights. */
export interface ModelTraits {
  readonly normEps: number;
  /** Bytes that one batch takes without gradients. */
  readonly inferenceMemory: (tokens: number) => number;
  /** Bytes that the tape of one training step takes. */
  readonly stepMemory: (step: StepSize) => number;
}

/** What models have in common whose weights a table of them describes (`weight-table.ts`). */
export abstract class ReadModel<C extends TransformerConfig, W extends Weights> implements TransformerModel {
  readonly norms: readonly AdaptedNorm[];
  readonly tables: readonly AdaptedEmbedding[];
  readonly absent: readonly string[];

  constructor(
    readonly graph: Graph,
    readonly config: C,
    protected readonly weights: W,
    private readonly traits: ModelTraits,
  ) {
    ({ norms: this.norms, tables: this.tables, absent: this.absent } = weights);
  }

  abstract forward(batch: RaggedBatch, selection: AdapterSelection, options?: ForwardOptions): NodeId;
  abstract infer(batch: RaggedBatch, selection: AdapterSelection): NodeId;

  stepMemory(step: StepSize): number {
    return this.traits.stepMemory(step);
  }

  linears(): readonly AdaptedLinear[] {
    return this.weights.linears;
  }

  /** x itself where the model has no such norm. */
  protected norm(x: NodeId, norm: AdaptedNorm | null, selection: AdapterSelection): NodeId {
    return norm === null ? x : norm.forward(x, selection, this.traits.normEps);
  }
}
