import type { FederationEvent, FederationReport } from "@lowrank/flower";
import { isMember, type Membership, membership, type Round } from "../state/membership.js";
import { recovering, sharedEncoder } from "./classify.js";
import { client } from "./client.js";
import type { EncoderId } from "./encoders.js";
import type { Example } from "./parts.js";
import { orRefused } from "./policy.js";

let leaving: AbortController | null = null;

const nothing = { download: null, rounds: [], sent: 0, received: 0, files: null, problem: null } as const;

function update(change: Partial<Membership>): void {
  const now = membership.value!;
  // Leaving does not wait for anything else.
  const state = now.state === "leaving" && change.state !== "over" ? "leaving" : (change.state ?? now.state);
  membership.value = { ...now, ...change, state };
}

const changed = (rounds: readonly Round[], change: Partial<Round>): readonly Round[] =>
  rounds.map((round, i) => (i === rounds.length - 1 ? { ...round, ...change } : round));

function hear(event: FederationEvent): void {
  const { rounds } = membership.value!;
  switch (event.type) {
    case "joined":
      return update({ state: "waiting" });
    case "round": {
      const { round, rounds: all, steps } = event;
      const begun: Round = { round, rounds: all, steps, done: 0, loss: null, state: "learning" };
      return update({ state: "learning", rounds: [...rounds, begun] });
    }
    case "step":
      return update({ rounds: changed(rounds, { done: event.step, loss: event.loss }) });
    case "trained":
      return update({ rounds: changed(rounds, { loss: event.loss, state: "sending" }), files: event.files });
    case "answered": {
      const { sent, received } = event;
      // Evaluation events do not belong to the current training round.
      const own = rounds.at(-1)?.state === "sending";
      return update({ state: "waiting", sent, received, rounds: own ? changed(rounds, { state: "taken" }) : rounds });
    }
    case "late":
      return update({ state: "waiting", rounds: changed(rounds, { state: "late" }) });
    default:
      return;
  }
}

/** Takes part with a model, which must be that of the others, until the last round has ended. Errors are stored in `membership`. */
export async function joinRounds(server: string, examples: readonly Example[], on: EncoderId): Promise<void> {
  if (isMember()) return;
  leaving = new AbortController();
  const { signal } = leaving;
  membership.value = { ...nothing, state: "model" };
  try {
    const report = await recovering(async (): Promise<FederationReport> => {
      const encoder = await sharedEncoder(on, (download) => update({ download }));
      update({ state: "joining", download: null, rounds: [] });
      // The protocol's code is loaded on demand.
      const [{ joinFederation }, { TextClassifier }] = await Promise.all([import("@lowrank/flower"), client()]);
      return joinFederation({ server, encoder, TextClassifier, examples, signal, onEvent: hear });
    });
    update({ state: "over", sent: report.sent, received: report.received });
  } catch (error) {
    update({ state: "over", problem: signal.aborted ? null : await orRefused(error, server) });
  } finally {
    leaving = null;
  }
}

/** Leaves within a step, and notifies the server. */
export function leave(): void {
  update({ state: "leaving" });
  leaving?.abort();
}
