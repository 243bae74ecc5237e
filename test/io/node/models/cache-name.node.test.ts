import fc from "fast-check";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cacheName } from "../../../../ts/io/node/models/resolve-model.js";
import { resolveModel } from "../../../../ts/io/node/index.js";
import { knownModel } from "../../../../ts/io/known-models.js";
import { hubServer } from "./hub-server.js";
import { temporaryFolder } from "../../temporary-folder.js";

/** Taken for one another by some encodings, or by some file system. */
const alike: [repository: string, revision?: string][] = [
  ["a/b"],
  ["a--b"],
  ["a-/b"],
  ["a/-b"],
  ["a---b"],
  ["A/b"],
  ["a/B"],
  ["a/b."],
  ["a/b.."],
  ["a/b", "main"],
  ["a/b", "Main"],
  ["a/b", "v1/x"],
  ["a/b", "v1--x"],
  ["a/b", "v1-/x"],
  ["con"],
  ["con.fig"],
  ["com1"],
  ["x".repeat(96)],
  ["x".repeat(97)],
  ["all-MiniLM-L6-v2", "main"],
];

describe("cacheName", () => {
  const folded = (name: string) => name.toLowerCase().replace(/[. ]+$/, "");

  it("is another one for every model, on every file system", () => {
    const names = [...alike.map(([repository, revision]) => cacheName(repository, revision)), "all-MiniLM-L6-v2"];
    expect(new Set(names.map(folded)).size).toBe(alike.length + 1);
    for (const name of names)
      expect(name).toMatch(/^(?!(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))[\w-][\w.@~-]{0,150}$/i);
  });

  it("is another one for any two models", () => {
    const part = fc.string({ unit: fc.constantFrom("a", "A", "-", "."), minLength: 1, maxLength: 5 });
    const repository = fc.oneof(
      part,
      fc.tuple(part, part).map((parts) => parts.join("/")),
    );
    const model = fc.tuple(repository, fc.option(repository, { nil: undefined }));
    fc.assert(
      fc.property(model, model, ([a, revisionA], [b, revisionB]) => {
        const same = a === b && revisionA === revisionB;
        expect(folded(cacheName(a, revisionA)) === folded(cacheName(b, revisionB))).toBe(same);
      }),
      { numRuns: 2000 },
    );
  });

  it("is readable where that is safe", () => {
    expect(cacheName("some-lab/tiny-encoder_2.0", undefined)).toBe("some-lab--tiny-encoder_2.0");
    expect(cacheName("some-lab/tiny-encoder", "refs/pr/1")).toBe("some-lab--tiny-encoder@refs--pr--1");
    expect(cacheName("BAAI/bge-small-en-v1.5", undefined)).toMatch(/^BAAI--bge-small-en-v1\.5~[0-9a-f]{32}$/);
  });
});

describe("models whose names are alike", () => {
  it("do not serve for each other", async () => {
    const cache = await temporaryFolder();
    const files = (name: string) => ({
      [`${name}/resolve/main/config.json`]: new TextEncoder().encode(name),
      [`${name}/resolve/main/tokenizer.json`]: new TextEncoder().encode("{}"),
      [`${name}/resolve/main/model.safetensors`]: new TextEncoder().encode(name),
    });
    const names = ["lab/x--y", "lab--x/y", "Lab/x--y"];
    const hub = await hubServer(Object.assign({}, ...names.map(files)) as Record<string, Uint8Array>);
    for (const from of ["hub", "cache"]) {
      for (const name of names) {
        const model = await resolveModel(name, { cache, hubUrl: hub.url });
        const config = (await model.open("config.json"))!;
        expect(new TextDecoder().decode(await config.read(0, config.size))).toBe(name);
        expect(model.origin).toBe(from);
        await config.close?.();
      }
    }
    expect(await readdir(cache)).toHaveLength(names.length);
  });

  it("leave the default model where it always was", async () => {
    const cache = await temporaryFolder();
    await mkdir(join(cache, "all-MiniLM-L6-v2"));
    for (const { name } of knownModel("all-MiniLM-L6-v2")!.files)
      await writeFile(join(cache, "all-MiniLM-L6-v2", name), "");
    const found = resolveModel("sentence-transformers/all-MiniLM-L6-v2", { cache, offline: true });
    await expect(found).rejects.toThrow(/config\.json from the cache: expected 612 bytes, got 0/);
  });

  it.each(["a/b@..", "a/b@../c", "a/b@x/..", "a/b@.git", "a/b@x..y", "..", "../x", "a/..", "x".repeat(5000), "a\0b"])(
    "are none with %j",
    async (name) => {
      const options = { cache: await temporaryFolder(), offline: true };
      const error = await resolveModel(name, options).catch((caught: Error) => caught);
      expect(error).toMatchObject({ name: "ModelError" });
      expect((error as Error).message.length).toBeLessThan(2000);
    },
  );
});
