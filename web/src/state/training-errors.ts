/** Whether an error means that another tab or worker has the run open. */
export const isInUse = (error: unknown): boolean =>
  (error as Error).name === "ConfigError" && /is in use/.test((error as Error).message);

/** Whether an error means that some of a run's own files are gone, so that there is nothing to continue from. */
export const isIncomplete = (error: unknown): boolean =>
  /nothing can be appended|missing in this browser's storage/.test((error as Error).message);

/** Whether an error means that the browser deleted files or the database of this page while they were in use. */
export const isCleared = (error: unknown): boolean =>
  /^(NotFound|InvalidState)Error$/.test((error as Error).name) || isIncomplete(error);
