import { createHash } from "node:crypto";
import { cp, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CrossEncoder, readSafetensors, SearchIndex, SentenceEncoder } from "../../../ts/index.js";
import { writeFilesAtomically } from "../../../ts/entry/node.js";
import { type Fixture, lowrank, makeFixture, shortRun } from "../fixture.js";

let fixture: Fixture;
let data: string;
let index: string;
const films = ["the film was good", "a very dull story", "good actors and a fine film", "the plot was dull", "a story"];
beforeAll(async () => {
  fixture = await makeFixture();
  data = fixture.path("films.csv");
  index = fixture.path("films.index");
  await writeFile(data, `key,body\n${films.map((text, i) => `film-${i},"${text}"`).join("\n")}\n`);
  const { code, err } = await make("--data", data, "--text", "body", "--id", "key", "--out", index);
  expect({ code, err }).toEqual({
    code: 0,
    err: expect.stringMatching(/^5 vectors of 32 \(float32, [\d.]+ kB\) written to .*films\.index\n$/),
  });
});
afterAll(() => fixture.remove());

const make = (...args: string[]) => lowrank(["index", "--model", fixture.model, ...args]);
const search = (...args: string[]) => lowrank(["search", "--index", index, ...args]);

describe("search", () => {
  it("finds the texts whose vectors are most similar, with the model that the index records", async () => {
    using encoder = await SentenceEncoder.load(await modelFiles());
    const vectors = await encoder.encode([films[0]!, ...films], { normalize: true });
    const cosine = (i: number) => vectors[0]!.reduce((sum, value, k) => sum + value * vectors[i + 1]![k]!, 0);
    const expected = films.map((text, i) => ({ id: `film-${i}`, score: cosine(i), text }));
    expected.sort((a, b) => b.score - a.score);
    const { code, out, err } = await search(films[0]!, "--json", "--top-k", "3");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const { query, hits } = JSON.parse(out);
    expect(query).toBe(films[0]);
    expect(hits.map(({ id, text }: (typeof expected)[0]) => ({ id, text }))).toEqual(
      expected.slice(0, 3).map(({ id, text }) => ({ id, text })),
    );
    hits.forEach(({ score }: { score: number }, i: number) => expect(score).toBeCloseTo(expected[i]!.score, 5));
  });

  it("says that a query is empty", async () => {
    const { code, out, err } = await search("a film", " ");
    expect([code, out]).toEqual([1, ""]);
    expect(err).toContain("query 2 of 2 is empty");
  });

  it("prints a table, and a heading for each of several queries", async () => {
    const { out } = await search(films[1]!, "--top-k", "2");
    expect(out).toMatch(
      /^ {3}score {2}id {6}text\n1 {2}1\.000 {2}film-1 {2}a very dull story\n2 {2}0\.\d{3} {2}film-\d {2}.+\n$/,
    );
    const queries = fixture.path("queries.txt");
    await writeFile(queries, `${films[1]}\n${films[4]}\n`);
    const several = await search("--queries", queries, "--top-k", "1");
    expect(several.out).toMatch(/^a very dull story\n.*\n1 {2}1\.000 .*\n\na story\n.*\n1 {2}1\.000 .*\n$/);
    const piped = await lowrank(["search", "--index", index, "--top-k", "1"], { input: `${films[1]}\n` });
    expect(piped.out).toContain("1.000  film-1  a very dull story");
  });

  it("more texts than there are is all of them", async () => {
    const { out } = await search("dull", "--top-k", "99", "--json");
    expect(JSON.parse(out).hits).toHaveLength(5);
  });

  it.each(["int8", "binary"])("%s finds the same best text", async (format) => {
    const path = fixture.path(`films.${format}`);
    const made = await make("--data", data, "--text", "body", "--format", format, "--similarity", "dot", "--out", path);
    expect(made.code).toBe(0);
    const { out } = await lowrank(["search", "--index", path, films[2]!, "--json"]);
    // Without --id the row's number.
    expect(JSON.parse(out).hits[0]).toMatchObject({ id: 3, text: films[2] });
    using opened = await SearchIndex.open(new Uint8Array(await readFile(path)));
    expect([opened.format, opened.similarity, opened.size]).toEqual([format, "dot", 5]);
  });
});

