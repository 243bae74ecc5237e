import { frozenMatrix, setStoredMatrix } from "../../../ts/entry/graph.js";
import {
  Adagrad,
  Adam,
  AdamW,
  clipGradValue,
  type Engine,
  Graph,
  type NodeId,
  RMSprop,
  SGD,
  type Tensor,
} from "../../../ts/index.js";
import { sizeOf } from "../../../ts/values/tensor.js";
import { elements } from "./numbers.js";
import type { Program, Statement } from "./program.js";
import { storedMatrix } from "./stored.js";
import { opRows } from "../../ops/rows/index.js";

/** As scripts/fuzz/programs.py makes them too. An epsilon keeps a step from the sign of a gradient that is rounding alone. */
const optimizers = {
  Adagrad: (graph: Graph, params: NodeId[]) => new Adagrad(graph, params, { lrDecay: 0.1, eps: 1e-3 }),
  Adam: (graph: Graph, params: NodeId[]) => new Adam(graph, params, { weightDecay: 0.1, eps: 1e-3 }),
  AdamW: (graph: Graph, params: NodeId[]) => new AdamW(graph, params),
  RMSprop: (graph: Graph, params: NodeId[]) => new RMSprop(graph, params, { momentum: 0.5, eps: 1e-3 }),
  SGD: (graph: Graph, params: NodeId[]) => new SGD(graph, params, { lr: 0.01, momentum: 0.5 }),
};

/** Something a program computed: the value of a tensor, or its gradient (null: none). */
export interface Event {
  readonly what: "value" | "gradient";
  readonly id: number;
  readonly tensor: Tensor | null;
}

/** A stream that dropout drew. */
interface Drawn {
  readonly seed: number;
  readonly stream: number;
  readonly p: number;
  readonly size: number;
}

/** What dropout did: 1 for each element that was kept, else 0, and what it was multiplied by. */
export interface Mask {
  readonly kept: string;
  readonly factor: number;
}

/** What runs a statement that is no block; `run` does it. */
export type Around = (graph: Graph, statement: Statement, run: () => void) => void;

/** Runs a program and records everything it computes. */
export class Run {
  readonly events: Event[] = [];
  /** What dropout drew, by the number of its result. */
  private readonly drawn = new Map<number, Drawn>();
  private readonly nodes = new Map<number, NodeId>();
  private readonly optimizers = new Map<number, ReturnType<(typeof optimizers)[keyof typeof optimizers]>>();
  /** Variables of each graph, with the steps that were open when they were made. */
  private variables: { g: number; id: number; depth: number }[] = [];
  private readonly depths: number[];

  constructor(
    private readonly program: Program,
    protected readonly graphs: readonly Graph[],
    private readonly around: Around = (_graph, _statement, run) => run(),
  ) {
    this.depths = graphs.map(() => 0);
  }

  /** Graphs for a program. */
  static graphs({ graphs }: Program, engine?: Engine): Graph[] {
    return graphs.map((options) => new Graph({ ...options, ...(engine && { engine }) }));
  }

  run(): this {
    this.block(this.program.body);
    this.variables.forEach(({ g, id }) => this.record("value", g, id));
    this.variables.forEach(({ g, id }) => this.record("gradient", g, id));
    return this;
  }

  /** By the number of dropout's result; results that are not here kept everything. */
  masks(): Map<number, Mask> {
    return new Map([...this.drawn].map(([id, drawn]) => [id, maskOf(drawn)]));
  }

  protected node(id: number): NodeId {
    return this.nodes.get(id)!;
  }

  private block(body: readonly Statement[]): void {
    for (const statement of body) {
      const graph = this.graphs[statement.g]!;
      if ("body" in statement) this.nest(graph, statement);
      else this.around(graph, statement, () => this.execute(graph, statement));
    }
  }

