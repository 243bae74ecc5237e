import type { Part, Rule } from "../part.js";
import { anyTimes, empty, nothing, optionally, reference, repeated, sequence, text } from "../parts.js";
import type { PartTarget } from "../part.js";

/** A property: its name, its value, and whether it may be absent. */
export interface Property {
  readonly name: string;
  readonly value: Part;
  readonly required: boolean;
}

/** Size up to which a part is written more than once. */
const SMALL = 16;

/** A part that may be written more than once without numbers of states multiplying. */
function reusable(part: Part, name: string): Part {
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
      for (const property of properties) [first, later] = addProperty(to, property, style, first, later);
      const end = to.state();
      if (pair !== null) {
        const more = anyTimes(sequence(text(","), pair));
        to.free(sequence(pair, more).build(to, first), end);
        to.free(more.build(to, later), end);
      } else to.free(later, end);
      to.free(first, end);
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
  to.free(value.build(to, before), nextLater);
  if (!required) {
    to.free(first, nextFirst);
    to.free(later, nextLater);
  }
  return [nextFirst, nextLater] as [number, number];
}

/** A list: some first items, each with a part of its own, then others; `least` to `most` in all. */
export function array(first: readonly Part[], rest: Part, least: number, most: number): Part {
  const item = reusable(rest, "items");
  const count = Math.min(first.length, most);
  const more = (already: number) => {
    const [low, high] = [Math.max(0, least - already), Math.max(0, most - already)];
    const following = (from: number, to: number) => (to === 0 ? empty : repeated(sequence(text(","), item), from, to));
    if (already > 0) return following(low, high);
    if (high === 0) return empty;
    const some = sequence(item, following(Math.max(0, low - 1), high - 1));
    return low === 0 ? optionally(some) : some;
  };
  let inner = more(count);
  for (let i = count - 1; i >= 0; i--) {
    const some = sequence(...(i === 0 ? [] : [text(",")]), first[i]!, inner);
    inner = i >= least ? optionally(some) : some;
  }
  if (least > most) return nothing;
  return sequence(text("["), inner, text("]"));
}
