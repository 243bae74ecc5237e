import { flag } from "../../arguments/settings.js";
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
  readonly graph: Graph;
  readonly layout: SentenceLayout;
  readonly tokenizer: TextTokenizer;
}

/** What `encode` does by its options; what they leave out, the model's files say. Throws `ConfigError`. */
export function encodingOf(
  { graph, layout, tokenizer }: EncodingParts,
  { normalize = layout.normalize, ...choice }: PromptChoice & { readonly normalize?: boolean | undefined },
): Encoding {
  flag("encode", "normalize", normalize);
  const { prompts } = layout;
  const before = prompts.choose("encode", choice);
  const skip = prompts.arePooled || before === "" ? 0 : tokenizer.promptLength(before);
  return { before, skip, finish: (pooled) => (normalize ? graph.normalize(pooled) : pooled) };
}
