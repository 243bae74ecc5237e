import commonjs from "@rollup/plugin-commonjs";
import json from "@rollup/plugin-json";
import { nodeResolve } from "@rollup/plugin-node-resolve";

const inPages = [nodeResolve({ browser: true, exportConditions: ["browser"] })];
const inNode = [nodeResolve({ exportConditions: ["node"] }), commonjs(), json()];

export default [
  { input: "main.js", plugins: inPages, output: { file: "dist/esm.js", format: "es", inlineDynamicImports: true } },
  {
    input: "iife.js",
    plugins: inPages,
    output: { file: "dist/iife.js", format: "iife", name: "app", inlineDynamicImports: true },
  },
  {
    input: "node.js",
    plugins: inNode,
    external: [/^node:/],
    output: [
      { file: "dist/node.mjs", format: "es", inlineDynamicImports: true },
      { file: "dist/node.cjs", format: "cjs", inlineDynamicImports: true },
    ],
  },
];
