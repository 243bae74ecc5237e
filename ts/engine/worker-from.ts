/**
 * A worker of the page that runs the script at an address. Browsers start none from another origin (a CDN), and one from an address of
 * data, into which bundlers write small files, is of no origin: there a script of a line, which is the page's own, asks for it, as a
 * classic worker.
 */
export function workerFrom(address: string, type: WorkerType = "classic"): Worker {
  const { href, origin, protocol } = new URL(address, location.href);
  if (origin === location.origin || !/^(https?|data):$/.test(protocol)) return new Worker(href, { type });
  const script = new Blob([`importScripts(${JSON.stringify(href)})`], { type: "text/javascript" });
  const url = URL.createObjectURL(script);
  try {
    return new Worker(url);
  } finally {
    // The worker has fetched it by the time that it answers, or never will.
    setTimeout(() => URL.revokeObjectURL(url), 30_000);
  }
}