describe("an adapter", () => {
  it("is recorded, and another one or what has become of it is refused", async () => {
    const [run, path] = [fixture.path("run"), fixture.path("adapted.index")];
    expect((await lowrank(shortRun(fixture, run, 10))).code).toBe(0);
    const made = await lowrank(["index", "--adapter", run, "--data", data, "--text", "body", "--out", path]);
    expect(made.code).toBe(0);
    const found = await lowrank(["search", "--index", path, films[0]!]);
    expect(found.out).toContain("1.000  1   the film was good");
    const other = fixture.path("other-run");
    await cp(run, other, { recursive: true });
    expect((await lowrank(["search", "--index", path, "--adapter", other, films[0]!])).out).toBe(found.out);
    expect((await lowrank(shortRun(fixture, fixture.path("third"), 12))).code).toBe(0);
    const wrong = await lowrank(["search", "--index", path, "--adapter", fixture.path("third"), films[0]!]);
    expect(wrong.code).not.toBe(0);
    expect(wrong.err).toContain("has vectors of another adapter");
    await rename(run, fixture.path("moved"));
    const gone = await lowrank(["search", "--index", path, films[0]!]);
    expect(gone.err).toMatch(
      /adapted\.index has vectors of the adapter .*run, which is not there: name .* with --adapter/,
    );
    await rename(fixture.path("moved"), run);
    const plain = await search("--adapter", run, films[0]!);
    expect(plain.err).toContain("has vectors without an adapter");
  });
});

/** A folder as the Studio saves it: an index that names what is beside it. */
async function savedSearch(name: string, metadata: Record<string, string>): Promise<string> {
  const folder = fixture.path(name);
  await mkdir(folder);
  using encoder = await SentenceEncoder.load(await modelFiles());
  using made = SearchIndex.create({
    dimensions: 32,
    metadata: { model: fixture.model, texts: "texts.json", ...metadata },
  });
  const [kept, vectors] = [films.slice(1), await encoder.encode(films.slice(1))];
  made.add([...kept.keys()], vectors);
  await writeFile(`${folder}/texts.index`, made.save());
  await writeFile(`${folder}/texts.json`, JSON.stringify(kept));
  return folder;
}

