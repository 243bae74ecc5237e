import { wrongShape } from "../../values/tensor.js";
import { longestOf } from "../attention/ragged-attention.js";
import type { GradientTarget, Op, Pointer, Shape, Value, Workspace } from "../op.js";
import { checkSequences, refuseStates, type SequenceState } from "./sequence-state.js";

export interface GatedDeltaAttributes {
  /** Starts of the sequences in the rows and, last, the number of rows: `[batch + 1]`. */
  readonly offsets: Int32Array;
  /** Heads of q and k, a divisor of those of v: value head h has key head h·keyHeads / valueHeads. */
  readonly keyHeads: number;
  /** S of each sequence, `[valueHeads, dk, dv]`. Default: each begins with zeros and keeps nothing. */
  readonly states?: readonly SequenceState[];
}

/**
 * The gated delta rule (arXiv 2412.06464): q and k `[tokens, keyHeads·dk]`, v `[tokens, valueHeads·dv]`, g and beta `[tokens, valueHeads]`
 * → `[tokens, valueHeads·dv]`. For each token and head, with a state S `[dk, dv]`: S ← e^g·S; δ = beta·(v − Sᵀk); S ← S + k·δᵀ; y = Sᵀq.
 * With G the gradient of S after the token, and P = e^g·S before it: ∂q = S·g_y; G += q·g_yᵀ; ∂δ = Gᵀk; ∂beta = ∂δ·(v − Pᵀk); ∂v = e = beta·∂δ;
 * ∂k = G·δ − P·e; G −= k·eᵀ; ∂g = ⟨G, P⟩; G ← e^g·G. A sequence has the same bits alone, in a batch and in pieces with a state. No
 * gradient with states.
 */
export const gatedDelta: Op<GatedDeltaAttributes, void> = {
  name: "gatedDelta",
  shape([q, k, v, g, beta], { offsets, keyHeads, states }, what) {
    const [tokens, keys] = q as [number, number];
    if (q!.length !== 2 || !Number.isInteger(keys / keyHeads))
      throw wrongShape(what, "q", `[tokens, dk · ${keyHeads} heads]`, q!);
    const valueHeads = g!.at(-1)!;
    if (!Number.isInteger(valueHeads / keyHeads) || valueHeads === 0)
      throw wrongShape(what, "g", `[${tokens}, a multiple of ${keyHeads} heads]`, g!);
    const expect = (name: string, shape: Shape, width: number) => {
      if (shape.length !== 2 || shape[0] !== tokens || shape[1] !== width)
        throw wrongShape(what, name, `[${tokens}, ${width}]`, shape);
    };
    expect("k", k!, keys);
    expect("g", g!, valueHeads);
    expect("beta", beta!, valueHeads);
    expect("v", v!, valueHeads * Math.ceil((v!.at(-1) ?? 0) / valueHeads));
    checkSequences(what, offsets, tokens, states);
    return v!;
  },
  forward(call) {
    const { kernels, inputs, output } = call;
    const pointers = inputs.map(({ pointer }) => pointer) as Five<Pointer>;
    const scratch = call.scratch(kernels.gated_delta_scratch_len(sizesOf(call).at(-2)!, 0));
    kernels.gated_delta_forward(
      ...pointers,
      output.pointer,
      uploadTable(call),
      ...rowsOf(call),
      ...sizesOf(call),
      scratch,
    );
  },
  backward(call) {
    const { kernels, inputs, gradient, attributes } = call;
    refuseStates("gatedDelta", attributes.states);
    const pointers = inputs.map(({ pointer }) => pointer) as Five<Pointer>;
    const targets = inputs.map(({ size }, i) => {
      const { pointer, accumulate }: GradientTarget = call.wants(i)
        ? call.target(i)
        : { pointer: call.scratch(size), accumulate: 0 };
      // The kernel adds to what is there.
      if (accumulate === 0) kernels.fill(size, 0, pointer);
      return pointer;
    }) as Five<Pointer>;
    const [sizes, longest] = [sizesOf(call), longestOf(attributes.offsets)];
    const scratch = call.scratch(kernels.gated_delta_scratch_len(sizes.at(-2)!, longest));
    const table = uploadTable(call);
    kernels.gated_delta_gradient(
      ...pointers,
      gradient.pointer,
      ...targets,
      table,
      ...rowsOf(call),
      longest,
      ...sizes,
      scratch,
    );
  },
};

type Five<T> = [T, T, T, T, T];
type Called = Workspace & { readonly inputs: readonly Value[]; readonly attributes: GatedDeltaAttributes };

const rowsOf = ({ inputs, attributes }: Called): [sequences: number, rows: number] => [
  attributes.offsets.length - 1,
  inputs[0]!.shape[0]!,
];

function sizesOf({ inputs, attributes: { keyHeads } }: Called) {
  const [q, , v, g] = inputs.map(({ shape }) => shape[1]!) as [number, number, number, number];
  return [keyHeads, g, q / keyHeads, v / g] as [keyHeads: number, valueHeads: number, keyDim: number, valueDim: number];
}

/** The sequences as the kernels read them: first row, rows, state before and after. */
function uploadTable(call: Called): Pointer {
  const { offsets, states } = call.attributes;
  const rows = Array.from({ length: offsets.length - 1 }, (_, s) => {
    const { before, after } = states?.[s] ?? { before: null, after: 0 };
    return [offsets[s]!, offsets[s + 1]! - offsets[s]!, before ?? 0, after];
  });
  return call.upload(Int32Array.from(rows.flat()));
}
