import { AdamW, clipGradNorm, type Engine, Graph, tensor } from "../../../ts/index.js";
import { recordErrors } from "./recorded-errors.js";

/** What an engine on a GPU refuses: the error of each call. */
export async function misuse(engine: Engine): Promise<Record<string, string>> {
  const graph = new Graph({ engine });
  const x = graph.variable(tensor([2, 3], [1, 2, 3, 4, 5, 6]));
  const { errors, note } = recordErrors(String);
  await note("value", () => graph.step(() => graph.value(graph.neg(x))));
  errors["a variable that has not changed"] = String(graph.value(x).data);
  await note("view", () => graph.view(x, (values) => values[0]));
  await note("an op without a kernel", () => graph.step(() => graph.sin(x)));
  graph.step(() => graph.backward(graph.sum(x)));
  await note("grad", () => graph.grad(x));
  await note("clipGradNorm", () => clipGradNorm(graph, [x], 1));
  const optimizer = new AdamW(graph, [x], { lr: 1 });
  optimizer.step();
  await note("a variable that an optimizer has changed", () => graph.value(x));
  const late = (await graph.read(x)).data;
  errors["read again"] = String(graph.value(x).data.every((value, i) => value === late[i]));
  await note("state", () => optimizer.state());
  optimizer.dispose();
  graph.setValue(x, tensor([2, 3], [1, 2, 3, 4, 5, 6]));
  // What was refused has changed nothing.
  errors["afterwards"] = String((await graph.read(x)).data);
  const before = engine.info.memory.used;
  const pending = graph.read(x);
  graph.dispose();
  errors["read before dispose"] = String((await pending).data);
  errors["freed"] = String(engine.info.memory.used < before);
  return errors;
}