describe("an index that names its model, and its texts beside it, as the Studio saves it", () => {
  it("is searched", async () => {
    const folder = await savedSearch("saved", {});
    const { code, out, err } = await lowrank(["search", "--index", `${folder}/texts.index`, films[1]!, "--json"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const { hits } = JSON.parse(out);
    expect(hits).toHaveLength(4);
    expect(hits[0]).toEqual({ id: 0, text: films[1], score: expect.closeTo(1, 5) });
  });

  it("its adapter is the folder beside it, wherever both are", async () => {
    const run = fixture.path("beside-run");
    expect((await lowrank(shortRun(fixture, run, 10))).code).toBe(0);
    const hash = createHash("sha256");
    for (const file of ["adapter_config.json", "adapter_model.safetensors"])
      hash.update(await readFile(`${run}/${file}`));
    const folder = await savedSearch("with-adapter", { adapter: "adapter", adapterHash: hash.digest("hex") });
    await cp(run, `${folder}/adapter`, { recursive: true });
    await rm(run, { recursive: true });
    const found = await lowrank(["search", "--index", `${folder}/texts.index`, films[1]!]);
    expect({ code: found.code, err: found.err }).toEqual({ code: 0, err: "" });
    expect(found.out).toContain(films[1]);
    await writeFile(
      `${folder}/adapter/adapter_config.json`,
      `${await readFile(`${folder}/adapter/adapter_config.json`, "utf8")} `,
    );
    const changed = await lowrank(["search", "--index", `${folder}/texts.index`, films[1]!]);
    expect(changed.err).toContain("has vectors of another adapter, or of what it was before");
  });

  it("a cross-encoder's adapter makes no vectors", async () => {
    using encoder = await SentenceEncoder.load(await modelFiles());
    using cross = CrossEncoder.create(encoder, { lora: { rank: 2 } });
    const folder = fixture.path("cross");
    await writeFilesAtomically(folder, await cross.save({ base: fixture.model }));
    const { code, err } = await make("--adapter", folder, "--data", data, "--text", "body", "--out", fixture.path("x"));
    expect(code).toBe(1);
    expect(err).toMatch(/cross is a cross-encoder, which scores texts for a query and makes no vectors/);
  });

  it("says what is wrong with its texts", async () => {
    const folder = await savedSearch("wrong", {});
    const search = async () => (await lowrank(["search", "--index", `${folder}/texts.index`, "x"])).err;
    await writeFile(`${folder}/texts.json`, "{}");
    expect(await search()).toContain("expected a list of texts");
    await rm(`${folder}/texts.json`);
    expect(await search()).toMatch(/texts\.json: this file has the texts of .*texts\.index, and cannot be read/);
    const other = await savedSearch("other-folder", { texts: "../texts.json" });
    const { err } = await lowrank(["search", "--index", `${other}/texts.index`, "x"]);
    expect(err).toContain("not the name of a file beside it");
  });
});

describe("what goes wrong is said before the work", () => {
  it.each<[string, () => string[], RegExp]>([
    ["no --data", () => ["index", "--out", "x"], /--data/],
    [
      "no such data",
      () => ["index", "--data", fixture.path("none.csv"), "--out", fixture.path("x.index")],
      /none\.csv/,
    ],
    [
      "no column",
      () => ["index", "--data", data, "--out", fixture.path("x.index")],
      /--text COLUMN: it has "key", "body"/,
    ],
    [
      "ids twice",
      () => [
        "index",
        "--data",
        fixture.path("twice.csv"),
        "--text",
        "body",
        "--id",
        "key",
        "--out",
        fixture.path("x.index"),
      ],
      /rows 1 and 3 .* have the same id "a"/,
    ],
    [
      "a folder as --out",
      () => ["index", "--data", data, "--text", "body", "--out", fixture.folder],
      /a file is expected/,
    ],
    ["no --index", () => ["search", "x"], /--index/],
    ["no such index", () => ["search", "--index", fixture.path("none.index"), "x"], /there is no such file/],
    ["a folder", () => ["search", "--index", fixture.path("."), "x"], /a file is expected, this is a folder/],
    ["another file", () => ["search", "--index", data, "x"], /expected a safetensors file/],
    ["weights", () => ["search", "--index", fixture.path("model", "model.safetensors"), "x"], /SearchIndex\.save/],
    ["--top-k 0", () => ["search", "--index", index, "--top-k", "0", "x"], /whole number from 1/],
  ])("%s", async (_, args, message) => {
    await writeFile(fixture.path("twice.csv"), "key,body\na,x\nb,y\na,z\n");
    const { code, err, out } = await lowrank(args());
    expect(code).not.toBe(0);
    expect(out).toBe("");
    expect(err).toMatch(message);
  });

  it("an index of a program has no texts and names no model", async () => {
    using made = SearchIndex.create({ dimensions: 32 });
    made.add(["a"], [new Float32Array(32).fill(1)]);
    const path = fixture.path("own.index");
    await writeFile(path, made.save());
    expect((await lowrank(["search", "--index", path, "x"])).err).toContain("does not say which model");
    expect(readSafetensors(made.save()).has("texts")).toBe(false);
  });

  it("another model", async () => {
    const { err } = await search("--model", await otherModel(), "x");
    expect(err).toContain("has vectors of another model");
  });
});

async function modelFiles() {
  const names = ["config.json", "model.safetensors", "tokenizer.json"];
  const files = await Promise.all(names.map((name) => readFile(fixture.path("model", name))));
  return Object.fromEntries(names.map((name, i) => [name, new Uint8Array(files[i]!)]));
}

/** The same network with one number changed. */
async function otherModel(): Promise<string> {
  const folder = fixture.path("other-model");
  await cp(fixture.model, folder, { recursive: true });
  const path = fixture.path("other-model", "model.safetensors");
  const bytes = new Uint8Array(await readFile(path));
  const tensors = readSafetensors(bytes);
  tensors.raw(tensors.names.find((name) => name.includes("word_embeddings"))!)[2]! ^= 1;
  await writeFile(path, bytes);
  return folder;
}
