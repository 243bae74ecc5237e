import { charactersOf, others } from "../characters.js";
import type { Part, Rule } from "../part.js";
import { anyTimes, builtEach, nothing, popped, reference, text } from "../parts.js";
import { stringified } from "./strings.js";

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
