import type { Command } from "commander";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../../errors/errors.js";
import { type Adapter, readAdapter } from "../../entry/node.js";
import { isFolder } from "../../io/node/read-files.js";
import { safetensorsIndex } from "../../io/node/file-source.js";
import { byteLength, type Dtype, type TensorIndex } from "../../io/safetensors/index.js";
import { formatShape, sizeOf } from "../../values/tensor.js";
import { formatBytes, formatCount } from "../terminal/number-format.js";
import type { Session } from "../session.js";
import { clip, tableLines } from "../terminal/table.js";

const EXAMPLES = `
Examples:
  lowrank inspect runs/reviews
  lowrank inspect model.safetensors --json
`;

/** A tensor of a file. */
interface Listed {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly bytes: number;
}

/** What a file or folder holds. */
interface Inspected {
  readonly file: string;
  readonly bytes: number;
  readonly parameters: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly adapter: ReturnType<typeof describeAdapter> | null;
  readonly tensors: readonly Listed[];
}

/** `lowrank inspect`: what an adapter or model file holds. */
export function defineInspect(program: Command, session: Session): void {
  program
    .command("inspect")
    .description("show what an adapter's folder, a model's folder or a .safetensors file holds")
    .argument("<path>", "folder or file")
    .option("--json", "print one JSON object", false)
    .addHelpText("after", EXAMPLES)
    .action((path: string, { json }: { json: boolean }) => {
      const { terminal } = session;
      const inspected = inspect(path);
      if (json) return terminal.print(JSON.stringify(inspected));
      for (const line of describe(inspected)) terminal.print(line);
    });
}

function inspect(path: string): Inspected {
  const folder = isFolder(path);
  const adapter = folder && existsSync(join(path, "adapter_config.json")) ? readAdapter(path) : null;
  const file = folder ? weightsOf(path) : path;
  if (!existsSync(file)) throw new ConfigError(`${file}: there is no such file or folder`, { file: path });
  const index = safetensorsIndex(file);
  const tensors = listTensors(index);
  return {
    file,
    bytes: statSync(file).size,
    parameters: tensors.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    metadata: Object.fromEntries(index.metadata),
    adapter: adapter === null ? null : describeAdapter(adapter),
    tensors,
  };
}

function weightsOf(folder: string): string {
  const names = ["adapter_model.safetensors", "model.safetensors"];
  const found = names.map((name) => join(folder, name)).find(existsSync);
  if (found !== undefined) return found;
  throw new ConfigError(`${folder} has neither ${names.join(" nor ")}: a file or another folder is expected`, {
    folder,
  });
}

function listTensors(index: TensorIndex): Listed[] {
  return index.names.map((name) => {
    const { dtype, shape } = index.info(name);
    return { name, dtype, shape, bytes: byteLength(dtype, shape) };
  });
}

function describeAdapter({ config, layers, extra }: Adapter) {
  const ranks = [...new Set([...layers.values()].map(({ rank }) => rank))].sort((a, b) => a - b);
  const alphas = [...new Set([...layers.values()].map(({ alpha }) => alpha))].sort((a, b) => a - b);
  return {
    baseModel: config.baseModelNameOrPath,
    ranks,
    alphas,
    scalings: [...new Set([...layers.values()].map(({ scaling }) => scaling))].sort((a, b) => a - b),
    targetModules: config.targetModules,
    layers: layers.size,
    rslora: config.useRslora,
    dora: config.useDora,
    dropout: config.loraDropout,
    extra: [...extra.keys()],
  };
}

function describe({ file, bytes, parameters, metadata, adapter, tensors }: Inspected): string[] {
  const about = [
    [file, `${formatBytes(bytes)}, ${formatCount(tensors.length)} tensors, ${formatCount(parameters)} values`],
    ...Object.entries(metadata).map(([key, text]) => [`  ${key}`, clip(text, 80)]),
  ];
  const rows = tensors.map(({ name, dtype, shape, bytes: size }) => [
    name,
    dtype,
    formatShape(shape),
    formatBytes(size),
  ]);
  return [
    ...tableLines(about),
    "",
    ...(adapter === null ? [] : [...adapterLines(adapter), ""]),
    ...tableLines([["tensor", "dtype", "shape", "size"], ...rows], ["left", "left", "left", "right"]),
  ];
}

function adapterLines(adapter: NonNullable<Inspected["adapter"]>): string[] {
  const { targetModules } = adapter;
  const variants = [adapter.dora && "DoRA", adapter.rslora && "rsLoRA"].filter(Boolean).join(", ");
  const rows = [
    ["LoRA adapter of", adapter.baseModel ?? "a model that it does not name"],
    ["rank", adapter.ranks.join(", ")],
    [
      "alpha",
      `${adapter.alphas.join(", ")} (updates are scaled by ${adapter.scalings.map((s) => Number(s.toPrecision(4))).join(", ")})`,
    ],
    ["targets", typeof targetModules === "string" ? targetModules : targetModules.join(", ")],
    ["layers", formatCount(adapter.layers)],
    ...(variants === "" ? [] : [["variant", variants]]),
    ...(adapter.dropout === 0 ? [] : [["dropout", String(adapter.dropout)]]),
    ...(adapter.extra.length === 0 ? [] : [["also trained", clip(adapter.extra.join(", "), 80)]]),
  ];
  return tableLines(rows);
}
