import { signal } from "@preact/signals";
import type { Download } from "./download.js";
import type { SavedFiles } from "../engine/stores.js";

/** This tab's work in one round. */
export interface Round {
  readonly round: number;
  readonly rounds: number;
  readonly done: number;
  readonly steps: number;
  /** Loss of the latest step; after the round, the mean loss. */
  readonly loss: number | null;
  readonly state: "learning" | "sending" | "taken" | "late";
}

/** A federation that this tab takes part in, or took part in. */
export interface Membership {
  readonly state: "model" | "joining" | "waiting" | "learning" | "leaving" | "over";
  readonly download: Download | null;
  /** Oldest first. */
  readonly rounds: readonly Round[];
  readonly sent: number;
  readonly received: number;
  /** The classifier from this tab's last round; null before it has one. */
  readonly files: SavedFiles | null;
  /** Why it ended before the last round; null otherwise. */
  readonly problem: unknown;
}

/** Null before this tab joins its first federation. */
export const membership = signal<Membership | null>(null);

/** Whether this tab takes part in a federation now. */
export const isMember = (): boolean => membership.value !== null && membership.value.state !== "over";
