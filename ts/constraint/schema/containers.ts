import { charactersOf, others } from "../characters.js";
import {
  anyTimes,
  built,
  builtEach,
  empty,
  nothing,
  optionally,
  type Part,
  type PartTarget,
  popped,
  reference,
  repeated,
  type Rule,
  sequence,
  text,
} from "../parts.js";
import { stringified } from "./text-style.js";

/** A place in the tree of names. */
interface Branch {
  readonly next: Map<number, Branch>;
  isName: boolean;
}

const branch = (): Branch => ({ next: new Map(), isName: false });

const anyText: Rule = { name: "a key", part: () => anyTimes(stringified(others([]))) };

/** Keys of an object, in quotes and written as `JSON.stringify` does, but for some names. */
export function keysBut(names: Iterable<string>): Part {
  const root = branch();
  for (const name of names) {
    let at = root;
    for (const character of name) {
      const code = character.codePointAt(0)!;
      const next = at.next.get(code) ?? branch();
      at.next.set(code, next);
      at = next;
    }
    at.isName = true;
  }
  return {
    size: 64,
    build(to, from) {
      const end = to.state();
      const free = to.state();
      to.free(reference(anyText).build(to, free), end);
      const waiting: [Branch, number][] = [[root, text('"').build(to, from)]];
      builtEach(to, popped(waiting), ([{ next: following, isName }, state]) => {
        if (!isName) to.free(state, end);
        const known = charactersOf(Array.from(following.keys(), (code) => [code, code] as const));
        const rest = others(known);
        to.free((rest.length === 0 ? nothing : stringified(rest)).build(to, state), free);
        for (const [code, below] of following) waiting.push([below, stringified([[code, code]]).build(to, state)]);
      });
      return text('"').build(to, end);
    },
  };
}

/** A property: its name, its value, and whether it may be absent. */
export interface Property {
  readonly name: string;
  readonly value: Part;
  readonly required: boolean;
}

/** Size up to which a part is written more than once. */
const SMALL = 16;

/** A part that may be written more than once without numbers of states multiplying. */
export function reusable(part: Part, name: string): Part {
  if (part.size <= SMALL) return part;
  const rule: Rule = { name, part: () => part };
  return reference(rule);
}

/** What stands around properties. */
interface ObjectStyle {
  readonly before: string;
  readonly key: (name: string) => string;
  readonly between: string;
  readonly after: string;
}

const json: ObjectStyle = { before: "{", key: (name) => `${JSON.stringify(name)}:`, between: ",", after: "}" };

/** Properties in their order as arguments by keyword: name, `assign`, value. */
export const keywordArguments = (properties: readonly Property[], assign: string, between: string): Part =>
  object(properties, null, { before: "", key: (name) => name + assign, between, after: "" });

/** Properties in their order as elements, the marks in lines of their own: `<element=name>`, value, `</element>`. */
export function elements(properties: readonly Property[], element: string): Part {
  const end = text(`\n</${element}>\n`);
  const closed = properties.map((property) => ({ ...property, value: sequence(property.value, end) }));
  return object(closed, null, { before: "", key: (name) => `<${element}=${name}>\n`, between: "", after: "" });
}

/** An object with some properties in their order, and perhaps others after them. */
export function object(properties: readonly Property[], other: Part | null, style = json): Part {
  const pair = other === null ? null : reusable(other, "other properties");
  return {
    size: properties.reduce((sum, { name, value }) => sum + value.size + 2 * name.length + 8, 8),
    build(to, from) {
      // Two states a property: before the first that is written, and behind one.
      let [first, later] = [text(style.before).build(to, from), to.state()];
      const end = to.state();
      const add = (property: Property) => {
        [first, later] = addProperty(to, property, style, first, later);
      };
      builtEach(to, properties, add, () => {
        if (pair !== null) {
          const more = anyTimes(sequence(text(","), pair));
          to.free(sequence(pair, more).build(to, first), end);
          to.free(more.build(to, later), end);
        } else to.free(later, end);
        to.free(first, end);
      });
      return text(style.after).build(to, end);
    },
  };
}

function addProperty(
  to: PartTarget,
  { name, value, required }: Property,
  style: ObjectStyle,
  first: number,
  later: number,
) {
  const key = style.key(name);
  const [before, nextFirst, nextLater] = [to.state(), to.state(), to.state()];
  to.free(text(key).build(to, first), before);
  to.free(text(style.between + key).build(to, later), before);
  to.free(built(value, to, before), nextLater);
  if (!required) {
    to.free(first, nextFirst);
    to.free(later, nextLater);
  }
  return [nextFirst, nextLater] as [number, number];
}

/** A list: some first items, each with a part of its own, then others; `least` to `most` in all. */
export function array(first: readonly Part[], rest: Part, least: number, most: number): Part {
  if (least > most) return nothing;
  const count = Math.min(first.length, most);
  const others = othersAfter(count, reusable(rest, "items"), Math.max(0, least - count), most - count);
  return {
    size: first.reduce((sum, { size }) => sum + size + 2, 4 + others.size),
    build(to, from) {
      let at = text("[").build(to, from);
      const end = to.state();
      const add = ([i, item]: readonly [number, Part]) => {
        if (i >= least) to.free(at, end);
        at = built(item, to, i === 0 ? at : text(",").build(to, at));
      };
      builtEach(to, first.slice(0, count).entries(), add, () => to.free(others.build(to, at), end));
      return text("]").build(to, end);
    },
  };
}

/** `least` to `most` items after `count` others. */
function othersAfter(count: number, item: Part, least: number, most: number): Part {
  if (most === 0) return empty;
  const following = sequence(text(","), item);
  if (count > 0) return repeated(following, least, most);
  const some = sequence(item, most === 1 ? empty : repeated(following, Math.max(0, least - 1), most - 1));
  return least === 0 ? optionally(some) : some;
}
