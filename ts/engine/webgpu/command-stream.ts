import type { GpuFailure } from "./failure.js";
import { MOST_PARAMETERS, type Program, spread, THREADS } from "./program.js";

// WebGPU's bit flags (W3C WebGPU, "GPUBufferUsage", "GPUMapMode", "GPUShaderStage"): browsers have them as globals, Node has not.

export const MAP_READ = 0x1;
export const COPY_SRC = 0x4;
export const COPY_DST = 0x8;
const UNIFORM = 0x40;
export const STORAGE = 0x80;

/** The mode of `mapAsync` for reading. */
export const READ = 0x1;

/** The visibility of a binding in compute programs. */
const COMPUTE = 0x4;

/** Bytes of a dispatch's parameters: the alignment that WebGPU guarantees for dynamic offsets. */
const SLOT = 4 * MOST_PARAMETERS;
/** Dispatches between two submissions at most: the GPU begins while later ones are encoded. */
const SLOTS = 256;
/** Bytes of small uploads between two submissions at most. */
const STAGING = 65_536;

/** What is counted, since it decides speed. */
export interface Counts {
  dispatches: number;
  submissions: number;
  bytesUploaded: number;
  bytesRead: number;
}

/** Dispatches in the order of calls, collected and submitted together. Bytes that are read, or written in large pieces, flush what came before. */
export class CommandStream {
  readonly counts: Counts = { dispatches: 0, submissions: 0, bytesUploaded: 0, bytesRead: 0 };
  private readonly uniforms: GPUBuffer;
  private readonly slots = new ArrayBuffer(SLOT * SLOTS);
  private readonly integers = new Uint32Array(this.slots);
  private readonly floats = new Float32Array(this.slots);
  private readonly layout: GPUBindGroupLayout;
  private readonly pipelineLayout: GPUPipelineLayout;
  private readonly pipelines = new Map<Program, GPUComputePipeline>();
  private group: GPUBindGroup | null = null;
  private encoder: GPUCommandEncoder | null = null;
  private pass: GPUComputePassEncoder | null = null;
  private used = 0;
  /** Small uploads of this submission, which are copied from here to their places in order with dispatches. */
  private readonly staging: GPUBuffer;
  private readonly staged = new Uint8Array(STAGING);
  private stagedBytes = 0;
  /** Encodes a call that waits for the next one. */
  private deferred: (() => void) | null = null;

  constructor(
    private readonly device: GPUDevice,
    private readonly failure: GpuFailure,
  ) {
    this.uniforms = device.createBuffer({ size: SLOT * SLOTS, usage: UNIFORM | COPY_DST });
    this.staging = device.createBuffer({ size: STAGING, usage: COPY_SRC | COPY_DST });
    this.layout = device.createBindGroupLayout({
      entries: [
        { binding: 0, visibility: COMPUTE, buffer: { type: "storage" } },
        { binding: 1, visibility: COMPUTE, buffer: { type: "uniform", hasDynamicOffset: true, minBindingSize: SLOT } },
      ],
    });
    this.pipelineLayout = device.createPipelineLayout({ bindGroupLayouts: [this.layout] });
  }

  /** Whether its device has a feature. */
  has(feature: GPUFeatureName): boolean {
    return this.device.features.has(feature);
  }

  /** Uses a buffer as memory from now on. What is encoded is submitted with the former one. */
  bind(memory: GPUBuffer): void {
    this.flush();
    this.group = this.device.createBindGroup({
      layout: this.layout,
      entries: [
        { binding: 0, resource: { buffer: memory } },
        { binding: 1, resource: { buffer: this.uniforms, size: SLOT } },
      ],
    });
  }

  /** Lets a call wait for the next one, which may become part of it. Everything else on this stream encodes it first. */
  defer(encode: () => void): void {
    this.settle();
    this.deferred = encode;
  }

  /** Encodes what came before the call that waits: it must not depend on that call. */
  ahead(encode: () => void): void {
    const { deferred } = this;
    this.deferred = null;
    try {
      encode();
      this.settle();
    } finally {
      this.deferred = deferred;
    }
  }

