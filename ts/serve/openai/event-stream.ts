/** A stream of events, and a way to break it off. */
export interface EventStream {
  readonly body: ReadableStream<Uint8Array>;
  readonly drop: () => void;
}

/**
 * Events as OpenAI's API streams them: one line of JSON each, and `[DONE]` after the last. An error ends the stream as an event.
 * @param ended called when the stream has ended, or its reader has left
 */
export function eventStream(
  events: AsyncGenerator<object, void, undefined>,
  errorOf: (error: unknown) => object,
  ended: () => void,
): EventStream {
  const encoder = new TextEncoder();
  const line = (data: string) => encoder.encode(`data: ${data}\n\n`);
  let controlled!: ReadableStreamDefaultController<Uint8Array>;
  let open = true;
  const close = () => {
    open = false;
    ended();
  };
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controlled = controller;
    },
    async pull(controller) {
      let last: string;
      try {
        const { done, value } = await events.next();
        if (done !== true) return open ? controller.enqueue(line(JSON.stringify(value))) : undefined;
        last = "[DONE]";
      } catch (error) {
        // The reader has left, and so its answer was given up.
        if (!open) return;
        last = JSON.stringify(errorOf(error));
      }
      if (!open) return;
      controller.enqueue(line(last));
      controller.close();
      close();
    },
    cancel: close,
  });
  const drop = () => {
    if (open) controlled.error(new Error("the answer was not read in time"));
    close();
  };
  return { body, drop };
}
