import { workerFrom } from "../../engine/worker-from.js";
import type { WorkerRuntime } from "./runtime.js";
import { pageChannel } from "./page-channel.js";

/** Workers of a page. `own` starts the package's file, with code that bundlers recognise, and returns its address. */
export function pageRuntime(
  own: () => { readonly worker: Worker; readonly address: string },
  files: () => Readonly<Record<string, string>>,
): WorkerRuntime {
  return {
    start({ url, type }) {
      if (url === null) {
        const { worker, address } = own();
        return pageChannel(worker, address);
      }
      return pageChannel(workerFrom(url, type), String(url));
    },
    attach: (worker) => pageChannel(worker as Worker, null),
    base: () => (globalThis as Partial<typeof globalThis>).document?.baseURI ?? globalThis.location?.href ?? null,
    files,
  };
}
