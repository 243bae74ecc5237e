import { ConfigError } from "../errors/errors.js";
import { Meter, type Pieces } from "./pieces.js";
import type { PartTarget, Rule } from "./parts.js";
import type { Program, Repeat, State } from "./program.js";
import { checkProgram } from "./program-check.js";

/** Most states of a program, some 100 bytes each. */
const MOST_STATES = 300_000;

/** States and rules that are a piece of work. */
const PIECE = 500;

/** Builds a program from parts. */
export class ProgramBuilder implements PartTarget {
  private readonly states: State[] = [];
  private readonly repeats: Repeat[] = [];
  private readonly starts = new Map<Rule, number>();
  private readonly waiting: (() => void)[] = [];
  /** The rule of each state. */
  private readonly owners: Rule[] = [];
  private owner: Rule;

  /** @param where the option, for messages */
  private constructor(
    private readonly what: string,
    private readonly where: string,
    private readonly root: Rule,
  ) {
    this.owner = root;
  }

  /** The program of a rule's texts. Throws `ConfigError` if there are none, and for more states than are allowed. */
  static *program(what: string, where: string, root: Rule): Pieces<Program> {
    const builder = new ProgramBuilder(what, where, root);
    const { states, repeats, waiting, owners } = builder;
    const start = builder.startOf(root);
    const meter = new Meter(PIECE);
    for (let build = waiting.pop(); build !== undefined; build = waiting.pop()) {
      const before = states.length;
      build();
      if (meter.add(1 + states.length - before)) yield;
    }
    const program = { states, repeats, start };
    yield* checkProgram(what, where, program, (state) => owners[state]!.name);
    return program;
  }

  defer(build: () => void): void {
    const { owner } = this;
    this.waiting.push(() => {
      this.owner = owner;
      build();
    });
  }

  state(): number {
    if (this.states.length === MOST_STATES)
      throw new ConfigError(`${this.what}: ${this.where} takes more than ${MOST_STATES} states: make it smaller`, {
        op: this.what,
        option: this.where,
        length: MOST_STATES,
      });
    this.owners.push(this.owner);
    return this.states.push({ moves: [], free: [], calls: [], repeats: [], ends: false }) - 1;
  }

  move(from: number, first: number, last: number, target: number): void {
    this.states[from]!.moves.push({ first, last, target });
  }

  free(from: number, to: number): void {
    if (from !== to) this.states[from]!.free.push(to);
  }

  call(from: number, rule: Rule): number {
    const after = this.state();
    this.states[from]!.calls.push({ start: this.startOf(rule), after });
    return after;
  }

  repeat(from: number, rule: Rule, least: number, most: number): number {
    const after = this.state();
    const made = { start: this.startOf(rule), after, least, most, mayBeEmpty: false };
    this.states[from]!.repeats.push(this.repeats.push(made) - 1);
    return after;
  }

  private startOf(rule: Rule): number {
    const known = this.starts.get(rule);
    if (known !== undefined) return known;
    const { owner } = this;
    this.owner = rule;
    const start = this.state();
    this.owner = owner;
    this.starts.set(rule, start);
    this.waiting.push(() => {
      this.owner = rule;
      this.states[rule.part().build(this, start)]!.ends = true;
    });
    return start;
  }
}
