/** What `npm run bench -- --help` prints. */
export const help = `npm run bench -- [options]

  --quick        under two minutes: lowrank, jax-js and the peak; writes results-quick.{json,svg}
  --against DIR  beside another checkout of lowrank that was built: what became slower; writes results-quick.*
  --only TEXT    jobs whose name has TEXT in it (repeatable); writes results-quick.{json,svg}
  --seconds N    how long each side is timed in each case by a process; default 0.25
  --list         names the jobs, and the scripts that run by themselves, and ends
`;
