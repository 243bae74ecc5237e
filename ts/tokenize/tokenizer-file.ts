import { excerpt } from "../errors/excerpt.js";
import { type Failure, Field, type JsonObject, MAX_ID } from "./checks.js";
import { checkNormalizer, checkPostProcessor, checkPreTokenizer } from "./text-steps.js";

/** The highest limit on WordPiece's word length, in characters; BERT's is 100, longer words are one unknown token. */
const MAX_WORD = 1000;

/** Longest piece of a WordPiece or Unigram vocabulary, and longest added token. */
export const MAX_PIECE = 256;

/** Checks a vocabulary of `{ token: id }` without an object for each of its many members. */
function checkIds(vocabulary: Field): JsonObject {
  const members = vocabulary.object();
  for (const [token, id] of Object.entries(members))
    if (!Number.isSafeInteger(id) || (id as number) < 0 || (id as number) > MAX_ID)
      throw vocabulary.at(token.slice(0, 80)).wrong("a token's id, a whole number from 0");
  return members;
}

function checkWordPiece(model: Field): void {
  const vocabulary = checkIds(model.at("vocab"));
  model.at("unk_token").text();
  model.at("continuing_subword_prefix").insert();
  model.at("continuing_subword_prefix").text();
  const longest = model.at("max_input_chars_per_word");
  if (!longest.isMissing) longest.whole(1, MAX_WORD);
  for (const token of Object.keys(vocabulary))
    if (token.length > MAX_PIECE)
      throw model.unsupported(`a piece of ${token.length} characters is longer than ${MAX_PIECE}`);
}

function checkBpe(model: Field): void {
  checkIds(model.at("vocab"));
  for (const name of ["unk_token", "end_of_word_suffix", "continuing_subword_prefix"]) model.at(name).textOrNone();
  for (const name of ["end_of_word_suffix", "continuing_subword_prefix"]) model.at(name).insert();
  for (const name of ["byte_fallback", "ignore_merges", "fuse_unk"]) model.at(name).flag();
  const merges = model.at("merges");
  if (!Array.isArray(merges.value)) throw merges.wrong("a list of pairs");
  const inPairs = Array.isArray(merges.value[0]);
  for (const [i, merge] of merges.value.entries()) {
    const parts: unknown = inPairs ? merge : typeof merge === "string" ? merge.split(" ", 3) : null;
    if (!Array.isArray(parts) || parts.length !== 2 || parts.some((part) => typeof part !== "string" || part === ""))
      throw merges.items()[i]!.wrong(inPairs ? "a pair of strings" : "two strings with a space between");
  }
}

function checkUnigram(model: Field): void {
  const vocabulary = model.at("vocab");
  model.at("byte_fallback").flag();
  if (!Array.isArray(vocabulary.value) || vocabulary.value.length === 0)
    throw vocabulary.wrong("a list of pieces and scores");
  for (const [i, piece] of vocabulary.value.entries()) {
    const fits =
      Array.isArray(piece) && piece.length === 2 && typeof piece[0] === "string" && typeof piece[1] === "number";
    if (!fits) throw vocabulary.items()[i]!.wrong("a piece and its score");
    if ((piece[0] as string).length > MAX_PIECE)
      throw model.unsupported(`a piece of ${(piece[0] as string).length} characters is longer than ${MAX_PIECE}`);
  }
  model.at("unk_id").whole(0, vocabulary.value.length - 1);
}

/** The kind of a model; early files leave it to be seen from the fields. */
function modelType(model: Field): string {
  const fields = model.object();
  if (!model.at("type").isMissing) return model.at("type").text();
  if (Array.isArray(fields["vocab"])) return "Unigram";
  return Object.hasOwn(fields, "merges") ? "BPE" : "WordPiece";
}

/** Checks the model of a file, which splits words into tokens. */
function checkModel(model: Field): void {
  const type = modelType(model);
  if (type === "WordPiece") checkWordPiece(model);
  else if (type === "BPE") checkBpe(model);
  else if (type === "Unigram") checkUnigram(model);
  else throw model.at("type").unsupported(`the model ${excerpt(type)} is not supported`);
}

/** Checks the added tokens. */
function checkAddedTokens(tokens: Field): void {
  if (tokens.isMissing) return;
  for (const token of tokens.items()) {
    token.object();
    const content = token.at("content").text();
    if (content === "" || content.length > MAX_PIECE)
      throw token.at("content").wrong(`a string of 1 to ${MAX_PIECE} characters`);
    token.at("id").whole(0, MAX_ID);
    for (const name of ["single_word", "lstrip", "rstrip", "normalized", "special"]) token.at(name).flag();
  }
}

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
