import {
  bytesSource,
  engineInfo,
  quantizeVectors,
  SearchIndex,
  type SearchIndexOptions,
  tensor,
} from "../../../../ts/index.js";
import { filled } from "../scene.js";
import type { Call, Ground } from "../refusals.js";

/** Names of an object's public methods. */
type Methods<T> = Extract<{ [K in keyof T]: T[K] extends (...args: never[]) => unknown ? K : never }[keyof T], string>;

const options = (): SearchIndexOptions => ({
  dimensions: 3,
  format: "int8",
  similarity: "dot",
  metadata: { a: "b" },
  ranges: [Float32Array.of(-1, -1, -1), [2, 2, 2]],
});

/** An index with two vectors. */
function made(): SearchIndex {
  const index = SearchIndex.create(options());
  index.add(["a", 1], filled(2, 3));
  return index;
}

/** Calls on an index, which one that throws leaves as it was. */
export const indexGround: Ground<SearchIndex> = {
  make: made,
  state(index) {
    try {
      return `${engineInfo().memory.used} ${index.save().join()}`;
    } catch {
      return "disposed";
    }
  },
  end: (index) => index.dispose(),
};

const on = (name: Methods<SearchIndex>, args: () => unknown[]): Call<SearchIndex> => ({
  args,
  run: (index, ...given) => (index[name] as (...args: unknown[]) => unknown)(...given),
});

/** Right arguments of every method. One without a row does not compile. */
export const indexCalls: Record<Methods<SearchIndex>, Call<SearchIndex>[]> = {
  add: [
    on("add", () => [
      ["b", 2],
      [
        [1, 2, 3],
        [1, 0, 1],
      ],
    ]),
    on("add", () => [["b", 2], filled(2, 3)]),
    on("add", () => [["b"], [Float32Array.of(1, 2, 3)]]),
  ],
  dispose: [on("dispose", () => [])],
  has: [on("has", () => ["a"])],
  remove: [on("remove", () => [["a", 7]])],
  save: [on("save", () => [])],
  search: [
    on("search", () => [Float32Array.of(1, 2, 3), { topK: 2, rescore: false, rescoreMultiplier: 2 }]),
    on("search", () => [[1, 2, 3]]),
  ],
};

const bytes = () => {
  using index = made();
  return index.save();
};

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests pass anything
const call = (args: () => unknown[], run: (...args: any[]) => unknown): Call => ({
  args,
  run: (_, ...given) => run(...given),
});

const opened = async (...args: Parameters<typeof SearchIndex.open>) => (await SearchIndex.open(...args)).dispose();

/** Calls that make something of their own. */
export const searchCalls = {
  quantizeVectors: [
    call(
      () => [
        [[1, 2, 3], Float32Array.of(1, 0, 1)],
        "int8",
        [
          [0, 0, 0],
          [1, 2, 3],
        ],
      ],
      quantizeVectors,
    ),
    call(() => [filled(2, 3), "ubinary", tensor([2, 3], [0, 0, 0, 1, 1, 1])], quantizeVectors),
  ],
  create: [
    call(
      () => [options()],
      (given: SearchIndexOptions) => SearchIndex.create(given).dispose(),
    ),
  ],
  open: [
    call(() => [bytes(), {}], opened),
    call(() => [{ ...bytesSource(bytes()), close: async () => undefined }], opened),
    call(() => [{ getFile: async () => new Blob([bytes()]) }], opened),
  ],
} satisfies Record<string, Call[]>;
