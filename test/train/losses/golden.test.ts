import { describe, expect, it } from "vitest";
import {
  crossEncoderLoss,
  type CrossEncoderLossName,
  type CrossEncoderLossOptions,
  Graph,
  type NodeId,
  sentenceLoss,
  type SentenceLossName,
} from "../../../ts/index.js";
import { camelCase, casesOf, farthest, lossCase, lossCases, optionsOf } from "./golden-losses.js";

/** Value of a loss of variables, and their gradients. */
function run(
  columns: readonly { readonly shape: readonly number[]; readonly data: ArrayLike<number> }[],
  loss: (graph: Graph, nodes: NodeId[]) => NodeId,
) {
  using graph = new Graph();
  return graph.step(() => {
    const nodes = columns.map(({ shape, data }) => graph.variable({ shape, data: Float32Array.from(data) }));
    const node = loss(graph, nodes);
    graph.backward(node);
    expect(graph.shape(node)).toEqual([]);
    const zeros = (of: NodeId) => new Float32Array(graph.value(of).data.length);
    return { value: graph.value(node).data[0]!, gradients: nodes.map((of) => graph.grad(of)?.data ?? zeros(of)) };
  });
}

describe.each(lossCases)("%s", (name) => {
  it("has the value and gradients of sentence-transformers", async () => {
    const { settings, columns, vectors } = await lossCase(name);
    const options = optionsOf(settings, columns, vectors);
    const { value, gradients } = run(
      columns.map((column) => vectors.tensor(`before/${column}`)),
      (graph, nodes) => sentenceLoss(graph, settings.loss as SentenceLossName, nodes, options),
    );
    expect(Math.abs(value - settings.loss_f64[0]!)).toBeLessThan(Math.max(2e-6, 8 * settings.f32_vs_f64.loss));
    columns.forEach((column, i) => {
      expect(farthest(gradients[i]!, vectors.tensor(`grad/${column}`).data)).toBeLessThan(1e-5);
    });
  });
});

interface Logits {
  readonly name: string;
  readonly loss: string;
  readonly options: Record<string, unknown>;
  readonly shape: number[];
  readonly logits: number[];
  readonly gradient: number[];
  readonly labels?: number[];
  readonly queries?: number;
  readonly value: number;
  readonly f32_vs_f64: number;
}

it.each(await casesOf<Logits>("logits.json"))("logits of $name", (given) => {
  const batch = { labels: given.labels, batchSize: given.queries };
  const options: CrossEncoderLossOptions = { ...camelCase(given.options), ...batch };
  const { value, gradients } = run([{ shape: given.shape, data: given.logits }], (graph, nodes) =>
    crossEncoderLoss(graph, given.loss as CrossEncoderLossName, nodes, options),
  );
  expect(Math.abs(value - given.value)).toBeLessThan(Math.max(2e-6, 8 * given.f32_vs_f64));
  expect(farthest(gradients[0]!, given.gradient)).toBeLessThan(1e-5);
});

interface Variant {
  readonly name: string;
  readonly of: "sentenceLoss" | "crossEncoderLoss";
  readonly options: Record<string, unknown>;
  readonly shapes: number[][];
  readonly columns: number[][];
  readonly loss: number;
  readonly gradients: number[][];
}

const variants = await casesOf<Variant>("variants.json");

it.each([...new Set(variants.map(({ of, name }) => `${of} ${name}`))])("other options of %s", (which) => {
  for (const variant of variants.filter(({ of, name }) => `${of} ${name}` === which)) {
    const columns = variant.columns.map((data, i) => ({ shape: variant.shapes[i]!, data }));
    const { value, gradients } = run(columns, (graph, nodes) =>
      variant.of === "sentenceLoss"
        ? sentenceLoss(graph, variant.name as SentenceLossName, nodes, variant.options)
        : crossEncoderLoss(graph, variant.name as CrossEncoderLossName, nodes, variant.options),
    );
    const said = JSON.stringify(variant.options);
    expect(Math.abs(value - variant.loss) / Math.max(1, Math.abs(variant.loss)), said).toBeLessThan(2e-6);
    variant.gradients.forEach((expected, i) => {
      const scale = Math.max(1, ...expected.map(Math.abs));
      expect(farthest(gradients[i]!, expected) / scale, said).toBeLessThan(1e-5);
    });
  }
});
