import { flag, whole } from "../../arguments/settings.js";
import { clip } from "../../errors/excerpt.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import type { TextTokenizer } from "../../tokenize/text-tokenizer.js";
import type { EncodeOptions } from "./encoder-options.js";
import type { SentenceLayout } from "./layout.js";
import type { PromptChoice } from "./prompts.js";

/** How a text becomes a vector, with all defaults resolved. */
export interface Encoding {
  /** Text put before every text. */
  readonly before: string;
  /** Number of tokens, if they are not pooled. */
  readonly skip: number;
  /** Maps pooled vectors `[batch, hidden]` to the result, row by row. */
  readonly finish: (pooled: NodeId) => NodeId;
}

/** The options of `encode` that it depends on. */
type EncodingChoice = PromptChoice & Pick<EncodeOptions, "normalize" | "truncateDim">;

/** What it depends on, of an encoder. */
export interface EncodingParts {
  readonly name: string;
  readonly graph: Graph;
  readonly layout: SentenceLayout;
  readonly tokenizer: TextTokenizer;
  readonly hiddenSize: number;
}

/** Models for which the warning about normalisation was shown. */
const warned = new WeakSet<SentenceLayout>();

/**
 * Resolves the options of `encode`; defaults come from the model's files. Throws `ConfigError`. If neither says whether vectors are
 * normalised, the first call for the model warns.
 */
export function encodingOf(
  { name, graph, layout, tokenizer, hiddenSize }: EncodingParts,
  { normalize, truncateDim, ...choice }: EncodingChoice,
): Encoding {
  if (normalize !== undefined) flag("encode", "normalize", normalize);
  else if (!layout.hasModules && !warned.has(layout)) {
    warned.add(layout);
    console.warn(
      `lowrank: encode: model ${clip(name)} has no modules.json: pooling "${layout.pooling}", not normalised, is assumed; set \`pooling\` (load) and \`normalize\``,
    );
  }
  const { prompts } = layout;
  const before = prompts.choose("encode", choice);
  const skip = prompts.arePooled || before === "" ? 0 : tokenizer.promptLength(before);
  const width = truncateDim ?? layout.truncateDim ?? hiddenSize;
  if (truncateDim !== undefined) whole("encode", "truncateDim", truncateDim, 1, hiddenSize);
  const scaled = normalize ?? layout.normalize;
  const finish = (pooled: NodeId) => {
    if (width >= hiddenSize) return scaled ? graph.normalize(pooled) : pooled;
    const part = graph.slice(scaled && normalize !== true ? graph.normalize(pooled) : pooled, {
      dim: 1,
      start: 0,
      end: width,
    });
    return normalize === true ? graph.normalize(part) : part;
  };
  return { before, skip, finish };
}
