// @needs browser
// @rest studio
import { strToU8, unzipSync, zipSync } from "fflate";
import { beforeEach, expect, it } from "vitest";
import { read, remove, write } from "../../web/src/storage/database.js";
import { pageValue, registerPage } from "../../web/src/storage/page-values.js";
import { projectFile, projectName, readProject } from "../../web/src/storage/project-file.js";

// Node has no IndexedDB: values are kept for the visit, as in a private window.

const bytes = (...values: number[]) => new Uint8Array(values);
const points = [{ step: 1, loss: 0.5 }];
const metrics = { "ndcg@10": 0.5, "mrr@10": 0.4, "recall@1": 0.3, "recall@10": 1 };
const searchRun = {
  id: "search-1",
  name: "help.csv",
  status: "finished",
  spec: { data: "pairs.jsonl" },
  training: points,
  validation: points,
  data: { "pairs.jsonl": bytes(1, 2) },
  heldOut: ["Why?"],
  interval: [0.2, 0.7],
  result: { yardsticks: { base: metrics, bm25: null }, after: metrics, documents: 3 },
  isUnchanged: false,
  files: { "adapter_model.safetensors": bytes(3), "1_Pooling/config.json": bytes(4, 5) },
};
const lesson = {
  id: "chat-2",
  name: "talk.jsonl",
  model: "SmolLM2",
  spec: { data: "c.jsonl" },
  status: "finished",
  training: points,
  validation: [],
  data: bytes(9),
  rows: 3,
  result: null,
  preferences: null,
  files: { "adapter_model.safetensors": bytes(6) },
};
const pair = { id: "a", prompt: [{ role: "user", content: "Hi" }], chosen: "Hello.", rejected: "What?" };
const pages: Readonly<Record<string, unknown>> = {
  search: {
    name: "help.csv",
    columns: ["q", "a"],
    records: [["Why?", "Because."]],
    text: 1,
    question: 0,
    encoder: "multilingual",
  },
  "search run": searchRun,
  "search judgements": [{ query: "Why?", text: "Because.", right: true }],
  "rank table": { name: "r.csv", columns: ["q", "t"], records: [["a", "b"]], text: 1, question: 0, value: null },
  lesson,
  "chat-adapters": { adapters: [{ id: "chat-1", name: "talk.jsonl", model: "SmolLM2" }] },
  "chat-adapter-chat-1": { "adapter_config.json": bytes(7), "adapter_model.safetensors": bytes(8) },
  "chat-judged": { pairs: [pair] },
};
const keys = [...Object.keys(pages), "rank run", "chat-adapter-chat-3", "chat-adapter-chat-2"];
const set = (values: Readonly<Record<string, unknown>>) =>
  Promise.all(Object.entries(values).map(([key, value]) => write("project", key, value)));
const clear = () => Promise.all(keys.map((key) => remove("project", key)));
beforeEach(clear);
/** The page that the last project shows. */
let page: string | null;
const open = async (zip: Uint8Array) => {
  const project = await readProject(new Blob([zip as BlobPart]));
  await project.open();
  page = project.page;
  return project.replaces;
};

it("what search, reranker and chat hold comes back from a project file, byte for byte", async () => {
  await set(pages);
  expect(await projectName()).toBe("help.csv");
  const zip = await projectFile();
  await clear();
  expect(await open(zip)).toEqual({ table: null, pages: [] });
  expect(page).toBe("search");
  for (const [key, value] of Object.entries(pages)) expect(await read("project", key), key).toEqual(value);
});

it("an unfinished training comes without its curve, because its checkpoint is not in the file", async () => {
  await set({ "search run": { ...searchRun, status: "training", result: null, files: null } });
  const zip = await projectFile();
  await clear();
  await open(zip);
  expect(await read("project", "search run")).toMatchObject({ status: "paused", training: [], validation: [] });
});

