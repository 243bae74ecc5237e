// One random program: what PEFT made of it, made here, and what was written here, read by PEFT.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";

const FILES = ["adapter_config.json", "adapter_model.safetensors"];
/** Of an answer's largest number: files that say the same, and numbers that two trainings come to. */
const SAME = 1e-5;
const TRAINED = 1e-4;
/** Where that is not kept, how much farther ours may lie from float64 than PyTorch's float32 does. */
const FARTHER = 4;

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
      graph,
      encoder,
      params: () => classifier.params(),
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
    graph,
    encoder,
    params: () => [...encoder.trainableParams(), ...nodes],
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

/** Largest difference, of the largest number expected. */
function distance(found, expected) {
  const most = Math.max(...expected.flat().map(Math.abs), 1e-3);
  return Math.max(...expected.flatMap((row, i) => [...row].map((x, j) => Math.abs(x - found[i][j])))) / most;
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
  // Layers that the model lacks, and no other target: PEFT takes them where rows of a table are trained as well.
  if (
    program.options.layers_to_transform !== undefined &&
    /layersToTransform: layers .*: the model has layers 0 to/.test(message)
  )
    return true;
  // The module's name with the prefix of a classifier's files is targeted, or without it.
  return (
    program.sequence &&
    /lora targets .* but not|Pattern differs for|targetModules .* matches no linear layer/.test(message)
  );
}

export async function checkProgram(lowrank, python, program, place, tally) {
  if (program.failed) throw new Error(`Python: ${program.failed}\n${program.trace}`);
  if (program.refused) return void tally.refused++;
  tally.programs++;
  tally.families.set(program.family, (tally.families.get(program.family) ?? 0) + 1);

  const compare = (what, found, expected, tolerance) => {
    const off = distance(found, expected);
    if (!(off <= tolerance))
      throw new Error(`${what}: ${off.toExponential(2)} off, of at most ${tolerance.toExponential(1)}`);
    tally.worst.set(what, Math.max(off, tally.worst.get(what) ?? 0));
  };
  let asked;
  /** Against PyTorch's numbers; where ours differ by more than most programs', against float64's, beside PyTorch's own float32. */
  const compareWithin = async (stage, found, expected, tolerance, what = stage) => {
    if (distance(found, expected) <= tolerance) return compare(what, found, expected, tolerance);
    const { exact, near, failed, trace } = (asked ??= await python.ask({ folder: place, condition: program }));
    if (failed) throw new Error(`${what}: Python: ${failed}\n${trace}`);
    const [off, bound] = [distance(found, exact[stage]), Math.max(tolerance, FARTHER * near[stage])];
    if (!(off <= bound))
      throw new Error(
        `${what}: ${off.toExponential(2)} off float64, PyTorch's float32 ${near[stage].toExponential(2)}`,
      );
    tally.conditioned.push({ seed: program.seed, what, off, near: near[stage] });
  };
  const checked = async (what, written, check) => {
    const answer = await python.ask({ folder: place, program, written });
    if (answer.failed) throw new Error(`${what}: Python: ${answer.failed}\n${answer.trace}`);
    for (const side of ["missing", "unexpected"])
      if (answer[side].length > 0) throw new Error(`${what}: ${side}: ${answer[side].join(", ")}`);
    await check(answer.answers);
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
    await checked(`${what}, in PEFT`, name, (found) => compare(`${what}, in PEFT`, found, rows, TRAINED));
    await cameBack(`${what}, by PEFT`, name);
  };
  const warn = console.warn;
  console.warn = () => undefined;
  try {
    const start = read(join(place, "start"));
    const ours = await open(lowrank, program, place, { files: start });
    await compareWithin("loaded", await ours.answers(), program.start, SAME);
    write(join(place, "untrained"), ours.save());
    const [before, after] = [start, read(join(place, "untrained"))].map((files) => JSON.parse(files[FILES[0]]));
    const field = "field_of_a_later_version";
    if (!isDeepStrictEqual(before[field], after[field])) throw new Error(`saved: ${field} is lost`);
    const there = "PEFT to ours to PEFT";
    await checked(there, "untrained", (found) => compareWithin("loaded", found, program.start, SAME, there));
    const losses = train(lowrank, ours, program);
    await compareWithin("losses", [losses], [program.losses], TRAINED);
    const trained = await ours.answers();
    await compareWithin("trained", trained, program.end, TRAINED);
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
