/** Whether a value that was not told yet is out of date once `next` is there. */
export type Replaces = (waiting: unknown, next: unknown) => boolean;

/** When to tell what waits; gives a function that forgets about it. */
export type Schedule = (tell: () => void) => () => void;

/** What is told of work under way: of values that replace each other only the last, all others in their order. */
export class ProgressQueue {
  private waiting: unknown[] = [];
  private cancel: (() => void) | null = null;

  constructor(
    private readonly tell: (value: unknown) => void,
    private readonly replaces: Replaces,
    private readonly schedule: Schedule,
  ) {}

  push(value: unknown): void {
    const { waiting } = this;
    if (waiting.length > 0 && this.replaces(waiting.at(-1), value)) waiting.pop();
    waiting.push(value);
    this.cancel ??= this.schedule(this.flush);
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
