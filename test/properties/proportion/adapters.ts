import { checkAdapter, readAdapter } from "../../../ts/io/peft/index.js";
import { scalars } from "./file.js";
import { encode, type Kind, kind, list, MANY } from "./kind.js";

/** An adapter's files; `config` is given its modules' paths. */
function adapter(count: number, config: (paths: string[]) => object) {
  const paths = list(count, (i) => `m${i}.layers.x${i}`);
  const tensors = paths.flatMap((path) =>
    ["lora_A", "lora_B"].map((part) => `base_model.model.${path}.${part}.weight`),
  );
  return {
    "adapter_config.json": encode({ peft_type: "LORA", r: 1, lora_alpha: 1, ...config(paths) }),
    "adapter_model.safetensors": scalars(tensors, "[1,1]"),
  };
}

/** A model of these weights, each of one value. */
const base = (count: number, name: (i: number) => string) => ({
  names: list(count, (i) => `${name(i)}.weight`),
  info: () => ({ dtype: "F32", shape: [1, 1] }) as const,
});

const read = (files: ReturnType<typeof adapter>) => readAdapter(files);
const choices = (count: number) =>
  adapter(3, () => ({ target_modules: `${list(count, (i) => `a${i}`).join("|")}|.*` }));

export const adapterKinds: Record<string, Kind> = {
  "names of modules": kind({ make: () => adapter(MANY, (paths) => ({ target_modules: paths })), read, parts: MANY }),
  "ends of the names of modules": kind({
    make: () => adapter(MANY, (paths) => ({ target_modules: paths.map((path) => path.slice(path.indexOf(".") + 1)) })),
    read,
    parts: MANY,
  }),
  "modules under a pattern": kind({
    make: () => adapter(5_000, () => ({ target_modules: "(.+)+!|.*layers.*" })),
    read,
  }),
  // Patterns count their steps and refuse to take too many: what is read has taken few.
  "a pattern's choices": kind({ make: () => choices(1_500), read }),
  "a pattern's choices beyond the limit": kind({
    make: () => choices(200_000),
    read,
    throws: /^AdapterError: .* takes more than 10000 steps/,
  }),
  "modules with ranks of their own, and their base": kind({
    make: () =>
      adapter(4_000, (paths) => ({
        target_modules: paths,
        rank_pattern: Object.fromEntries(paths.map((path) => [path, 1])),
      })),
    read: (files) =>
      checkAdapter(
        readAdapter(files),
        base(4_000, (i) => `m${i}.layers.x${i}`),
      ),
  }),
  "a base and an adapter under many prefixes": kind({
    make: () => adapter(MANY, (paths) => ({ target_modules: paths })),
    read: (files) =>
      checkAdapter(
        readAdapter(files),
        base(MANY, (i) => `p${i}.m`),
      ),
    parts: MANY,
    throws: /^AdapterError: /,
  }),
};
