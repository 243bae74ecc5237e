import type { WithHalves } from "../../halves-kernels.js";
import type { AttentionKernels, Pointer } from "../../kernels.js";
import type { Heap } from "../../memory/heap.js";
import { ATTENTION_PLAN } from "../../struct.js";
import type { CommandStream } from "../command-stream.js";
import type { GpuMemory } from "../gpu-memory.js";
import type { Program } from "../program.js";
import { BLOCK, forwardHalvesProgram, forwardProgram, keysProgram, queriesProgram } from "../programs/attention.js";
import { storeHalves } from "../programs/functions.js";
import { withScratch } from "../../memory/scratch.js";

/** Words of a sequence in the table behind a plan. */
const ROW = 5;

/** A plan as it was uploaded, for a dispatch. */
interface Plan {
  readonly heads: number;
  readonly kvHeads: number;
  readonly lseHead: number;
  /** Columns of a head for each thread. */
  readonly columns: number;
  /** The first values of every program. */
  readonly values: readonly number[];
  /** The last values: DeBERTa's tables, if there are any. */
  readonly tables: readonly number[];
  /** Blocks of all sequences by their lengths at a word of the table. */
  blocks(word: 1 | 3): number;
}

export function attentionKernels(
  stream: CommandStream,
  memory: GpuMemory,
  heap: Heap,
): AttentionKernels & Required<WithHalves> {
  const programs = new Map<string, Program>();
  const programOf = (make: (columns: number, disentangled: boolean) => Program, { columns, tables }: Plan) => {
    const key = `${make.name} ${columns} ${tables.length}`;
    let found = programs.get(key);
    if (found === undefined) programs.set(key, (found = make(columns, tables.length > 0)));
    return found;
  };
  const run = (make: typeof forwardProgram, plan: Pointer, cap: number, operands: readonly Pointer[]) => {
    const all = read(memory.uploaded(plan), plan, cap);
    stream.run(programOf(make, all), all.blocks(1), all.heads, [...all.values, ...operands, ...all.tables]);
  };
  const forward: AttentionKernels["attention_forward_capped"] = (plan, q, k, v, o, lse, _scratch, _length, cap) =>
    run(forwardProgram, plan, cap, [q, k, v, o, lse]);
  const gradient: AttentionKernels["attention_gradient_capped"] = (plan, operands, _scratch, _length, cap) => {
    const all = read(memory.uploaded(plan), plan, cap);
    const { heads, kvHeads, lseHead, values, blocks, tables } = all;
    const of = Array.from(memory.uploaded(operands), (word) => word >>> 0);
    const [g, q, k, v, lse, dq, dk, dv, accumulateQ, accumulateK, accumulateV] = of;
    const [dc2p, dp2c, accumulateC2p, accumulateP2c] = of.slice(11);
    const after = (...gradient: number[]) => (tables.length === 0 ? [] : [...tables, ...gradient]);
    const inputs = [...values, q!, k!, v!, g!, lse!];
    withScratch(heap, heads * lseHead, (sums) => {
      const ofQueries = [sums, dq!, accumulateQ!, ...after(dc2p!, accumulateC2p!)];
      stream.run(programOf(queriesProgram, all), blocks(1), heads, [...inputs, ...ofQueries]);
      if (dk === 0 && dv === 0 && dp2c === 0) return;
      const ofKeys = [sums, dk!, dv!, accumulateK!, accumulateV!, ...after(dp2c!, accumulateP2c!)];
      stream.run(programOf(keysProgram, all), blocks(3), kvHeads, [...inputs, ...ofKeys]);
    });
  };
  return {
    attention_scratch_len: () => 0,
    attention_forward: (plan, q, k, v, o, lse, scratch, length) => forward(plan, q, k, v, o, lse, scratch, length, 0),
    attention_forward_capped: forward,
    attention_gradient: (plan, operands, scratch, length) => gradient(plan, operands, scratch, length, 0),
    attention_gradient_capped: gradient,
    halves: {
      store(rows, width, x, xRow, data, start) {
        const [count, skip] = [rows * width, start % 2];
        stream.elements(
          storeHalves,
          Math.ceil((count + skip) / 2),
          count,
          width,
          skip,
          x,
          xRow,
          data + 2 * (start - skip),
        );
      },
      attention: (plan, q, k, v, o, lse, cap) => run(forwardHalvesProgram, plan, cap, [q, k, v, o, lse]),
    },
  };
}

/** Reads an `AttentionPlan` (ts/engine/struct.ts). */
function read(words: Int32Array, pointer: Pointer, cap: number): Plan {
  const of = (i: number) => words[i]! >>> 0;
  const [keyBias, sequences, heads, kvHeads, headDim] = [of(0), of(1), of(2), of(3), of(4)] as const;
  const scale = new Float32Array(words.buffer, words.byteOffset, words.length)[13]!;
  const strides = [of(5), of(6), of(7), of(8), of(9), of(10), of(11)];
  return {
    heads,
    kvHeads,
    lseHead: of(11),
    columns: Math.ceil(headDim / BLOCK),
    values: [
      pointer + 4 * ATTENTION_PLAN,
      sequences,
      heads,
      kvHeads,
      headDim,
      ...strides,
      keyBias,
      of(12),
      scale,
      of(14),
      of(15),
      of(16),
      of(17),
      cap,
    ],
    tables: of(18) === 0 ? [] : [of(18), of(19), of(20), of(21)],
    blocks(word) {
      let sum = 0;
      for (let s = 0; s < sequences; s++) sum += Math.ceil(of(ATTENTION_PLAN + ROW * s + word) / BLOCK);
      return sum;
    },
  };
}
