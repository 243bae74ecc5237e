import { EngineError, type LowrankError, MemoryError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";

const SCOPES = ["validation", "out-of-memory", "internal"] as const;

/**
 * The first error of a device. Devices report errors later, so numbers are only trusted once the scopes of all that was submitted before are
 * closed without one. After an error every call throws it: what the device computes then is undefined.
 */
export class GpuFailure {
  private first: LowrankError | null = null;
  private readonly open = new Set<Promise<void>>();
  private readonly listeners = new Set<(error: LowrankError) => void>();

  /** Throws the device's error, if it had one. */
  assertNone(): void {
    if (this.first !== null) throw this.first;
  }

  /** Records an error; later ones follow from the first. */
  fail(error: LowrankError): void {
    if (this.first !== null) return;
    this.first = error;
    for (const listener of this.listeners) listener(error);
  }

  /** Does `work`, unless the device has failed, and rejects as soon as it fails: a lost one may never answer. */
  async orFailed<T>(work: () => Promise<T>): Promise<T> {
    // Work that nobody waits for would end a Node process when it rejects.
    this.assertNone();
    let listener: (error: LowrankError) => void;
    const failed = new Promise<never>((_, reject) => this.listeners.add((listener = reject)));
    try {
      return await Promise.race([work(), failed]);
    } catch (error) {
      // Memory that cannot be read is that of a device which is lost, or which had an error before.
      await Promise.all(this.open);
      this.fail(lostDevice(String(error)));
      throw this.first!;
    } finally {
      this.listeners.delete(listener!);
    }
  }

  openScopes(device: GPUDevice): void {
    for (const filter of SCOPES) device.pushErrorScope(filter);
  }

  closeScopes(device: GPUDevice): void {
    for (const filter of [...SCOPES].reverse()) {
      const closed: Promise<void> = device
        .popErrorScope()
        .then(
          (error) => void (error && this.fail(errorOf(filter, error.message))),
          // The device is gone, which `lost` reports.
          () => undefined,
        )
        .finally(() => this.open.delete(closed));
      this.open.add(closed);
    }
  }

  /** Resolves once all that was submitted is known to be without an error; else throws it. */
  async settled(): Promise<void> {
    await this.orFailed(() => Promise.all(this.open));
    this.assertNone();
  }
}

/** The error of a lost device. */
export function lostDevice(why: string): EngineError {
  const text = `webgpu: the device was lost (${clip(why) || "no reason was given"}); start another engine and load the model again`;
  return new EngineError(text, { op: "webgpu", reason: "device lost" });
}

/** The error of a scope. */
export function errorOf(kind: string, message: string): LowrankError {
  const details = { op: "webgpu", reason: kind };
  if (kind === "out-of-memory") {
    const text = `webgpu: the GPU is out of memory: ${clip(message)}; close this engine, then use smaller batches or device "wasm"`;
    return new MemoryError(text, details);
  }
  return new EngineError(
    `webgpu: ${kind} error of the GPU: ${clip(message)}; close this engine and use device "wasm"`,
    details,
  );
}
