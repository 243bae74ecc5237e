import * as ops from "../../../ts/ops/all.js";
import { Graph } from "../../../ts/index.js";
import { sizeOf } from "../../../ts/values/tensor.js";
import { Maker, type Size, type Tensor } from "./maker.js";
import { type OpName, optimizerKinds, type Program, type Statement } from "./program.js";
import { Random } from "./random.js";
import { opRows } from "../../ops/rows/index.js";
import type { Use } from "./rule.js";

/** What a program may use. */
export interface Allowed {
  readonly ops: readonly OpName[];
  readonly optimizers: readonly (typeof optimizerKinds)[number][];
}

const everything: Allowed = { ops: Object.keys(ops).sort() as OpName[], optimizers: optimizerKinds };
/** Results may not grow beyond this, unless the program is a wild one. */
const LARGEST = 2000;

/** The shape of a result, as the graph has it for zeros. */
function shapeOf(op: OpName, { inputs, attributes }: Use): readonly number[] {
  using graph = new Graph();
  const ids = inputs.map(({ shape }) => graph.constant({ shape, data: new Float32Array(sizeOf(shape)) }));
  return graph.shape(opRows[op].program.call(graph, ids, attributes));
}

/** Makes one program; the seed decides everything. */
class Generator {
  private readonly random: Random;
  private readonly maker: Maker;
  private left: number;
  private recording: boolean[];
  /** Results that still exist, for what cannot be released. */
  private results: { g: number; depth: number; inputs: readonly number[] }[] = [];
  private optimizers: { g: number; id: number; params: number[] }[] = [];

  constructor(
    seed: number,
    size: Size,
    graphs: number,
    private readonly allowed: Allowed,
  ) {
    this.random = new Random(seed);
    this.maker = new Maker(this.random, size, graphs);
    this.left = size.statements;
    this.recording = Array.from({ length: graphs }, () => true);
  }

  program(): Statement[] {
    const body: Statement[] = [];
    while (this.left > 0) this.fill(body, 12, 0);
    return body;
  }

  /** Adds statements to `body` until there are enough of them. */
  private fill(body: Statement[], most: number, nesting: number): void {
    const { maker, random } = this;
    const outer = maker.body;
    maker.body = body;
    for (let count = random.int(2, most); count > 0 && this.left > 0; count--) {
      maker.g = random.int(0, maker.depths.length - 1);
      this.left--;
      const kind = random.unit();
      if (kind < 0.03) this.columns();
      else if (kind < 0.66) this.apply();
      else if (kind < 0.78) this.backward();
      else if (kind < 0.92) {
        if (nesting < 3) this.nested(nesting);
      } else if (kind < 0.97) this.change();
      else this.release();
    }
    maker.body = outer;
  }

  private mine(fits: (tensor: Tensor) => boolean): Tensor[] {
    return this.maker.alive.filter((tensor) => tensor.g === this.maker.g && fits(tensor));
  }

  private apply(): void {
    const { maker } = this;
    const op = this.random.pick(this.allowed.ops);
    const use = opRows[op].program.make(maker);
    if (use === null) return;
    const inputs = use.inputs.map(({ id }) => id);
    const shape = shapeOf(op, use);
    if (sizeOf(shape) > 4 * maker.size.elements) return;
    const { low, high } = use.range;
    if (!maker.size.wild && !(low >= -LARGEST && high <= LARGEST)) return;
    this.add({
      do: "apply",
      g: maker.g,
      id: this.define(shape, use.range, use.inputs),
      op,
      inputs,
      attributes: use.attributes,
    });
  }

  /** A range of columns of a constant matrix that outlives steps. */
  private columns(): void {
    const { maker, random } = this;
    const constants = this.mine(({ leaf, trainable, depth, shape }) => {
      return leaf && !trainable && depth === 0 && shape.length === 2;
    });
    if (constants.length === 0) return;
    const matrix = random.pick(constants);
    const [rows, width] = matrix.shape as [number, number];
    const start = random.int(0, width);
    const end = random.int(start, width);
    // No input: the matrix may be released while its columns exist.
    const id = this.define([rows, end - start], matrix, []);
    this.add({ do: "columns", g: maker.g, id, input: matrix.id, start, end });
  }

  /** A result's number. */
  private define(
    shape: readonly number[],
    { low, high }: { low: number; high: number },
    inputs: readonly Tensor[],
  ): number {
    const { maker } = this;
    const { g, depths } = maker;
    const trainable = this.recording[g]! && inputs.some((input) => input.trainable);
    const id = maker.newId();
    maker.alive.push({ id, g, shape, trainable, leaf: false, depth: depths[g]!, low, high });
    this.results.push({ g, depth: depths[g]!, inputs: inputs.map((input) => input.id) });
    return id;
  }

  private add(statement: Statement): void {
    this.maker.body.push(statement);
  }

  private backward(): void {
    const { maker, random } = this;
    const losses = this.mine(({ trainable }) => trainable);
    if (losses.length === 0) return;
    const loss = losses[Math.floor(losses.length * Math.sqrt(random.unit()))]!;
    const plain = sizeOf(loss.shape) === 1 && random.chance(0.5);
    const gradient = plain ? null : { shape: [...loss.shape], data: maker.numbers(-1, 1) };
    this.add({ do: "backward", g: maker.g, loss: loss.id, gradient });
    const optimizer = this.optimizers.filter(({ g }) => g === maker.g).at(-1);
    if (optimizer !== undefined && random.chance(0.5)) this.update(optimizer);
  }

