import type { Kernels, PoolKernels, ProbeKernels, TileKernels } from "./kernels.js";

// Types of the platform that not every program's `lib` knows: a project for Node need not name "dom".

/** A compiled binary: the platform's own type, or any object where the program's `lib` has none. */
export type WasmModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } }
  ? Module
  : object;

/** What is used of a `WebAssembly.Memory`. */
export interface LinearMemory {
  /** All of it, until it grows. */
  readonly buffer: ArrayBuffer;
  /** Adds pages of 64 KiB; gives how many there were. */
  grow(pages: number): number;
}

/** All exports of a kernel binary: besides the kernels what the engine sets up and measures them with. */
export interface WasmKernels extends Kernels, TileKernels, ProbeKernels {
  /** Linear memory. Builds without threads create it themselves; the others import it. */
  readonly memory: LinearMemory;
}

/** Exports of the builds with threads. */
export interface SharedKernels extends WasmKernels, PoolKernels {}
