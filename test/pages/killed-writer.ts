import { cacheModel } from "../../ts/io/page/cache-model.js";
import { cachedModel } from "../../ts/io/page/cached-model.js";
import { opfsStore } from "../../ts/training/store/opfs-store.js";

// A worker that says what it finds, then writes on and on until it is killed: a run's blobs, or a model that was picked. Of which
// and how its name speaks.

/** What a writer finds when it begins, what is wrong with it, and how many bytes of this browser's storage there are then. */
export interface Found {
  readonly count: number;
  readonly wrong: readonly string[];
  readonly bytes: number;
}

const bytesOf = (text: string) => new TextEncoder().encode(text);
const tell = (told: { readonly found: Found } | { readonly written: number }) => postMessage(told);

/** Bytes of all files in a folder and in those in it. */
async function sizeOf(folder: FileSystemDirectoryHandle): Promise<number> {
  let sum = 0;
  for await (const entry of folder.values())
    sum += entry.kind === "directory" ? await sizeOf(entry) : (await entry.getFile()).size;
  return sum;
}
const stored = async () => sizeOf(await navigator.storage.getDirectory());

const lines = (count: number) => Array.from({ length: count }, (_, i) => `line ${i + 1}\n`).join("");
const large = (count: number) => `${count} ${"x".repeat(200_000)}`;

/** As a run does: first its history grows, then two blobs are replaced together. */
async function writeRun(): Promise<never> {
  const store = opfsStore("killed");
  const text = async (blob: string) => new TextDecoder().decode((await store.read(blob)) ?? undefined);
  // The claim goes with the worker that had it, some time after its end.
  while (
    (await store.claim().catch((error: { details?: { reason?: unknown } }) => {
      if (error.details?.reason !== "running") throw error;
    })) === undefined
  )
    await new Promise((resolve) => setTimeout(resolve, 5));
  const [a, b, history] = [await text("a"), await text("b"), await text("history")];
  let count = Number.parseInt(a, 10) || 0;
  const wrong: string[] = [];
  if (a !== (count === 0 ? "" : large(count))) wrong.push(`a has ${a.length} characters of ${count}`);
  if (b !== (count === 0 ? "" : `${count}`)) wrong.push(`b is of ${b}, a of ${count}`);
  if (history !== lines(count) && history !== lines(count + 1)) wrong.push(`${history.length} of history at ${count}`);
  tell({ found: { count, wrong, bytes: await stored() } });
  for (;;) {
    await store.append("history", lines(count).length, bytesOf(`line ${++count}\n`));
    await store.write({ a: bytesOf(large(count)), b: bytesOf(`${count}`) });
    tell({ written: count });
  }
}

/** Two pieces' worth. */
const BYTES = 9 * 1024 * 1024;

async function writeModel(): Promise<never> {
  const kept = await cachedModel("killed");
  const wrong: string[] = [];
  let count = 0;
  if (kept !== null) {
    count = Number(kept.files.find(({ name }) => name === "config.json")!.bytes);
    const source = (await kept.open("model.safetensors"))!;
    const there = await source.read(0, source.size);
    if (there.length !== BYTES || there.some((byte) => byte !== count % 256)) wrong.push(`weights are not of ${count}`);
  }
  tell({ found: { count, wrong, bytes: await stored() } });
  for (;;) {
    count++;
    const weights = new File([new Uint8Array(BYTES).fill(count % 256)], "model.safetensors");
    const others = [new File([" ".repeat(count)], "config.json"), new File(["{}"], "tokenizer.json")];
    await cacheModel([...others, weights], { name: "killed" });
    tell({ written: count });
  }
}

const [what, how] = self.name.split(" ");
// As in Safari before 26.
if (how === "in-place") Reflect.deleteProperty(FileSystemFileHandle.prototype, "createWritable");
const fail = (error: unknown) => tell({ found: { count: 0, wrong: [String(error)], bytes: 0 } });
await (what === "run" ? writeRun() : writeModel()).catch(fail);
