import type { Command } from "commander";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, FormatError } from "../../errors/errors.js";
import type { Adapter } from "../../entry/node.js";
import { readAdapterForBase } from "../../io/peft/index.js";
import { isFolder } from "../../io/node/folders.js";
import { type FolderIndex, folderIndex, safetensorsIndex } from "../../io/node/file-source.js";
import { byteLength, type Dtype, type TensorIndex, WEIGHTS, WEIGHTS_INDEX } from "../../io/safetensors/index.js";
import { modelPlan } from "../../models/architectures.js";
import { sizeOf } from "../../values/tensor.js";
import { explainAdapter, explainedLines } from "../inspected/explained-adapter.js";
import { ggufLines, inModelOrder, inspectGguf, isGguf, tensorLines } from "../inspected/inspected-gguf.js";
import { foldsRows, holdsFolds, inspectFolds } from "../inspected/inspected-folds.js";
import { inspectRun, runRows } from "../inspected/inspected-run.js";
import { otherKind } from "../files/open-base.js";
import { formatBytes, formatCount, matricesText } from "../terminal/number-format.js";
import { resultIn } from "../files/run-folder.js";
import type { Session } from "../session.js";
import { clip, tableLines } from "../terminal/terminal.js";

const EXAMPLES = `
Examples:
  lowrank inspect runs/reviews
  lowrank inspect model.safetensors --json
  lowrank inspect model.gguf
  lowrank inspect adapter-folder --base BAAI/bge-small-en-v1.5
`;

/** A tensor of a file. */
interface Listed {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly bytes: number;
}

/** The contents of a file or folder. */
interface Inspected {
  readonly file: string;
  readonly bytes: number;
  readonly parameters: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** Facts from config.json of a model's folder; otherwise null. */
  readonly model: { readonly architecture: string; readonly layers: number; readonly hiddenSize: number } | null;
  /** The base and adapters that the weights were merged from, if recorded. */
  readonly merged: { readonly base: string; readonly adapters: readonly string[] } | null;
  readonly adapter: ReturnType<typeof describeAdapter> | null;
  readonly tensors: readonly Listed[];
}

/** `lowrank inspect`: shows the contents of an adapter or model. */
export function defineInspect(program: Command, session: Session): void {
  program
    .command("inspect")
    .description("show the contents of a run, an adapter, a model, or a .safetensors or .gguf file")
    .argument("<path>", "folder or file")
    .option(
      "--base <files...>",
      "compare an adapter's updates with the weights of this base: its folder, files or name",
    )
    .option("--json", "print one JSON object", false)
    .addHelpText("after", EXAMPLES)
    .action(async (given: string, { json, base }: { json: boolean; base?: readonly string[] }) => {
      const { terminal, self } = session;
      const path = isFolder(given) ? resultIn(given) : given;
      if (isGguf(path)) {
        if (base !== undefined) throw noAdapter(path, base);
        const gguf = await inspectGguf(path);
        if (json) return terminal.print(JSON.stringify(gguf));
        for (const line of ggufLines(gguf)) terminal.print(line);
        return;
      }
      const run = isFolder(path) ? await inspectRun(path) : null;
      const folds = run === null && isFolder(path) && holdsFolds(path) ? await inspectFolds(path) : null;
      const none = (run !== null || folds !== null) && !hasWeights(path);
      const found = none ? nothingYet(path) : await inspect(path);
      const explained = found.adapter === null ? null : await explainAdapter(readInspected(path), base, session);
      if (base !== undefined && explained === null) throw noAdapter(path, base);
      const inspected = { run, folds, ...found, explained };
      if (json) return terminal.print(JSON.stringify(inspected));
      if (folds !== null) for (const line of tableLines(foldsRows(path, self, folds))) terminal.print(line);
      if (run !== null) for (const line of [...tableLines(runRows(path, self, run)), ""]) terminal.print(line);
      if (inspected.tensors.length > 0) for (const line of describe(inspected)) terminal.print(line);
      if (explained !== null) for (const line of ["", ...explainedLines(explained)]) terminal.print(line);
    });
}

const noAdapter = (path: string, base: readonly string[]) =>
  new ConfigError(`--base: ${path} is not an adapter's folder, so there is nothing to compare with the base`, {
    option: "--base",
    value: base,
  });

/** Values that are not finite are reported, not rejected. */
const readInspected = (folder: string) => readAdapterForBase(folder, { allowNonFinite: true });

const hasWeights = (folder: string) =>
  ["adapter_model.safetensors", WEIGHTS, WEIGHTS_INDEX].some((name) => existsSync(join(folder, name)));

/** The contents of a run without an adapter. */
function nothingYet(folder: string): Inspected {
  return { file: folder, bytes: 0, parameters: 0, metadata: {}, model: null, merged: null, adapter: null, tensors: [] };
}