it("pairs and adapters of the chat are added to those there are, and a search replaces the one there is", async () => {
  await set(pages);
  const zip = await projectFile();
  await clear();
  const files = { "adapter_model.safetensors": bytes(1) };
  await set({
    "search judgements": [{ query: "Other", text: "x", right: false }],
    "rank run": { ...searchRun, id: "rank-1" },
    lesson: { ...lesson, id: "chat-3", files },
    "chat-judged": { pairs: [{ ...pair, id: "b" }] },
  });
  expect(await open(zip)).toEqual({ table: null, pages: ["search", "rank"] });
  expect(await read("project", "search judgements")).toEqual(pages["search judgements"]);
  expect(await read("project", "rank run")).toBeUndefined();
  expect(await read("project", "lesson")).toEqual(lesson);
  expect(await read("project", "chat-adapters")).toEqual({
    adapters: [
      { id: "chat-1", name: "talk.jsonl", model: "SmolLM2" },
      { id: "chat-3", name: "talk.jsonl (2)", model: "SmolLM2" },
    ],
  });
  expect(await read("project", "chat-adapter-chat-3")).toEqual(files);
  expect(await read("project", "chat-judged")).toEqual({ pairs: [{ ...pair, id: "b" }, pair] });
  // Once more changes nothing.
  await open(zip);
  expect(((await read("project", "chat-adapters")) as { adapters: [] }).adapters).toHaveLength(2);
});

/** A project file with other facts. */
function changed(
  zip: Uint8Array,
  change: (pages: Record<string, { value: Record<string, unknown>; bytes: string[][] }>) => void,
) {
  const files = unzipSync(zip);
  const facts = JSON.parse(new TextDecoder().decode(files["project.json"])) as { pages: Parameters<typeof change>[0] };
  change(facts.pages);
  return zipSync({ ...files, "project.json": strToU8(JSON.stringify(facts)) });
}

it("projects of earlier Studios open, and so does one with a page that this Studio does not know", async () => {
  await set({ "chat-judged": pages["chat-judged"] });
  const zip = await projectFile();
  const files = unzipSync(zip);
  const { pages: _, ...earlier } = JSON.parse(new TextDecoder().decode(files["project.json"])) as { pages: object };
  await open(zipSync({ ...files, "project.json": strToU8(JSON.stringify(earlier)) }));
  expect(await read("project", "chat-judged")).toEqual(pages["chat-judged"]);
  await open(changed(zip, (all) => void (all["dreams"] = { value: {}, bytes: [] })));
  expect(await read("project", "dreams")).toBeUndefined();
});

it("a page that is damaged is refused, and nothing changes", async () => {
  await set(pages);
  const zip = await projectFile();
  await clear();
  const bad: [string, Parameters<typeof changed>[1]][] = [
    ["a column that is not there", (all) => void (all["search"]!.value["text"] = 2)],
    ["a row that is too short", (all) => void (all["search"]!.value["records"] = [["Why?"]])],
    ["no name", (all) => void delete all["search"]!.value["name"]],
    ["another status", (all) => void (all["search run"]!.value["status"] = "lost")],
    ["a result that is missing", (all) => void (all["search run"]!.value["result"] = null)],
    ["files that are missing", (all) => void (all["search run"]!.bytes = [])],
    ["a file that is not there", (all) => void all["search run"]!.bytes.push(["files", "toString"])],
    ["a place that is inherited", (all) => void all["search run"]!.bytes.push(["__proto__", "toString"])],
    ["a place that is no place", (all) => void all["search run"]!.bytes.push([1] as never)],
    ["an id that is a path", (all) => void (all["chat-adapters"]!.value["adapters"] = [{ id: "../x", name: "", model: "" }])], // prettier-ignore
    ["an adapter without files", (all) => void delete all["chat-adapter-chat-1"]],
    ["a judgement without a verdict", (all) => void (all["search judgements"]!.value = [{ query: "", text: "" }] as never)], // prettier-ignore
    ["a pair without an answer", (all) => void (all["chat-judged"]!.value["pairs"] = [{ id: "a", prompt: "" }])],
    ["no pages", (all) => void (all["lesson"] = null as never)],
  ];
  for (const [what, change] of bad)
    await expect(open(changed(zip, change)), what).rejects.toMatchObject({ name: "ProjectProblem", kind: "damaged" });
  for (const key of keys) expect(await read("project", key), key).toBeUndefined();
});

it("a page that trains keeps what it has, and an open page shows what comes", async () => {
  let [isBusy, shown] = [true, null as unknown];
  registerPage("chat-judged", { get: () => shown, show: (value) => (shown = value), isBusy: () => isBusy });
  await set({ "rank table": pages["rank table"] });
  shown = pages["chat-judged"];
  expect(await pageValue("chat-judged")).toBe(shown);
  const zip = await projectFile();
  shown = null;
  await clear();
  await expect(open(zip)).rejects.toMatchObject({ kind: "busy" });
  expect([shown, await read("project", "rank table")]).toEqual([null, undefined]);
  isBusy = false;
  await open(zip);
  expect(shown).toEqual(pages["chat-judged"]);
  expect(page).toBe("rank");
});
