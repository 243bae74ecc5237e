import { type Engine, Graph, normal } from "../../../ts/index.js";
import { cases } from "./op-cases.js";

function places(data: ArrayLike<number>): string {
  const all = Array.from(data).flatMap((value, i) => (Number.isNaN(value) ? [i] : []));
  return `${all.length} of ${data.length}: ${all.slice(0, 50).join(" ")}`;
}

/** Of every case with a NaN in its first input: which numbers of the result and its gradients are NaN. */
export async function nanPlaces(engine: Engine): Promise<Record<string, string>> {
  const results: Record<string, string> = {};
  for (const [name, { inputs, run }] of Object.entries(cases)) {
    using graph = new Graph({ engine, seed: 3 });
    const values = inputs.map((shape) => normal(graph, shape, 1));
    values[0]!.data[23] = NaN;
    const ids = values.map((value) => graph.variable(value));
    const { value } = graph.step(() => {
      const result = run(graph, ids);
      graph.backward(graph.sum(graph.mul(result, result)));
      return { value: graph.read(result) };
    });
    results[name] = places((await value).data);
    // Which gradients of a hidden key are 0 · NaN depends on the blocks of each engine: of them it counts that there is one.
    for (const [i, id] of ids.entries())
      results[`${name}: gradient ${i}`] = places((await graph.readGrad(id))!.data).replace(/^[1-9].*/, "NaN");
  }
  return results;
}
