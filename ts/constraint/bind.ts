import type { TextTokenizer } from "../tokenize/text-tokenizer.js";
import { tokenText } from "../tokenize/token-text.js";
import { type CallFormat, callsRule, MARK, tokensOf } from "./calls/call-format.js";
import { Constraint } from "./constraint.js";
import { GrammarReader } from "./grammar/grammar-reader.js";
import { type Rule, texts } from "./parts.js";
import { ProgramBuilder } from "./program-builder.js";
import { type Pieces, PieceWork } from "./pieces.js";
import type { Program } from "./program.js";
import { regexPart } from "./regex/regex-part.js";
import { prepareProperties } from "./regex/classes.js";
import type { Schema } from "./schema/keywords.js";
import { SchemaReader } from "./schema/schema-reader.js";
import type { TakenTextFormat } from "./text-format.js";
import { TokenTree } from "./token-tree.js";

/** Most constraints of which a vocabulary keeps that they are being compiled: further requests for them share the work. */
const MOST_BEGUN = 4;
/** Most constraints that a vocabulary keeps: the one that was used longest ago is forgotten. */
const MOST_KEPT = 32;
/** Most states of them together, some 400 bytes each; the one in use may have more. */
const MOST_STATES_KEPT = 400_000;

/** A vocabulary that texts are generated from. */
interface Vocabulary {
  readonly tokenizer: TextTokenizer;
  /** Number of logits. */
  readonly size: number;
  /** Ids of tokens that end a text. */
  readonly ends: ReadonlySet<number>;
}

/** Constraints of a vocabulary, and the trees of its tokens, by the special tokens that are text in them. */
interface Kept {
  readonly constraints: Map<string, Constraint>;
  /** Constraints that are not compiled yet, also by the call that errors name. */
  readonly begun: Map<string, Constraint>;
  readonly trees: Map<string, PieceWork<TokenTree>>;
}

const kept = new WeakMap<TextTokenizer, Kept>();

/**
 * What binds texts to a format. The same format is compiled once for each vocabulary: by `compileSome`, or before the first text. Throws
 * `ConfigError` for expressions and grammars that are none.
 */
export function constraintOf(what: string, format: TakenTextFormat | CallsFormat, vocabulary: Vocabulary): Constraint {
  const own = kept.get(vocabulary.tokenizer) ?? { constraints: new Map(), begun: new Map(), trees: new Map() };
  kept.set(vocabulary.tokenizer, own);
  const key = JSON.stringify(format);
  const constraint = own.constraints.get(key);
  if (constraint !== undefined) {
    keep(own, key, constraint);
    return constraint;
  }
  const begunKey = `${what} ${key}`;
  const begun =
    own.begun.get(begunKey) ??
    made(what, format, vocabulary, own.trees, (compiled) => {
      own.begun.delete(begunKey);
      if (compiled) keep(own, key, begun);
    });
  own.begun.set(begunKey, begun);
  if (own.begun.size > MOST_BEGUN) own.begun.delete(own.begun.keys().next().value);
  return begun;
}

/** Keeps a compiled constraint as the one that was used last. */
function keep({ constraints }: Kept, key: string, constraint: Constraint): void {
  constraints.delete(key);
  constraints.set(key, constraint);
  forgetOld(constraints);
}

/** Keeps the constraints that were used last. */
function forgetOld(constraints: Map<string, Constraint>): void {
  let [count, states] = [0, 0];
  for (const [key, constraint] of [...constraints].reverse()) {
    states += constraint.states;
    if (++count > 1 && (count > MOST_KEPT || states > MOST_STATES_KEPT)) constraints.delete(key);
  }
}

/** Calls of functions as a format. */
export interface CallsFormat {
  readonly kind: "tools";
  readonly value: CallFormat;
}

function made(
  what: string,
  format: TakenTextFormat | CallsFormat,
  vocabulary: Vocabulary,
  trees: Map<string, PieceWork<TokenTree>>,
  ended: (compiled: boolean) => void,
): Constraint {
  const named = format.kind === "tools" ? tokensOf(format.value) : [];
  const special = new Map(named.flatMap((token) => idsOf(vocabulary, token).map((id) => [id, token] as const)));
  const tokens = [...special.values()];
  const rule =
    format.kind === "tools" ? callsRule(what, format.value, tokens) : ruleOf(what, format.kind, format.value);
  const program = programOf(what, format, rule);
  const key = JSON.stringify([...special]);
  const tree = () => {
    const known = trees.get(key) ?? new PieceWork(treeOf(vocabulary, special));
    trees.set(key, known);
    return known;
  };
  return new Constraint(what, program, tree, vocabulary.ends, ended);
}

function* programOf(what: string, format: TakenTextFormat | CallsFormat, rule: Rule): Pieces<Program> {
  yield* prepareProperties(what, format.kind, expressionsIn(format));
  return yield* ProgramBuilder.program(what, format.kind, rule);
}

/** The regular expressions of a format: those of schemas are its texts named "pattern". */
function* expressionsIn({ kind, value }: TakenTextFormat | CallsFormat): Generator<string> {
  if (kind === "regex") yield value as string;
  if (kind !== "schema" && kind !== "tools") return;
  for (const waiting: unknown[] = [value]; waiting.length > 0;) {
    const next = waiting.pop();
    if (typeof next !== "object" || next === null) continue;
    for (const [name, inner] of Object.entries(next))
      if (name === "pattern" && typeof inner === "string") yield inner;
      else waiting.push(inner);
  }
}

/** The id of an added token, if the vocabulary has it. */
function idsOf({ tokenizer, size, ends }: Vocabulary, token: string): number[] {
  const ids = [...tokenizer.encodeBare(token)];
  const isToken = ids.length === 1 && ids[0]! < size && tokenizer.spelled(ids[0]!)?.text === token;
  return isToken && !ends.has(ids[0]!) ? ids : [];
}

function ruleOf(what: string, kind: TakenTextFormat["kind"], value: unknown): Rule {
  if (kind === "schema") return SchemaReader.rule(what, value as Schema);
  if (kind === "regex") return { name: "regex", part: () => regexPart(what, "regex", value as string) };
  if (kind === "grammar") return GrammarReader.rule(what, value as string);
  return { name: "choices", part: () => texts(value as readonly string[]) };
}

/** @param special special tokens that are text, by id */
function treeOf({ tokenizer, size, ends }: Vocabulary, special: ReadonlyMap<number, string>): Pieces<TokenTree> {
  const spelling = tokenText(tokenizer);
  const numbers = new Map([...special.keys()].map((id, number) => [id, number] as const));
  return TokenTree.of(size, (id) => {
    const number = numbers.get(id);
    if (number !== undefined) return Uint8Array.of(MARK, number);
    const bytes = ends.has(id) ? null : spelling.bytes(id);
    // Only special tokens may have it: other texts are UTF-8.
    return special.size > 0 && bytes?.includes(MARK) === true ? null : bytes;
  });
}
