import { expect, it } from "vitest";
import { type LoraOptions, SentenceEncoder } from "../../ts/index.js";
import { goldenEncoder, goldenNames } from "../models/golden-encoder.js";

/** From no token but those that every text has to many. */
const texts = ["", "a funny film", "Bad in such a bizarre way that it's almost worth seeing.", "the end"];

/** An adapter with random tensors of each kind that is multiplied with, or stands before what is. */
function kinds({ model }: SentenceEncoder): Record<string, LoraOptions> {
  const linears = model.linears().filter(({ adaptable }) => adaptable);
  const paths = linears.flatMap(({ parts }) => parts.map(({ path }) => path));
  const [targetModules, modulesToSave] = [[paths[0]!], paths.slice(1)];
  return {
    "low rank": { rank: 20, targetModules: "all-linear" },
    DoRA: { rank: 2, targetModules: "all-linear", dora: true },
    "biases of B": { rank: 2, targetModules: "all-linear", loraBias: true },
    "whole layers": { rank: 2, targetModules, modulesToSave },
    "tables of words": { rank: 20, targetModules: model.tables.map(({ path }) => path) },
  };
}

/** Moves all that an adapter trains, by no more than a weight is large. */
function move({ graph, adapterSet }: SentenceEncoder, name: string): void {
  for (const [number, id] of adapterSet.get(name).params().entries()) {
    const { shape, data } = graph.value(id);
    graph.setValue(id, { shape, data: data.map((x, i) => x + 0.1 * Math.sin(1 + 7 * number + 3 * i)) });
  }
}

it.each(goldenNames)(
  "%s: a text has the bits that it has alone, whatever its adapter and its neighbours'",
  async (name) => {
    using encoder = await SentenceEncoder.load(await goldenEncoder(name));
    const adapters: (string | null)[] = [null];
    for (const [kind, options] of Object.entries(kinds(encoder))) {
      encoder.addAdapter(kind, options);
      move(encoder, kind);
      adapters.push(kind);
    }
    const choices = adapters.flatMap((adapter) => texts.map((text) => ({ text, adapter })));
    const alone: Float32Array[] = [];
    for (const { text, adapter } of choices) alone.push(...(await encoder.encode([text], { adapter })));
    const together = await encoder.encode(
      choices.map(({ text }) => text),
      { adapters: choices.map(({ adapter }) => adapter) },
    );
    const others = choices.filter((_, i) => together[i]!.some((x, j) => x !== alone[i]![j]));
    expect(others).toEqual([]);
  },
);
