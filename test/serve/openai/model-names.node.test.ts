import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { ModelNames } from "../../../ts/serve/openai/model-names.js";
import type { Served } from "../../../ts/serve/openai/served-models.js";
import { textModels } from "./text-models.js";

let own: Awaited<ReturnType<typeof textModels>>;
let names: ModelNames;

beforeAll(async () => {
  own = await textModels();
});
afterAll(() => own?.dispose());

const search = (): Served => ({ kind: "embed", id: "search", model: own.encoder });
beforeEach(() => {
  names = new ModelNames([search()], { adapters: undefined, loadAdapter: () => own.encoder.saveAdapter("plain") });
});

const adapters = () => own.encoder.adapters().map(({ name }) => name);
const add = (name: string) =>
  names.add(
    { name },
    () => false,
    (work) => work(),
  );

it("an adapter that requests use stays in its model until the last of them, without its name", async () => {
  const before = adapters();
  await add("later");
  const { adapter } = names.find(["embed"], "later");
  const ends = [names.use(own.encoder, adapter), names.use(own.encoder, adapter)];
  names.remove("later");
  expect(() => names.find(["embed"], "later")).toThrow(/no model "later"/);
  expect(adapters()).toHaveLength(before.length + 1);
  expect(adapters()).not.toContain("later");
  expect(JSON.stringify(names.list())).not.toContain("removed");
  await add("later");
  names.use(own.encoder, "later")();
  ends[0]!();
  expect(adapters()).toHaveLength(before.length + 2);
  ends[1]!();
  expect(adapters()).toEqual([...before, "later"]);
  names.remove("later");
  expect(adapters()).toEqual(before);
});

it("one that its owner removes meanwhile is gone, and the base has no uses", () => {
  own.encoder.addAdapter("brief", { rank: 1 });
  const end = names.use(own.encoder, "brief");
  own.encoder.removeAdapter("brief");
  end();
  names.use(own.encoder, null)();
  expect(adapters()).not.toContain("brief");
});

it("a name that adapters of several models have is refused where it could mean either", () => {
  const other: Served = { kind: "embed", id: "other", model: own.topics.encoder };
  own.topics.encoder.addAdapter("plain", { rank: 1 });
  const both = new ModelNames([search(), other], { adapters: undefined, loadAdapter: undefined });
  expect(() => both.find(["embed"], "plain")).toThrow(/several models have an adapter "plain": search, other/);
  expect(both.find(["embed"], "dora")).toMatchObject({ id: "search", adapter: "dora" });
  expect(() => both.find(["embed"])).toThrow(/name a model/);
  // A model's own name goes before adapters'.
  const named = new ModelNames([search(), { ...other, id: "plain" }], { adapters: undefined, loadAdapter: undefined });
  expect(named.find(["embed"], "plain")).toMatchObject({ id: "plain", adapter: null });
  own.topics.encoder.removeAdapter("plain");
});
