import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { type EncoderId, encoderNamed } from "./encoders.js";
import type { EncoderRun } from "./encoder-training.js";

/** A table that says which model reads its texts; missing before one was chosen. */
export interface WithEncoder {
  readonly encoder?: EncoderId;
}

/** The model that reads a page's texts: the one that was chosen for its table, otherwise that of the latest training. */
export function chosenEncoder<T extends WithEncoder>(
  { table, use }: { readonly table: ReadonlySignal<T | null>; use(table: T): void },
  run: ReadonlySignal<EncoderRun | null>,
) {
  // Deleting a training does not change it.
  const latest = signal<EncoderId>("english");
  effect(() => {
    if (run.value !== null) latest.value = encoderNamed(run.value.spec.model);
  });
  return {
    encoder: computed(() => table.value?.encoder ?? latest.value),
    choose: (encoder: EncoderId): void => use({ ...table.value!, encoder }),
  };
}
