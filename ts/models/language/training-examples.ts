import { checkRecord, listFrom } from "../../arguments/collections.js";
import { ConfigError } from "../../errors/errors.js";
import { integersOf, maskOf } from "../../values/number-list.js";
import type { LanguageModelParts } from "./load-language-model.js";

/** Token ids, and which of them are learnt: `mask` has a 1 for each target, which the tokens before it are to give. */
export interface MaskedTokens {
  /** Of all tokens, `[tokens]`. */
  readonly ids: ArrayLike<number>;
  /** 1 or true where a token is learnt, `[tokens]`. */
  readonly mask: ArrayLike<number | boolean>;
}

/** Two texts that are joined as they are, the end-of-text token behind them: the second is learnt. */
export interface Completion {
  /** What is given. */
  readonly prompt: string;
  /** What is learnt. */
  readonly completion: string;
}

/** What a language model learns from. */
export type LanguageExample = MaskedTokens | Completion;

/** An example as training takes it. */
export interface TrainingTokens {
  readonly ids: Int32Array;
  /** Places of the targets, from 1. */
  readonly targets: readonly number[];
}

type Parts = Pick<LanguageModelParts, "tokenizer" | "ends" | "model">;

/** Copies of examples. Throws `ConfigError` that names the one that makes no sense, has no target or is too long. */
export function takeLanguageExamples(
  what: string,
  parts: Parts,
  examples: readonly LanguageExample[],
): TrainingTokens[] {
  const expected = `${what}: a list of { ids, mask } or { prompt, completion } is expected`;
  return listFrom(expected, examples, (example, i) => {
    checkRecord(`${what}: example ${i} is { ids, mask } or { prompt, completion }`, example);
    const given: unknown = example;
    const { ids, mask } =
      "ids" in example ? masked(what, i, given as MaskedTokens) : joined(what, i, given as Completion, parts);
    return checked(what, i, parts, ids, mask);
  });
}

function masked(what: string, i: number, { ids, mask }: MaskedTokens) {
  const taken = integersOf(what, `ids of example ${i}`, ids).data;
  const targets = maskOf(what, `mask of example ${i}`, mask);
  if (targets.length === taken.length) return { ids: taken, mask: targets };
  throw new ConfigError(
    `${what}: example ${i} has ${taken.length} ids and a mask of ${targets.length}: there is one of each for a token`,
    { op: what, option: "mask", place: i, expected: taken.length, actual: targets.length },
  );
}

/** The completion begins at the first token that the prompt alone does not have there. */
function joined(what: string, i: number, { prompt, completion }: Completion, { tokenizer, ends }: Parts) {
  if (tokenizer === null)
    throw new ConfigError(`${what}: this model has no tokenizer.json: example ${i} must be { ids, mask }`, {
      ...{ op: what, option: "examples", place: i },
    });
  if (typeof prompt !== "string" || typeof completion !== "string")
    throw new ConfigError(`${what}: example ${i}: prompt and completion are texts`, {
      ...{ op: what, option: "examples", place: i },
    });
  const [alone, all] = [tokenizer.encode(prompt), tokenizer.encode(prompt + completion)];
  let first = 0;
  while (first < alone.length && alone[first] === all[first]) first++;
  const [end] = ends;
  const ids = Int32Array.from(end === undefined || all.at(-1) === end ? all : [...all, end]);
  return { ids, mask: Uint8Array.from(ids, (_, place) => (place >= first ? 1 : 0)) };
}

function checked(what: string, i: number, { model }: Parts, ids: Int32Array, mask: Uint8Array): TrainingTokens {
  const { vocabularySize, maxPositions } = model.config;
  const fail = (problem: string, option: string) =>
    new ConfigError(`${what}: example ${i} ${problem}`, { op: what, option, place: i });
  if (ids.length > maxPositions) throw fail(`has ${ids.length} tokens; the model has ${maxPositions} positions`, "ids");
  const strange = ids.find((id) => id < 0 || id >= vocabularySize);
  if (strange !== undefined) throw fail(`has the token ${strange}; there are 0 to ${vocabularySize - 1}`, "ids");
  // Nothing stands before the first token that could give it.
  const targets = Array.from(mask.keys()).filter((place) => place > 0 && mask[place] === 1);
  if (targets.length === 0) throw fail("has no target: its mask is 0 at every token but perhaps the first", "mask");
  return { ids, targets };
}
