// node scripts/peft/check-peft-options.mjs CASES ENCODERS VALID OUT [again]: what scripts/peft/check_peft_options.py asks of the built package.
// Without `again` each adapter is loaded and saved (OUT/NAME), and a new one of the same options trained and saved (OUT/own/NAME);
// with it, what PEFT saved of the latter (OUT/own/NAME-again) is loaded and saved again (OUT/own/NAME-back).
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { raggedBatch } from "../../dist/graph.js";
import { AdamW, ClassificationHead, readAdapter, SentenceEncoder, writeAdapter } from "../../dist/node.js";

const [cases, encoders, valid, out, again] = process.argv.slice(2);
const FILES = ["adapter_config.json", "adapter_model.safetensors"];
const read = (folder) => Object.fromEntries(FILES.map((file) => [file, readFileSync(`${folder}/${file}`)]));
const write = (folder, files) => {
  mkdirSync(folder, { recursive: true });
  for (const [file, bytes] of Object.entries(files)) writeFileSync(`${folder}/${file}`, bytes);
};
console.warn = () => undefined;

/** The options of `addAdapter` that a file's configuration comes to. */
function optionsOf(folder) {
  const config = JSON.parse(readFileSync(`${folder}/adapter_config.json`, "utf8"));
  const { r: rank, lora_alpha: alpha, use_rslora: rslora, use_dora: dora } = config;
  const names = [
    "target_modules",
    "exclude_modules",
    "bias",
    "modules_to_save",
    "layers_to_transform",
    "layers_pattern",
    "rank_pattern",
    "alpha_pattern",
    "lora_bias",
    "trainable_token_indices",
    "init_lora_weights",
  ];
  const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
  return { rank, alpha, rslora, dora, ...Object.fromEntries(names.map((name) => [camel(name), config[name]])) };
}

/** Three steps of an adapter and a head. */
function train(encoder, ids) {
  const { graph } = encoder;
  const head = ClassificationHead.create(graph, encoder.hiddenSize, 2);
  const optimizer = new AdamW(graph, [...encoder.adapter("own").params(), ...head.params()], { lr: 0.01 });
  const batch = raggedBatch(ids);
  for (let step = 0; step < 3; step++) {
    optimizer.zeroGrad();
    graph.step(() => {
      const logits = head.logits(encoder.pooled(batch, "own"));
      graph.backward(
        graph.crossEntropy(
          logits,
          Array.from(ids, (_, i) => i % 2),
        ),
      );
    });
    optimizer.step();
  }
}

async function encoderCase(name, base) {
  const encoder = await SentenceEncoder.load(`${encoders}/${base}`, { pooling: "mean" });
  if (again) {
    encoder.loadAdapter("own", read(`${out}/own/${name}-again`));
    write(`${out}/own/${name}-back`, encoder.saveAdapter("own"));
  } else {
    encoder.loadAdapter("one", read(`${cases}/${name}`));
    write(`${out}/${name}`, encoder.saveAdapter("one"));
    const { texts } = JSON.parse(readFileSync(`${encoders}/texts.json`, "utf8"));
    const ids = encoder.tokenize(texts.slice(0, 8));
    encoder.addAdapter("own", optionsOf(`${cases}/${name}`));
    train(encoder, ids);
    write(`${out}/own/${name}`, encoder.saveAdapter("own"));
    const vectors = await encoder.encode(texts.slice(0, 8), { adapter: "own", normalize: false });
    writeFileSync(`${out}/own/${name}/vectors.json`, JSON.stringify(vectors.map((row) => [...row])));
  }
  encoder.dispose();
}

/** An adapter of a decoder, whose files alone are read and written; of our own, B is half as much again. */
function decoderCase(name) {
  if (again) return write(`${out}/own/${name}-back`, writeAdapter(readAdapter(read(`${out}/own/${name}-again`))));
  const adapter = readAdapter(read(`${valid}/${name}`));
  write(`${out}/${name}`, writeAdapter(adapter));
  for (const { loraB } of adapter.layers.values()) loraB.data.forEach((value, i) => (loraB.data[i] = 1.5 * value));
  write(`${out}/own/${name}`, writeAdapter(adapter));
}

for (const [name, base] of Object.entries(JSON.parse(readFileSync(`${cases}/cases.json`, "utf8"))))
  await encoderCase(name, base);
for (const name of readdirSync(valid)) if (name.startsWith("gpt2")) decoderCase(name);
