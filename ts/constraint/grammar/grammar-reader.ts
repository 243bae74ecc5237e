import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { anyCharacter, type Characters, charactersOf, others } from "../characters.js";
import type { Part, Rule } from "../part.js";
import { character, choice, reference, repeated, sequenceOf, text } from "../parts.js";
import { GrammarScanner } from "./grammar-scanner.js";

/** Deepest groups within groups. */
const DEEPEST = 200;

/**
 * Reads a grammar as llama.cpp writes it (GBNF): rules `name ::= …` of literals, sets, names, groups, `|`, `*`, `+`, `?`, `{m,n}` and comments.
 * The texts are those of the rule `root`.
 */
export class GrammarReader {
  private readonly rules = new Map<string, { readonly rule: Rule; part: Part | null; readonly place: number }>();
  private depth = 0;

  private constructor(
    private readonly what: string,
    private readonly scan: GrammarScanner,
  ) {}

  /** The rule `root`. Throws `ConfigError` for a grammar that is none. */
  static rule(what: string, source: string): Rule {
    const fail = (problem: string, place: number) =>
      new ConfigError(`${what}: grammar: ${problem}, at ${excerpt(source.slice(place, place + 40))}`, {
        op: what,
        option: "grammar",
        value: source,
        place,
      });
    const reader = new GrammarReader(what, new GrammarScanner(source, fail));
    reader.readRules();
    return reader.rules.get("root")!.rule;
  }

  private readRules(): void {
    const { scan, rules } = this;
    for (scan.space(); !scan.ended; scan.space()) {
      const { at } = scan;
      const name = scan.name();
      if (name === null || !scan.definition()) throw scan.error("expected a rule, name ::= …", at);
      const known = this.named(name, at);
      const part = this.alternatives();
      if (known.part !== null) throw scan.error(`the rule ${excerpt(name)} is there twice`, at);
      known.part = part;
    }
    if (!rules.has("root")) throw scan.error("there is no rule root", 0);
    for (const [name, { part, place }] of rules)
      if (part === null) throw scan.error(`there is no rule ${excerpt(name)}`, place);
  }

  private named(name: string, place: number) {
    const known = this.rules.get(name);
    if (known !== undefined) return known;
    const made = { rule: { name: `rule ${name}`, part: () => made.part! }, part: null as Part | null, place };
    this.rules.set(name, made);
    return made;
  }

  private alternatives(): Part {
    const parts: Part[] = [];
    do parts.push(this.sequence());
    while (this.scan.skip("|"));
    return choice(parts);
  }

  private sequence(): Part {
    const parts: Part[] = [];
    for (let item = this.item(); item !== null; item = this.item()) {
      let counts = 0;
      for (let count = this.scan.count(); count !== null; count = this.scan.count()) {
        if (++counts > DEEPEST) throw this.scan.error(`more than ${DEEPEST} repetitions of each other`, this.scan.at);
        item = repeated(item, count.least, count.most);
      }
      parts.push(item);
    }
    return sequenceOf(parts);
  }

  /** What comes next in a sequence; null at its end. */
  private item(): Part | null {
    const { scan } = this;
    scan.space();
    if (scan.skip('"')) return this.literal();
    if (scan.skip("[")) return character(this.set());
    if (scan.skip(".")) return character(anyCharacter);
    if (scan.skip("(")) return this.group();
    if (scan.isRule()) return null;
    const { at } = scan;
    const name = scan.name();
    return name === null ? this.ended() : reference(this.named(name, at).rule);
  }

  /** Null where a sequence ends. */
  private ended(): null {
    const next = this.scan.peek();
    if (next === undefined || next === "|" || (next === ")" && this.depth > 0)) return null;
    throw this.scan.error(
      next === "<" ? "tokens by name are not supported" : "this is no part of a rule",
      this.scan.at,
    );
  }

  private group(): Part {
    const { scan } = this;
    if (++this.depth > DEEPEST) throw scan.error(`more than ${DEEPEST} groups within each other`, scan.at);
    const part = this.alternatives();
    if (!scan.skip(")")) throw scan.error("a ( without a )", scan.at);
    this.depth--;
    return part;
  }

  private literal(): Part {
    const { scan } = this;
    let content = "";
    while (!scan.skip('"')) content += String.fromCodePoint(scan.character());
    return text(content);
  }

  private set(): Characters {
    const { scan } = this;
    const isNegated = scan.skip("^");
    const ranges: [number, number][] = [];
    while (!scan.skip("]")) {
      const first = scan.character();
      const last = scan.peek() === "-" && scan.peek(1) !== "]" && scan.skip("-") ? scan.character() : first;
      if (first > last) throw scan.error("a range out of order", scan.at);
      ranges.push([first, last]);
    }
    const set = charactersOf(ranges);
    return isNegated ? others(set) : set;
  }
}
