/** The Hugging Face hub, and the hosts that it redirects downloads to. */
const hub = ["https://huggingface.co", "https://*.huggingface.co", "https://*.hf.co"];

/**
 * The Content-Security-Policy of the Studio: its own scripts, kernels, styles and fonts, and requests to its own server, the Hugging Face
 * hub and the given sites.
 *
 * @param connect origins, such as "https://models.example.org"
 */
export const studioPolicy = (connect: readonly string[]): string =>
  [
    ...["default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "worker-src 'self'", "manifest-src 'self'"],
    ...["style-src 'self'", "font-src 'self'", "img-src 'self'"],
    `connect-src ${["'self'", ...hub, ...connect].join(" ")}`,
    ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
    ...["require-trusted-types-for 'script'", "trusted-types lowrank lowrank-studio"],
  ].join("; ");
