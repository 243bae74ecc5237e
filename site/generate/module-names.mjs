import { relative } from "node:path";
import { Converter, ReflectionKind } from "typedoc";
import { entries } from "../pages.mjs";

/** A typedoc plugin that names each entry by its import path instead of its file. */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    if (!reflection.kindOf(ReflectionKind.Module)) return;
    const file = context.getSymbolFromReflection(reflection)?.declarations?.[0]?.getSourceFile().fileName ?? "";
    const found = Object.entries(entries).find(([, path]) => relative("..", file) === path);
    if (found) reflection.name = found[0];
  });
}
