import { adapterKinds } from "./adapters.js";
import { dataKinds } from "./data.js";
import { exampleKinds } from "./examples.js";
import { ggufKinds } from "./gguf.js";
import { jsonKinds } from "./json.js";
import { safetensorsKinds } from "./safetensors.js";
import { textKinds, tokenizerKinds } from "./tokenizers.js";

/** Kinds by what they are read as. */
export const kinds = {
  safetensors: safetensorsKinds,
  GGUF: ggufKinds,
  JSON: jsonKinds,
  adapters: adapterKinds,
  tokenizers: tokenizerKinds,
  texts: textKinds,
  examples: exampleKinds,
  data: dataKinds,
};
