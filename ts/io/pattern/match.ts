import { AdapterError } from "../../errors/errors.js";
import { type CharacterSet, type Place, type Syntax, wordCharacter } from "./syntax.js";

/** A pattern to match with a set of states (Thompson 1968): no state is ever in the set twice. */
type Program = readonly Instruction[];

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

/** Maximum steps of a pattern; counted repetitions are expanded, so a short pattern may need many. */
const MAX_INSTRUCTIONS = 10_000;

/** Compiles `tree`. Throws `AdapterError` for too many steps. */
export function compilePattern(tree: Syntax): Program {
  const compiler = new Compiler();
  compiler.compile(tree);
  compiler.emit({ kind: "match" });
  return compiler.steps;
}

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

/** A match: start and end of the captured part, in characters; -1 if nothing was captured. */
interface Match {
  readonly begin: number;
  readonly end: number;
}

/**
 * Walks `text` (code points) through a program from its start, as `re.match` does; of several matches, the one that Python finds first.
 * Time is at most the program's length times the text's; look-ahead and look-behind take that at every character.
 */
export function matchStart(program: Program, text: readonly number[], work: WorkLimit): Match | null {
  return walk(program, text, work, 0, 0);
}

/** Matches from step `first` and character `from` on. */
function walk(program: Program, text: readonly number[], work: WorkLimit, first: number, from: number): Match | null {
  const looks = (step: number, at: number) => {
    work.spend(PER_LOOK);
    return walk(program, text, work, step, at) !== null;
  };
  let [now, next] = [new States(program, looks), new States(program, looks)];
  let found: Match | null = null;
  work.spend(program.length / 8);
  work.spend(now.add(first, { begin: -1, end: -1 }, text, from));
  for (let at = from; ; at++) {
    next.clear();
    let spent = now.steps.length + 1;
    for (let i = 0; i < now.steps.length; i++) {
      const step = now.steps[i]!;
      const instruction = program[step]!;
      if (instruction.kind === "match") {
        // The search would have tried later entries of the list later.
        found = now.captures[i]!;
        break;
      }
      if (instruction.kind === "set" && at < text.length && instruction.set(text[at]!))
        spent += next.add(step + 1, now.captures[i]!, text, at + 1);
    }
    work.spend(spent);
    if (at >= text.length || next.steps.length === 0) return found;
    [now, next] = [next, now];
  }
}

/** Cost of a nested walk besides its steps: memory, as for an instruction. */
const PER_LOOK = 60;

/** States in the order of a backtracking search, each with its capture. */
class States {
  readonly steps: number[] = [];
  readonly captures: Match[] = [];
  private readonly seen: Uint32Array;
  private readonly waiting: number[] = [];
  private readonly waitingCaptures: Match[] = [];
  private generation = 1;

  constructor(
    private readonly program: Program,
    private readonly looks: (step: number, at: number) => boolean,
  ) {
    this.seen = new Uint32Array(program.length);
  }

  clear(): void {
    this.steps.length = this.captures.length = 0;
    this.generation++;
  }

  /** Adds a step and all that it leads to without a character; their number. */
  add(first: number, capture: Match, text: readonly number[], at: number): number {
    const { program, seen, generation, waiting, waitingCaptures } = this;
    const wait = (step: number, captured: Match) => {
      waiting.push(step);
      waitingCaptures.push(captured);
    };
    wait(first, capture);
    let added = 0;
    while (waiting.length > 0) {
      const step = waiting.pop()!;
      const captured = waitingCaptures.pop()!;
      if (seen[step] === generation) continue;
      seen[step] = generation;
      added++;
      const instruction = program[step]!;
      switch (instruction.kind) {
        case "jump":
          wait(instruction.next, captured);
          break;
        case "fork":
          wait(instruction.other, captured);
          wait(instruction.next, captured);
          break;
        case "mark":
          wait(step + 1, instruction.end ? { begin: captured.begin, end: at } : { begin: at, end: -1 });
          break;
        case "assert":
          if (holds(instruction.place, text, at)) wait(step + 1, captured);
          break;
        case "look": {
          const from = at - instruction.behind;
          if ((from >= 0 && this.looks(step + 1, from)) !== instruction.negated) wait(instruction.next, captured);
          break;
        }
        default:
          this.steps.push(step);
          this.captures.push(captured);
      }
    }
    return added;
  }
}

const NEWLINE = 0x0a;

function holds(place: Place, text: readonly number[], at: number): boolean {
  const isWord = (index: number) => index >= 0 && index < text.length && wordCharacter(text[index]!);
  switch (place) {
    case "start":
      return at === 0;
    case "textEnd":
      return at === text.length;
    case "end":
      return at === text.length || (at === text.length - 1 && text[at] === NEWLINE);
    case "lineStart":
      return at === 0 || text[at - 1] === NEWLINE;
    case "lineEnd":
      return at === text.length || text[at] === NEWLINE;
    case "boundary":
      return isWord(at - 1) !== isWord(at);
    case "notBoundary":
      // Nowhere in an empty text, as Python up to 3.13.
      return text.length > 0 && isWord(at - 1) === isWord(at);
  }
}

/** Steps that matching may take at most at the start, and that every path adds. */
const RESERVE = 30_000_000;
const PER_PATH = 3_000;

/** Cost of an instruction of a compiled pattern: memory, which is more expensive than a step. */
const PER_INSTRUCTION = 30;

/**
 * The remaining cost of matching. A file's author chooses both the pattern's length and the paths', and the time is their product. Usual
 * adapters need a few million steps; the limit keeps the time in proportion to the file.
 */
export class WorkLimit {
  private left = RESERVE;

  /** Begins to match another path. */
  path(): void {
    this.left = Math.min(this.left + PER_PATH, RESERVE);
  }

  /** A pattern of so many instructions was compiled. Throws as `spend`. */
  compiled(instructions: number): void {
    this.spend(instructions * PER_INSTRUCTION);
  }

  /** Throws `AdapterError` where all has been spent. */
  spend(steps: number): void {
    this.left -= steps;
    if (this.left < 0)
      throw new AdapterError(
        "adapter: its configuration's patterns take too long to match against its modules; write them shorter",
        { op: "adapter", option: "target_modules" },
      );
  }
}
