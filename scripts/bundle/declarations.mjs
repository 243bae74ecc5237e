import { dts } from "rollup-plugin-dts";
import { publicTypes } from "./public-types.mjs";

/** Rollup's options for the published types of some entries. */
export const declarations = (input, dir, external) => ({
  input,
  external,
  plugins: [dts({ compilerOptions: { stripInternal: true } }), publicTypes],
  output: {
    dir,
    format: "es",
    chunkFileNames: "chunks/[name].d.ts",
    // Projects whose `lib` has no `Disposable` yet.
    banner: '/// <reference lib="esnext.disposable" />',
  },
});
