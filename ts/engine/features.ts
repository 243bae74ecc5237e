/** What the runtime's WebAssembly can do, found by validating modules of a few bytes. */
export interface Features {
  /** 128-bit SIMD: the least this package needs. */
  readonly simd: boolean;
  /** Relaxed SIMD: fused multiply-add. */
  readonly relaxedSimd: boolean;
  /** Shared memory and atomics, and a page or process that allows them. */
  readonly threads: boolean;
}

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
/** Type section of one function, [] → []; then a function section that uses it. */
const ONE_FUNCTION = [0x01, 0x04, 0x01, 0x60, 0x00, 0x00, 0x03, 0x02, 0x01, 0x00];

function validates(...sections: number[][]): boolean {
  return WebAssembly.validate(new Uint8Array([...HEADER, ...sections.flat()]));
}

/** A code section with one body made of `instructions`. */
function code(...instructions: number[]): number[] {
  const body = [0x00, ...instructions, 0x0b];
  return [0x0a, body.length + 2, 0x01, body.length, ...body];
}

const ZERO = [0x41, 0x00]; // i32.const 0
const SPLAT = [0xfd, 0x13]; // f32x4.splat
const FLOAT_ZERO = [0x43, 0x00, 0x00, 0x00, 0x00]; // f32.const 0
const DROP = [0x1a];

const SIMD = code(...FLOAT_ZERO, ...SPLAT, ...DROP);
const vector = [...FLOAT_ZERO, ...SPLAT];
const RELAXED = code(...vector, ...vector, ...vector, 0xfd, 0x85, 0x02, ...DROP); // f32x4.relaxed_madd
const SHARED_MEMORY = [0x05, 0x04, 0x01, 0x03, 0x01, 0x01];
const ATOMIC = code(...ZERO, 0xfe, 0x10, 0x02, 0x00, ...DROP); // i32.atomic.load

/** Tries each feature. Takes microseconds and compiles nothing. */
export function detectFeatures(): Features {
  return {
    simd: validates(ONE_FUNCTION, SIMD),
    relaxedSimd: validates(ONE_FUNCTION, RELAXED),
    threads: sharedMemoryObstacle() === null,
  };
}

/** Why memory cannot be shared with workers here; null where it can. */
export function sharedMemoryObstacle(): string | null {
  // Pages need isolation before a `SharedArrayBuffer` can be sent to a worker.
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated;
  if (isolated === false) return "this page is not cross-origin isolated (it needs the headers COOP and COEP)";
  if (typeof SharedArrayBuffer === "undefined") return "this runtime has no SharedArrayBuffer";
  if (!validates(ONE_FUNCTION, SHARED_MEMORY, ATOMIC)) return "this runtime's WebAssembly has no shared memory";
  return null;
}
