import type { CachedTokens } from "../cached-tokens.js";
import type { GenerationRequest } from "../generate.js";
import type { GeneratedToken, Sequence } from "../sequence.js";
import type { SharedAdapter } from "./shared-adapters.js";

/** When a text is given up, and by which error. */
export interface Expiry {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly error: () => Error;
}

/** One text of a batch: its tokens so far, those not read yet, and what ended it. */
export class BatchText {
  /** Tokens with keys and values in memory; null until its first pass. */
  cached: CachedTokens | null = null;
  /** Number of the prompt's tokens that were copied from another text. */
  reused = 0;
  /** Number of the prompt's tokens after which the layers' states are kept; 0 for none. */
  keepAt = 0;
  /** Ends when what a storage has of its beginning is in memory; null if it has, or there is none. */
  reading: Promise<void> | null = null;
  /** Ends the wait for a storage. */
  stopReading: () => void = () => undefined;
  /** Generated tokens that nobody has read yet. */
  readonly unread: GeneratedToken[] = [];
  /** Logits `[vocabulary]` of its next token, while it is being found out which tokens its format allows; null if there are none. */
  logits: Float32Array | null = null;
  /** Whether its work is over, in any way. */
  ended = false;
  /** The error that ended it. */
  failure: { readonly error: unknown } | null = null;

  constructor(
    readonly sequence: Sequence,
    readonly request: GenerationRequest,
    readonly adapter: SharedAdapter,
    /** Version of the base's weights. */
    readonly weights: number,
    readonly expiry: Expiry | undefined,
    /** Frees its part in the model; called once. */
    readonly free: () => void,
  ) {}

  get prompt(): Int32Array {
    return this.request.prompt;
  }

  get rounded(): boolean {
    return this.request.options.rounded;
  }

  /** Number of the prompt's tokens that no pass has read. */
  get promptLeft(): number {
    return Math.max(0, this.prompt.length - (this.cached?.length ?? 0));
  }

  /** Whether two texts' keys and values are equal where their tokens are. */
  alike({ adapter, weights, rounded }: Pick<BatchText, "adapter" | "weights" | "rounded">): boolean {
    return this.adapter === adapter && this.weights === weights && this.rounded === rounded;
  }

  /** Up to `most` tokens for the next pass: of the prompt, or the last generated one. */
  next(most: number): Int32Array {
    const { length } = this.cached!;
    const end = Math.min(length + most, this.keepAt > length ? this.keepAt : Infinity);
    return this.promptLeft > 0 ? this.prompt.subarray(length, end) : this.sequence.next;
  }
}
