import { type Engine, type Graph, type Tensor } from "../../../ts/index.js";
import * as ops from "../../../ts/ops/all.js";
import { type Allowed, generate } from "../../properties/programs/generate.js";
import { type OpName, type Program, statements } from "../../properties/programs/program.js";
import { type Event, Run } from "../../properties/programs/run.js";

/** Ops that have no GPU kernel, forward or of a gradient. */
const absent: readonly string[] = ["cos", "disentangledAttention", "pow", "sin"];

export const onGpu: Allowed = {
  ops: (Object.keys(ops) as OpName[]).filter((name) => !absent.includes(name)).sort(),
  optimizers: ["Adam", "AdamW"],
};

/** Of numbers that are no ordinary ones: which products of a hidden key with ∞ or NaN are computed depends on each engine's blocks. */
const withOdd: Allowed = { ...onGpu, ops: onGpu.ops.filter((name) => !name.endsWith("Attention")) };

/** A run whose values come later. */
class LateRun extends Run {
  readonly tensors: Promise<Tensor | null>[] = [];

  protected override record(what: Event["what"], g: number, id: number): void {
    const graph = this.graphs[g]!;
    this.tensors.push(what === "value" ? graph.read(this.node(id)) : graph.readGrad(this.node(id)));
  }
}

/** What was compared, and what differs. */
export interface Comparison {
  /** Values and gradients. */
  events: number;
  /** Updates by AdamW or Adam. */
  updates: number;
  /** The largest difference, as a share of the largest number of a result and what it was computed from. */
  worst: number;
  readonly ops: Set<string>;
  /** Differences that are too large, and infinite numbers and NaN that one engine alone has. */
  readonly wrong: string[];
}

/** Of values: exp and what is made of it lose digits with the size of their argument, as WGSL allows. */
const TOLERANCE = 5e-6;

/** A run on WASM that goes on with the GPU's numbers after each event, so that each statement is compared by itself. */
class FollowingRun extends Run {
  private at = 0;

  constructor(
    private readonly seeded: Program,
    graphs: readonly Graph[],
    private readonly gpu: readonly (Tensor | null)[],
    private readonly comparison: Comparison,
  ) {
    super(seeded, graphs);
  }

  protected override record(what: Event["what"], g: number, id: number): void {
    const graph = this.graphs[g]!;
    const { value, gradient } = this.nodeOf(graph, id);
    const pointer = what === "value" ? value.pointer : gradient;
    const theirs = this.gpu[this.at++]!;
    const made = [...statements(this.seeded.body)].find((each) => "id" in each && each.id === id)!;
    const inputs = made.do === "apply" ? made.inputs : [];
    const name = `program ${this.seeded.seed}, ${what} of ${id} (${made.do === "apply" ? made.op : made.do})`;
    const { comparison } = this;
    if ((pointer === 0) !== (theirs === null)) comparison.wrong.push(`${name}: on one engine only`);
    if (pointer === 0 || theirs === null) return;
    const ours = graph.engine.read(pointer, value.size);
    // A sum may be small beside what was added; gradients begin with numbers of up to 1.
    const sources = what === "value" ? inputs.map((input) => this.largest(graph, input)) : [1];
    const { apart, odd } = differenceOf(ours, theirs.data);
    const share = apart / Math.max(largest(ours), ...sources, Number.MIN_VALUE);
    comparison.events++;
    comparison.worst = Math.max(comparison.worst, share);
    if (share > TOLERANCE || odd !== "") comparison.wrong.push(`${name}: ${share}${odd}`);
    graph.engine.write(pointer, theirs.data, value.size);
  }

  private nodeOf(graph: Graph, id: number) {
    return graph.nodes.find((each) => each.id === this.node(id))!;
  }

  private largest(graph: Graph, id: number): number {
    const { pointer, size } = this.nodeOf(graph, id).value;
    // A stored matrix has no float32 value of its own.
    return pointer === 0 ? 1 : largest(graph.engine.read(pointer, size));
  }
}

const largest = (data: Float32Array): number =>
  data.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 0);

/** The largest difference of finite numbers, and the first place where one is NaN or infinite and the other is not the same. */
function differenceOf(ours: Float32Array, theirs: Float32Array): { apart: number; odd: string } {
  let [apart, odd] = [0, ""];
  ours.forEach((x, i) => {
    const y = theirs[i]!;
    if (Number.isFinite(x) && Number.isFinite(y)) apart = Math.max(apart, Math.abs(x - y));
    else if (!Object.is(x, y)) odd ||= `, at ${i} ${x} on WASM and ${y} on the GPU`;
  });
  return { apart, odd };
}

/** Programs of `count` seeds from `from` on; of `wild` ones some leaves have NaN, infinities and large numbers. */
export async function comparePrograms(
  { from, count, wild }: { from: number; count: number; wild: boolean },
  gpu: Engine,
  wasm: Engine,
): Promise<Comparison> {
  const comparison: Comparison = { events: 0, updates: 0, worst: 0, ops: new Set(), wrong: [] };
  for (let seed = from; seed < from + count; seed++) {
    const program = generate(seed, { wild: wild && "portable" }, wild ? withOdd : onGpu);
    for (const statement of statements(program.body)) {
      if (statement.do === "apply") comparison.ops.add(statement.op);
      if (statement.do === "update") comparison.updates++;
    }
    const graphs = { gpu: Run.graphs(program, gpu), wasm: Run.graphs(program, wasm) };
    const late = new LateRun(program, graphs.gpu).run();
    new FollowingRun(program, graphs.wasm, await Promise.all(late.tensors), comparison).run();
    for (const graph of [...graphs.gpu, ...graphs.wasm]) graph.dispose();
  }
  return comparison;
}
