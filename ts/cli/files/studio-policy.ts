/** The Hugging Face hub, and the hosts that it redirects downloads to. */
const hub = ["https://huggingface.co", "https://*.huggingface.co", "https://*.hf.co"];

/**
 * The Content-Security-Policy of the Studio's page with every host: its own scripts, kernels, styles and fonts.
 *
 * @param connect sources that it may send requests to
 * @param headerOnly directives that an element of the page may not have
 */
export const pagePolicy = (connect: readonly string[], headerOnly: readonly string[] = []): string =>
  [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self'",
    `connect-src ${connect.join(" ")}`,
    "base-uri 'none'",
    "form-action 'none'",
    ...headerOnly,
    "require-trusted-types-for 'script'",
    "trusted-types lowrank lowrank-studio",
  ].join("; ");

/**
 * The Content-Security-Policy that `lowrank studio` sends: requests to its own server, the Hugging Face hub and the given sites.
 *
 * @param connect origins, such as "https://models.example.org"
 */
export const studioPolicy = (connect: readonly string[]): string =>
  pagePolicy(["'self'", ...hub, ...connect], ["frame-ancestors 'none'"]);
