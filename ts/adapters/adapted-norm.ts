import type { Graph, NodeId } from "../graph/graph.js";
import type { Tensor } from "../values/tensor.js";
import { type AdapterSelection, inTurn } from "./adapter-selection.js";
import type { AppliedAdapter } from "./adapter-parts.js";

/** Layer norm; RMS norm; RMS norm with 1 + weight in place of the weight. */
export type NormForm = "layer" | "rms" | "rms-plus-one";

/** A frozen norm, whose weight and bias adapters may replace. */
export class AdaptedNorm {
  private original: { readonly weight: Tensor; readonly bias: Tensor | null } | null = null;

  constructor(
    private readonly graph: Graph,
    /** The module's path in PEFT. */
    readonly path: string,
    /** `[hidden]` */
    readonly weight: NodeId,
    /** `[hidden]`, if it has one. */
    readonly bias: NodeId | null,
    readonly form: NormForm = "layer",
  ) {}

  /** Paths of its weight and of its bias. */
  get shape(): readonly number[] {
    return this.graph.shape(this.weight);
  }

  /** x `[rows, …, hidden]`, normalised over the last dimension. */
  forward(x: NodeId, selection: AdapterSelection, eps: number): NodeId {
    const { graph } = this;
    return inTurn(graph, x, selection, this.adapts, (rows, adapter) => {
      const [weight, bias] = this.tensors(adapter);
      if (this.form === "layer") return graph.layerNorm(rows, weight, bias, { eps });
      const one = () => graph.constant({ shape: [], data: Float32Array.of(1) });
      return graph.rmsNorm(rows, this.form === "rms" ? weight : graph.add(weight, one()), { eps });
    });
  }

  /** Whether an adapter changes it. */
  readonly adapts = ({ whole }: AppliedAdapter) =>
    whole.size > 0 && (whole.has(`${this.path}.weight`) || whole.has(`${this.path}.bias`));

  /** Replaces the base's weight and bias by an adapter's. */
  merge(adapter: AppliedAdapter): void {
    if (!this.adapts(adapter)) return;
    const { graph } = this;
    const [weight, bias] = this.tensors(adapter);
    const original = { weight: graph.value(this.weight), bias: this.bias === null ? null : graph.value(this.bias) };
    const merged = { weight: graph.value(weight), bias: bias === null ? null : graph.value(bias) };
    this.original = original;
    this.set(merged);
  }

  /** Restores them as loaded, bit by bit. */
  unmerge(): void {
    if (this.original !== null) this.set(this.original);
    this.original = null;
  }

  private set({ weight, bias }: { readonly weight: Tensor; readonly bias: Tensor | null }): void {
    this.graph.setValue(this.weight, weight);
    if (this.bias !== null) this.graph.setValue(this.bias, bias!);
  }

  private tensors(adapter: AppliedAdapter | null): [weight: NodeId, bias: NodeId | null] {
    const own = (part: string) => adapter?.whole.get(`${this.path}.${part}`)?.node;
    return [own("weight") ?? this.weight, own("bias") ?? this.bias];
  }
}

/** The tensors to which PEFT's LoRA+ applies weight decay: no biases, and no layer norms' weights; but RMS norms' weights. */
export function decayTest(norms: readonly AdaptedNorm[]): (name: string) => boolean {
  const layerNorms = new Set(norms.filter(({ form }) => form === "layer").map(({ path }) => `${path}.weight`));
  return (name) => !name.endsWith(".bias") && !layerNorms.has(name);
}
