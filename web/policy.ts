import type { Plugin } from "vite";
import { pagePolicy } from "../ts/cli/files/studio-policy.js";

/**
 * The least that any host of the Studio forbids, as an element of the page: everything except its own files. Requests to other sites are
 * allowed here, because people type addresses of models; `lowrank studio` and the site's headers list them. Browsers apply all policies.
 */
const POLICY = pagePolicy(["'self'", "https:", "http:"]);

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
