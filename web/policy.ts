import type { Plugin } from "vite";

/**
 * The least that any host of the Studio forbids, as an element of the page: everything except its own files. Requests to other sites are
 * allowed here, because people type addresses of models; `lowrank studio` and the site's headers list them. Browsers apply all policies.
 */
const POLICY = [
  ...["default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "worker-src 'self'", "manifest-src 'self'"],
  ...["style-src 'self'", "font-src 'self'", "img-src 'self'", "connect-src 'self' https: http:"],
  ...["base-uri 'none'", "form-action 'none'"],
  ...["require-trusted-types-for 'script'", "trusted-types lowrank lowrank-studio"],
].join("; ");

/** Writes the policy into the built page. The development server needs inline scripts and a socket, so it has none. */
export const policy = (): Plugin => ({
  name: "policy",
  apply: "build",
  transformIndexHtml: () => [
    {
      tag: "meta",
      attrs: { "http-equiv": "Content-Security-Policy", content: POLICY },
      injectTo: "head-prepend",
    },
  ],
});
