/** Changes of logits before a token is sampled, as OpenAI's API has them. */
export interface LogitOptions {
  readonly presencePenalty: number;
  readonly frequencyPenalty: number;
  readonly logitBias: ReadonlyMap<number, number>;
}

/** Adds a bias to logits of chosen tokens, and subtracts penalties from those of generated tokens, by how often each was generated. */
export class LogitChanges {
  private readonly counts = new Map<number, number>();

  private constructor(private readonly options: LogitOptions) {}

  /** Null if the options change nothing. */
  static of(options: LogitOptions): LogitChanges | null {
    const { presencePenalty, frequencyPenalty, logitBias } = options;
    return presencePenalty === 0 && frequencyPenalty === 0 && logitBias.size === 0 ? null : new LogitChanges(options);
  }

  /** Changes logits `[vocabulary]`. */
  apply(logits: Float32Array): void {
    const { presencePenalty, frequencyPenalty, logitBias } = this.options;
    for (const [id, bias] of logitBias) logits[id]! += bias;
    for (const [id, count] of this.counts) logits[id]! -= presencePenalty + count * frequencyPenalty;
  }

  /** Counts a generated token. */
  count(id: number): void {
    this.counts.set(id, (this.counts.get(id) ?? 0) + 1);
  }
}
