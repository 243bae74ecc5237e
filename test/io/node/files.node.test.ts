import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ConfigError, FormatError, ModelError } from "../../../ts/errors/errors.js";
import { provideFileAccess } from "../../../ts/io/file-access.js";
import {
  cacheFolder,
  nodeFileAccess,
  openSafetensorsFile,
  readFileMap,
  writeFileAtomically,
  writeFilesAtomically,
  writeNewFile,
} from "../../../ts/io/node/index.js";
import { publishNew, renameNew } from "../../../ts/io/node/write-files.js";
import { checkAdapter, readAdapter, writeAdapter } from "../../../ts/io/peft/index.js";
import { readSafetensors, streamSafetensors, writeSafetensors } from "../../../ts/io/safetensors/index.js";
import { tensor } from "../../../ts/values/tensor.js";
import { temporaryFolder } from "../temporary-folder.js";

const adapters = fileURLToPath(new URL("../../golden/adapters", import.meta.url));
const failure = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing failed";
};
const text = (value: string) => new TextEncoder().encode(value);

describe("writing files", () => {
  it("leaves no temporary names, makes folders, replaces", async () => {
    const folder = join(await temporaryFolder(), "deep", "er");
    await writeFilesAtomically(folder, { a: text("1"), b: text("2") });
    await writeFilesAtomically(folder, { a: text("3") });
    expect((await readdir(folder)).sort()).toEqual(["a", "b"]);
    expect(await readFile(join(folder, "a"), "utf8")).toBe("3");
  });

  it("keeps the old file until the new one is complete", async () => {
    const path = join(await temporaryFolder(), "model.safetensors");
    await writeFile(path, "old");
    await writeFileAtomically(path, async (sink) => {
      await sink.write(text("ne"));
      expect(await readFile(path, "utf8")).toBe("old");
      await sink.write(text("w"));
    });
    expect(await readFile(path, "utf8")).toBe("new");
  });

  it("does not replace what has appeared meanwhile, where a file must be new", async () => {
    const folder = await temporaryFolder();
    const path = join(folder, "model.gguf");
    const write = (meanwhile: () => Promise<void>) =>
      writeNewFile(path, async (sink) => {
        await sink.write(text("new"));
        await meanwhile();
      });
    await expect(write(() => writeFile(path, "mine"))).rejects.toMatchObject({ code: "EEXIST" });
    expect(await readdir(folder)).toEqual(["model.gguf"]);
    expect(await readFile(path, "utf8")).toBe("mine");
    await rm(path);
    await write(async () => {});
    expect(await readdir(folder)).toEqual(["model.gguf"]);
    expect(await readFile(path, "utf8")).toBe("new");
  });

  it("does the same where a file system has no hard links", async () => {
    const folder = await temporaryFolder();
    const [part, path] = [join(folder, "part"), join(folder, "model.gguf")];
    await writeFile(part, "new");
    await renameNew(part, path);
    expect(await readdir(folder)).toEqual(["model.gguf"]);
    expect(await readFile(path, "utf8")).toBe("new");
    await writeFile(part, "other");
    await expect(renameNew(part, path)).rejects.toMatchObject({ code: "EEXIST" });
    expect(await readFile(path, "utf8")).toBe("new");
    // A folder has no hard links, and cannot become what is a file: the name is free again.
    await rm(path);
    await mkdir(join(folder, "inner"));
    await expect(publishNew(join(folder, "inner"), path)).rejects.toMatchObject({ code: "ENOTDIR" });
    expect((await readdir(folder)).sort()).toEqual(["inner", "part"]);
  });

  it("leaves everything as it was where writing fails", async () => {
    const folder = await temporaryFolder();
    await writeFilesAtomically(folder, { a: text("old") });
    const failing = writeFileAtomically(join(folder, "a"), async (sink) => {
      await sink.write(text("half"));
      throw new Error("disk on fire");
    });
    await expect(failing).rejects.toThrow("disk on fire");
    // The second file cannot be written, so the first must not be replaced either.
    const files = { a: text("new"), b: 7 as unknown as Uint8Array };
    await expect(writeFilesAtomically(folder, files)).rejects.toThrow();
    expect(await readdir(folder)).toEqual(["a"]);
    expect(await readFile(join(folder, "a"), "utf8")).toBe("old");
  });

  it("does not replace a folder, and leaves nothing beside it", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "a"));
    await expect(writeFilesAtomically(folder, { a: text("1") })).rejects.toThrow();
    await expect(writeFileAtomically(join(folder, "a"), async () => {})).rejects.toThrow();
    expect(await readdir(folder)).toEqual(["a"]);
  });

  it.each(["../a", "a//b", "a/../b", "", ".", ".."])("refuses the name %j", async (name) => {
    await expect(writeFilesAtomically(await temporaryFolder(), { [name]: text("1") })).rejects.toThrow(ConfigError);
  });

  it("leaves no folder that it made in vain", async () => {
    const folder = await temporaryFolder();
    const failing = writeFileAtomically(join(folder, "new", "er", "a"), () =>
      Promise.reject(new Error("disk on fire")),
    );
    await expect(failing).rejects.toThrow("disk on fire");
    expect(await readdir(folder)).toEqual([]);
  });

  it("takes names as long as a file system does", async () => {
    const folder = await temporaryFolder();
    // 255 bytes, in characters of two.
    const name = `${"é".repeat(127)}x`;
    await writeFilesAtomically(folder, { [name]: text("1") });
    expect(await readdir(folder)).toEqual([name]);
  });
});

