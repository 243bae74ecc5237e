import { optional, readOptions } from "../../arguments/options.js";
import { finite, flag, whole } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import { integersOf } from "../../values/number-list.js";
import { wrongShape } from "../../values/tensor.js";
import type { Pointer, TakingOp } from "../op.js";
import { offsets } from "../shape/offsets.js";
import { type AttentionPlan, runAttention, runAttentionGradient } from "./attention-plan.js";
import {
  checkDistances,
  columnBlocks,
  longestOf,
  type RaggedAttentionAttributes,
  raggedPlan,
  raggedShape,
  uploadDistances,
} from "./ragged-attention.js";

export interface DisentangledAttentionAttributes extends Pick<
  RaggedAttentionAttributes,
  "offsets" | "heads" | "scale"
> {
  /** Bucket of each distance i − j: 2·n − 1 of them, distance 0 in the middle, n no less than the longest sequence. */
  readonly buckets: ArrayLike<number>;
}

/** Attributes, and which of its tables there are: c2p comes first. */
interface Given {
  readonly options: DisentangledAttentionAttributes;
  readonly c2p: boolean;
  readonly p2c: boolean;
}

interface Taken {
  readonly offsets: Int32Array;
  readonly heads: number;
  readonly scale: number | undefined;
  readonly buckets: Int32Array;
  readonly c2p: boolean;
  readonly p2c: boolean;
}

const readers = {
  offsets,
  heads: (what: string, name: string, value: unknown) => whole(what, name, value, 1, 2 ** 30),
  scale: optional(finite),
  buckets: (what: string, name: string, value: unknown) => integersOf(what, name, value as number[]).data,
};

interface Saved {
  readonly plan: AttentionPlan;
  readonly lse: Pointer;
}

/**
 * Attention of a ragged batch, as `raggedAttention`, whose scores also know how far query and key are apart (arXiv
 * 2006.03654): scale·(q_i·k_j + c2p[i, b] + p2c[j, b]), b = buckets[i − j]. c2p and p2c are `[tokens, heads·buckets]`, the products
 * of queries with the buckets' keys and of keys with the buckets' queries; either may be missing. Gradients go to all of them.
 */
export const disentangledAttention: TakingOp<Given, Taken, Saved> = {
  name: "disentangledAttention",
  take: (given, what) => ({
    ...readOptions(what, given?.options, readers),
    c2p: flag(what, "c2p", given?.c2p),
    p2c: flag(what, "p2c", given?.p2c),
  }),
  shape(inputs, { offsets, heads, buckets }, what) {
    const [qkv, ...tables] = inputs;
    const shape = raggedShape(qkv!, offsets, { heads }, what);
    checkDistances(what, "buckets", buckets.length, 1, longestOf(offsets));
    const [tokens] = shape as [number];
    for (const table of tables) {
      const [rows, columns] = table as [number, number];
      if (table.length !== 2 || rows !== tokens || columns % heads !== 0 || columns !== tables[0]![1])
        throw wrongShape(what, "c2p and p2c", `[${tokens}, heads·buckets], ${heads} heads`, table);
      const count = columns / heads;
      const place = buckets.findIndex((bucket) => bucket < 0 || bucket >= count);
      if (place >= 0)
        throw new ConfigError(`${what}: buckets are from 0 to ${count - 1}, got ${buckets[place]!}`, {
          op: what,
          option: "buckets",
          value: buckets[place],
          place,
        });
    }
    return shape;
  },
  forward(call) {
    const { inputs, attributes } = call;
    const { heads, buckets, c2p, p2c } = attributes;
    const [qkv, ...tables] = inputs;
    const { pointer } = uploadDistances(call, buckets, 1, longestOf(attributes.offsets));
    const plan = raggedPlan(call, qkv!, { ...attributes, causal: false }, {
      buckets: pointer,
      bucketCount: (tables[0]?.shape[1] ?? 0) / heads,
      c2p: c2p ? tables[0]!.pointer : 0,
      p2c: p2c ? tables[Number(c2p)]!.pointer : 0,
    }); // prettier-ignore
    const lse = call.keep(qkv!.shape[0]! * heads);
    runAttention(call, plan, columnBlocks(qkv!.pointer, qkv!, attributes), call.output.pointer, lse);
    return { plan, lse };
  },
  backward(call) {
    const { saved, gradient, attributes } = call;
    const qkv = call.inputs[0]!;
    const { c2p, p2c } = attributes;
    const operands = { qkv: columnBlocks(qkv.pointer, qkv, attributes), lse: saved.lse, gradient: gradient.pointer };
    // Where one node is several of the inputs, their gradients go to one place, one after the other.
    const distinct = new Set(call.inputs.map(({ pointer }) => pointer)).size === call.inputs.length;
    for (const run of distinct ? [[0, 1, 2]] : call.inputs.map((_, i) => [i])) {
      const target = (i: number) => call.targetIfWanted(run.includes(i) ? i : -1);
      const own = target(0);
      const blocks = own.pointer === 0 ? [0, 0, 0] : columnBlocks(own.pointer, qkv, attributes);
      const tables = [c2p ? target(1) : target(-1), p2c ? target(1 + Number(c2p)) : target(-1)];
      const targets = [...blocks.map((pointer) => ({ pointer, accumulate: own.accumulate })), ...tables];
      if (targets.some(({ pointer }) => pointer !== 0)) runAttentionGradient(call, saved.plan, operands, targets);
    }
  },
};
