import js from "@eslint/js";
import { defineConfig } from "eslint/config";
import globals from "globals";
import typescript from "typescript-eslint";

// Parts that run in Node alone; everything else must also run in browsers and edge workers.
const nodeOnly = ["ts/entry/*node.ts", "ts/cli/**", "ts/jobs/node/**", "ts/io/node/**", "ts/io/node*.ts"];
const notEverywhere = ["process", "Buffer", "__dirname", "require"];

// A name that begins with _ says that what it holds is not wanted.
const unused = { argsIgnorePattern: "^_", varsIgnorePattern: "^_" };

export default defineConfig(
  { ignores: ["build/", "dist/", "target/", "runs/", ".cache/", "test/golden/"] },
  js.configs.recommended,
  {
    rules: {
      "no-unused-vars": ["error", unused],
      // Files for pages name the page's globals in a comment; Node has some of them too.
      "no-redeclare": ["error", { builtinGlobals: false }],
    },
  },
  {
    files: ["**/*.ts"],
    extends: [typescript.configs.recommended],
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", unused],
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
  { files: ["**/*.{js,mjs}"], languageOptions: { globals: globals.node } },
);
