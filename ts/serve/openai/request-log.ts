import type { RunningText } from "../../models/language/batch/continuous-batch.js";

/** What a server's log says of a request, when its answer has ended. */
export interface RequestLogEntry {
  /** When it came, in milliseconds since 1970. */
  readonly time: number;
  /** Method of the request. */
  readonly method: string;
  /** Path, such as "/v1/chat/completions"; "other" for one that the server does not have. */
  readonly route: string;
  /** HTTP status of its answer; a stream that fails has 200. */
  readonly status: number;
  /** Milliseconds from its headers to the end of its answer. */
  readonly milliseconds: number;
  /** The model or adapter that answered. */
  readonly model?: string;
  /** Tokens of all its prompts. */
  readonly promptTokens?: number;
  /** Tokens of all choices together. */
  readonly generatedTokens?: number;
  /** Code of the error that it was answered with, also in a stream; "aborted" if the client left before the end. */
  readonly error?: string;
  /** Body, with the option `logTexts`. */
  readonly body?: Readonly<Record<string, unknown>>;
  /** The texts that were generated, with the option `logTexts`. */
  readonly texts?: readonly string[];
}

/** What is logged, and where to. */
export interface LogSettings {
  readonly log: ((entry: RequestLogEntry) => void) | undefined;
  readonly logTexts: boolean;
}

/** A text and what was generated of it. */
interface Watched {
  said: string;
  ended: boolean;
}

type Known = { -readonly [Name in "model" | "promptTokens" | "error" | "body"]?: RequestLogEntry[Name] };

/** A request until its answer has ended. */
export class LoggedRequest {
  private readonly time = Date.now();
  private readonly known: Known = {};
  private readonly texts: Watched[] = [];
  private tokens = 0;
  private status = 0;
  /** Parts of its answer that have not ended: its beginning, and a stream. */
  private open = 1;

  constructor(
    private readonly settings: LogSettings,
    private readonly method: string,
    private readonly route: string,
  ) {}

  /** Body, which is forgotten unless texts are logged. */
  asked(body: NonNullable<RequestLogEntry["body"]>): void {
    if (this.settings.logTexts) this.known.body = body;
  }

  /** A model answers it. */
  answeredBy(model: string, promptTokens: number): void {
    Object.assign(this.known, { model, promptTokens });
  }

  /** Returns the text, whose tokens are counted. */
  watched(text: RunningText): RunningText {
    const { log, logTexts } = this.settings;
    if (log === undefined) return text;
    const one: Watched = { said: "", ended: false };
    this.texts.push(one);
    const next = async () => {
      const token = await text.next();
      if (token !== null) this.tokens++;
      if (token !== null && logTexts) one.said += token.text;
      one.ended ||= token === null || token.end !== null;
      return token;
    };
    return {
      get reused() {
        return text.reused;
      },
      get begun() {
        return text.begun;
      },
      next,
      end: text.end,
    };
  }

  /** Notes an error, perhaps within a stream. */
  failed(code: string): void {
    this.known.error = code;
  }

  /** Notes that the answer is a stream, at whose end the returned function is called. */
  streams(): () => void {
    this.open++;
    let open = true;
    return () => {
      if (open) this.end();
      open = false;
    };
  }

  /** Notes that the answer has begun. */
  answered(status: number): void {
    this.status = status;
    this.end();
  }

  /** A part has ended; with the last one the entry is written. */
  private end(): void {
    const { log, logTexts } = this.settings;
    if (--this.open !== 0 || log === undefined) return;
    const { method, route, status, time, texts, known } = this;
    if (texts.some(({ ended }) => !ended)) known.error ??= "aborted";
    const generated = known.model === undefined ? {} : { generatedTokens: this.tokens };
    const said = logTexts && texts.length > 0 ? { texts: texts.map((text) => text.said) } : {};
    try {
      log({ time, method, route, status, milliseconds: Date.now() - time, ...known, ...generated, ...said });
    } catch {
      // An error of the log must not prevent an answer.
    }
  }
}
