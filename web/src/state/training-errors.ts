/** `details` of an error of the library. */
const detailsOf = (error: unknown): Readonly<Record<string, unknown>> =>
  (error as { details?: Readonly<Record<string, unknown>> }).details ?? {};

/** Whether an error means that some of a run's own files are gone, so that there is nothing to continue from. */
export const isIncomplete = (error: unknown): boolean => detailsOf(error)["reason"] === "incomplete";

/** Whether an error means that the browser deleted files or the database of this page while they were in use. */
export const isCleared = (error: unknown): boolean =>
  /^(NotFound|InvalidState)Error$/.test((error as Error).name) || isIncomplete(error);
