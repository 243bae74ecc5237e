import { importing, newWorker, ownAddress, type TrustedAddress } from "./trusted-address.js";

/**
 * A worker of the page that runs the script at a URL. Browsers do not start workers from another origin (a CDN) or, in effect, from data
 * URLs, into which bundlers inline small files: for these, a one-line classic script of the page imports it.
 */
export function workerFrom(address: string | TrustedAddress, type: WorkerType = "classic"): Worker {
  const { href, origin, protocol } = new URL(String(address), location.href);
  const isText = typeof address === "string";
  if (origin === location.origin || !/^(https?|data):$/.test(protocol))
    return newWorker(isText ? href : address, { type });
  const script = new Blob([importing(href)], { type: "text/javascript" });
  const url = URL.createObjectURL(script);
  try {
    // A URL that was refused must not be passed in another form.
    return newWorker(isText ? url : ownAddress(url));
  } finally {
    // When it answers, the worker has fetched the script, or never will.
    setTimeout(() => URL.revokeObjectURL(url), 30_000);
  }
}
