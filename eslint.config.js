import js from "@eslint/js";
import { defineConfig } from "eslint/config";
import typescript from "typescript-eslint";

// Parts that run in Node alone; everything else must also run in browsers and edge workers.
const nodeOnly = ["ts/entry/*node.ts", "ts/cli/**", "ts/io/node/**", "ts/io/node*.ts"];
const notEverywhere = ["process", "Buffer", "__dirname", "require"];

export default defineConfig(
  { ignores: ["build/", "dist/", "target/", "runs/", ".cache/", "test/golden/"] },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [typescript.configs.recommended],
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
    },
  },
  {
    files: ["ts/**/*.ts"],
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
    files: ["**/*.{js,mjs}"],
    languageOptions: {
      globals: {
        console: "readonly",
        process: "readonly",
        performance: "readonly",
        Buffer: "readonly",
        setInterval: "readonly",
        clearInterval: "readonly",
        setTimeout: "readonly",
        URL: "readonly",
        WebAssembly: "readonly",
      },
    },
  },
);
