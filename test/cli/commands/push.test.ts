import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SentenceEncoder, writeFilesAtomically } from "../../../ts/entry/node.js";
import { pushServer } from "../../io/node/models/push-server.js";
import { tinyEncoder } from "../../models/tiny-encoder.js";
import { lowrank } from "../fixture.js";

const TOKEN = "hf_only4tests";
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lowrank-push-"));
  vi.stubEnv("HF_TOKEN", TOKEN);
  vi.stubEnv("HF_HOME", join(folder, "home"));
  vi.stubEnv("HF_TOKEN_PATH", "");
  vi.stubEnv("HF_ENDPOINT", "http://127.0.0.1:1");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

/** Files of a run that are its owner's. */
const own = ["report.json", "folds.json", "loss.svg", "notes.txt", "data/train.csv"];

/** A saved encoder or its adapter in a folder, with files beside it that are nobody else's. */
async function savedFolder(merged: boolean) {
  using encoder = await SentenceEncoder.load(await tinyEncoder());
  encoder.addAdapter("a", { rank: 2 });
  const files = await encoder.save({ merged, base: "organisation/base" });
  const saved = join(folder, "saved");
  await writeFilesAtomically(saved, files);
  for (const name of own) {
    await mkdir(dirname(join(saved, name)), { recursive: true });
    await writeFile(join(saved, name), "private");
  }
  return { saved, files };
}

