// Which test files run in which project of vitest, in `npm test` and in the rest of the matrix, which `npm run test:all` runs after it.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { createFilter } from "vite";
import type { Need } from "../scripts/checks/machine.mjs";
import { root } from "../scripts/setup/paths.mjs";

/** Tests of what only Node has; they choose their build themselves and run once. */
export const nodeOnly = [
  "test/runtimes/**",
  "test/{cli,packaging}/**/*.test.ts",
  "{test,packages/*/test}/**/*.node.test.ts",
];

/** Of those, tests that call commands, tasks and runs, and change nothing of their process: they share one, and its modules. */
const shared = ["test/cli/**/*.test.ts", "test/{tasks,jobs}/**/*.node.test.ts"];

/**
 * Tests that start their process's engine with settings, ask what a first start would get, or make its memory several times as large: each
 * has a process or a page of its own, in projects `node` and `chromium`. With threads every file has one.
 */
const ownProcess = [
  "test/engine/options.test.ts",
  "test/graph/host-values.test.ts",
  "test/properties/threads/*.test.ts",
];

const everything = ["{test,packages/*/test}/**/*.test.ts"];

/** Tests of what differs by build and by threads: the numbers. `npm run test:all` runs all of them in every build. */
const numeric = [
  "test/{adapters,engine,graph,merging,models,nn,ops,optim,search,tokenize,train}/**/*.test.ts",
  "test/tasks/{,tokens/}*.test.ts",
  "test/properties/{,bits/,programs/}*.test.ts",
];

/** Of those, a set that runs every kernel and every register tile in each build, and whole training steps. */
const covering = [
  "test/{engine,nn,ops,optim,search}/*.test.ts",
  "test/graph/decoder-ops.test.ts",
  "test/ops/{experts,recurrence}/*.test.ts",
  "test/models/{decoders,golden-encoders,grouped-weights,replay}.test.ts",
  "test/properties/{bits,programs}/*.test.ts",
];

/** Of those, what `npm test` does not repeat in the relaxed build without threads: MiniLM's steps take long, and run in it with two threads. */
const withThreadsAlone = ["test/models/replay.test.ts"];

/** Of those, what no build changes: estimates of memory, files and their texts, formats. Project `node-simd` alone runs them. */
const equalInBuilds = [
  "test/models/{estimate-memory,weight-precision,sentence/save}.test.ts",
  "test/models/language/{estimate,bounded-template,prepared}.test.ts",
  "test/models/{gguf,language/tools}/**/*.test.ts",
];

/** The same in a browser, where the kernels' builds are those of Node: the start of the engine, and one run of every op. */
const coveringInBrowser = ["test/{engine,properties/bits}/*.test.ts", "test/ops/golden.test.ts"];

/** What a browser does in a way of its own: workers, threads, streams, dates and languages, files by fetch. */
const differsInBrowser = [
  ...coveringInBrowser,
  "test/{ai,properties/threads,tokenize,values,worker}/**/*.test.ts",
  "test/io/examples/{reading,summary/languages,parquet/parquet}.test.ts",
  "test/serve/openai/stored/page-store.test.ts",
];

/**
 * What Chromium's relaxed build does as Node's, with the same JavaScript and the same binary in the same V8: numbers, and the checks of
 * arguments. Chromium runs what covers the kernels, in each build.
 */
const numbersOfNode = [
  "test/{adapters,graph,merging,models,nn,optim,search,train}/**/*.test.ts",
  "test/{engine,ops}/*/**/*.test.ts",
  "test/ops/!(golden).test.ts",
  "test/tasks/{,tokens/}*.test.ts",
  "test/properties/*.test.ts",
  "test/properties/{arguments,programs}/**/*.test.ts",
];

/**
 * Reasons for which `npm test` leaves a file to `npm run test:all`. Such a file names its reasons in its first lines: `// @rest kills`.
 */
const reasons = {
  services: "They start Redis, PostgreSQL, an S3 service or Flower, or Python's and the system's clients of a server.",
  kills: "They kill or end processes, threads or browsers, over and over, and wait for them.",
  studio: "They go through the Studio as a person would; its first load stays.",
  growth:
    "They read files of growing sizes and time it, or ask a server thousands of times; that hostile files are refused stays.",
  pages: "They keep models in a page's storage, cut downloads and open several tabs.",
  toolchain: "They compile the kernels twice more, and compare the bytes: those change with the toolchain alone.",
  documents:
    "They train MiniLM by the programs and commands of a page, each with the defaults; those of README and docs/starts stay.",
  wholeModel:
    "They load or train all of MiniLM, again and again, for its memory and its copies; small models' tests of the same stay.",
  shaders:
    "They compile shaders of some hundred kernels, of every model and task, without a GPU; what usual ones need stays.",
  otherValues: "They call public functions with three of four wrong values at each place; the fourth stays.",
  consumers:
    "They install the package into projects of their own, bundle it with every bundler, or ask pip for a wheel.",
};

