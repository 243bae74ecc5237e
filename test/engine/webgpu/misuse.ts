import { clipGradNorm, type Engine, Graph, SentenceEncoder, tensor } from "../../../ts/index.js";
import { recordErrors } from "./recorded-errors.js";

/** What an engine on a GPU refuses: the error of each call. */
export async function misuse(engine: Engine): Promise<Record<string, string>> {
  const graph = new Graph({ engine });
  const x = graph.variable(tensor([2, 3], [1, 2, 3, 4, 5, 6]));
  const { errors, note } = recordErrors(String);
  await note("value", () => graph.value(x));
  await note("view", () => graph.view(x, (values) => values[0]));
  await note("an op without a kernel", () => graph.step(() => graph.sin(x)));
  graph.step(() => graph.backward(graph.sum(x)));
  await note("grad", () => graph.grad(x));
  await note("clipGradNorm", () => clipGradNorm(graph, [x], 1));
  await note("a model", () => SentenceEncoder.load({}, { engine }));
  // What was refused has changed nothing.
  errors["afterwards"] = String((await graph.read(x)).data);
  const before = engine.info.memory.used;
  const late = graph.read(x);
  graph.dispose();
  errors["read before dispose"] = String((await late).data);
  errors["freed"] = String(engine.info.memory.used < before);
  return errors;
}
