import { signal } from "@preact/signals";
import type { Download } from "../engine/model.js";
import type { SavedFiles } from "../engine/stores.js";

/** This tab's part of a round. */
export interface Round {
  readonly round: number;
  readonly rounds: number;
  readonly done: number;
  readonly steps: number;
  /** Of the newest step, then the mean of the part. */
  readonly loss: number | null;
  readonly state: "learning" | "sending" | "taken" | "late";
}

/** A federation that this tab takes part in, or took. */
export interface Membership {
  readonly state: "model" | "joining" | "waiting" | "learning" | "leaving" | "over";
  readonly download: Download | null;
  /** The newest last. */
  readonly rounds: readonly Round[];
  readonly sent: number;
  readonly received: number;
  /** The classifier as this tab made it in its last round; null before that. */
  readonly files: SavedFiles | null;
  /** Why it ended before the last round; null where it did not. */
  readonly problem: unknown;
}

/** Null before the first. */
export const membership = signal<Membership | null>(null);

/** Whether this tab is in a federation now. */
export const isMember = (): boolean => membership.value !== null && membership.value.state !== "over";
