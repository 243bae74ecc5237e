import { workerFrom } from "../../engine/worker-source.js";
import { clip } from "../../errors/excerpt.js";
import type { WorkerChannel } from "../protocol/messages.js";
import type { WorkerRuntime } from "./runtime.js";

const COPY = "copy node_modules/lowrank/dist/lowrank-worker.js to where it is served and pass startWorker({ url })";
const VITE = 'with Vite: optimizeDeps: { exclude: ["lowrank"] }';

/**
 * Why a worker's file did not start, as far as a request for it shows, and what to do. Null if the file is fine.
 *
 * @param forbidden the directive of the page's security policy that was violated
 */
async function explainStart(address: string | null, forbidden: string | null): Promise<string | null> {
  const file = address === null ? "the worker's file" : clip(address);
  if (forbidden !== null) {
    const advice = "let worker-src allow its origin";
    return `the page's Content-Security-Policy (${forbidden}) forbids the worker ${file}: ${advice}`;
  }
  if (address === null) return null;
  const { location, crossOriginIsolated } = globalThis as Partial<typeof globalThis>;
  const url = new URL(address, location?.href);
  // The page made this script itself, so it exists.
  if (!/^https?:$/.test(url.protocol)) return null;
  const isElsewhere = location !== undefined && url.origin !== location.origin;
  let answer: Response;
  try {
    answer = await fetch(url);
  } catch (cause) {
    return `the worker's file ${file} cannot be fetched (${clip(String(cause))}): ${COPY}`;
  }
  if (!answer.ok) return `the worker's file ${file} answered ${answer.status}: ${COPY}; ${VITE}`;
  const type = answer.headers.get("content-type") ?? "";
  if (!/javascript|ecmascript/.test(type))
    return `the worker's file ${file} is no script, but ${clip(type || "of no type")}: ${COPY}; ${VITE}`;
  if (isElsewhere)
    return `the worker's file ${file} is of another origin, which has to send Cross-Origin-Resource-Policy: cross-origin; else ${COPY}`;
  const policy = answer.headers.get("cross-origin-embedder-policy");
  if (crossOriginIsolated === true && policy !== "require-corp" && policy !== "credentialless")
    return `this page is cross-origin isolated, so its worker's file ${file} needs the header Cross-Origin-Embedder-Policy: require-corp`;
  return null;
}

/** A page's Worker as a channel. `address`: of its file, if the package started it. */
function pageChannel(worker: Worker, address: string | null): WorkerChannel {
  let started = false;
  let forbidden: string | null = null;
  const violated = ({ effectiveDirective, blockedURI }: SecurityPolicyViolationEvent) => {
    if (/^(worker|child|script|default)-src/.test(effectiveDirective) && isOf(address, blockedURI))
      forbidden = effectiveDirective;
  };
  const { document } = globalThis as Partial<typeof globalThis>;
  document?.addEventListener("securitypolicyviolation", violated);
  const heardOf = () => document?.removeEventListener("securitypolicyviolation", violated);
  return {
    address,
    byLock: true,
    post: (message, transfer) => worker.postMessage(message, [...transfer]),
    listen(hear) {
      worker.addEventListener("message", ({ data }) => {
        if (!started) heardOf();
        started = true;
        hear(data);
      });
    },
    onEnd(hear) {
      // Once the worker runs, an uncaught error ends no call: each call gets its own answer.
      worker.addEventListener("error", (event) => {
        if (!started) hear(event.error ?? new Error(event.message || "its file could not be run"));
      });
      worker.addEventListener("messageerror", () => hear(new Error("a message could not be read")));
    },
    busy: () => undefined,
    terminate() {
      heardOf();
      worker.terminate();
    },
    async diagnose() {
      // The report of a violation follows the error.
      await new Promise((resolve) => setTimeout(resolve, 50));
      return explainStart(address, forbidden);
    },
  };
}

/** Whether a policy's report is about the worker's file. Reports name the file's URL or, for other origins, only the origin. */
const isOf = (address: string | null, blocked: string) =>
  address === null || blocked === "" || address.startsWith(blocked) || blocked.startsWith("blob");

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
