import type { CallAdapters } from "../../../adapters/call-adapters.js";
import { CachedTokens } from "../cached-tokens.js";
import { decodeBatch } from "../decode-step.js";
import type { LanguageModelParts } from "../load-language-model.js";
import { PROMPT_TOKENS } from "../read-prompts.js";
import { largestIds } from "../sampler.js";

/** A draft model at a call. */
export interface AssistantCall {
  readonly model: Pick<LanguageModelParts, "graph" | "model" | "cacheFormat">;
  /** Its active adapter, with the values at the call. */
  readonly adapters: CallAdapters;
  /** Marks it as running, so that nothing that it computes with changes; returns a function that ends that. */
  readonly begin: () => () => void;
}

/** Drafts from a smaller model: its most probable tokens, one after the other. */
export class Assistant {
  private readonly cached: CachedTokens;

  constructor(private readonly call: AssistantCall) {
    const { graph, model, cacheFormat } = call.model;
    this.cached = CachedTokens.none(graph, model.config, cacheFormat);
  }

  /**
   * Up to `most` tokens after a text; fewer at the end of the draft model's positions.
   * @param breathe called between two passes; throws if the call was aborted
   */
  async draft(text: Int32Array, most: number, breathe: () => Promise<void>): Promise<Int32Array> {
    const { cached, call } = this;
    const room = Math.min(most, call.model.model.config.maxPositions - text.length);
    if (room < 1) return new Int32Array(0);
    call.adapters.keep(call.model.graph);
    cached.cut(cached.reusable(text));
    const drafted: number[] = [];
    for (let left = text.subarray(cached.length); drafted.length < room;) {
      const ids = left.subarray(0, PROMPT_TOKENS);
      const [logits] = await decodeBatch(call.model, call.adapters, [{ text: 0, held: cached, ids, rounded: true }]);
      left = left.subarray(ids.length);
      if (left.length === 0) {
        drafted.push(largestIds(logits!, 1)[0]!);
        left = Int32Array.of(drafted.at(-1)!);
      }
      await breathe();
    }
    return Int32Array.from(drafted);
  }

  dispose(): void {
    const { graph } = this.call.model;
    if (graph.gone) return;
    this.cached.dispose();
    this.call.adapters.release(graph);
  }
}
