import type { TextTokenizer } from "../tokenize/text-tokenizer.js";
import { tokenText } from "../tokenize/token-text.js";
import { Constraint } from "./constraint.js";
import { GrammarReader } from "./grammar/grammar-reader.js";
import type { Rule } from "./part.js";
import { texts } from "./parts.js";
import type { Program } from "./program.js";
import { ProgramBuilder } from "./program-builder.js";
import { regexPart } from "./regex/bind-regex.js";
import type { Schema } from "./schema/keywords.js";
import { SchemaReader } from "./schema/schema-reader.js";
import type { TakenTextFormat } from "./text-format.js";
import { TokenTree } from "./token-tree.js";

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

/** Constraints of a vocabulary, and the tree of its tokens, once there is one. */
interface Kept {
  readonly constraints: Map<string, Constraint>;
  tree: TokenTree | null;
}

const kept = new WeakMap<TextTokenizer, Kept>();

/**
 * What binds texts to a format. The same format is compiled once for each vocabulary. Throws `ConfigError` for an invalid format and for one
 * that no text fits, `UnsupportedError` for what is not supported in it.
 */
export function constraintOf(what: string, format: TakenTextFormat, vocabulary: Vocabulary): Constraint {
  const own = kept.get(vocabulary.tokenizer) ?? { constraints: new Map<string, Constraint>(), tree: null };
  kept.set(vocabulary.tokenizer, own);
  const key = JSON.stringify(format);
  const constraint =
    own.constraints.get(key) ??
    new Constraint(what, programOf(what, format), () => (own.tree ??= treeOf(vocabulary)), vocabulary.ends);
  // The last is the one that was used last.
  own.constraints.delete(key);
  own.constraints.set(key, constraint);
  forgetOld(own.constraints);
  return constraint;
}

/** Keeps the constraints that were used last. */
function forgetOld(constraints: Map<string, Constraint>): void {
  let [count, states] = [0, 0];
  for (const [key, constraint] of [...constraints].reverse()) {
    states += constraint.states;
    if (++count > 1 && (count > MOST_KEPT || states > MOST_STATES_KEPT)) constraints.delete(key);
  }
}

function programOf(what: string, { kind, value }: TakenTextFormat): Program {
  return ProgramBuilder.program(what, kind, ruleOf(what, kind, value));
}

function ruleOf(what: string, kind: TakenTextFormat["kind"], value: unknown): Rule {
  if (kind === "schema") return SchemaReader.rule(what, value as Schema);
  if (kind === "regex") return { name: "regex", part: () => regexPart(what, "regex", value as string) };
  if (kind === "grammar") return GrammarReader.rule(what, value as string);
  return { name: "choices", part: () => texts(value as readonly string[]) };
}

function treeOf({ tokenizer, size, ends }: Vocabulary): TokenTree {
  const spelling = tokenText(tokenizer);
  return new TokenTree(size, (id) => (ends.has(id) ? null : spelling.bytes(id)));
}
