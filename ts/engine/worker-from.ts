import { importing, newWorker, ownAddress, type TrustedAddress } from "./trusted-address.js";

/**
 * A worker of the page that runs the script at an address. Browsers start none from another origin (a CDN), and one from an address of
 * data, into which bundlers write small files, is of no origin: there a script of a line, which is the page's own, asks for it, as a
 * classic worker.
 */
export function workerFrom(address: string | TrustedAddress, type: WorkerType = "classic"): Worker {
  const { href, origin, protocol } = new URL(String(address), location.href);
  const isText = typeof address === "string";
  if (origin === location.origin || !/^(https?|data):$/.test(protocol))
    return newWorker(isText ? href : address, { type });
  const script = new Blob([importing(href)], { type: "text/javascript" });
  const url = URL.createObjectURL(script);
  try {
    // A text that was not let pass is not to pass in another shape.
    return newWorker(isText ? url : ownAddress(url));
  } finally {
    // The worker has fetched it by the time that it answers, or never will.
    setTimeout(() => URL.revokeObjectURL(url), 30_000);
  }
}
