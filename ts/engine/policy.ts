import { UnsupportedError } from "../errors/errors.js";

/**
 * The error to throw if a page's security policy forbids WebAssembly; otherwise the original error. Chromium and Firefox refuse to compile,
 * WebKit to instantiate, each with its own message and a generic class.
 */
export function orForbidden(cause: unknown): unknown {
  if (!(cause instanceof Error) || !/unsafe-eval|content security policy|\bCSP\b/i.test(cause.message)) return cause;
  const message = "init: the Content-Security-Policy of this page or worker forbids WebAssembly";
  const details = { op: "init", missing: "wasm-unsafe-eval" };
  return new UnsupportedError(`${message}: let it say script-src 'self' 'wasm-unsafe-eval'`, details, { cause });
}
