// One random program: what PEFT made of it, made here, and what was written here, read by PEFT.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";

const FILES = ["adapter_config.json", "adapter_model.safetensors"];
/** Of an answer's largest number: files that say the same, and numbers that two trainings come to. */
const SAME = 1e-5;
const TRAINED = 1e-4;
/** PiSSA and OLoRA decompose weights anew wherever a file is loaded, PEFT in float32: that alone moves answers by 1e-5 of their largest. */
const DECOMPOSED = 1e-4;

const read = (folder) => Object.fromEntries(FILES.map((file) => [file, readFileSync(join(folder, file))]));

function write(folder, files) {
  mkdirSync(folder, { recursive: true });
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(folder, file), bytes);
}

/** A model with one adapter, in training and in use: a classifier of transformers' or a sentence encoder with a head beside it. */
async function open(lowrank, program, place, adapter) {
  const model = join(place, "model");
  if (program.sequence) {
    const classifier = await (adapter.files === undefined
      ? lowrank.TextClassifier.open(model, { lora: adapter.lora })
      : lowrank.TextClassifier.open(adapter.files, { model }));
    const { graph, encoder, head } = classifier;
    return {
      ...{ graph, encoder, params: () => classifier.params() },
      logits: (batch) => head.logits(encoder.pooled(batch, "classifier")),
      answers: () => classifier.logits(program.texts),
      save: () => classifier.savePeft(),
      dispose: () => classifier.dispose(),
    };
  }
  const encoder = await lowrank.SentenceEncoder.load(model);
  if (adapter.files === undefined) encoder.addAdapter("mine", adapter.lora);
  else encoder.loadAdapter("mine", adapter.files);
  const { graph } = encoder;
  const file = lowrank.readSafetensors(readFileSync(join(place, "head.safetensors")));
  const [weight, bias] = ["weight", "bias"].map((name) => file.tensor(name));
  const nodes = [graph.variable(transposed(weight)), graph.variable(bias)];
  return {
    ...{ graph, encoder, params: () => [...encoder.trainableParams(), ...nodes] },
    logits: (batch) => graph.linear(encoder.pooled(batch), ...nodes),
    answers: () => encoder.encode(program.texts),
    save: () => encoder.saveAdapter("mine"),
    dispose: () => encoder.dispose(),
  };
}

function transposed({ shape: [rows, columns], data }) {
  const turned = Float32Array.from(data, (_, i) => data[(i % rows) * columns + Math.floor(i / rows)]);
  return { shape: [columns, rows], data: turned };
}

function train(lowrank, { graph, encoder, params, logits }, program) {
  const optimizer =
    program.optimizer === "adamw"
      ? new lowrank.AdamW(graph, params(), { lr: 1e-3, weightDecay: 0.01 })
      : new lowrank.SGD(graph, params(), { lr: 0.01, momentum: 0.9 });
  const batch = lowrank.raggedBatch(encoder.tokenize(program.batch));
  const losses = program.losses.map(() => {
    optimizer.zeroGrad();
    const value = graph.step(() => {
      const loss = graph.crossEntropy(logits(batch), program.targets);
      graph.backward(loss);
      return graph.value(loss).data[0];
    });
    optimizer.step();
    return value;
  });
  optimizer.dispose();
  return losses;
}

/** LoraConfig's fields as `addAdapter` takes them. */
function ownOptions({ r: rank, lora_alpha: alpha, use_rslora: rslora, use_dora: dora, fan_in_fan_out: _, ...rest }) {
  const named = Object.entries(rest).map(([name, value]) => [
    name.replace(/_(.)/g, (__, one) => one.toUpperCase()),
    value,
  ]);
  return { rank, alpha, rslora, dora, ...Object.fromEntries(named) };
}

/** Whether it is by name that a new adapter is refused, where PEFT makes one of what is not there. */
function isRefused(program, message) {
  // A pooler that the model's files lack, and nothing else.
  if (program["no pooler"] && /targetModules .* matches no linear layer|modulesToSave names "[^"]*pooler/.test(message))
    return true;
  // The module's name with the prefix of a classifier's files is targeted, or without it.
  return program.sequence && /lora targets .* and not|targetModules .* matches no linear layer/.test(message);
}