  /** Encodes the call that waits, if there is one. */
  settle(): void {
    const { deferred } = this;
    this.deferred = null;
    deferred?.();
  }

  /** Encodes a dispatch of `x` by `y` workgroups; `values` are those of the program's parameters. */
  run(program: Program, x: number, y: number, values: readonly number[]): void {
    if (x === 0 || y === 0) return;
    this.settle();
    this.failure.assertNone();
    if (this.used === SLOTS) this.flush();
    const pass = this.begin();
    const { parameters } = program;
    const base = (this.used * SLOT) / 4;
    for (let i = 0; i < parameters.length; i++) {
      const value = values[i]!;
      const { kind } = parameters[i]!;
      if (kind === "f32") this.floats[base + i] = value;
      else this.integers[base + i] = kind === "pointer" ? value / 4 : value;
    }
    pass.setPipeline(this.pipeline(program));
    pass.setBindGroup(0, this.group, [this.used * SLOT]);
    pass.dispatchWorkgroups(x, y);
    this.used++;
    this.counts.dispatches++;
  }

  /** A program with one thread for each element; the first value is their number. */
  elements(program: Program, n: number, ...values: readonly number[]): void {
    this.run(program, ...spread(Math.ceil(n / THREADS)), [n, ...values]);
  }

  /** A program with one workgroup for each row; the first value is their number. */
  rows(program: Program, rows: number, ...values: readonly number[]): void {
    this.run(program, ...spread(rows), [rows, ...values]);
  }

  /** Writes bytes, whose number is a multiple of 4, to a buffer: after the dispatches so far and before later ones. */
  upload(bytes: Uint8Array, to: GPUBuffer, at: number): void {
    const { length } = bytes;
    if (length === 0) return;
    this.settle();
    // Ids and plans wait for the submission; what is larger, or comes first in one, is written directly.
    if (this.encoder !== null && length > STAGING - this.stagedBytes) this.flush();
    if (this.encoder === null) return this.device.queue.writeBuffer(to, at, bytes);
    this.staged.set(bytes, this.stagedBytes);
    this.copy(this.staging, this.stagedBytes, to, at, length);
    this.stagedBytes += length;
  }

  /** Copies bytes between buffers, in order with dispatches. */
  copy(from: GPUBuffer, at: number, to: GPUBuffer, toAt: number, bytes: number): void {
    this.settle();
    this.begin();
    this.endPass();
    this.encoder!.copyBufferToBuffer(from, at, to, toAt, bytes);
  }

  /** Submits what is encoded. */
  flush(): void {
    this.settle();
    if (this.encoder === null) return;
    this.endPass();
    this.device.queue.writeBuffer(this.uniforms, 0, this.slots, 0, this.used * SLOT);
    this.device.queue.writeBuffer(this.staging, 0, this.staged, 0, this.stagedBytes);
    this.stagedBytes = 0;
    this.device.queue.submit([this.encoder.finish()]);
    this.failure.closeScopes(this.device);
    this.encoder = null;
    this.used = 0;
    this.counts.submissions++;
  }

  private begin(): GPUComputePassEncoder {
    if (this.encoder === null) {
      this.failure.openScopes(this.device);
      this.encoder = this.device.createCommandEncoder();
    }
    return (this.pass ??= this.encoder.beginComputePass());
  }

  private endPass(): void {
    this.pass?.end();
    this.pass = null;
  }

  private pipeline(program: Program): GPUComputePipeline {
    const known = this.pipelines.get(program);
    if (known !== undefined) return known;
    const { code, subgroups } = program;
    const chosen = subgroups !== undefined && this.has("subgroups") ? subgroups : code;
    const module = this.device.createShaderModule({ code: chosen, label: program.name });
    const pipeline = this.device.createComputePipeline({
      label: program.name,
      layout: this.pipelineLayout,
      compute: { module, entryPoint: "main" },
    });
    this.pipelines.set(program, pipeline);
    return pipeline;
  }
}