describe("push", () => {
  it.each([true, false])("sends a model's files and no others; merged: %s", async (merged) => {
    const hub = await pushServer(TOKEN);
    vi.stubEnv("HF_ENDPOINT", `${hub.url}/`);
    const { saved, files } = await savedFolder(merged);
    const args = ["push", saved, "me/model", "--private", "--commit-message", "first try"];
    const { code, out, err } = await lowrank(args);
    expect({ code, out }).toEqual({ code: 0, out: "" });
    expect(err).toMatch(
      /\d+ files \([\d.]+ kB\) are in http.*\/me\/model, which was made, revision main, commit c0ffee\n$/,
    );
    expect(err).toMatch(/^upload +/m);
    const { isPrivate, branches } = hub.repositories.get("me/model")!;
    expect(isPrivate).toBe(true);
    const there = branches.get("main")!;
    expect([...there.keys()].sort()).toEqual(Object.keys(files).sort());
    for (const [name, bytes] of there) expect(Buffer.from(bytes), name).toEqual(await readFile(join(saved, name)));
    expect(hub.commits).toEqual(["first try"]);
    // Once more: the repository is there, and no large file is sent twice.
    hub.requests.length = 0;
    const again = await lowrank(["push", saved, "me/model", "--revision", "trial"]);
    expect(again.err).toMatch(/are in http.*\/me\/model, revision trial, commit/);
    expect(hub.requests.filter((request) => /create| \/upload\//.test(request))).toEqual([]);
    expect([...branches.get("trial")!.keys()].sort()).toEqual(Object.keys(files).sort());
    using opened = await SentenceEncoder.load(Object.fromEntries(there), {
      ...(!merged && { model: await tinyEncoder() }),
    });
    expect(await opened.encode(["a story"])).toHaveLength(1);
  });

  it("says what it would send, without a token and without a network", async () => {
    vi.stubEnv("HF_TOKEN", "");
    const { saved, files } = await savedFolder(false);
    const { code, out, err } = await lowrank(["push", saved, "me/model", "--dry-run"]);
    expect(code).toBe(0);
    const listed = out
      .trimEnd()
      .split("\n")
      .map((line) => line.trim().split(/ {2}/)[1]);
    expect(listed.sort()).toEqual(Object.keys(files).sort());
    expect(err).toContain("would be sent to me/model, revision main");
    expect(err).toContain("not sent: data/, folds.json, loss.svg, notes.txt, report.json");
  });

  it("reads the token that the hub's own program keeps, and never shows it", async () => {
    const hub = await pushServer(TOKEN);
    vi.stubEnv("HF_ENDPOINT", hub.url);
    vi.stubEnv("HF_TOKEN", "");
    const { saved } = await savedFolder(false);
    const none = await lowrank(["push", saved, "me/model"]);
    expect(none).toMatchObject({
      code: 1,
      err: expect.stringContaining("a token of the hub is expected in $HF_TOKEN"),
    });
    await mkdir(join(folder, "home"));
    await writeFile(join(folder, "home/token"), "secret\n");
    const odd = await lowrank(["push", saved, "me/model"]);
    expect(odd).toMatchObject({ code: 1, err: expect.stringContaining('the hub\'s begin with "hf_"') });
    expect(odd.err).not.toContain("secret");
    await writeFile(join(folder, "home/token"), `${TOKEN}\n`);
    const { code, err } = await lowrank(["push", saved, "me/model"]);
    expect({ code, has: err.includes(TOKEN) }).toEqual({ code: 0, has: false });
    expect(hub.repositories.get("me/model")!.isPrivate).toBe(null);
  });

  it.each([
    ["a token that the hub does not know", 401, /api\/models/, "it does not know the token"],
    ["a token that may not write", 403, /commit/, "the token may not write there"],
    ["a repository that may not be made", 403, /repos\/create/, 'its owner must be a member of "me"'],
    ["a branch that is not there", 404, /preupload/, "no such repository or branch"],
    ["a hub in trouble", 500, /commit/, "(500): the hub says no"],
    ["storage that refuses", 403, /^\/upload/, "(403)"],
  ])("%s is said, and the repository has what it had", async (_, status, path, message) => {
    const hub = await pushServer(TOKEN);
    vi.stubEnv("HF_ENDPOINT", hub.url);
    hub.refuse = { path, status };
    const { saved } = await savedFolder(false);
    const { code, err } = await lowrank(["push", saved, "me/model"]);
    expect(code).toBe(1);
    expect(err).toContain(`${hub.url} refuses to write to me/model`);
    expect(err).toContain(message);
    expect(err).not.toMatch(/unexpected error|hf_/);
    expect(hub.repositories.get("me/model")?.branches.get("main")!.size ?? 0).toBe(0);
  });

  it("says that the hub cannot be reached", async () => {
    const { saved } = await savedFolder(false);
    const { code, err } = await lowrank(["push", saved, "me/model"]);
    expect(code).toBe(1);
    expect(err).toMatch(/the upload to http:\/\/127\.0\.0\.1:1 failed: .*; check the network/);
  });

  it("is interrupted between two files, and nothing is committed", async () => {
    const hub = await pushServer(TOKEN);
    vi.stubEnv("HF_ENDPOINT", hub.url);
    const { saved } = await savedFolder(true);
    const interrupt = new AbortController();
    hub.onUpload = () => interrupt.abort();
    const { code, err } = await lowrank(["push", saved, "me/model"], { signal: interrupt.signal });
    expect({ code, err: err.trim().split("\n").at(-1) }).toEqual({ code: 130, err: "interrupted" });
    expect(hub.commits).toEqual([]);
  });

  it("sends a language model's LogitScore, and no file that a link points to elsewhere", async () => {
    const saved = join(folder, "saved");
    await mkdir(join(saved, "1_LogitScore"), { recursive: true });
    const names = ["adapter_config.json", "1_LogitScore/config.json"];
    for (const name of names) await writeFile(join(saved, name), "{}");
    const listed = await lowrank(["push", saved, "me/model", "--dry-run"]);
    for (const name of names) expect(listed.out).toContain(` ${name}\n`);
    // Links within the folder are its files.
    await symlink("adapter_config.json", join(saved, "config.json"));
    expect((await lowrank(["push", saved, "me/model", "--dry-run"])).out).toContain(" config.json\n");
    await mkdir(join(folder, "elsewhere"));
    await writeFile(join(folder, "elsewhere/config.json"), "secret");
    await symlink("../elsewhere", join(saved, "2_Dense"));
    const { out, err } = await lowrank(["push", saved, "me/model", "--dry-run"]);
    expect(out).not.toContain("2_Dense");
    expect(err).toContain("not sent: 2_Dense/");
    await symlink("../elsewhere/config.json", join(saved, "README.md"));
    const refused = await lowrank(["push", saved, "me/model", "--dry-run"]);
    expect(refused).toMatchObject({ code: 1, out: "", err: expect.stringContaining("README.md is a link to a file") });
  });

  it("says that a hub answers without a commit", async () => {
    const hub = await pushServer(TOKEN);
    vi.stubEnv("HF_ENDPOINT", hub.url);
    hub.refuse = { path: /commit/, status: 200 };
    const { saved } = await savedFolder(false);
    const { code, err } = await lowrank(["push", saved, "me/model"]);
    expect(code).toBe(1);
    expect(err).toMatch(/the upload to http.* failed: its answer names no commit; check/);
  });

  it.each<[string, readonly string[], RegExp]>([
    [
      "an unfinished run",
      ["checkpoint.safetensors", "adapter_config.json"],
      /checkpoint\.safetensors: its run is not finished/,
    ],
    [
      "folds that go on",
      ["folds.partial.json", "adapter_config.json"],
      /folds\.partial\.json: its run is not finished/,
    ],
    ["no model", ["report.json"], /neither adapter_config\.json nor config\.json/],
  ])("refuses a folder with %s", async (_, names, message) => {
    for (const name of names) await writeFile(join(folder, name), "{}");
    const { code, err } = await lowrank(["push", folder, "me/model", "--dry-run"]);
    expect(code).toBe(1);
    expect(err).toMatch(message);
  });

  it("refuses names that the hub does not take, and warns of a base that others do not have", async () => {
    for (const name of ["model", "a/b/c", "../x", "me/..", "me/a--b", "datasets/a/b"]) {
      const { code, err } = await lowrank(["push", folder, name, "--dry-run"]);
      expect(code).toBe(1);
      expect(err).toContain("repository: a name such as my-name/my-model is expected");
    }
    expect((await lowrank(["push", folder, "me/x", "--revision", "a b"])).err).toContain(
      "--revision: the name of a branch",
    );
    expect((await lowrank(["push", folder, "me/x", "--commit-message", " "])).err).toContain(
      "--commit-message: a text",
    );
    expect((await lowrank(["push", join(folder, "none"), "me/x"])).err).toContain("is not a folder");
    await writeFile(join(folder, "adapter_config.json"), JSON.stringify({ base_model_name_or_path: "/home/me/base" }));
    const { code, err } = await lowrank(["push", folder, "me/x", "--dry-run"]);
    expect(code).toBe(0);
    expect(err).toContain("warning: adapter_config.json names its base by a path of this machine, /home/me/base");
  });
});
