import { ownScript } from "../../engine/own-script.js";
import { sampleOf, type TextLanguages } from "../text-languages.js";
import address from "./language-worker.ts?worker&url";

/**
 * The language of texts, recognised in a worker: loading the letters of sixty languages alone would stop the page for a while. Null if the
 * worker cannot be started.
 */
export async function languagesApart(texts: readonly string[]): Promise<TextLanguages | null> {
  let worker: Worker;
  try {
    worker = new Worker(ownScript(address), { type: "module", name: "languages" });
  } catch {
    return null;
  }
  try {
    return await new Promise<TextLanguages | null>((resolve) => {
      worker.onerror = () => resolve(null);
      worker.onmessage = ({ data }: MessageEvent<TextLanguages>) => resolve(data);
      worker.postMessage(sampleOf(texts));
    });
  } finally {
    worker.terminate();
  }
}
