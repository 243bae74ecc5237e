/** A progress bar with a label. */
export const Meter = ({ done, label }: { done: number | null; label: string }) => (
  <div class="meter">
    <progress aria-label={label} {...(done === null ? {} : { value: done })} max={1} />
  </div>
);
