import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import {
  ConfigError,
  createEngine,
  EngineError,
  type IndexFormat,
  MemoryError,
  SearchIndex,
  type SearchIndexOptions,
  ShapeError,
  StaleNodeError,
  tensor,
  type VectorId,
} from "../../ts/index.js";
import { engine } from "../../ts/engine/engine.js";
import { golden, goldenRows, searches } from "./quantisation.js";
import { bruteForce, randomVectors } from "./brute-force.js";

const before = engine().heap.used;
const indexes: SearchIndex[] = [];

afterEach(() => {
  for (const index of indexes.splice(0)) index.dispose();
  expect(engine().heap.used).toBe(before);
});

function create(options: SearchIndexOptions): SearchIndex {
  const index = SearchIndex.create(options);
  indexes.push(index);
  return index;
}

const formats: readonly IndexFormat[] = ["float32", "int8", "binary"];
const names = (count: number) => Array.from({ length: count }, (_, i) => `d${i}`);

describe("searches of sentence-transformers", () => {
  const corpus = goldenRows("corpus");
  const places = corpus.map((_, i) => i);
  const found = ({ precision, top_k: topK, rescore, rescore_multiplier: rescoreMultiplier }: (typeof searches)[0]) => {
    const format = precision.endsWith("binary") ? "binary" : precision === "float32" ? "float32" : "int8";
    const index = create({ dimensions: 20, format, similarity: "dot" });
    index.add(places, corpus);
    return goldenRows("queries").map((query) => index.search(query, { topK, rescore, rescoreMultiplier }));
  };

  it("in float32 are found", () => {
    const search = searches.find(({ precision }) => precision === "float32")!;
    found(search).forEach((hits, q) => {
      expect(hits.map(({ id }) => id)).toEqual(search.hits[q]!.map(([place]) => place));
      hits.forEach(({ score }, i) => expect(score).toBeCloseTo(search.hits[q]![i]![1], 6));
    });
  });

  it("in int8 are found, or better ones: there the first choice is of rounded queries' codes", () => {
    const search = searches.find(({ precision }) => precision === "int8")!;
    let same = 0;
    found(search).forEach((hits, q) => {
      const expected = new Map(search.hits[q]);
      for (const { id, score } of hits)
        if (expected.has(id as number)) expect(score).toBeCloseTo(expected.get(id as number)!, 12);
      search.hits[q]!.forEach(([, score], i) => expect(hits[i]!.score).toBeGreaterThanOrEqual(score - 1e-12));
      same += Number(hits.every(({ id }, i) => id === search.hits[q]![i]![0]));
    });
    expect(same).toBe(7);
  });

  it("in bits are found, up to which of equal ones are candidates", () => {
    const search = searches.find(({ precision, rescore }) => precision === "ubinary" && rescore)!;
    let same = 0;
    found(search).forEach((hits, q) => {
      const expected = new Map(search.hits[q]);
      for (const { id, score } of hits)
        if (expected.has(id as number)) expect(score).toBeCloseTo(expected.get(id as number)!, 12);
      same += Number(hits.every(({ id }, i) => id === search.hits[q]![i]![0]));
    });
    expect(same).toBeGreaterThanOrEqual(7);
  });

  it("in bits without new scores have the number of bits that differ, smallest first", () => {
    const search = searches.find(({ precision, rescore }) => precision === "ubinary" && !rescore)!;
    found(search).forEach((hits, q) => {
      expect(hits.map(({ score }) => score)).toEqual(search.hits[q]!.map(([, score]) => score));
    });
  });

  it("given ranges make the same codes", () => {
    const [own, given] = [undefined, golden("ranges")].map((ranges) => {
      const index = create({ dimensions: 20, format: "int8", similarity: "dot", ...(ranges && { ranges }) });
      index.add(places, corpus);
      return index.search(corpus[7]!, { topK: 120 });
    });
    expect(own).toEqual(given);
  });
});