/** Every test file, by its path from the project's root. */
const testFiles = ["test", "packages"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".test.ts") && !entry.parentPath.includes("node_modules"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/")),
);

/** Tags in a test file's first lines, such as `// @needs browser`. */
interface Tags {
  readonly name: string;
  /** What its tests need that a machine may lack. */
  readonly needs: readonly string[];
  /** Why `npm test` leaves it to the rest of the matrix. */
  readonly rest: readonly string[];
}

function tagsOf(name: string): Tags {
  const [head] = /^(\/\/ @\w+ [\w ]+\n)*/.exec(readFileSync(join(root, name), "utf8"))!;
  const words = (tag: "needs" | "rest") =>
    new RegExp(`^// @${tag} (.+)$`, "m")
      .exec(head)?.[1]!
      .split(" ")
      .filter((word) => word !== "") ?? [];
  return { name, needs: words("needs"), rest: words("rest") };
}

/** The tags of each test file. */
export const tags = testFiles.map(tagsOf);

/** The words that tags may have. */
export const knownTags: Readonly<Record<"needs" | "rest", readonly string[]>> = {
  needs: ["browser", "unix", "linux", "disks"] satisfies Need[],
  rest: Object.keys(reasons),
};

/** What is run: everything, what `npm test` runs, or what it leaves to the rest of the matrix. */
export type Part = "all" | "quick" | "rest";

export interface FilesOfProject {
  readonly include: string[];
  readonly exclude: string[];
}

type Table = Readonly<Record<string, FilesOfProject>>;

/** The files of each project in a part, on a machine that lacks something; a project that runs nothing is not there. */
export function filesOfProjects(part: Part, lacking: readonly Need[]): Table {
  if (part !== "rest") return table(part === "quick", lacking);
  const quick = table(true, lacking);
  const rest = Object.entries(table(false, lacking)).map(([name, { include, exclude }]): [string, FilesOfProject] => [
    name,
    { include, exclude: [...exclude, ...(quick[name] ? namesOf(quick[name]) : [])] },
  ]);
  return Object.fromEntries(rest.filter(([, files]) => namesOf(files).length > 0));
}

function table(quick: boolean, lacking: readonly Need[]): Table {
  const left = quick ? tags.filter(({ rest }) => rest.length > 0).map(({ name }) => name) : [];
  const absent = tags.filter(({ needs }) => lacking.some((need) => needs.includes(need))).map(({ name }) => name);
  const inNode = {
    node: { include: [...nodeOnly, ...ownProcess], exclude: ["test/runtimes/**", ...shared, ...left, ...absent] },
    "node-shared": { include: shared, exclude: [...left, ...absent] },
    "node-simd": { include: everything, exclude: [...nodeOnly, ...ownProcess, ...left] },
    "node-relaxed": {
      include: quick ? covering : numeric,
      exclude: [...nodeOnly, ...ownProcess, ...equalInBuilds, ...(quick ? withThreadsAlone : [])],
    },
    "node-threads": { include: quick ? covering : numeric, exclude: [...nodeOnly, ...equalInBuilds] },
  };
  if (lacking.includes("browser")) return inNode;
  const numbers = [...nodeOnly, ...equalInBuilds];
  return {
    ...inNode,
    // A browser's engine is Node's: all of its tests run in one build, what covers the kernels in the others.
    ...(quick ? {} : { "chromium-simd": { include: covering, exclude: [...nodeOnly, ...ownProcess] } }),
    "chromium-relaxed": {
      include: quick ? differsInBrowser : everything,
      exclude: [...numbers, ...ownProcess, ...numbersOfNode],
    },
    chromium: { include: ownProcess, exclude: nodeOnly },
    "chromium-threads": { include: quick ? coveringInBrowser : covering, exclude: nodeOnly },
  };
}

/** The test files that a project's patterns name. */
export function namesOf({ include, exclude }: FilesOfProject): string[] {
  const isNamed = createFilter(include, exclude, { resolve: root });
  return testFiles.filter((name) => isNamed(join(root, name)));
}