  private nested(nesting: number): void {
    const { maker, random } = this;
    const { g } = maker;
    const kind = random.pick(["step", "step", "scope", "noGrad"] as const);
    const body: Statement[] = [];
    const recorded = this.recording[g]!;
    if (kind !== "step") this.recording[g] = false;
    if (kind !== "noGrad") maker.depths[g]!++;
    const before = new Set(maker.alive);
    const { optimizers } = this;
    this.fill(body, 8, nesting + 1);
    maker.g = g;
    // What a scope may return: anything of its graph, the newest rather.
    const result = kind === "scope" ? this.mine(() => true).at(-1 - (random.chance(0.2) ? 1 : 0)) : undefined;
    if (kind !== "noGrad") this.end(g);
    this.recording[g] = recorded;
    if (kind !== "scope") this.add({ do: kind, g, body });
    else if (result !== undefined) {
      const id = this.define(result.shape, result, []);
      this.add({ do: "scope", g, id, body, result: result.id });
    } else {
      // Nothing to return: what it would have made is not there, of other graphs neither.
      maker.alive = maker.alive.filter((tensor) => before.has(tensor));
      this.optimizers = optimizers;
    }
  }

  /** The innermost step of a graph ends. */
  private end(g: number): void {
    const depth = this.maker.depths[g]!--;
    const stays = (made: { g: number; depth: number }) => made.g !== g || made.depth < depth;
    this.maker.alive = this.maker.alive.filter(stays);
    this.results = this.results.filter(stays);
  }

  /** Something that is no op: gradients forgotten, values overwritten, an optimizer. */
  private change(): void {
    const { maker, random } = this;
    const { g } = maker;
    const leaves = this.mine(({ leaf }) => leaf);
    const params = leaves.filter(({ trainable, depth }) => trainable && depth === 0).map(({ id }) => id);
    const kind = random.pick(["zeroGrads", "setValue", "setStored", "mode", "optimizer"] as const);
    if (kind === "mode") this.add({ do: "mode", g, training: random.chance(0.6) });
    if (kind === "zeroGrads") {
      this.add({ do: "zeroGrads", g, ids: leaves.filter(({ trainable }) => trainable).map(({ id }) => id) });
    }
    if (kind === "setValue" && leaves.length > 0) {
      const { id, shape, low, high } = random.pick(leaves);
      const data = Number.isFinite(low) ? maker.numbers(low, high) : maker.numbers(-2, 2);
      this.add({ do: "setValue", g, id, shape: [...shape], data });
      this.changed();
    }
    const matrices = leaves.filter(({ stored, depth }) => stored === true && depth === 0);
    if (kind === "setStored" && matrices.length > 0) {
      const { id, shape, low, high } = random.pick(matrices);
      const data = Number.isFinite(low) ? maker.numbers(low, high) : maker.numbers(-2, 2);
      this.add({ do: "setStored", g, id, ...maker.storage([shape[0]!, shape[1]!], data) });
      this.changed();
    }
    if (kind === "optimizer" && params.length > 0) {
      const id = maker.newId();
      this.add({ do: "optimizer", g, id, kind: random.pick(this.allowed.optimizers), params });
      this.optimizers = [...this.optimizers, { g, id, params }];
    }
  }

  private update({ id, params }: { id: number; params: number[] }): void {
    const { maker } = this;
    this.add({ do: "update", g: maker.g, optimizer: id, params });
    // Gradients are held within ±1, so values move little.
    maker.alive = maker.alive.map((t) =>
      params.includes(t.id) ? { ...t, low: t.low - 0.05, high: t.high + 0.05 } : t,
    );
    this.changed();
  }

  /** Results of leaves that changed are not differentiated any more: PyTorch would refuse to. */
  private changed(): void {
    const { g } = this.maker;
    this.maker.alive = this.maker.alive.filter((tensor) => tensor.g !== g || tensor.leaf);
  }

  private release(): void {
    const { maker, random } = this;
    const kept = new Set([
      ...this.results.flatMap(({ inputs }) => inputs),
      ...this.optimizers.flatMap(({ params }) => params),
    ]);
    const found = this.mine(({ id, leaf, depth }) => leaf && depth === 0 && !kept.has(id));
    if (found.length === 0) return;
    const ids = random
      .shuffle(found)
      .slice(0, random.int(1, 3))
      .map(({ id }) => id);
    this.add({ do: "release", g: maker.g, ids });
    maker.alive = maker.alive.filter(({ id }) => !ids.includes(id));
  }
}

const ordinary: Size = { statements: 24, elements: 300, wild: false };

/** A random program. One of few graphs, many statements, any shapes. */
export function generate(seed: number, size: Partial<Size> = {}, allowed = everything): Program {
  const random = new Random(seed ^ 0x5eed);
  const graphs = Array.from({ length: random.pick([1, 1, 1, 2, 3]) }, () => {
    const packedCopies = random.pick([undefined, 0, 1, 2] as const);
    return { seed: random.int(0, 1000), ...(packedCopies !== undefined && { packedCopies }) };
  });
  // Now and then long tensors, which are cut over threads and run through whole blocks.
  const elements = random.chance(0.06) ? 9000 : ordinary.elements;
  const generator = new Generator(seed, { ...ordinary, elements, ...size }, graphs.length, allowed);
  return { seed, graphs, body: generator.program() };
}