describe.each(formats)("an index of %s", (format) => {
  it("finds what comparing with every vector in float64 finds, up to ties", () => {
    fc.assert(
      fc.property(
        fc.record({
          dimensions: fc.integer({ min: 1, max: 70 }),
          count: fc.integer({ min: 1, max: 60 }),
          topK: fc.integer({ min: 1, max: 70 }),
          similarity: fc.constantFrom("cosine" as const, "dot" as const),
          seed: fc.integer({ min: 0, max: 1000 }),
        }),
        ({ dimensions, count, topK, similarity, seed }) => {
          using index = SearchIndex.create({ dimensions, format, similarity });
          const vectors = randomVectors(count, dimensions, seed);
          index.add(names(count), vectors);
          const [query] = randomVectors(1, dimensions, seed + 5000);
          const hits = index.search(query!, { topK, rescoreMultiplier: count });
          const expected = bruteForce(vectors, query!, { format, similarity });
          expect(hits).toHaveLength(Math.min(topK, count));
          expect(new Set(hits.map(({ id }) => id)).size).toBe(hits.length);
          hits.forEach(({ id, score }, i) => {
            expect(Math.abs(score - expected.scores[Number(String(id).slice(1))]!)).toBeLessThan(1e-6);
            expect(Math.abs(score - expected.sorted[i]!)).toBeLessThan(1e-6);
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it("is as a new one of what is left, after vectors were added and removed, saved and opened", async () => {
    const dimensions = 9;
    const ranges = [new Float32Array(dimensions).fill(-4), new Float32Array(dimensions).fill(4)] as const;
    const options = { dimensions, format, ...(format === "int8" && { ranges }) };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ id: fc.integer({ min: 0, max: 30 }), remove: fc.boolean() }), { maxLength: 60 }),
        async (steps) => {
          const vectors = randomVectors(31, dimensions, 3);
          const left = new Set<number>();
          using index = SearchIndex.create(options);
          for (const { id, remove } of steps) {
            if (remove) expect(index.remove([id])).toBe(Number(left.delete(id)));
            else if (left.has(id)) expect(() => index.add([id], [vectors[id]!])).toThrow(`the id ${id} is there`);
            else {
              index.add([id], [vectors[id]!]);
              left.add(id);
            }
            expect(index.size).toBe(left.size);
          }
          using fresh = SearchIndex.create(options);
          const sorted = [...left].sort((a, b) => a - b);
          fresh.add(
            sorted,
            sorted.map((id) => vectors[id]!),
          );
          using opened = await SearchIndex.open(index.save());
          const all = { topK: 40 };
          expect(index.search(vectors[0]!, all)).toEqual(fresh.search(vectors[0]!, all));
          expect(opened.search(vectors[0]!, all)).toEqual(fresh.search(vectors[0]!, all));
          expect(opened.save()).toEqual(index.save());
          for (let id = 0; id < 31; id++) expect(opened.has(id)).toBe(left.has(id));
        },
      ),
      { numRuns: 30 },
    );
  });

  it("of equal scores has the smaller id as text first, also where not all are found", () => {
    const index = create({ dimensions: 5, format });
    const vector = [1, 2, -3, 4, 5];
    const ids: VectorId[] = Array.from({ length: 150 }, (_, i) => (i % 2 === 0 ? i : `${i}`));
    index.add(
      ids,
      ids.map(() => vector),
    );
    for (const rescore of [true, false]) {
      const hits = index.search(vector, { topK: 20, rescore });
      const expected = [...ids].sort((a, b) => (String(a) < String(b) ? -1 : 1)).slice(0, 20);
      expect(hits.map(({ id }) => id)).toEqual(expected);
    }
  });

  it("has no hits without vectors, and all of them if more are asked for", () => {
    const index = create({ dimensions: 3, format });
    expect(index.search([1, 2, 3])).toEqual([]);
    index.add(["a"], [[1, 2, 3]]);
    expect(index.search([1, 2, 3], { topK: 1000 }).map(({ id }) => id)).toEqual(["a"]);
    expect(index.remove(["b", "a", "a"])).toBe(1);
    expect(index.search([1, 2, 3])).toEqual([]);
    index.add([], []);
    expect(index.size).toBe(0);
  });

  it("is as before after a call that throws", () => {
    const index = create({ dimensions: 2, format });
    index.add(
      ["a", 7],
      [
        [1, 2],
        [3, -4],
      ],
    );
    const saved = index.save();
    const wrong: [ids: unknown, vectors: unknown, error: new (message: string) => Error][] = [
      [
        ["b", "c"],
        [
          [1, 2],
          [1, NaN],
        ],
        ConfigError,
      ],
      [
        ["b", "c"],
        [
          [1, 2],
          [1, Infinity],
        ],
        ConfigError,
      ],
      [
        ["b", "c"],
        [
          [1, 2],
          [3e38, 3e38],
        ],
        ConfigError,
      ],
      [
        ["b", "c"],
        [
          [1, 2],
          [1, 2, 3],
        ],
        ShapeError,
      ],
      [
        ["b", "b"],
        [
          [1, 2],
          [1, 2],
        ],
        ConfigError,
      ],
      [
        ["b", "7"],
        [
          [1, 2],
          [1, 2],
        ],
        ConfigError,
      ],
      [
        ["b", 1.5],
        [
          [1, 2],
          [1, 2],
        ],
        ConfigError,
      ],
      [
        ["b", 2 ** 60],
        [
          [1, 2],
          [1, 2],
        ],
        ConfigError,
      ],
      [
        ["b"],
        [
          [1, 2],
          [1, 2],
        ],
        ConfigError,
      ],
      [["b"], tensor([1, 3], [1, 2, 3]), ShapeError],
      ["b", [[1, 2]], ConfigError],
    ];
    for (const [ids, vectors, error] of wrong) {
      expect(() => index.add(ids as string[], vectors as number[][])).toThrow(error);
      expect(index.save()).toEqual(saved);
    }
    for (const query of [[1], [1, 2, 3], [1, NaN], ["1", "2"], "12", null])
      expect(() => index.search(query as number[])).toThrow(/search/);
    expect(() => index.search([1, 2], { topK: 0 })).toThrow("topK");
    expect(() => index.search([1, 2], { topk: 3 } as object)).toThrow("did you mean");
    expect(() => index.remove(["a", null as never])).toThrow(ConfigError);
    expect(index.save()).toEqual(saved);
  });

  it("refuses other calls while a list that it reads calls back", () => {
    const index = create({ dimensions: 1, format });
    const list = Object.defineProperty([0], 0, { get: () => index.remove(["a"]) });
    expect(() => index.add(["a"], [list])).toThrow("another method of this index is running");
    expect(index.size).toBe(0);
  });

  it("frees all memory, and refuses calls afterwards", () => {
    const index = create({ dimensions: 33, format });
    index.add(names(2500), randomVectors(2500, 33, 1));
    index.search(randomVectors(1, 33, 2)[0]!);
    expect(engine().heap.used).toBeGreaterThan(before);
    index.remove(names(2500));
    expect(engine().heap.used).toBe(before);
    index.add(names(1200), randomVectors(1200, 33, 1));
    index.dispose();
    index.dispose();
    expect(engine().heap.used).toBe(before);
    expect(() => index.add(["a"], [[1]])).toThrow(StaleNodeError);
    expect(() => index.search([1])).toThrow("this index was disposed");
    expect(() => index.save()).toThrow(StaleNodeError);
    expect(() => index.has("a")).toThrow(StaleNodeError);
  });
});

it("ranges follow the vectors until there are 1,000, whatever is added at once", () => {
  const vectors = randomVectors(1200, 8, 4);
  const [query] = randomVectors(1, 8, 9);
  const [together, oneByOne, late] = [1, 2, 3].map(() => create({ dimensions: 8, format: "int8" }));
  together!.add(names(999), vectors.slice(0, 999));
  vectors.slice(0, 999).forEach((vector, i) => oneByOne!.add([`d${i}`], [vector]));
  expect(oneByOne!.save()).toEqual(together!.save());
  expect(oneByOne!.search(query!)).toEqual(together!.search(query!));
  for (const index of [together!, oneByOne!]) index.add(names(1200).slice(999), vectors.slice(999));
  late!.add(names(1200), vectors);
  expect(oneByOne!.save()).toEqual(late!.save());
  expect(together!.search(query!)).toEqual(late!.search(query!));
  // From here on they stay.
  const top = late!.search(query!, { topK: 1200 });
  late!.add(["far"], [vectors[0]!.map((value) => 100 * value)]);
  late!.remove(["far"]);
  expect(late!.search(query!, { topK: 1200 })).toEqual(top);
});

it("vectors of length 0 and very long ones are found", () => {
  for (const similarity of ["cosine", "dot"] as const) {
    const index = create({ dimensions: 2, format: "float32", similarity });
    index.add(
      ["zero", "long", "short"],
      [
        [0, 0],
        [7e37, 7e37],
        [1e-40, 1e-40],
      ],
    );
    const scores = Object.fromEntries(index.search([3e37, 3e36]).map(({ id, score }) => [id, score]));
    expect(scores["zero"]).toBe(0);
    expect(scores["long"]! / (similarity === "dot" ? 2.31e75 : 0.7738)).toBeCloseTo(1, 3);
    expect(index.search([0, 0]).map(({ score }) => score)).toEqual([0, 0, 0]);
  }
});

it("an index larger than a block is searched in all of them", () => {
  const [count, dimensions] = [3_000, 500];
  const vectors = randomVectors(count, dimensions, 6);
  const index = create({ dimensions, format: "float32" });
  index.add(names(count), vectors);
  for (const i of [0, 523, 524, 2999]) expect(index.search(vectors[i]!, { topK: 1 })[0]!.id).toBe(`d${i}`);
});

it("a memory that is too small leaves the index as it was", async () => {
  const small = await createEngine({ maximumMemory: 2 ** 24, threads: 1 });
  const index = SearchIndex.create({ dimensions: 1000, format: "float32", engine: small });
  index.add(["a"], randomVectors(1, 1000, 1));
  const used = small.info.memory.used;
  expect(() => index.add(names(9000), randomVectors(9000, 1000, 2))).toThrow(MemoryError);
  expect([index.size, small.info.memory.used]).toEqual([1, used]);
  expect(index.search(randomVectors(1, 1000, 1)[0]!)[0]!.id).toBe("a");
  await small.close();
  expect(() => index.search(randomVectors(1, 1000, 1)[0]!)).toThrow(EngineError);
  index.dispose();
});

it("wrong options are refused by name", () => {
  const wrong = SearchIndex.create as (options: unknown) => SearchIndex;
  expect(() => wrong({})).toThrow("dimensions");
  expect(() => wrong({ dimensions: 0 })).toThrow("dimensions");
  expect(() => wrong({ dimensions: 2 ** 17 })).toThrow("dimensions");
  expect(() => wrong({ dimensions: 2, format: "int4" })).toThrow("format");
  expect(() => wrong({ dimensions: 2, similarity: "euclidean" })).toThrow("similarity");
  expect(() =>
    wrong({
      dimensions: 2,
      ranges: [
        [0, 0],
        [1, 1],
      ],
    }),
  ).toThrow("ranges");
  expect(() => wrong({ dimensions: 2, format: "int8", ranges: [[0], [1]] })).toThrow(ShapeError);
  expect(() => wrong({ dimensions: 2, metadata: { a: 1 } })).toThrow("metadata");
  expect(() => wrong({ dimensions: 2, engine: {} })).toThrow("engine");
});