describe("reading files", () => {
  it("takes the files that a folder has", () => {
    const folder = join(adapters, "valid/llama_plain");
    expect(Object.keys(readFileMap(folder, ["adapter_config.json", "nothing"]))).toEqual(["adapter_config.json"]);
    expect(() => readFileMap(join(adapters, "nowhere"), [])).toThrow(ConfigError);
  });

  it("reads tensors of a file one at a time, and copies it tensor by tensor", async () => {
    const path = join(adapters, "base/tiny_bert/model.safetensors");
    const whole = readSafetensors(new Uint8Array(await readFile(path)));
    const file = await openSafetensorsFile(path);
    expect(file.names).toEqual(whole.names);
    for (const name of file.names) expect(await file.tensor(name)).toEqual(whole.tensor(name));
    const copy = join(await temporaryFolder(), "copy.safetensors");
    const plans = file.names.map((name) => ({ name, ...file.info(name) }));
    await writeFileAtomically(copy, (sink) =>
      streamSafetensors(sink, plans, ({ name }) => file.raw(name), file.metadata),
    );
    await file.close();
    expect((await readFile(copy)).equals(await readFile(path))).toBe(true);
    await expect(openSafetensorsFile(join(adapters, "manifest.json"))).rejects.toThrow(FormatError);
  });

  it("reads and checks adapters by their folder", async () => {
    provideFileAccess(nodeFileAccess);
    const adapter = readAdapter(join(adapters, "valid/llama_plain"));
    checkAdapter(adapter, join(adapters, "base/tiny_llama"));
    const folder = await temporaryFolder();
    await writeFilesAtomically(folder, writeAdapter(adapter));
    expect(readAdapter(folder)).toEqual(adapter);
    expect(() => checkAdapter(adapter, folder)).toThrow(ModelError);
    expect(() => readAdapter(adapters)).toThrow(`${adapters}: adapter: expected a file adapter_config.json, got none`);
  });

  it("names the folder of an adapter that is damaged, however it is opened", async () => {
    provideFileAccess(nodeFileAccess);
    const [bert, folder] = [join(adapters, "base/tiny_bert"), await temporaryFolder()];
    const config = { peft_type: "LORA", r: 2, lora_alpha: 2, target_modules: ["query"], base_model_name_or_path: bert };
    const files = (more: object, weights: Uint8Array) => ({
      "adapter_config.json": new TextEncoder().encode(JSON.stringify({ ...config, ...more })),
      "adapter_model.safetensors": weights,
    });
    const empty = writeSafetensors(new Map());
    const damaged = [
      files({ r: "two" }, empty),
      files({}, empty.slice(0, 9)),
      files({}, empty),
      files({}, writeSafetensors(new Map([["base_model.model.a.lora_A.weight", tensor([1], [1])]]))),
    ];
    for (const some of damaged) {
      await writeFilesAtomically(folder, some);
      const said = failure(() => readAdapter(some));
      expect(said).toMatch(/^adapter(:|_config\.json:|_model\.safetensors:) /);
      expect(failure(() => readAdapter(folder))).toBe(`${folder}: ${said}`);
    }
  });
});

it("finds the cache folder", () => {
  expect(cacheFolder({ LOWRANK_CACHE: "/a/b", XDG_CACHE_HOME: "/x" })).toBe("/a/b");
  expect(cacheFolder({ XDG_CACHE_HOME: "/x", LOWRANK_CACHE: "" })).toBe(join("/x", "lowrank"));
  expect(cacheFolder({})).toMatch(/[\\/]\.cache[\\/]lowrank$/);
});
