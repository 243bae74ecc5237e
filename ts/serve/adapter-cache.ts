import type { ModelAdapter } from "../adapters/model-adapter.js";
import { MemoryError } from "../errors/errors.js";
import { checkBytes } from "../io/byte-source.js";
import type { FileMap } from "../io/file-access.js";
import { readIndex } from "../io/safetensors/index.js";
import type { SentenceEncoder } from "../models/sentence/sentence-encoder.js";
import { TextClassifier } from "../tasks/classify/text-classifier.js";
import { LABELS_FILE } from "../tasks/head/classifier-files.js";
import { sizeOf } from "../values/tensor.js";
import type { Deadline } from "./deadline.js";
import type { Finish } from "./forward-pass.js";
import { Refusal } from "./problem.js";

/**
 * Where tenants' adapters are stored. Names are checked before: lower-case letters, digits, `-`, `_` and single dots in between, so each is
 * one part of a path or key.
 */
export interface AdapterStore {
  /**
   * An adapter's files by name, as `TextClassifier.save` or PEFT writes them; null for an unknown tenant or version. A version must never
   * change: a new adapter is a new version.
   */
  files(tenant: string, version: string): FileMap | null | Promise<FileMap | null>;
  /** Called when the files have been read, or are not needed any more: a store can then free its copy. */
  done?(files: FileMap): void;
  /** The version of requests that name none; null for an unknown tenant. Without this function, each request must name one. */
  current?(tenant: string): string | null | Promise<string | null>;
}

/** Blocks of linear memory are multiples of this. */
const BLOCK = 64;

/** Bytes of linear memory of an adapter's files: all tensors in float32. Throws `FormatError` for damaged files. */
function adapterBytes(files: FileMap): number {
  let bytes = 0;
  for (const [name, content] of Object.entries(files)) {
    if (!name.endsWith(".safetensors")) continue;
    checkBytes(name, content);
    const index = readIndex((offset, length) => content.subarray(offset, offset + length), content.byteLength, name);
    for (const tensor of index.names) {
      const elements = sizeOf(index.info(tensor).shape);
      bytes += Math.ceil((4 * elements) / BLOCK) * BLOCK;
    }
  }
  return bytes;
}

/** An adapter in the encoder, with a head for classifiers. */
export interface HeldAdapter {
  readonly classifier: TextClassifier | null;
  readonly adapter: ModelAdapter | null;
  /** The head as loaded: logits of pooled vectors. */
  readonly logits: Finish | null;
}

interface Entry extends HeldAdapter {
  readonly key: string;
  readonly bytes: number;
  /** Number of requests that are using it; it is not evicted until there are none. */
  uses: number;
  readonly free: () => void;
}

/** Numbers adapters, since an encoder may have others, also of other servers. */
let added = 0;

/** Adapters in an encoder, by tenant and version; a limit in bytes, evicted in order of last use. */
export class AdapterCache {
  /** Entries in order of last use. */
  private readonly entries = new Map<string, Entry>();
  private readonly loading = new Map<string, Promise<void>>();
  private taken = 0;
  private closed = false;

  constructor(
    private readonly encoder: SentenceEncoder,
    private readonly capacity: number,
    private readonly allowOtherBase: boolean,
    /** Called with files that were read, or came too late. */
    private readonly done: (files: FileMap) => void,
  ) {}

  /** Number of the adapters and their size in bytes. */
  get size(): { readonly adapters: number; readonly bytes: number } {
    return { adapters: this.entries.size, bytes: this.taken };
  }

  /**
   * An adapter, kept until `release` is called. If it is not cached, `read` gets its files; concurrent requests for it wait for the same
   * files. Files that came too late are requested again by the next request.
   *
   * Throws `Refusal` if all other adapters are in use; also throws the errors of `read`, of loading, and of `until`.
   */
  async acquire(
    key: string,
    read: () => Promise<FileMap>,
    { over, checkWanted }: Deadline,
  ): Promise<{ readonly held: HeldAdapter; readonly release: () => void }> {
    for (;;) {
      const found = this.entries.get(key);
      if (found !== undefined) return this.use(found);
      const load = this.load(key, read);
      await Promise.race([load, over]).catch((error: unknown) => {
        if ((error as Partial<Refusal>).code === "STORE_TIME") this.forgetLoad(key, load);
        throw error;
      });
      checkWanted();
    }
  }

