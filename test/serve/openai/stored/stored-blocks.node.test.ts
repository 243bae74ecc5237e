import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { AbortError, CausalLanguageModel, type FileMap } from "../../../../ts/index.js";
import { type Block, BLOCK_TOKENS } from "../../../../ts/models/language/batch/block-tree.js";
import { ContinuousBatch } from "../../../../ts/models/language/batch/continuous-batch.js";
import { takeRequest } from "../../../../ts/models/language/prompts.js";
import { nameOf } from "../../../../ts/serve/openai/stored/block-index.js";
import { StoredBlocks } from "../../../../ts/serve/openai/stored/stored-blocks.js";
import { folderStore } from "../../../../ts/training/node/folder-store.js";
import { memoryStore, type RunStore } from "../../../../ts/training/store/run-store.js";
import { adapted, all, decoderFiles, type DecoderName } from "../../../models/language/golden-decoder.js";

const system = Array.from({ length: 2 * BLOCK_TOKENS }, (_, i) => (3 + 7 * i) % 60);
const INDEX = "blocks.json";

const opened: { dispose(): void }[] = [];
const models = new Map<string, Promise<CausalLanguageModel>>();
const modelOf = (name: DecoderName): Promise<CausalLanguageModel> => {
  const found = models.get(name) ?? adapted(name);
  models.set(name, found);
  return found;
};
beforeAll(() => async () => {
  for (const model of models.values()) (await model).dispose();
});
afterEach(() => opened.splice(0).forEach((one) => one.dispose()));

interface Asked {
  readonly prompt: readonly number[];
  readonly adapter?: string | null;
}

/** A batch on a store. */
class Kept {
  readonly stored: StoredBlocks;
  readonly errors: unknown[] = [];
  private readonly batch: ContinuousBatch;

  constructor(
    private readonly model: CausalLanguageModel,
    store: RunStore,
    bytes = 2 ** 24,
    prefixBytes = 2 ** 24,
  ) {
    this.stored = new StoredBlocks(store, bytes, (error) => this.errors.push(error));
    this.batch = new ContinuousBatch(model, { maxTexts: 4, prefixBytes, storage: this.stored });
  }

  /** Checks an answer; gives the number of the prompt's tokens that were not computed. */
  async ask({ prompt, adapter = null }: Asked): Promise<number> {
    const given = { adapter, maxTokens: 4, ignoreEnd: true };
    const text = this.batch.add(takeRequest(this.model, "test", prompt, given));
    const found = [];
    for (let token = await text.next(); token !== null; token = await text.next()) found.push(token);
    expect(found).toEqual(await all(this.model.generateTokens(prompt, given)));
    return text.reused;
  }

  /** Two conversations with the same beginning, which is thus written. */
  async share(adapter: string | null = null, beginning = system): Promise<void> {
    for (const end of [1, 2]) await this.ask({ prompt: [...beginning, end, end, end], adapter });
  }

  /** Ends it, and waits for what it writes. */
  async close(): Promise<void> {
    await this.stored.close();
    this.batch.close(new Error("the test is over"));
  }
}

/** Tokens of the beginning that a new process has of a store. */
async function found(model: CausalLanguageModel, store: RunStore, adapter: string | null = null): Promise<number> {
  const kept = new Kept(model, store);
  const reused = await kept.ask({ prompt: [...system, 9, 9], adapter });
  await kept.close();
  expect(kept.errors).toEqual([]);
  return reused;
}

const filled = async (model: CausalLanguageModel, store: RunStore, adapter: string | null = null) => {
  const kept = new Kept(model, store);
  await kept.share(adapter);
  await kept.close();
  expect(kept.errors).toEqual([]);
};

const tokenBytes = ({ model: { config } }: CausalLanguageModel) => 8 * config.layers * config.kvHeads * config.headDim;

const TREE = "0".repeat(32);

/** A block with these tokens, in no model's memory. */
const blockOf = (ids: Int32Array) =>
  ({ ids, part: { hasState: null, contents: () => Uint8Array.from(ids) } }) as unknown as Block;

/** Two blocks of other tokens whose fingerprints are equal: what one of them changes first it takes back four words later. */
function alike(): [Int32Array, Int32Array] {
  const inverse = (odd: number) => {
    let found = odd;
    for (let i = 0; i < 5; i++) found = Math.imul(found, 2 - Math.imul(odd, found));
    return found;
  };
  const [first, second] = [inverse(0xcc9e2d51), inverse(0x1b873593)];
  /** The word that MurmurHash3 spreads to this. */
  const word = (spread: number) => {
    const rotated = Math.imul(spread, second);
    return Math.imul((rotated >>> 15) | (rotated << 17), first);
  };
  const block = new Int32Array(BLOCK_TOKENS);
  const other = new Int32Array(BLOCK_TOKENS);
  [block[0], block[4], other[0], other[4]] = [word(1), word(2), word(1 ^ 0x40000), word(2 ^ 0x80000000)];
  return [block, other];
}

