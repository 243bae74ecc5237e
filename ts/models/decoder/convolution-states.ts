import type { Graph } from "../../graph/graph.js";
import type { ConvolutionState } from "../../ops/recurrence/short-conv.js";
import type { Pointer } from "../../ops/op.js";
import type { DecoderConfig } from "./config.js";

const WORD = 4;

/**
 * The last inputs of a sequence's short convolutions. They are in memory twice: those before the pass under way, and those behind it,
 * which take their place when the pass has ended. A pass that fails, or that is not to be kept, thus changes nothing.
 */
export class ConvolutionStates {
  private memory: Pointer = 0;
  private current: 0 | 1 = 0;
  /** Where the rows of each layer begin, and after the last all of them end. */
  private readonly starts: readonly number[];

  constructor(
    private readonly graph: Graph,
    { layers, attention, hiddenSize }: Pick<DecoderConfig, "layers" | "attention" | "hiddenSize">,
  ) {
    const starts = [0];
    for (let i = 0; i < layers; i++) starts.push(starts[i]! + ((attention(i).convolution ?? 1) - 1) * hiddenSize);
    this.starts = starts;
  }

  /** Whether there are any: a sequence then cannot be cut back to fewer tokens. */
  get any(): boolean {
    return this.words > 0;
  }

  get bytes(): number {
    return this.memory === 0 ? 0 : 2 * WORD * this.words;
  }

  /** Allocates them; call it outside a step. */
  reserve(): void {
    const { graph } = this;
    if (this.any && this.memory === 0) this.memory = graph.attempt.run(() => graph.allocateOwned(2 * this.words));
  }

  /** Those of a layer. @param isFirst whether the sequence begins, with zeros */
  of(layer: number, isFirst: boolean): ConvolutionState {
    const at = (half: 0 | 1) => this.memory + WORD * (half * this.words + this.starts[layer]!);
    return { before: isFirst ? null : at(this.current), after: at(this.other) };
  }

  /** Keeps those that a pass has written. */
  extend(): void {
    this.current = this.other;
  }

  copyTo(made: ConvolutionStates): void {
    const start = (states: ConvolutionStates) => states.memory + WORD * states.current * states.words;
    if (this.any) this.graph.engine.kernels.copy(this.words, start(this), start(made));
  }

  dispose(): void {
    if (this.memory !== 0) this.graph.releaseOwned(this.memory);
    this.memory = 0;
  }

  /** Numbers of all layers. */
  private get words(): number {
    return this.starts.at(-1)!;
  }

  private get other(): 0 | 1 {
    return this.current === 0 ? 1 : 0;
  }
}
