import type { WorkerChannel } from "../protocol/channel.js";
import { explainStart } from "./explain-start.js";

/** A page's Worker as a channel. `address`: of its file, if the package started it. */
export function pageChannel(worker: Worker, address: string | null): WorkerChannel {
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