  /** Frees adapters with such keys that no request uses. Returns their number. */
  forget(matches: (key: string) => boolean): number {
    const idle = this.idle().filter(({ key }) => matches(key));
    for (const entry of idle) this.evict(entry);
    return idle.length;
  }

  /**
   * Runs `work`, which is atomic. If linear memory runs out before the limit is reached, adapters that no request uses are evicted, the
   * older half at a time.
   */
  withRoom<T>(work: () => T): T {
    for (;;) {
      try {
        return work();
      } catch (error) {
        const idle = this.idle();
        if (!(error instanceof MemoryError) || idle.length === 0) throw error;
        for (const entry of idle.slice(0, Math.ceil(idle.length / 2))) this.evict(entry);
      }
    }
  }

  /** Frees all adapters, which no request uses any more, and accepts no further ones. */
  close(): void {
    this.closed = true;
    this.forget(() => true);
  }

  private use(entry: Entry): { held: HeldAdapter; release: () => void } {
    this.entries.delete(entry.key);
    this.entries.set(entry.key, entry);
    entry.uses++;
    let used = true;
    const release = () => {
      if (used) entry.uses--;
      used = false;
    };
    return { held: entry, release };
  }

  private load(key: string, read: () => Promise<FileMap>): Promise<void> {
    const begun = this.loading.get(key);
    if (begun !== undefined) return begun;
    const work = (async () => {
      const files = await read();
      try {
        // Files may come after all requests for them have ended.
        if (!this.entries.has(key) && !this.closed) this.add(key, files);
      } finally {
        this.done(files);
      }
    })().finally(() => this.forgetLoad(key, work));
    this.loading.set(key, work);
    return work;
  }

  private forgetLoad(key: string, work: Promise<void>): void {
    if (this.loading.get(key) === work) this.loading.delete(key);
  }

  /** Evicts others, then loads; atomic. */
  private add(key: string, files: FileMap): void {
    const bytes = adapterBytes(files);
    this.makeRoom(bytes);
    const { encoder, allowOtherBase } = this;
    const name = `${key}#${++added}`;
    const entry = this.withRoom(() =>
      Object.hasOwn(files, LABELS_FILE)
        ? classifierOf(TextClassifier.load(encoder, files, { adapter: name, allowOtherBase }))
        : adapterOf(encoder, name, files),
    );
    this.entries.set(key, { ...entry, key, bytes, uses: 0 });
    this.taken += bytes;
  }

  private makeRoom(bytes: number): void {
    if (bytes > this.capacity) {
      const message = `the adapter takes ${bytes} bytes, more than the ${this.capacity} that the server has for all`;
      throw new Refusal("STORE", message, { actual: bytes, maximum: this.capacity });
    }
    const idle = this.idle();
    const free = this.capacity - this.taken;
    if (free + idle.reduce((sum, entry) => sum + entry.bytes, 0) < bytes)
      throw new Refusal("BUSY", "all adapters that there is memory for are in use", { maximum: this.capacity });
    for (const entry of idle) {
      if (this.capacity - this.taken >= bytes) return;
      this.evict(entry);
    }
  }

  /** Adapters that no request uses, longest unused first. */
  private idle(): Entry[] {
    return [...this.entries.values()].filter(({ uses }) => uses === 0);
  }

  private evict(entry: Entry): void {
    this.entries.delete(entry.key);
    this.taken -= entry.bytes;
    entry.free();
  }
}

const classifierOf = (classifier: TextClassifier) => ({
  classifier,
  adapter: classifier.modelAdapter,
  logits: classifier.head.snapshot(),
  free: () => classifier.dispose(),
});

/** Loads an adapter as a classifier does: it never becomes the active one. */
function adapterOf({ adapterSet }: SentenceEncoder, name: string, files: FileMap) {
  const adapter = adapterSet.load(name, files, {}, { what: "AdapterServer", classifier: true });
  return { classifier: null, adapter, logits: null, free: () => adapterSet.remove(name) };
}