  private nest(graph: Graph, statement: Extract<Statement, { body: Statement[] }>): void {
    const { g, body } = statement;
    if (statement.do === "noGrad") return graph.noGrad(() => this.block(body));
    const depth = this.depths[g]!++;
    const inside = () => {
      this.block(body);
      this.variables = this.variables.filter((variable) => variable.g !== g || variable.depth <= depth);
    };
    try {
      if (statement.do === "step") return graph.step(inside);
      const result = graph.scope(() => {
        inside();
        return this.node(statement.result);
      });
      this.nodes.set(statement.id, result);
    } finally {
      this.depths[g] = depth;
    }
    this.record("value", g, statement.id);
  }

  private execute(graph: Graph, statement: Exclude<Statement, { body: Statement[] }>): void {
    const { g } = statement;
    switch (statement.do) {
      case "leaf": {
        const value = hostTensor(statement);
        this.nodes.set(statement.id, statement.trainable ? graph.variable(value) : graph.constant(value));
        if (statement.trainable) this.variables.push({ g, id: statement.id, depth: this.depths[g]! });
        return;
      }
      case "store":
        this.nodes.set(statement.id, frozenMatrix(graph, storedMatrix(statement).matrix));
        return;
      case "setStored":
        return setStoredMatrix(graph, this.node(statement.id), storedMatrix(statement).matrix);
      case "columns": {
        const { id, input, start, end } = statement;
        this.nodes.set(id, graph.columns(this.node(input), start, end));
        return this.record("value", g, id);
      }
      case "apply": {
        const inputs = statement.inputs.map((id) => this.node(id));
        const drawn = graph.streamsDrawn;
        this.nodes.set(statement.id, opRows[statement.op].program.call(graph, inputs, statement.attributes));
        if (graph.streamsDrawn > drawn) {
          const size = sizeOf(graph.shape(this.node(statement.id)));
          this.drawn.set(statement.id, {
            seed: graph.seed,
            stream: drawn,
            size,
            ...(statement.attributes as { p: number }),
          });
        }
        return this.record("value", g, statement.id);
      }
      case "backward":
        graph.backward(this.node(statement.loss), statement.gradient ? hostTensor(statement.gradient) : undefined);
        for (const variable of this.variables) if (variable.g === g) this.record("gradient", g, variable.id);
        return;
      case "zeroGrads":
        return graph.zeroGrads();
      case "setValue":
        return graph.setValue(this.node(statement.id), hostTensor(statement));
      case "mode":
        return statement.training ? graph.train() : graph.eval();
      case "optimizer": {
        const params = statement.params.map((id) => this.node(id));
        this.optimizers.set(statement.id, optimizers[statement.kind](graph, params));
        return;
      }
      case "update":
        clipGradValue(
          graph,
          statement.params.map((id) => this.node(id)),
          1,
        );
        this.optimizers.get(statement.optimizer)!.step();
        for (const id of statement.params) this.record("value", g, id);
        return;
      case "release":
        graph.release(statement.ids.map((id) => this.node(id)));
        this.variables = this.variables.filter(({ id }) => !statement.ids.includes(id));
    }
  }

  protected record(what: Event["what"], g: number, id: number): void {
    const graph = this.graphs[g]!;
    this.events.push({ what, id, tensor: what === "value" ? graph.value(this.node(id)) : graph.grad(this.node(id)) });
  }
}

function hostTensor({ shape, data }: { shape: number[]; data: Parameters<typeof elements>[1] }): Tensor {
  return { shape, data: elements(sizeOf(shape), data) };
}

/** The mask of a stream, as dropout of ones in another graph of the same seed shows it. */
function maskOf({ seed, stream, p, size }: Drawn): Mask {
  using graph = new Graph({ seed });
  graph.streamsDrawn = stream;
  const ones = graph.constant({ shape: [size], data: new Float32Array(size).fill(1) });
  const factors = graph.value(graph.dropout(ones, p)).data;
  const factor = factors.reduce((most, value) => Math.max(most, value), 0);
  // p is rounded to a multiple of 2⁻¹⁶.
  if (factor > 0 && Math.abs(1 - 1 / factor - p) > 2 ** -16) throw new Error(`dropout ${p} scales by ${factor}`);
  return { kept: Array.from(factors, (value) => (value === 0 ? 0 : 1)).join(""), factor };
}
