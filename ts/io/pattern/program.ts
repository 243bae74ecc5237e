import { AdapterError } from "../../errors/errors.js";
import type { CharacterSet, Place, Syntax } from "./syntax.js";

/** Maximum steps of a pattern; counted repetitions are expanded, so a short pattern may need many. */
const MAX_INSTRUCTIONS = 10_000;

/** One step; `next` and `other` are indices of steps. */
type Instruction =
  | { readonly kind: "set"; readonly set: CharacterSet }
  | { readonly kind: "assert"; readonly place: Place }
  /** Goes on at both; what `next` leads to counts first. */
  | { readonly kind: "fork"; next: number; other: number }
  | { readonly kind: "jump"; next: number }
  /** The steps that follow are matched apart, from `behind` characters before on; what it leads to is `next`. */
  | { readonly kind: "look"; readonly behind: number; readonly negated: boolean; next: number }
  | { readonly kind: "mark"; readonly end: boolean }
  | { readonly kind: "match" };

/** A pattern to match with a set of states (Thompson 1968): no state is ever in the set twice. */
export type Program = readonly Instruction[];

class Compiler {
  readonly steps: Instruction[] = [];

  emit<I extends Instruction>(step: I): I {
    if (this.steps.length >= MAX_INSTRUCTIONS)
      throw new AdapterError(
        `adapter: a regular expression of the configuration takes more than ${MAX_INSTRUCTIONS} steps; are counts nested in it?`,
        { op: "adapter", maximum: MAX_INSTRUCTIONS },
      );
    this.steps.push(step);
    return step;
  }

  private get here(): number {
    return this.steps.length;
  }

  compile(tree: Syntax): void {
    switch (tree.kind) {
      case "set":
      case "assert":
        this.emit(tree);
        return;
      case "look": {
        const look = this.emit({ kind: "look", behind: tree.behind, negated: tree.negated, next: -1 });
        this.compile(tree.item);
        this.emit({ kind: "match" });
        look.next = this.here;
        return;
      }
      case "sequence":
        for (const item of tree.items) this.compile(item);
        return;
      case "choice":
        return this.choice(tree.items);
      case "repeat":
        return this.repeat(tree);
      case "capture":
        this.emit({ kind: "mark", end: false });
        this.compile(tree.item);
        this.emit({ kind: "mark", end: true });
    }
  }

  private choice(items: readonly Syntax[]): void {
    const jumps: { next: number }[] = [];
    for (const [i, item] of items.entries()) {
      if (i === items.length - 1) {
        this.compile(item);
        break;
      }
      const fork = this.emit({ kind: "fork", next: this.here + 1, other: -1 });
      this.compile(item);
      jumps.push(this.emit({ kind: "jump", next: -1 }));
      fork.other = this.here;
    }
    for (const jump of jumps) jump.next = this.here;
  }

  private repeat({ item, min, max, lazy }: Extract<Syntax, { kind: "repeat" }>): void {
    for (let i = 0; i < min; i++) {
      const start = this.here;
      this.compile(item);
      if (this.here === start) return; // Nothing, however often.
    }
    const forks: { next: number; other: number }[] = [];
    const optional = () => {
      const fork = this.emit({ kind: "fork", next: this.here + 1, other: -1 });
      this.compile(item);
      forks.push(fork);
      return fork;
    };
    if (max === Infinity) {
      const start = this.here;
      optional();
      this.emit({ kind: "jump", next: start });
    } else for (let i = min; i < max; i++) optional();
    for (const fork of forks) {
      fork.other = this.here;
      if (lazy) [fork.next, fork.other] = [fork.other, fork.next];
    }
  }
}

/** Compiles `tree`. Throws `AdapterError` for too many steps. */
export function compilePattern(tree: Syntax): Program {
  const compiler = new Compiler();
  compiler.compile(tree);
  compiler.emit({ kind: "match" });
  return compiler.steps;
}
