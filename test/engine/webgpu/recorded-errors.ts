/** Errors of calls by name, as `describe` writes them; "none" of a call that succeeds. */
export function recordErrors(describe: (error: unknown) => string) {
  const errors: Record<string, string> = {};
  const note = async (name: string, call: () => unknown) => {
    try {
      await call();
      errors[name] = "none";
    } catch (error) {
      errors[name] = describe(error);
    }
  };
  return { errors, note };
}
