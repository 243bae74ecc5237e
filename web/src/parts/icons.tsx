const paths = {
  file: "M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6",
  check: "M5 12.5l4.5 4.5L19 7.5",
  warn: "M12 4l9 16H3zM12 10v5M12 17.5v.5",
  stop: "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M12 7.5v6M12 16v.5",
  trash: "M5 7h14M10 4h4M7 7l1 13h8l1-13M10 11v5M14 11v5",
  pen: "M4 20l1-5L16 4l4 4L9 19zM14 6l4 4",
  arrow: "M5 12h14M13 6l6 6l-6 6",
  below: "M7 10l5 5l5-5",
  down: "M12 4v11M7 11l5 5l5-5M5 20h14",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  sun: "M12 8a4 4 0 1 0 0 8a4 4 0 1 0 0-8M12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2",
} as const;

/** An icon beside a text. The text has the meaning. */
export const Icon = ({ name }: { name: keyof typeof paths }) => (
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
    <path d={paths[name]} />
  </svg>
);