describe("stored beginnings", () => {
  it("are what several texts began with, for the next process", async () => {
    const model = await modelOf("qwen2");
    const store = memoryStore();
    const kept = new Kept(model, store);
    await kept.ask({ prompt: [...system, 1, 1, 1] });
    await kept.ask({ prompt: [...system, 2, 2, 2] });
    await kept.close();
    // The ends of one text alone are not written.
    expect(Object.keys(store.files()).sort()).toEqual(["block-0", "block-1", INDEX]);
    const next = new Kept(await modelOf("qwen2"), store);
    expect(await next.ask({ prompt: [...system, 5] })).toBe(system.length);
    expect(next.stored.size.readTokens).toBe(system.length);
    // From memory.
    expect(await next.ask({ prompt: [...system, 6] })).toBe(system.length);
    expect(next.stored.size.readTokens).toBe(system.length);
    await next.close();
  });

  it("are of one adapter with the values that it had, and of the same weights and formats", async () => {
    const model = await modelOf("qwen2");
    const store = memoryStore();
    await filled(model, store, "plain");
    expect(await found(model, store, "plain")).toBe(system.length);
    for (const other of [null, "dora"]) expect(await found(model, store, other)).toBe(0);
    model.scaleAdapter("plain", 0.5);
    expect(await found(model, store, "plain")).toBe(0);
    model.scaleAdapter("plain", 1);
    expect(await found(model, store, "plain")).toBe(system.length);

    await filled(model, store);
    const files = await decoderFiles("qwen2");
    const same = await CausalLanguageModel.load(files);
    opened.push(same);
    expect(await found(same, store)).toBe(system.length);
    const weights = files["model.safetensors"]!.slice();
    // The last byte is a weight's exponent and sign.
    weights[weights.length - 1]! ^= 128;
    const others = [
      await CausalLanguageModel.load({ ...files, "model.safetensors": weights }),
      await CausalLanguageModel.load(files, { weights: "q8" }),
      await CausalLanguageModel.load(files, { cache: "f16" }),
    ];
    opened.push(...others);
    for (const other of others) {
      const kept = new Kept(other, store);
      expect(await kept.ask({ prompt: [...system, 9, 9] })).toBe(0);
      await kept.close();
    }
    same.addAdapter("merged", { rank: 1, initLoraWeights: false });
    same.mergeAdapter("merged");
    expect(await found(same, store, "merged")).toBe(0);
    same.unmergeAdapter("merged");
    expect(await found(same, store)).toBe(system.length);
  });

  it.each<DecoderName>(["lfm2", "qwen3_5"])("of %s have the states that a conversation goes on from", async (name) => {
    const model = await modelOf(name);
    const store = memoryStore();
    const first = new Kept(model, store);
    const own = { maxTokens: 4, ignoreEnd: true, adapter: null };
    const answer = (await all(model.generateTokens(system, own))).map(({ id }) => id);
    const turn = [...system, ...answer.slice(0, 3)];
    await first.ask({ prompt: system, adapter: null });
    expect(await first.ask({ prompt: [...turn, 5], adapter: null })).toBe(turn.length);
    await first.close();
    const second = new Kept(model, store);
    expect(await second.ask({ prompt: [...turn, 6], adapter: null })).toBe(turn.length);
    // Not where no text ended.
    expect(await second.ask({ prompt: [...system.slice(0, 20), 6], adapter: null })).toBe(0);
    await second.close();
  });

  it("of layers with states are those that a third text needs, also where they were written without", async () => {
    const model = await modelOf("lfm2");
    const store = memoryStore();
    const first = new Kept(model, store);
    const longer = [...system, ...system.slice(0, 2 * BLOCK_TOKENS - 4)];
    await first.share(null, longer);
    // Only the last block of what both begin with has states.
    await first.close();
    const second = new Kept(model, store);
    const reused = [];
    for (const end of [1, 2, 3]) reused.push(await second.ask({ prompt: [...system, end, end] }));
    expect(reused).toEqual([0, 0, system.length]);
    await second.close();
    expect([...first.errors, ...second.errors]).toEqual([]);
    expect(await found(model, store)).toBe(system.length);
    const third = new Kept(model, store);
    expect(await third.ask({ prompt: [...longer, 7] })).toBe(3 * BLOCK_TOKENS);
    await third.close();
  });

  it("are used after any interruption, damage or replacement only where they are whole, and written again", async () => {
    const model = await modelOf("qwen2");
    const moments: FileMap[] = [];
    const store = memoryStore();
    const write = store.write.bind(store);
    const watched = {
      ...store,
      write: async (blobs: FileMap) => (await write(blobs), void moments.push(store.files())),
    };
    await filled(model, watched);
    expect(moments.length).toBeGreaterThan(2);
    const whole = store.files();
    const cut = (name: string, length: number) => ({ ...whole, [name]: whole[name]!.slice(0, length) });
    const flipped = (name: string, at: number) => {
      const bytes = whole[name]!.slice();
      bytes[at < 0 ? bytes.length + at : at]! ^= 1;
      return { ...whole, [name]: bytes };
    };
    const json = (change: (index: Record<string, unknown> & { blocks: Record<string, unknown>[] }) => unknown) => {
      const index = JSON.parse(new TextDecoder().decode(whole[INDEX])) as Parameters<typeof change>[0];
      return { ...whole, [INDEX]: new TextEncoder().encode(JSON.stringify(change(index) ?? index)) };
    };
    const without = (name: string) => Object.fromEntries(Object.entries(whole).filter(([own]) => own !== name));
    const damaged: FileMap[] = [
      ...moments,
      {},
      without(INDEX),
      without("block-0"),
      without("block-1"),
      ...[0, 1, 79, 80, 500].flatMap((length) => [cut("block-0", length), cut("block-1", length), cut(INDEX, length)]),
      ...[0, 20, 60, 81, -1].flatMap((at) => [flipped("block-0", at), flipped("block-1", at), flipped(INDEX, at)]),
      { ...whole, "block-0": whole["block-1"]!, "block-1": whole["block-0"]! },
      { ...whole, "block-0": new Uint8Array([...whole["block-0"]!, 0]) },
      { ...whole, [INDEX]: new Uint8Array(2 ** 22 + 1) },
      json(() => null),
      json(() => []),
      json((index) => void (index["format"] = 2)),
      json((index) => void index.blocks.reverse()),
      json((index) => void (index.blocks[0]!["ids"] = [])),
      json((index) => void (index.blocks[0]!["ids"] = [1.5])),
      json((index) => void (index.blocks[0]!["ids"] = Array.from({ length: 1000 }, () => 1))),
      json((index) => void (index.blocks[0]!["ids"] = Array.from({ length: BLOCK_TOKENS }, () => 1))),
      json((index) => void (index.blocks[0]!["file"] = -1)),
      json((index) => void (index.blocks[0]!["file"] = index.blocks[1]!["file"])),
      json((index) => void (index.blocks[0]!["bytes"] = 1e300)),
      json((index) => void (index.blocks[0]!["bytes"] = 2 ** 52)),
      json((index) => void (index.blocks[0]!["parent"] = "f".repeat(32))),
      json((index) => void (index.blocks[0]!["state"] = true)),
      json((index) => void (index["trees"] = [1])),
    ];
    for (const files of damaged) {
      const again = memoryStore(files);
      expect([0, BLOCK_TOKENS, 2 * BLOCK_TOKENS]).toContain(await found(model, again));
      await filled(model, again);
      expect(await found(model, again)).toBe(system.length);
    }
  });

  it.each([
    ["damaged", { [INDEX]: new Uint8Array(3) }],
    ["missing", {}],
  ])("are removed where the index is %s, whatever gaps their numbers have", async (_, index) => {
    const names = ["block-0", "block-100", "block-4095"];
    const store = memoryStore({
      ...index,
      ...Object.fromEntries(names.map((name) => [name, new Uint8Array(9)])),
    });
    const errors: unknown[] = [];
    await new StoredBlocks(store, 2 ** 24, (error) => errors.push(error)).close();
    expect(errors).toEqual([]);
    expect(Object.keys(store.files())).toEqual([INDEX]);
  });

  it("take no more than their bytes, those of the last used ones", async () => {
    const model = await modelOf("qwen2");
    const store = memoryStore();
    // Five blocks with their headers, and less than a sixth.
    const most = Math.floor(5.9 * BLOCK_TOKENS * tokenBytes(model));
    const beginning = (seed: number) => system.map((id) => (id + seed) % 60);
    const kept = new Kept(model, store, most);
    for (const seed of [1, 2]) await kept.share(null, beginning(seed));
    await kept.close();
    expect(kept.stored.size.bytes).toBeGreaterThan(4 * BLOCK_TOKENS * tokenBytes(model));
    const next = new Kept(model, store, most);
    // The first becomes the last one used.
    await next.share(null, beginning(1));
    await next.share(null, beginning(3));
    await next.close();
    const bytes = Object.entries(store.files()).reduce(
      (sum, [name, { length }]) => sum + (name === INDEX ? 0 : length),
      0,
    );
    expect(bytes).toBe(next.stored.size.bytes);
    expect(bytes).toBeLessThanOrEqual(most);
    const last = new Kept(model, store, most);
    const reused = [];
    for (const seed of [1, 3, 2]) reused.push(await last.ask({ prompt: [...beginning(seed), 9] }));
    expect(reused).toEqual([system.length, system.length, BLOCK_TOKENS]);
    await last.close();
    // Fewer bytes than there are: the rest is removed.
    const small = new Kept(model, store, 1);
    await small.share();
    await small.close();
    expect(Object.keys(store.files())).toEqual([INDEX]);
  });

  it("come back into memory that keeps fewer bytes, and are not read beyond it", async () => {
    const model = await modelOf("qwen2");
    const store = memoryStore();
    await filled(model, store);
    const kept = new Kept(model, store, 2 ** 24, 1.5 * BLOCK_TOKENS * tokenBytes(model));
    expect(await kept.ask({ prompt: [...system, 9] })).toBe(BLOCK_TOKENS);
    await kept.close();
  });

  it("change no answer where the store fails: one error, and nothing more is written", async () => {
    const model = await modelOf("qwen2");
    const fails = () => Promise.reject(new Error("the disk is full"));
    const broken = new Kept(model, { ...memoryStore(), write: fails });
    await broken.share();
    await broken.share("plain");
    await broken.close();
    expect(broken.errors).toMatchObject([{ message: "the disk is full" }]);
    const store = memoryStore();
    await filled(model, store);
    const unread = new Kept(model, {
      ...store,
      read: (blob, length) => (blob === INDEX ? store.read(blob, length) : fails()),
    });
    expect(await unread.ask({ prompt: [...system, 9] })).toBe(0);
    await unread.close();
    const first = new Kept(model, store);
    const second = new Kept(model, store);
    await first.share();
    await second.share();
    expect(second.errors).toMatchObject([{ code: "CONFIG" }]);
    await Promise.all([first.close(), second.close()]);
    expect(await found(model, store)).toBe(system.length);
  });

  it("are of their own tokens, also where others have the same name", async () => {
    const [block, other] = alike();
    const end = Int32Array.from({ length: BLOCK_TOKENS }, (_, i) => i);
    expect(nameOf(TREE, other)).toBe(nameOf(TREE, block));
    const stored = new StoredBlocks(memoryStore(), 2 ** 20, (error) => expect(error).toBeUndefined());
    stored.write(TREE, [blockOf(block)]);
    stored.write(TREE, [blockOf(other), blockOf(end)]);
    await new Promise((resolve) => setImmediate(resolve));
    const read = await stored.read(TREE, Int32Array.of(...block, ...end), 0, 2 ** 20);
    expect(read.map(({ ids }) => ids)).toEqual([block]);
    await stored.close();
  });

  it("do not keep answers, aborts and the end waiting for a store that does not answer", async () => {
    const model = await modelOf("qwen2");
    const never = (): Promise<never> => new Promise(() => undefined);
    const store = { ...memoryStore(), claim: never };
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const batch = new ContinuousBatch(model, {
        maxTexts: 4,
        prefixBytes: 2 ** 24,
        storage: new StoredBlocks(store, 2 ** 24, () => undefined),
      });
      const prompt = [...system, 1];
      const begin = (options: object) =>
        batch.add(takeRequest(model, "test", prompt, { maxTokens: 2, ignoreEnd: true, ...options }));
      const abort = new AbortController();
      const aborted = begin({ signal: abort.signal }).next();
      abort.abort();
      await expect(aborted).rejects.toThrow(AbortError);
      const text = begin({});
      const token = text.next();
      await vi.advanceTimersByTimeAsync(60_000);
      expect((await token)!.id).toBe(
        (await all(model.generateTokens(prompt, { maxTokens: 1, ignoreEnd: true })))[0]!.id,
      );
      // The store is not asked again.
      expect((await begin({}).next())!.end).toBeNull();
      batch.close(new Error("the test is over"));
    } finally {
      vi.useRealTimers();
    }
  });

  it("are read once for texts that begin alike", async () => {
    const model = await modelOf("qwen2");
    const store = memoryStore();
    await filled(model, store);
    const kept = new Kept(model, store);
    const reused = await Promise.all([4, 5, 6].map((end) => kept.ask({ prompt: [...system, end] })));
    expect(reused).toEqual([system.length, system.length, system.length]);
    expect(kept.stored.size.readTokens).toBe(system.length);
    await kept.close();
  });

  it("are files of a folder", async () => {
    const model = await modelOf("qwen2");
    const folder = mkdtempSync(join(tmpdir(), "lowrank-blocks-"));
    try {
      await filled(model, folderStore(folder));
      expect(readdirSync(folder).sort()).toEqual(["block-0", "block-1", INDEX]);
      expect(await found(model, folderStore(folder))).toBe(system.length);
      truncateSync(join(folder, "block-1"), statSync(join(folder, "block-1")).size - 1);
      writeFileSync(join(folder, "block-7"), "something else");
      expect(await found(model, folderStore(folder))).toBe(BLOCK_TOKENS);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
