import { ConfigError, type ModelError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { unexpected } from "../../arguments/settings.js";
import { isJsonObject, type Json } from "../../io/json.js";

/** A text to put before each text: given directly, or by the name of one of the model's prompts. */
export interface PromptChoice {
  readonly prompt?: string | undefined;
  readonly promptName?: string | undefined;
}

/** A model's prompts, which say what a text is for: "query: ". */
export class Prompts {
  constructor(
    readonly named: ReadonlyMap<string, string>,
    /** Name of the one that is used if none is asked for; null for none. */
    readonly defaultName: string | null,
    /** Whether the prompt's tokens are pooled too. */
    readonly arePooled = true,
  ) {}

  /** Reads config_sentence_transformers.json. */
  static read(json: { readonly [key: string]: Json }, fail: (problem: string) => ModelError): Prompts {
    const { prompts = null, default_prompt_name: name = null } = json;
    if (prompts !== null && !isJsonObject(prompts))
      throw fail(`prompts must be an object of texts by name, got ${excerpt(prompts)}`);
    const named = new Map<string, string>();
    for (const [key, prompt] of Object.entries(prompts ?? {})) {
      if (prompt !== null && typeof prompt !== "string")
        throw fail(`prompts: ${excerpt(key)} must be a text, got ${excerpt(prompt)}`);
      named.set(key, prompt ?? "");
    }
    if (name === null || (typeof name === "string" && named.has(name))) return new Prompts(named, name);
    throw fail(`default_prompt_name must be the name of one of the prompts, got ${excerpt(name)}`);
  }

  /** A copy with only the text's own tokens pooled. */
  pooledWithout(): Prompts {
    return new Prompts(this.named, this.defaultName, false);
  }

  /** Whether there is a prompt of this name. */
  has(name: string): boolean {
    return this.named.has(name);
  }

  /** The prompt to use. Throws `ConfigError` for an unknown name, and if both options are given. */
  choose(what: string, { prompt, promptName }: PromptChoice): string {
    if (prompt !== undefined && promptName !== undefined)
      throw new ConfigError(`${what}: prompt is a text and promptName the name of one; give only one of them`, {
        prompt,
        promptName,
      });
    if (prompt !== undefined) {
      if (typeof prompt === "string") return prompt;
      throw unexpected(what, "prompt", "a text", prompt);
    }
    const name = promptName ?? this.defaultName;
    if (name === null) return "";
    // As in sentence-transformers, these two are known to every model.
    const found = this.named.get(name) ?? (["query", "document"].includes(name) ? "" : undefined);
    if (found !== undefined) return found;
    const names = clip([...this.named.keys()].map((name) => `"${name}"`).join(", ")) || "none";
    throw new ConfigError(`${what}: this model has no prompt ${excerpt(promptName)}; it has ${names}`, { promptName });
  }
}
