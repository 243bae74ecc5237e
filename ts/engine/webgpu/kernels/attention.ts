import { UnsupportedError } from "../../../errors/errors.js";
import type { AttentionKernels, Pointer } from "../../kernels.js";
import type { Heap } from "../../memory/heap.js";
import { ATTENTION_PLAN } from "../../struct.js";
import type { CommandStream } from "../command-stream.js";
import type { GpuMemory } from "../gpu-memory.js";
import type { Program } from "../program.js";
import { BLOCK, forwardProgram, keysProgram, queriesProgram } from "../programs/attention.js";
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
  /** Blocks of all sequences by their lengths at a word of the table. */
  blocks(word: 1 | 3): number;
}

export function attentionKernels(stream: CommandStream, memory: GpuMemory, heap: Heap): AttentionKernels {
  const programs = new Map<string, Program>();
  const programOf = (make: (columns: number) => Program, columns: number) => {
    const key = `${make.name} ${columns}`;
    let found = programs.get(key);
    if (found === undefined) programs.set(key, (found = make(columns)));
    return found;
  };
  const forward: AttentionKernels["attention_forward_capped"] = (plan, q, k, v, o, lse, _scratch, _length, cap) => {
    const { columns, heads, values, blocks } = read(memory.uploaded(plan), plan, cap);
    stream.run(programOf(forwardProgram, columns), blocks(1), heads, [...values, q, k, v, o, lse]);
  };
  const gradient: AttentionKernels["attention_gradient_capped"] = (plan, operands, _scratch, _length, cap) => {
    const { columns, heads, kvHeads, lseHead, values, blocks } = read(memory.uploaded(plan), plan, cap);
    const [g, q, k, v, lse, dq, dk, dv, accumulateQ, accumulateK, accumulateV] = memory.uploaded(operands);
    const inputs = [...values, q!, k!, v!, g!, lse!];
    withScratch(heap, heads * lseHead, (sums) => {
      stream.run(programOf(queriesProgram, columns), blocks(1), heads, [...inputs, sums, dq!, accumulateQ!]);
      if (dk === 0 && dv === 0) return;
      const targets = [sums, dk!, dv!, accumulateK!, accumulateV!];
      stream.run(programOf(keysProgram, columns), blocks(3), kvHeads, [...inputs, ...targets]);
    });
  };
  return {
    attention_scratch_len: () => 0,
    attention_forward: (plan, q, k, v, o, lse, scratch, length) => forward(plan, q, k, v, o, lse, scratch, length, 0),
    attention_forward_capped: forward,
    attention_gradient: (plan, operands, scratch, length) => gradient(plan, operands, scratch, length, 0),
    attention_gradient_capped: gradient,
  };
}

/** Reads an `AttentionPlan` (ts/engine/struct.ts). Throws `UnsupportedError` for DeBERTa's scores. */
function read(words: Int32Array, pointer: Pointer, cap: number): Plan {
  const of = (i: number) => words[i]! >>> 0;
  const [keyBias, sequences, heads, kvHeads, headDim] = [of(0), of(1), of(2), of(3), of(4)] as const;
  const scale = new Float32Array(words.buffer, words.byteOffset, words.length)[13]!;
  if (of(18) !== 0) {
    const message =
      'webgpu: there is no GPU kernel for scores by distance and content (DeBERTa) yet; use device "wasm"';
    throw new UnsupportedError(message, { op: "webgpu", missing: "attention_forward with buckets" });
  }
  const strides = [of(5), of(6), of(7), of(8), of(9), of(10), of(11)];
  return {
    ...{ heads, kvHeads, lseHead: of(11), columns: Math.ceil(headDim / BLOCK) },
    values: [
      ...[pointer + 4 * ATTENTION_PLAN, sequences, heads, kvHeads, headDim, ...strides],
      ...[keyBias, of(12), scale, of(14), of(15), of(16), of(17), cap],
    ],
    blocks(word) {
      let sum = 0;
      for (let s = 0; s < sequences; s++) sum += Math.ceil(of(ATTENTION_PLAN + ROW * s + word) / BLOCK);
      return sum;
    },
  };
}
