/** The Content-Security-Policy of the page refuses requests to a site. */
class PolicyError extends Error {
  override readonly name = "PolicyError";
  constructor(origin: string, cause: unknown) {
    super(`the page's connect-src does not have ${origin}: npx lowrank studio --connect ${origin}`, { cause });
  }
}

/** Whether the page may send requests to an origin. A refused request does not leave the browser. */
function mayAsk(origin: string): Promise<boolean> {
  return new Promise((resolve) => {
    const listening = new AbortController();
    const end = (may: boolean) => {
      listening.abort();
      resolve(may);
    };
    const heard = ({ effectiveDirective, blockedURI }: SecurityPolicyViolationEvent) => {
      if (effectiveDirective === "connect-src" && blockedURI.startsWith(origin)) end(false);
    };
    document.addEventListener("securitypolicyviolation", heard, { signal: listening.signal });
    // The event is dispatched by a task of its own, which may follow the rejection.
    const later = () => setTimeout(() => end(true), 100);
    fetch(origin, { method: "HEAD", mode: "no-cors" }).then(() => end(true), later);
  });
}

/**
 * The error to show for a failed request to an address that a person typed: a `PolicyError` if the page's policy refuses its site, which
 * browsers report like a network failure. Otherwise the original error.
 */
export async function orRefused(error: unknown, address: string): Promise<unknown> {
  if (!URL.canParse(address, document.baseURI)) return error;
  const { origin, protocol } = new URL(address, document.baseURI);
  if (origin === location.origin || !/^https?:$/.test(protocol)) return error;
  return (await mayAsk(origin)) ? error : new PolicyError(origin, error);
}
