import { Field, type Failure, type JsonObject } from "./checks.js";
import { checkNormalizer, checkPostProcessor, checkPreTokenizer } from "./text-steps.js";
import { checkAddedTokens, checkModel, modelType } from "./vocabulary.js";

/** Input of the tokenizer library: everything that it reads, checked. */
export interface TokenizerParts {
  readonly tokenizer: JsonObject;
  readonly config: JsonObject;
}

/**
 * Checks tokenizer.json, and the used fields of tokenizer_config.json. The library trusts them: without this check, a file that loads could
 * later throw on a text, or never finish.
 * @param fail creates the error; the problem continues the file's name
 */
export function checkTokenizerFiles(json: JsonObject, settings: JsonObject, fail: Failure): TokenizerParts {
  const file = Field.root(json, fail);
  const optional = (name: string) => {
    const field = file.at(name);
    return field.value === undefined ? Field.root({ [name]: null }, fail).at(name) : field;
  };
  checkModel(file.at("model"));
  checkNormalizer(optional("normalizer"));
  checkPreTokenizer(optional("pre_tokenizer"));
  checkPostProcessor(optional("post_processor"));
  checkAddedTokens(file.at("added_tokens"));
  const config = Field.root(settings, fail);
  return {
    // Some files have a length and fixed padding baked in (MiniLM's: 128); ragged batches are never padded. Decoding is `TokenText`'s.
    tokenizer: {
      model: { ...file.at("model").object(), type: modelType(file.at("model")) },
      normalizer: optional("normalizer").value!,
      pre_tokenizer: optional("pre_tokenizer").value!,
      post_processor: optional("post_processor").value!,
      added_tokens: file.at("added_tokens").value ?? [],
      decoder: null,
    },
    config: {
      remove_space: config.at("remove_space").value === true,
      do_lowercase_and_remove_accent: config.at("do_lowercase_and_remove_accent").value === true,
    },
  };
}
