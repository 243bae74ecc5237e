import { describe, expect, it } from "vitest";
import { goldenJson } from "../golden.js";
import { constraintMaker, type VocabularyName } from "./tokenizers.js";

interface Step {
  readonly count: number;
  readonly sha256: string;
  readonly eos: boolean;
}
interface Case {
  readonly name: string;
  readonly valid: readonly { readonly text: string; readonly ids: number[]; readonly steps: readonly Step[] }[];
  readonly invalid: readonly { readonly text: string; readonly ids: number[]; readonly refused_at: number }[];
}

/** SHA-256 of ids as little-endian 32-bit numbers. */
async function hash(ids: readonly number[]): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", Uint32Array.from(ids));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const schemas = await goldenJson<{ name: string; schema: Record<string, unknown> }[]>("constrained/cases.json");

it("constraints are kept up to a number of states, the last that were used", async () => {
  const constraintFor = await constraintMaker("gemma2");
  const make = (format: Parameters<typeof constraintFor>[0]) => {
    const constraint = constraintFor(format);
    while (!constraint.compileSome(1));
    return constraint;
  };
  const small = { choices: ["a"] };
  const large = { choices: ["a".repeat(210_000)] };
  const [first, made] = [make(large), make(small)];
  expect([make(large) === first, make(small) === made]).toEqual([true, true]);
  make({ choices: ["b".repeat(210_000)] });
  expect(make(small)).toBe(made);
  expect(make(large)).not.toBe(first);
});

describe.each(["gemma2", "lfm2"] as const)("with the tokens of %s", (vocabulary: VocabularyName) => {
  it.each(schemas)("the schema $name allows what the reference allows", async ({ name, schema }) => {
    const { cases } = await goldenJson<{ cases: Case[] }>(`constrained/${vocabulary}/steps.json`);
    const { valid, invalid } = cases.find((own) => own.name === name)!;
    const constraint = (await constraintMaker(vocabulary))({ schema });
    for (const { ids, steps } of valid) {
      const text = constraint.begin();
      for (const [i, { count, sha256, eos }] of steps.entries()) {
        const allowed = text.ids();
        expect([i, allowed.length, text.complete, await hash(allowed)]).toEqual([i, count, eos, sha256]);
        if (i < ids.length) text.take(ids[i]!);
      }
      expect(text.finished).toBe(true);
    }
    for (const { ids, refused_at } of invalid) {
      const text = constraint.begin();
      for (const id of ids.slice(0, refused_at)) {
        expect(text.ids()).toContain(id);
        text.take(id);
      }
      expect(text.ids()).not.toContain(ids[refused_at]);
    }
  });
});
