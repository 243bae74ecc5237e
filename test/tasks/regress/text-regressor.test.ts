import { expect, it } from "vitest";
import {
  CrossEncoder,
  type FileMap,
  readSafetensors,
  SentenceEncoder,
  type Tensor,
  TextClassifier,
  TextRegressor,
  UnsupportedError,
  writeSafetensors,
} from "../../../ts/index.js";
import { tinyEncoder } from "../../models/tiny-encoder.js";

/** PEFT's adapter of a SEQ_CLS model with one output, and one whose second output is the first one's double. */
async function adapters() {
  const model = await tinyEncoder();
  using encoder = await SentenceEncoder.load(model);
  using cross = CrossEncoder.create(encoder, { lora: { initLoraWeights: false } });
  const files = await cross.save();
  const one: FileMap = {
    "adapter_config.json": files["adapter_config.json"]!,
    "adapter_model.safetensors": files["adapter_model.safetensors"]!,
  };
  const file = readSafetensors(one["adapter_model.safetensors"]!);
  const doubled = (name: string, { shape, data }: Tensor): Tensor =>
    name.includes("classifier.")
      ? { shape: [2, ...shape.slice(1)], data: Float32Array.from([...data, ...data.map((x) => 2 * x)]) }
      : { shape, data };
  const tensors = new Map(file.names.map((name) => [name, doubled(name, file.tensor(name))]));
  return { model, one, two: { ...one, "adapter_model.safetensors": writeSafetensors(tensors) } };
}

const texts = ["a good film", "it was very bad"];

it("PEFT's adapter with one output opens with the number that its head gives, and is saved", async () => {
  const { model, one, two } = await adapters();
  using classifier = await TextClassifier.open(two, { model });
  const expected = (await classifier.logits(texts)).map(([first]) => first!);
  using regressor = await TextRegressor.open(one, { model });
  expect(await regressor.predict(texts)).toEqual(expected);
  using again = await TextRegressor.open(regressor.save(), { model });
  expect(await again.predict(texts)).toEqual(expected);
});

it("other heads are refused by what they are", async () => {
  const { model, one, two } = await adapters();
  await expect(TextRegressor.open(two, { model })).rejects.toThrow(UnsupportedError);
  await expect(TextRegressor.open(two, { model })).rejects.toThrow("the head of this adapter has 2 outputs");
  await expect(TextClassifier.open(one, { model })).rejects.toThrow("TextRegressor.open opens PEFT's adapter with such a head");
}); // prettier-ignore
