import { flag } from "../../arguments/settings.js";
import { clip } from "../../errors/excerpt.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import type { TextTokenizer } from "../../tokenize/text-tokenizer.js";
import type { SentenceLayout } from "./layout.js";
import type { PromptChoice } from "./prompts.js";

/** How a text becomes a vector, once it is decided. */
export interface Encoding {
  /** Put before every text. */
  readonly before: string;
  /** Tokens of that which are not pooled. */
  readonly skip: number;
  /** What is made of pooled vectors `[batch, hidden]`, row by row. */
  readonly finish: (pooled: NodeId) => NodeId;
}

/** What decides it. */
export interface EncodingParts {
  readonly name: string;
  readonly graph: Graph;
  readonly layout: SentenceLayout;
  readonly tokenizer: TextTokenizer;
}

/** Models of which a warning has told what was assumed. */
const told = new WeakSet<SentenceLayout>();

/**
 * What `encode` does by its options; what they leave out, the model's files say. Throws `ConfigError`. Where neither says whether vectors
 * are normalised, the first call for the model warns.
 */
export function encodingOf(
  { name, graph, layout, tokenizer }: EncodingParts,
  { normalize, ...choice }: PromptChoice & { readonly normalize?: boolean | undefined },
): Encoding {
  if (normalize !== undefined) flag("encode", "normalize", normalize);
  else if (!layout.hasModules && !told.has(layout)) {
    told.add(layout);
    console.warn(
      `lowrank: encode: model ${clip(name)} has no modules.json: pooling "${layout.pooling}", not normalised, is assumed; set \`pooling\` (load) and \`normalize\``,
    );
  }
  const { prompts } = layout;
  const before = prompts.choose("encode", choice);
  const skip = prompts.arePooled || before === "" ? 0 : tokenizer.promptLength(before);
  const scaled = normalize ?? layout.normalize;
  return { before, skip, finish: (pooled) => (scaled ? graph.normalize(pooled) : pooled) };
}
