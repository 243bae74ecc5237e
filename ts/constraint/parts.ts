import { type Characters, utf8Of } from "./characters.js";

/** A set of texts. `build` adds moves from a state and returns the state at the end of the texts. */
export interface Part {
  /** About the number of states that it takes. */
  readonly size: number;
  build(to: PartTarget, from: number): number;
}

/** A named set of texts that may refer to itself. */
export interface Rule {
  readonly name: string;
  /** Returns the part for the texts; called once. */
  readonly part: () => Part;
}

/** What parts are built into: a program's states, by number. */
export interface PartTarget {
  /** A new state. */
  state(): number;
  /** Bytes from `first` to `last` lead from a state to another. */
  move(from: number, first: number, last: number, target: number): void;
  /** A state is reached from another without a byte. */
  free(from: number, to: number): void;
  /** A rule's texts from a state; the state after them. */
  call(from: number, rule: Rule): number;
  /** `least` to `most` of a rule's texts from a state; the state after them. */
  repeat(from: number, rule: Rule, least: number, most: number): number;
  /** Calls `build` later, in a piece of work of its own; the states that it joins are made before. */
  defer(build: () => void): void;
}

/** The empty text. */
export const empty: Part = { size: 0, build: (_, from) => from };

/** The part for no text. */
export const nothing: Part = { size: 1, build: (to) => to.state() };

/** One character of a set, in UTF-8. */
export function character(set: Characters): Part {
  return bytes(utf8Of(set));
}

/** One of some sequences of ranges of bytes. */
export function bytes(sequences: readonly (readonly (readonly [number, number])[])[]): Part {
  return {
    size: sequences.length,
    build(to, from) {
      const end = to.state();
      // Sequences with the same end share its states.
      const made = new Map<string, number>();
      for (const sequence of sequences) {
        let [at, key] = [end, ""];
        for (let i = sequence.length - 1; i > 0; i--) {
          const [first, last] = sequence[i]!;
          key += `${first}-${last},`;
          let state = made.get(key);
          if (state === undefined) {
            made.set(key, (state = to.state()));
            to.move(state, first, last, at);
          }
          at = state;
        }
        to.move(from, sequence[0]![0], sequence[0]![1], at);
      }
      return end;
    },
  };
}

/** Size beyond which a part is built later. */
const LARGE = 500;
/** Number of a list's parts that are built at once: some take a hundred states. */
const AT_ONCE = 50;

/** Builds a part, later if it is large; returns the state after it. */
export function built(part: Part, to: PartTarget, from: number): number {
  if (part.size <= LARGE) return part.build(to, from);
  const end = to.state();
  to.defer(() => to.free(part.build(to, from), end));
  return end;
}

/** Calls `build` with each item, so many at once. `last` is called after the last one. */
export function builtEach<T>(
  to: PartTarget,
  items: Iterable<T>,
  build: (item: T) => void,
  last: () => void = () => undefined,
): void {
  const iterator = items[Symbol.iterator]();
  const some = () => {
    for (let count = 0; count < AT_ONCE; count++) {
      const { done, value } = iterator.next();
      if (done === true) return last();
      build(value);
    }
    to.defer(some);
  };
  some();
}

/** What is on a stack, until it is empty. */
export function* popped<T>(stack: T[]): Generator<T, undefined, undefined> {
  for (let item = stack.pop(); item !== undefined; item = stack.pop()) yield item;
}

/** One of some texts, as a tree: common beginnings are shared. No tokens write one with half a character. */
export function texts(all: Iterable<string>): Part {
  const whole = [...new Set(all)].filter((text) => !/\p{Surrogate}/u.test(text));
  const encoded = whole.map((text) => new TextEncoder().encode(text));
  return {
    size: encoded.reduce((sum, text) => sum + text.length, 1),
    build(to, from) {
      const end = to.state();
      const next = new Map<number, Map<number, number>>();
      builtEach(to, encoded, (text) => {
        let at = from;
        const add = (byte: number) => {
          const moves = next.get(at) ?? new Map<number, number>();
          next.set(at, moves);
          let state = moves.get(byte);
          if (state === undefined) {
            moves.set(byte, (state = to.state()));
            to.move(at, byte, byte, state);
          }
          at = state;
        };
        builtEach(to, text, add, () => to.free(at, end));
      });
      return end;
    },
  };
}

/** One text. */
export const text = (content: string): Part => texts([content]);

/** Parts one after the other. */
export const sequence = (...parts: readonly Part[]): Part => sequenceOf(parts);

/** The sequence of a list of parts: arguments of a call are fewer than a stranger's list may have. */
export function sequenceOf(parts: readonly Part[]): Part {
  return {
    size: sumOf(parts),
    build(to, from) {
      if (parts.length <= LARGE) return parts.reduce((at, part) => built(part, to, at), from);
      const end = to.state();
      let at = from;
      const add = (part: Part) => {
        at = built(part, to, at);
      };
      builtEach(to, parts, add, () => to.free(at, end));
      return end;
    },
  };
}

/** One of some parts, each once. */
export function choice(all: readonly Part[]): Part {
  const parts = [...new Set(all)];
  if (parts.length === 1) return parts[0]!;
  return {
    size: sumOf(parts) + 1,
    build(to, from) {
      const end = to.state();
      builtEach(to, parts, (part) => to.free(built(part, to, from), end));
      return end;
    },
  };
}

/** A part or the empty text. */
export const optionally = (part: Part): Part => choice([part, empty]);

/** A part any number of times. */
export function anyTimes(part: Part): Part {
  return {
    size: part.size + 2,
    build(to, from) {
      const [loop, end] = [to.state(), to.state()];
      to.free(from, loop);
      to.free(built(part, to, loop), loop);
      to.free(loop, end);
      return end;
    },
  };
}

/** A reference to a rule. */
export const reference = (rule: Rule): Part => ({ size: 1, build: (to, from) => to.call(from, rule) });

/** States up to which a repetition is written out; beyond, it is counted. */
const WRITTEN_OUT = 512;

/** A part `least` to `most` times; `most` may be infinite. */
export function repeated(part: Part, least: number, most: number): Part {
  if (least > most) return nothing;
  if (least === 0 && most === Infinity) return anyTimes(part);
  const copies = most === Infinity ? least : most;
  // Also stops numbers of states from multiplying where repetitions are nested.
  if (copies * (part.size + 1) > WRITTEN_OUT) return counted(part, least, most);
  return {
    size: (copies + 1) * (part.size + 1),
    build(to, from) {
      const end = to.state();
      let at = from;
      for (let i = 0; i < copies; i++) {
        if (i >= least) to.free(at, end);
        const next = to.state();
        to.free(part.build(to, at), next);
        at = next;
      }
      to.free(most === Infinity ? anyTimes(part).build(to, at) : at, end);
      return end;
    },
  };
}

function counted(part: Part, least: number, most: number): Part {
  const rule: Rule = { name: "a repetition", part: () => part };
  return { size: 2, build: (to, from) => to.repeat(from, rule, least, most) };
}

const sumOf = (parts: readonly Part[]) => parts.reduce((sum, { size }) => sum + size, 1);
