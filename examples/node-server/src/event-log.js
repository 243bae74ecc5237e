/** Events that are kept for those who come late; of a training run, the last minutes. */
const KEPT = 200;

/** A job's events, numbered: anyone may read them from any number, at any pace, and nobody holds up the job. */
export class EventLog {
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

  /**
   * Server-sent events after number `after`; slow readers miss those that are no longer kept.
   *
   * @param {number} after
   */
  stream(after) {
    let seen = after;
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
        const { type } = found.event;
        controller.enqueue(encoder.encode(`id: ${found.id}\nevent: ${type}\ndata: ${JSON.stringify(found.event)}\n\n`));
        if (seen === this.#last) controller.close();
      },
      cancel: () => {
        this.#readers.delete(wake);
      },
    });
  }
}

const encoder = new TextEncoder();
