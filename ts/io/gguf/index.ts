import { lazyChunk } from "../../waiting/lazy-chunk.js";
import type { ByteSource } from "../byte-source.js";
import type { GgufFile } from "./open.js";

/** Whether a name, path or URL is that of a GGUF file. */
export const isGgufName = (text: string): boolean => /\.gguf(?:[?#].*)?$/i.test(text);

/** The name by which a model's source gives the GGUF file itself. */
export const GGUF_WEIGHTS = "model.gguf";

const reader = /* @__PURE__ */ lazyChunk(async () => (await import("./open.js")).readGguf);

export type { GgufNumbers, GgufValue } from "./metadata.js";
export type { GgufFile, GgufTensorInfo } from "./open.js";

/**
 * Opens a GGUF file of version 2 or 3: reads and checks the header, then each tensor on request, so that a file of gigabytes is never in
 * memory as a whole.
 * @param source a file, a Blob or anything else with random access
 * @param file name for error messages
 * @throws `FormatError` for an invalid header; the source is then closed
 * Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
export async function openGguf(source: ByteSource, file = "GGUF file"): Promise<GgufFile> {
  return (await reader())(source, file);
}
