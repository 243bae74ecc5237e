/** Features of the runtime's WebAssembly, found by validating modules of a few bytes. */
export interface Features {
  /** 128-bit SIMD, which this package requires. */
  readonly simd: boolean;
  /** Relaxed SIMD: fused multiply-add. */
  readonly relaxedSimd: boolean;
  /** Shared memory and atomics, if the page or process allows them. */
  readonly threads: boolean;
}

/** Whether a module of one function, [] → [], whose code section is the last of `sections`, is valid. */
function validates(...sections: number[]): boolean {
  const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  const oneFunction = [0x01, 0x04, 0x01, 0x60, 0x00, 0x00, 0x03, 0x02, 0x01, 0x00];
  return WebAssembly.validate(Uint8Array.of(...header, ...oneFunction, ...sections));
}

/** f32.const 0, f32x4.splat */
const VECTOR = [0x43, 0x00, 0x00, 0x00, 0x00, 0xfd, 0x13];

/** Tests each feature. Takes microseconds and compiles nothing. */
export function detectFeatures(): Features {
  return {
    // Sections of one body, which ends in drop, end.
    simd: validates(0x0a, 0x0c, 0x01, 0x0a, 0x00, ...VECTOR, 0x1a, 0x0b),
    // f32x4.relaxed_madd
    relaxedSimd: validates(0x0a, 0x1d, 0x01, 0x1b, 0x00, ...VECTOR, ...VECTOR, ...VECTOR, 0xfd, 0x85, 0x02, 0x1a, 0x0b),
    threads: sharedMemoryObstacle() === null,
  };
}

/** Why memory cannot be shared with workers here; null if it can. */
export function sharedMemoryObstacle(): string | null {
  // Pages need isolation before a `SharedArrayBuffer` can be sent to a worker.
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated;
  if (isolated === false) return "this page is not cross-origin isolated (by the headers COOP and COEP)";
  if (typeof SharedArrayBuffer === "undefined") return "this runtime has no SharedArrayBuffer";
  // A shared memory; i32.const 0, i32.atomic.load
  const memory = [0x05, 0x04, 0x01, 0x03, 0x01, 0x01];
  const code = [0x0a, 0x0b, 0x01, 0x09, 0x00, 0x41, 0x00, 0xfe, 0x10, 0x02, 0x00, 0x1a, 0x0b];
  return validates(...memory, ...code) ? null : "this runtime's WebAssembly has no shared memory";
}
