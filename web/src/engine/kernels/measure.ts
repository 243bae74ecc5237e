import { signal } from "@preact/signals";
import { ownScript } from "../own-script.js";
import address from "../engine-worker.ts?worker&url";
import type { Measurement } from "./products.js";

/** The measurements so far, in billions of multiplications and additions per second. */
export interface Measured {
  readonly build: "relaxed" | "simd";
  /** The measured numbers of threads: one, and all. */
  readonly threads: readonly number[];
  /** Why there is only one thread, if so. */
  readonly refused: string | null;
  /** The peak of one thread; null until it is measured. */
  readonly peak: number | null;
  readonly rates: readonly { readonly product: number; readonly threads: number; readonly rate: number }[];
}

export const measured = signal<Measured | null>(null);
export const measuring = signal(false);
export const measureProblem = signal<unknown>(null);

/** Measures in a worker, so that the page stays responsive. */
export function measure(): void {
  if (measuring.value) return;
  measuring.value = true;
  measured.value = null;
  measureProblem.value = null;
  let worker: Worker | undefined;
  const end = (problem: unknown = null) => {
    worker?.terminate();
    measuring.value = false;
    measureProblem.value = problem;
  };
  const fail = (name: string, message: string) => end(Object.assign(new Error(message), { name }));
  try {
    worker = new Worker(ownScript(address), { type: "module", name: "kernels" });
  } catch (error) {
    // For example if the site's policy forbids the worker.
    return fail("UnsupportedError", String(error));
  }
  worker.onerror = ({ message }) => fail("EngineError", message || "the worker did not start");
  worker.onmessage = ({ data }: MessageEvent<Measurement>) => {
    const now = measured.value;
    switch (data.type) {
      case "begun": {
        const { build, threads, refused } = data;
        measured.value = { build, threads, refused, peak: null, rates: [] };
        return;
      }
      case "peak":
        measured.value = { ...now!, peak: data.rate };
        return;
      case "rate": {
        const { type: _, ...rate } = data;
        measured.value = { ...now!, rates: [...now!.rates, rate] };
        return;
      }
      case "failed":
        return fail(data.name, data.message);
      default:
        return end();
    }
  };
}
