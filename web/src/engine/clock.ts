/** An estimate in seconds that contains the true value in about nine of ten cases. */
export interface Span {
  readonly low: number;
  readonly high: number;
}

/** The remaining work. */
export interface Ahead {
  readonly steps: number;
  /** Steps between two validations; null if there are none. */
  readonly evaluateEvery: number | null;
  /** Seconds of the work after training. */
  readonly rest: number;
}

/** Number of recent steps that are considered. The machine's load changes over time. */
const RECENT = 50;
/** Steps per block. A block's mean is one measurement, because single steps differ by their texts. */
const BLOCK = 5;
/** Standard deviations that contain nine of ten cases, and an allowance for what is not measured. */
const [WIDTH, UNKNOWN] = [1.64, 0.06];

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Times a run's steps and validations, and estimates the remaining time. */
export class Clock {
  private last: { readonly step: number; readonly at: number } | null = null;
  private readonly steps: number[] = [];
  private readonly evaluations: number[] = [];

  /** Records the number of finished steps. Not every step is reported. */
  step(step: number, at: number): void {
    if (this.last !== null && step > this.last.step) {
      const each = (at - this.last.at) / (step - this.last.step);
      for (let i = this.last.step; i < step; i++) this.steps.push(each);
    }
    this.last = { step, at };
  }

  /** Records that a validation ran since the last step. */
  evaluated(at: number): void {
    if (this.last === null) return;
    this.evaluations.push(at - this.last.at);
    this.last = { ...this.last, at };
  }

  /** Remaining seconds; null before there are two blocks of steps to compare. */
  left({ steps, evaluateEvery, rest }: Ahead): Span | null {
    const recent = this.steps.slice(-RECENT);
    const blocks = Array.from({ length: Math.floor(recent.length / BLOCK) }, (_, i) =>
      mean(recent.slice(i * BLOCK, (i + 1) * BLOCK)),
    );
    if (this.last === null || blocks.length < 2) return null;
    const remaining = Math.max(steps - this.last.step, 0);
    const each = mean(recent);
    const measures = evaluateEvery === null ? 0 : Math.ceil(remaining / evaluateEvery);
    const seconds = remaining * each + measures * (this.evaluations.length > 0 ? mean(this.evaluations) : 0) + rest;
    const deviation = Math.sqrt(
      mean(blocks.map((value) => (value - each) ** 2)) * (blocks.length / (blocks.length - 1)),
    );
    // The uncertainty of the mean and of the remaining steps. If the speed drifts, the blocks differ and the range is wider.
    const uncertain = (deviation / each) * Math.sqrt(1 / blocks.length + BLOCK / Math.max(remaining, BLOCK));
    const share = Math.min(WIDTH * uncertain + UNKNOWN, 0.9);
    return { low: seconds * (1 - share), high: seconds * (1 + share) };
  }
}
