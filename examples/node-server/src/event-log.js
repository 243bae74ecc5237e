import { randomUUID } from "node:crypto";

/** Events that are kept for those who come late; of a training run, the last minutes. */
const KEPT = 200;

/** A job's events, numbered: anyone may read them from any number, at any pace, and nobody holds up the job. */
export class EventLog {
  // A server that was started anew begins to count anew: its numbers are not those of the one before.
  #name = randomUUID().slice(0, 8);
  #events = [];
  #count = 0;
  #last = null;
  #readers = new Set();

  add(event) {
    this.#events.push({ id: ++this.#count, event });
    if (this.#events.length > KEPT) {
      // Of progress the next tells as much; what happened once is told once.
      const place = this.#events.findIndex(({ event }) => event.type === "progress");
      this.#events.splice(Math.max(place, 0), 1);
    }
    this.#wake();
  }

  /** The last event: where the job stands. Readers end after it. */
  end(state) {
    if (this.#last !== null) return;
    this.add({ type: "state", ...state });
    this.#last = this.#count;
    this.#wake();
  }

  #wake() {
    for (const wake of this.#readers) wake();
    this.#readers.clear();
  }

  /** The number in an event's id; 0, the start, for one that this log has not given. */
  #numberOf(id) {
    const [, name, number] = /^([0-9a-f]{8})-(\d{1,15})$/.exec(id) ?? [];
    return name === this.#name ? Number(number) : 0;
  }

  /** Whether whoever has heard the event of that id has heard the last. */
  isHeard(id) {
    return this.#last !== null && this.#numberOf(id) >= this.#last;
  }

  /**
   * Server-sent events after the one of that id; slow readers miss those that are no longer kept.
   *
   * @param {string} after
   */
  stream(after) {
    let seen = this.#numberOf(after);
    let wake;
    const next = () => this.#events.find(({ id }) => id > seen);
    return new ReadableStream({
      // Otherwise a client would wait for the first event to learn that it is heard.
      start: (controller) => controller.enqueue(encoder.encode(": events\n\n")),
      pull: async (controller) => {
        while (next() === undefined && this.#last === null)
          await new Promise((resolve) => {
            wake = resolve;
            this.#readers.add(resolve);
          });
        const found = next();
        if (found === undefined) return controller.close();
        seen = found.id;
        const { id, event } = found;
        const lines = [`id: ${this.#name}-${id}`, `event: ${event.type}`, `data: ${JSON.stringify(event)}`];
        controller.enqueue(encoder.encode(`${lines.join("\n")}\n\n`));
        if (seen === this.#last) controller.close();
      },
      cancel: () => {
        this.#readers.delete(wake);
      },
    });
  }
}

const encoder = new TextEncoder();
