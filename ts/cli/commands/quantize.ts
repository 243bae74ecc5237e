import { type Command, Option } from "commander";
import { basename } from "node:path";
import { engine } from "../../engine/engine.js";
import { ModelError } from "../../errors/errors.js";
import { openGguf } from "../../io/gguf/index.js";
import { fileSource } from "../../io/node/file-source.js";
import { ggufFile } from "../../io/node/index.js";
import { ggufToWrite, tokenizerFiles } from "../../models/gguf/writing/gguf.js";
import { modelToWrite, type WrittenModel } from "../../models/gguf/writing/model.js";
import type { WrittenType } from "../../models/gguf/writing/written-types.js";
import { sizeOf } from "../../values/tensor.js";
import { startEngine } from "../engine-start.js";
import { openBase } from "../files/open-base.js";
import { checkGgufOut, ggufTypes, typesLine, writeGgufFile } from "../merged/gguf-out.js";
import { isGguf } from "../inspected/inspected-gguf.js";
import { hearSignals, type Session } from "../session.js";
import { formatBytes } from "../terminal/number-format.js";

const EXAMPLES = `
Examples:
  lowrank quantize --model HuggingFaceTB/SmolLM2-135M-Instruct --out SmolLM2-q8_0.gguf
  lowrank quantize --model meta-llama/Llama-3.2-1B --to q4_0 --out Llama-3.2-1B-q4_0.gguf
  lowrank quantize --model model-f16.gguf --to q4_1 --out model-q4_1.gguf
`;

/** Number of parameters from which the default is four bits: smaller models lose too much. */
const MANY = 1e9;

interface QuantizeOptions {
  readonly model: string;
  readonly out: string;
  readonly to?: string;
}

/** `lowrank quantize`: a language model as a GGUF file. */
export function defineQuantize(program: Command, session: Session): void {
  program
    .command("quantize")
    .description("write a language model as a GGUF file, which llama.cpp loads too")
    .requiredOption("--model <name>", "folder or name of a language model, or a .gguf file")
    .requiredOption("--out <file>", "the .gguf file; must be new")
    .addOption(
      new Option(
        "--to <type>",
        "type of its matrices; norms and biases stay f32, the output layer has at least eight bits (default: q8_0; q4_0 from a billion parameters)",
      ).choices(Object.keys(ggufTypes)),
    )
    .addHelpText("after", EXAMPLES)
    .action((options: QuantizeOptions) => quantize(options, session));
}

async function quantize({ model: name, out, to }: QuantizeOptions, session: Session): Promise<void> {
  await checkGgufOut(out);
  const given = to === undefined ? null : ggufTypes[to]!;
  const path = isGguf(name) ? name : ggufFile(name);
  const { write, close } = path === null ? await fromFolder(name, given, session) : await fromGguf(path, given);
  try {
    const started = startEngine({});
    await hearSignals(session);
    const model = await write();
    await started;
    const bytes = await writeGgufFile(out, model, "quantize", engine(), session);
    session.terminal.print(`${path ?? name}: ${typesLine(model)}, ${formatBytes(bytes)}, written to ${out}`);
  } finally {
    await close();
  }
}

/** The model to write, and how to close its input. */
interface Opened {
  readonly write: () => Promise<WrittenModel>;
  readonly close: () => Promise<void>;
}

const typeFor = (given: WrittenType | null, values: number): WrittenType => given ?? (values < MANY ? "Q8_0" : "Q4_0");

async function fromGguf(path: string, given: WrittenType | null): Promise<Opened> {
  const file = await openGguf(await fileSource(path), path);
  const values = file.names.reduce((sum, name) => sum + sizeOf(file.info(name).shape), 0);
  return {
    write: () => ggufToWrite({ file, name: path, type: typeFor(given, values), merge: null }),
    close: () => file.close(),
  };
}

async function fromFolder(name: string, given: WrittenType | null, session: Session): Promise<Opened> {
  const base = await openBase([name], session);
  const { tensors: file, config, model } = base;
  const values = file.names.reduce((sum, tensor) => sum + sizeOf(file.info(tensor).shape), 0);
  const write = async () => {
    if (config === null) throw new ModelError(`${model.name} has no config.json`, { model: model.name });
    const tokenizer = await tokenizerFiles(model, config);
    const about = { name: basename(model.directory), config, tokenizer, changes: new Map() };
    return modelToWrite({ ...about, file, type: typeFor(given, values) });
  };
  return { write, close: () => base.close() };
}
