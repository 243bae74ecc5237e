import { UnsupportedError } from "../errors/errors.js";

/**
 * What to throw where a page's security policy refused WebAssembly; what was thrown where it was something else. Chromium and Firefox
 * refuse to compile, WebKit to make an instance, each in its own words and with a class that is not the policy's alone.
 */
export function orForbidden(cause: unknown): unknown {
  if (!(cause instanceof Error) || !/unsafe-eval|content security policy|\bCSP\b/i.test(cause.message)) return cause;
  const message = "init: the Content-Security-Policy of this page or worker forbids WebAssembly";
  const details = { op: "init", missing: "wasm-unsafe-eval" };
  return new UnsupportedError(`${message}: let it say script-src 'self' 'wasm-unsafe-eval'`, details, { cause });
}
