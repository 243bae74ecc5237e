// Rules that read one file at a time. Those that know types are in .oxlintrc.json: a linter in native code reads the types in a tenth of the time.
import js from "@eslint/js";
import { defineConfig } from "eslint/config";
import globals from "globals";
import typescript from "typescript-eslint";
import layers from "./scripts/checks/layers.mjs";

// Parts that run in Node alone; everything else must also run in browsers and edge workers.
const nodeOnly = [
  "ts/entry/*node.ts",
  "ts/cli/**",
  "packages/flower/src/{cli,node}/**",
  "ts/training/node/**",
  "ts/io/node/**",
  "ts/io/node*.ts",
];
/** Sources of lowrank, and of the packages beside it. */
const ours = ["ts/**/*.ts", "packages/*/src/**/*.ts"];
const notEverywhere = ["process", "Buffer", "__dirname", "require"];

// A name that begins with _ says that what it holds is not wanted.
const unused = { argsIgnorePattern: "^_", varsIgnorePattern: "^_" };

// Every error of ours holds the values behind its message.
const errors = "NewExpression[callee.name=/^(?!InvalidArgument|Type|Range|Unrecoverable)\\w+Error$/]";
const noDetails = [`${errors}[arguments.length<2]`, `${errors}[arguments.1.properties.length=0]`].map((selector) => ({
  selector,
  message: "An error has details: LowrankError in ts/errors/errors.ts names their keys.",
}));

// Engines differ in the last digit of these, and the same run gives the same bits in all of them.
const approximated =
  "acos acosh asin asinh atan atan2 atanh cbrt cos cosh exp expm1 hypot log log10 log1p log2 pow sin sinh tan tanh"
    .split(" ")
    .map((property) => ({
      object: "Math",
      property,
      message: "Not specified to the bit: ts/values/elementary.ts has functions that are.",
    }));
// Literals are written out where they stand: a spread of one steers nothing but the formatter.
const literals = ["ObjectExpression", "ArrayExpression"].flatMap((literal) =>
  ["", "TSAsExpression > ", "TSSatisfiesExpression > "].map((cast) => ({
    selector: `SpreadElement > ${cast}${literal}`,
    message: "Write the fields or elements out in place of a spread of a literal.",
  })),
);
/** `using` finds nothing to call where a browser knows no `Symbol.dispose`. */
const using = { selector: "VariableDeclaration[kind=/using/]", message: "Safari has no Symbol.dispose: use finally." };
const powers = {
  // 2 ** n alone is exact in every engine.
  selector: "BinaryExpression[operator='**'][left.value!=2]",
  message: "Powers are not specified to the bit: multiply.",
};
const fetchedLate = {
  selector: "ImportExpression:not(CallExpression[callee.name=/^(lazyChunk|entry)$/] ImportExpression)",
  message: "Where a page cannot fetch it, lazyChunk of ts/waiting/lazy-chunk.ts names the error.",
};
const clock = { object: "performance", property: "now", message: "ts/waiting/next-task.ts is the clock." };

export default defineConfig(
  {
    ignores: [
      "packages/flower/src/wire/fleet_pb.ts",
      "site/.astro/",
      "site/public/",
      "build/",
      "crates/wasm/pkg/",
      "**/dist/",
      "target/",
      "runs/",
      ".cache/",
      "test/golden/",
      "test/consumers/**/*.{ts,tsx,jsx}",
    ],
  },
  js.configs.recommended,
  {
    rules: {
      "no-unused-vars": ["error", unused],
      "no-restricted-syntax": ["error", ...literals],
      // Files for pages name the page's globals in a comment; Node has some of them too.
      "no-redeclare": ["error", { builtinGlobals: false }],
    },
  },
  {
    files: ["**/*.ts", "**/*.tsx"],
    extends: [typescript.configs.recommended],
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", unused],
    },
  },
  { files: ["ts/**/*.ts"], plugins: { layers }, rules: { "layers/order": "error" } },
  {
    files: ["packages/*/src/**/*.ts", "web/{src,standalone}/**/*.{ts,tsx}"],
    plugins: { layers },
    rules: { "layers/packages": "error" },
  },
  { files: ours, rules: { "no-restricted-syntax": ["error", ...literals, ...noDetails, powers, using] } },
  {
    files: ["ts/**/*.ts"],
    // The worker's own loader names the error of its scripts; the others would add bytes to what pages load at first.
    ignores: [
      ...nodeOnly,
      "ts/entry/lowrank-worker.ts",
      "ts/io/examples/summary/summarise.ts",
      "ts/io/page/{cached-again,file-origin}.ts",
      "ts/models/sentence/mining/mine-hard-negatives.ts",
      "ts/train/logistic/logistic-regression.ts",
      "ts/worker/server/families/*.ts",
    ],
    rules: { "no-restricted-syntax": ["error", ...literals, ...noDetails, powers, using, fetchedLate] },
  },
  { files: ["ts/cli/**/*.ts"], rules: { "no-restricted-syntax": ["error", ...literals, ...noDetails] } },
  { files: ours, rules: { "no-restricted-properties": ["error", ...approximated, clock] } },
  { files: ["ts/waiting/next-task.ts"], rules: { "no-restricted-properties": ["error", ...approximated] } },
  { files: ["ts/cli/**/*.ts"], rules: { "no-restricted-properties": ["error", clock] } },
  {
    files: ["ts/**/*.ts", "packages/flower/src/**/*.ts"],
    ignores: nodeOnly,
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: [{ group: ["node:*"], message: "This file also runs in browsers." }] },
      ],
      "no-restricted-globals": ["error", ...notEverywhere],
    },
  },
  {
    files: ["web/src/**/*.{ts,tsx}"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          paths: [
            {
              name: "fflate",
              importNames: ["zip", "unzip", "deflate", "inflate", "gzip", "gunzip", "zlib", "unzlib", "decompress"],
              message: "It starts a worker from a blob, which the page's security policy forbids.",
            },
          ],
        },
      ],
    },
  },
  { files: ["**/*.{js,mjs}"], languageOptions: { globals: globals.node } },
  { files: ["test/consumers/**/*.{js,cjs}"], languageOptions: { globals: { ...globals.node, ...globals.browser } } },
  { files: ["test/consumers/jest/**"], languageOptions: { globals: globals.jest } },
);