export async function checkProgram(lowrank, python, program, place, tally) {
  if (program.failed) throw new Error(`Python: ${program.failed}\n${program.trace}`);
  if (program.refused) return void tally.refused++;
  tally.programs++;
  tally.families.set(program.family, (tally.families.get(program.family) ?? 0) + 1);

  const same = ["pissa", "olora"].includes(program.options.init_lora_weights) ? DECOMPOSED : SAME;
  const compare = (what, found, expected, tolerance) => {
    const most = Math.max(...expected.flat().map(Math.abs), 1e-3);
    const off = Math.max(...expected.flatMap((row, i) => [...row].map((x, j) => Math.abs(x - found[i][j])))) / most;
    if (!(off <= tolerance)) throw new Error(`${what}: ${off.toExponential(2)} off, of at most ${tolerance}`);
    tally.worst.set(what, Math.max(off, tally.worst.get(what) ?? 0));
  };
  const checked = async (what, written, expected, tolerance) => {
    const answer = await python.ask({ folder: place, program, written });
    if (answer.failed) throw new Error(`${what}: Python: ${answer.failed}\n${answer.trace}`);
    for (const side of ["missing", "unexpected"])
      if (answer[side].length > 0) throw new Error(`${what}: ${side}: ${answer[side].join(", ")}`);
    compare(what, answer.answers, expected, tolerance);
  };
  /** What PEFT saved of ours is ours again, to the byte. */
  const cameBack = async (what, written) => {
    const files = read(join(place, `${written}-again`));
    const again = await open(lowrank, program, place, { files });
    const [first, second] = [read(join(place, written)), again.save()].map((one) =>
      lowrank.readSafetensors(one[FILES[1]]),
    );
    again.dispose();
    // With bias "all", PEFT also saves what modules were before, and the random bias of a pooler that the model's files lack.
    const further = program["no pooler"]
      ? /\.original_module\.|\.pooler(\.dense)?(\.base_layer)?\.bias$/
      : /\.original_module\./;
    const others = second.names.filter((name) => !further.test(name));
    for (const name of new Set([...first.names, ...others])) {
      const [a, b] = [first, second].map((file) => (file.has(name) ? file.raw(name) : null));
      if (!isDeepStrictEqual(a && [...a], b && [...b])) throw new Error(`${what}: ${name} is another`);
    }
  };
  /** PEFT gives our answers with what we saved, and what it saves of that is the same. */
  const exchanged = async (what, name, answers) => {
    const rows = answers.map((row) => [...row]);
    await checked(`${what}, in PEFT`, name, rows, TRAINED);
    await cameBack(`${what}, by PEFT`, name);
  };
  const warn = console.warn;
  console.warn = () => undefined;
  try {
    const start = read(join(place, "start"));
    const ours = await open(lowrank, program, place, { files: start });
    compare("loaded", await ours.answers(), program.start, same);
    write(join(place, "untrained"), ours.save());
    const [before, after] = [start, read(join(place, "untrained"))].map((files) => JSON.parse(files[FILES[0]]));
    const field = "field_of_a_later_version";
    if (!isDeepStrictEqual(before[field], after[field])) throw new Error(`saved: ${field} is lost`);
    await checked("PEFT to ours to PEFT", "untrained", program.start, same);
    const losses = train(lowrank, ours, program);
    compare("losses", [losses], [program.losses], TRAINED);
    const trained = await ours.answers();
    compare("trained", trained, program.end, TRAINED);
    write(join(place, "trained"), ours.save());
    ours.dispose();
    await exchanged("trained here", "trained", trained);

    const own = await open(lowrank, program, place, { lora: ownOptions(program.options) }).catch((error) => {
      if (isRefused(program, error.message)) return null;
      throw error;
    });
    if (own === null) return void tally.named++;
    train(lowrank, own, program);
    const answers = await own.answers();
    write(join(place, "own"), own.save());
    own.dispose();
    await exchanged("ours", "own", answers);
  } finally {
    console.warn = warn;
  }
}
