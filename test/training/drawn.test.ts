import { settingNames } from "../../ts/training/spec/option-names.js";
import { expect, it } from "vitest";
import { classifierPlan } from "../../ts/tasks/classify/settings.js";
import { drawnParts } from "../../ts/training/data-parts.js";
import type { RunSettings } from "../../ts/training/spec/run-settings.js";

const settings = { testSplit: 0.2, validationSplit: 0.25, seed: 3 } as unknown as RunSettings;

interface Kind {
  readonly text: string;
  readonly kind: string;
}

/** What is held out of texts of these kinds. */
async function held(kinds: readonly string[]) {
  const examples = kinds.map((kind, i): Kind => ({ text: `text ${i}`, kind }));
  const file = { file: "a.csv", sha256: "", examples, labels: [] };
  const drawn = drawnParts<Kind>(settings, classifierPlan, settingNames, (all) => all.map(({ kind }) => kind));
  const parts = await drawn.hold(file, "test", 3);
  expect(parts.rest.length + parts.held.length).toBe(kinds.length);
  return parts.held.map(({ kind }) => kind);
}

it("holds out a share of texts that are each of a kind of their own", async () => {
  expect(await held(Array.from({ length: 10_000 }, (_, i) => `kind ${i}`))).toHaveLength(2000);
});

it("holds out a share where most kinds are rare, and of the frequent ones the same share", async () => {
  const found = await held(Array.from({ length: 300 }, (_, i) => (i < 200 ? `kind ${i >> 1}` : "frequent")));
  expect(found).toHaveLength(60);
  expect(found.filter((kind) => kind === "frequent")).toHaveLength(20);
});

it("leaves a few rare kinds among the rest", async () => {
  const found = await held(Array.from({ length: 110 }, (_, i) => (i < 10 ? `kind ${i}` : i % 2 === 0 ? "a" : "b")));
  expect([found.length, new Set(found)]).toEqual([20, new Set(["a", "b"])]);
});
