/** Seconds that something is likely to take, in about nine of ten cases. */
export interface Span {
  readonly low: number;
  readonly high: number;
}

/** What is to come. */
export interface Ahead {
  readonly steps: number;
  /** Steps between two measurements; null where there are none. */
  readonly evaluateEvery: number | null;
  /** Seconds of what follows training. */
  readonly rest: number;
}

/** Steps that are looked back at: whoever else uses the machine comes and goes. */
const RECENT = 50;
/** Steps whose mean is taken as one measurement, since single ones differ by their texts. */
const BLOCK = 5;
/** Standard deviations that nine of ten cases lie within, and what is added for what nobody measured. */
const [WIDTH, UNKNOWN] = [1.64, 0.06];

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Times the steps and measurements of a run as they come, and tells from them how long the rest takes. */
export class Clock {
  private last: { readonly step: number; readonly at: number } | null = null;
  private readonly steps: number[] = [];
  private readonly evaluations: number[] = [];

  /** So many steps are done now; not every step is told. */
  step(step: number, at: number): void {
    if (this.last !== null && step > this.last.step) {
      const each = (at - this.last.at) / (step - this.last.step);
      for (let i = this.last.step; i < step; i++) this.steps.push(each);
    }
    this.last = { step, at };
  }

  /** The validation was measured since the last step. */
  evaluated(at: number): void {
    if (this.last === null) return;
    this.evaluations.push(at - this.last.at);
    this.last = { ...this.last, at };
  }

  /** Seconds that are left; null before there are two blocks of steps to compare. */
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
    // Of the mean so far, and of what is to come; one that drifts is as uncertain as its blocks are.
    const uncertain = (deviation / each) * Math.sqrt(1 / blocks.length + BLOCK / Math.max(remaining, BLOCK));
    const share = Math.min(WIDTH * uncertain + UNKNOWN, 0.9);
    return { low: seconds * (1 - share), high: seconds * (1 + share) };
  }
}
