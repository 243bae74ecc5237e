import type { Kernels } from "../engine/kernels.js";
import { nameTrap } from "../engine/trap.js";
import { withDetails } from "../errors/errors.js";
import type { FrozenWeight } from "../ops/product/frozen-weight.js";
import type { BackwardCall, ForwardCall, GradientTarget, Op, Pointer, Value } from "../ops/op.js";
import type { Gradients } from "./gradients.js";
import type { Node } from "./node.js";
import type { Tape } from "./tape.js";

const UNWANTED: GradientTarget = { pointer: 0, accumulate: 0 };

/**
 * What an op sees while it runs. One object serves every call of a graph: ops never call each other, and a training
 * step makes hundreds of calls.
 */
export class Call implements ForwardCall<unknown>, BackwardCall<unknown, unknown> {
  readonly seed: number;
  inputs: readonly Value[] = [];
  output!: Value;
  attributes: unknown;
  gradient!: Value;
  saved: unknown;
  private recording = false;
  private nodes: readonly Node[] = [];
  private gradientTaken = false;
  private readonly scratchBlocks: { pointer: Pointer; elements: number }[] = [];

  constructor(
    private readonly tape: Tape,
    private readonly gradients: Gradients,
  ) {
    this.seed = tape.seed;
  }

  get kernels(): Kernels {
    return this.tape.engine.kernels;
  }

  get training(): boolean {
    return this.tape.training;
  }

  forward<A, S>(
    op: Op<A, S>,
    nodes: readonly Node[],
    inputs: readonly Value[],
    output: Value,
    attributes: A,
    recording: boolean,
  ): S {
    this.open(nodes, inputs, output, attributes);
    this.recording = recording;
    try {
      return op.forward(this as unknown as ForwardCall<A>);
    } finally {
      this.close();
    }
  }

  /** Runs one node's gradient rule; true where its gradient buffer went on to an input. */
  backward(node: Node): boolean {
    this.open(node.inputs, node.values, node.value, node.attributes);
    this.saved = node.saved;
    this.gradient = { shape: node.value.shape, size: node.value.size, pointer: node.gradient };
    this.gradientTaken = false;
    try {
      node.op!.backward(this);
      return this.gradientTaken;
    } catch (error) {
      throw withDetails(nameTrap(error), { op: node.op!.name, shapes: node.values.map(({ shape }) => shape) });
    } finally {
      this.close();
    }
  }

  allocate(elements: number): Pointer {
    return this.tape.arena.allocate(elements);
  }

  scratch(elements: number): Pointer {
    const pointer = this.allocate(elements);
    this.scratchBlocks.push({ pointer, elements });
    return pointer;
  }

  keep(elements: number): Pointer {
    return this.recording ? this.allocate(elements) : this.scratch(elements);
  }

  upload(data: Float32Array | Int32Array | Uint32Array): Pointer {
    const pointer = this.allocate(data.length);
    this.tape.engine.write(pointer, data, data.length);
    return pointer;
  }

  frozen(i: number): FrozenWeight | null {
    return this.tape.frozenWeight(this.nodes[i]!);
  }

  nextStream(): number {
    return this.tape.nextStream();
  }

  wants(i: number): boolean {
    return this.nodes[i]?.requiresGrad ?? false;
  }

  target(i: number): GradientTarget {
    const node = this.nodes[i]!;
    if (this.gradients.begun(node)) return { pointer: node.gradient, accumulate: 1 };
    return { pointer: this.gradients.start(node), accumulate: 0 };
  }

  targetIfWanted(i: number): GradientTarget {
    return this.wants(i) ? this.target(i) : UNWANTED;
  }

  pass(i: number): void {
    const node = this.nodes[i]!;
    const { pointer, size } = this.gradient;
    if (this.gradients.begun(node)) {
      this.kernels.axpy(size, 1, pointer, node.gradient);
    } else if (node.op !== null && !this.gradientTaken) {
      node.gradient = pointer;
      this.gradientTaken = true;
    } else {
      this.kernels.copy(size, pointer, this.gradients.start(node));
    }
  }

  private open(nodes: readonly Node[], inputs: readonly Value[], output: Value, attributes: unknown): void {
    this.nodes = nodes;
    this.inputs = inputs;
    this.output = output;
    this.attributes = attributes;
  }

  /** Ends a call, however it went: its scratch is free again. */
  private close(): void {
    const { scratchBlocks } = this;
    while (scratchBlocks.length > 0) {
      const { pointer, elements } = scratchBlocks.pop()!;
      this.tape.arena.release(pointer, elements);
    }
  }
}