async function inspect(path: string): Promise<Inspected> {
  const folder = isFolder(path);
  const adapter = folder && existsSync(join(path, "adapter_config.json")) ? readInspected(path) : null;
  const { index, files } = folder ? weightsOf(path) : fileIndex(path);
  const tensors = listTensors(index);
  return {
    file: files.length === 1 ? files[0]! : join(path, WEIGHTS_INDEX),
    bytes: files.reduce((sum, file) => sum + statSync(file).size, 0),
    parameters: tensors.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    metadata: Object.fromEntries(index.metadata),
    model: folder && adapter === null ? await describeModel(path) : null,
    merged: mergedInto(index),
    adapter: adapter === null ? null : describeAdapter(adapter),
    tensors,
  };
}

/** A model by its config.json; null for unknown architectures. */
async function describeModel(folder: string): Promise<Inspected["model"]> {
  try {
    const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8")) as Record<string, unknown>;
    const { layers, hiddenSize } = (await modelPlan(config)).config;
    return { architecture: String(config["model_type"]), layers, hiddenSize };
  } catch {
    // Weights of any model can be inspected.
    return null;
  }
}

/** The base and adapters recorded in merged weights. */
function mergedInto({ metadata }: TensorIndex): Inspected["merged"] {
  try {
    const { base, adapters } = JSON.parse(metadata.get("lowrank.merged") ?? "") as Record<string, unknown>;
    const names = (adapters as { name: unknown }[]).map(({ name }) => String(name));
    return { base: String(base), adapters: names };
  } catch {
    return null;
  }
}

function fileIndex(file: string): FolderIndex {
  if (existsSync(file)) {
    try {
      return { index: safetensorsIndex(file), files: [file] };
    } catch (error) {
      const kind = error instanceof FormatError ? otherKind(file) : undefined;
      if (kind === undefined) throw error;
      throw new FormatError(`${file}: expected a safetensors file; ${kind}`, { file }, { cause: error });
    }
  }
  throw new ConfigError(`${file}: there is no such file or folder`, { path: file });
}

function weightsOf(folder: string): FolderIndex {
  const adapter = join(folder, "adapter_model.safetensors");
  const found = existsSync(adapter) ? fileIndex(adapter) : folderIndex(folder);
  if (found !== null) return found;
  throw new ConfigError(
    `${folder} has neither adapter_model.safetensors nor model.safetensors nor a run: expected a file or another folder`,
    { folder },
  );
}

function listTensors(index: TensorIndex): Listed[] {
  return [...index.names].sort(inModelOrder).map((name) => {
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
    adapted: matricesText([...layers.keys()]),
    rslora: config.useRslora,
    dora: config.useDora,
    dropout: config.loraDropout,
    extra: [...extra.keys()],
  };
}

function describe({ file, bytes, parameters, metadata, model, merged, adapter, tensors }: Inspected): string[] {
  const about = [
    [file, `${formatBytes(bytes)}, ${formatCount(tensors.length)} tensors, ${formatCount(parameters)} values`],
    ...(model === null
      ? []
      : [
          [
            "  model",
            `${clip(model.architecture, 40)}, ${model.layers} layers of ${model.hiddenSize}, whole: no adapter is needed`,
          ],
        ]),
    ...(merged === null ? [] : [["  merged", clip(`${merged.base} with ${merged.adapters.join(", ")}`, 300)]]),
    ...Object.entries(metadata).map(([key, text]) => [`  ${clip(key, 80)}`, clip(text, 80)]),
  ];
  return [
    ...tableLines(about),
    "",
    ...(adapter === null ? [] : [...adapterLines(adapter), ""]),
    ...tensorLines(
      "dtype",
      tensors.map(({ dtype, ...tensor }) => ({ ...tensor, type: dtype })),
    ),
  ];
}

function adapterLines(adapter: NonNullable<Inspected["adapter"]>): string[] {
  const { targetModules } = adapter;
  const variants = [adapter.dora && "DoRA", adapter.rslora && "rsLoRA"].filter(Boolean).join(", ");
  const rows = [
    ["LoRA adapter of", clip(adapter.baseModel ?? "an unnamed model", 300)],
    ["rank", adapter.ranks.join(", ")],
    [
      "alpha",
      `${adapter.alphas.join(", ")} (updates are scaled by ${adapter.scalings.map((s) => Number(s.toPrecision(4))).join(", ")})`,
    ],
    ["targets", clip(typeof targetModules === "string" ? targetModules : targetModules.join(", "), 300)],
    ["adapted", adapter.adapted],
    ...(variants === "" ? [] : [["variant", variants]]),
    ...(adapter.dropout === 0 ? [] : [["dropout", String(adapter.dropout)]]),
    ...(adapter.extra.length === 0 ? [] : [["also trained", clip(adapter.extra.join(", "), 80)]]),
  ];
  return tableLines(rows);
}
