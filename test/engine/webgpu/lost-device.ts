import {
  AdamW,
  createEngine,
  type Engine,
  Graph,
  type InitOptions,
  type NodeId,
  normal,
  type OptimizerState,
  type Tensor,
  tensor,
} from "../../../ts/index.js";
import { engineAndDevice } from "./its-device.js";
import { recordErrors } from "./recorded-errors.js";

const [STEPS, SAVED_AT, LOST_AT] = [6, 3, 5];

/** What a training needs to go on, read from any device. */
interface Saved {
  readonly parameters: readonly Tensor[];
  readonly optimizer: OptimizerState;
}

/** A regression with a hidden layer and AdamW, from the start or from what was saved. */
class Training {
  readonly graph: Graph;
  readonly optimizer: AdamW;
  private readonly parameters: readonly NodeId[];
  private readonly x = tensor([4, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1]);
  private readonly y = tensor([4, 2], [2, 0, 0, 2, 1, 1, 3, 3]);

  constructor(engine: Engine, saved?: Saved) {
    const graph = (this.graph = new Graph({ engine, seed: 2 }));
    const start = () => [normal(graph, [3, 8], 0.5), normal(graph, [8, 2], 0.5)];
    this.parameters = (saved?.parameters ?? start()).map((each) => graph.variable(each));
    this.optimizer = new AdamW(graph, this.parameters, { lr: 0.05 });
    if (saved !== undefined) this.optimizer.load(saved.optimizer);
  }

  /** Submits a step; its loss comes later. */
  step(): Promise<Tensor> {
    const { graph, optimizer, parameters, x, y } = this;
    const [first, second] = parameters as [NodeId, NodeId];
    optimizer.zeroGrad();
    let loss: Promise<Tensor>;
    graph.step(() => {
      const hidden = graph.gelu(graph.matmul(graph.constant(x), first));
      const error = graph.mseLoss(graph.matmul(hidden, second), graph.constant(y));
      graph.backward(error);
      loss = graph.read(error);
    });
    optimizer.step();
    return loss!;
  }

  async save(): Promise<Saved> {
    const [optimizer, ...parameters] = await Promise.all([
      this.optimizer.readState(),
      ...this.parameters.map((id) => this.graph.read(id)),
    ]);
    return { parameters, optimizer };
  }

  async losses(steps: number): Promise<number[]> {
    const losses = await Promise.all(Array.from({ length: steps }, () => this.step()));
    return losses.map(({ data }) => data[0]!);
  }

  dispose(): void {
    this.optimizer.dispose();
    this.graph.dispose();
  }
}

/** Trains on an engine, from what was saved, and closes it. */
async function trained(engine: Engine, steps: number, saved?: Saved): Promise<number[]> {
  const training = new Training(engine, saved);
  const losses = await training.losses(steps);
  training.dispose();
  await engine.close();
  return losses;
}

/** A device that is lost in the middle of a training: what throws, and how the training goes on from its last checkpoint elsewhere. */
export async function trainThroughLoss(options: InitOptions) {
  const gpu = { ...options, device: "webgpu" } as const;
  const undisturbed = await trained(await createEngine(gpu), STEPS);

  const { engine, device } = await engineAndDevice(options);
  const training = new Training(engine);
  const before = await training.losses(SAVED_AT);
  const saved = await training.save();
  await training.losses(LOST_AT - SAVED_AT);
  const { errors, note } = recordErrors((error) => {
    const { name, details } = error as { name: string; details: { reason?: string } };
    return `${name} ${details?.reason}`;
  });
  const pending = training.step();
  device.destroy();
  await note("the loss of the step", () => pending);
  await note("an update", () => training.optimizer.step());
  await note("the next step", () => training.step());
  await note("saving", () => training.save());
  await note("a new variable", () => training.graph.variable(tensor([1], [1])));
  await note("disposing of everything", () => training.dispose());
  await note("closing the engine", () => engine.close());

  const rest = STEPS - SAVED_AT;
  return {
    errors,
    undisturbed,
    onNewDevice: [...before, ...(await trained(await createEngine(gpu), rest, saved))],
    onWasm: [...before, ...(await trained(await createEngine(options), rest, saved))],
  };
}
