/** Which of what is told is soon out of date. */
export interface Progress {
  /** Whether a value says how far something is; any other is told at once. */
  readonly passing: (value: unknown) => boolean;
  /** Whether a value that was not told yet is out of date now that `next` is there. */
  readonly replaces: (waiting: unknown, next: unknown) => boolean;
}

/** When to tell what waits; gives a function that forgets about it. */
export type Schedule = (tell: () => void) => () => void;

/** What is told of work under way: of values that replace each other only the last, all others in their order. */
export class ProgressQueue {
  private waiting: unknown[] = [];
  private cancel: (() => void) | null = null;

  constructor(
    private readonly tell: (value: unknown) => void,
    private readonly progress: Progress,
    private readonly schedule: Schedule,
  ) {}

  push(value: unknown): void {
    const { waiting, progress } = this;
    const passing = progress.passing(value);
    const last = waiting.at(-1);
    if (passing && waiting.length > 0 && progress.passing(last) && progress.replaces(last, value)) waiting.pop();
    waiting.push(value);
    if (!passing) this.flush();
    else if (this.cancel === null) this.wait();
  }

  private wait(): void {
    let told = false;
    const cancel = this.schedule(() => {
      told = true;
      this.flush();
    });
    // It may have told at once: what comes next waits anew.
    if (!told) this.cancel = cancel;
  }

  /** Tells what waits, at once: an answer must not overtake it. */
  readonly flush = () => {
    this.cancel?.();
    this.cancel = null;
    const told = this.waiting;
    this.waiting = [];
    for (const value of told) this.tell(value);
  };
}
