import type { Engine } from "../../../engine/running.js";
import type { Adapter } from "../../../io/peft/index.js";
import type { TextTokenizer } from "../../../tokenize/text-tokenizer.js";
import type { SentenceLayout } from "../layout.js";
import type { ModelOrigin } from "../load-encoder.js";

/** An encoder's state when `save` was called. */
export interface SavedEncoder extends ModelOrigin {
  readonly engine: Engine;
  readonly base: string;
  /** Of the base model's weights, layers and tokenizer. */
  readonly fingerprint: string;
  readonly layout: SentenceLayout;
  readonly tokenizer: TextTokenizer;
  /** Width of the last hidden state, and of a sentence vector. */
  readonly hiddenSize: number;
  readonly width: number;
  readonly adapter: { readonly name: string; readonly file: Adapter } | null;
  readonly merged: boolean;
  readonly metrics: Readonly<Record<string, number>>;
  readonly signal: AbortSignal | undefined;
}
