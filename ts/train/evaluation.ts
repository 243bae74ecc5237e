import { ConfigError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";
import type { Tensor } from "../values/tensor.js";
import type { EvaluateSettings, EvaluationState, FitEvaluation, Measurement } from "./fit-options.js";

/** The measurements of a run, and the best parameters. */
export class Evaluation {
  private readonly measured: Measurement[];
  private best: EvaluationState["best"];

  /**
   * @param steps total steps of the run; @param resume a checkpoint's measurements after `done` steps
   * Throws `ConfigError` if they are from a run with another `every` or `better`.
   */
  constructor(
    readonly settings: EvaluateSettings,
    private readonly steps: number,
    done: number,
    resume: EvaluationState = { measured: [], best: null },
  ) {
    this.measured = [...resume.measured];
    this.best = resume.best;
    // If training was cancelled during the last measurement, it is repeated now.
    const due = dueSteps(done, settings.every, steps);
    const missing = due.length - this.measured.length;
    const fits = (missing === 0 || missing === 1) && this.measured.every(({ step }, i) => step === due[i]);
    if (fits && bestOf(this.measured, settings.sign)?.step === this.best?.step) return;
    throw new ConfigError(
      "fit: checkpoint.evaluation is of a run that was measured at other steps, or for other values: give the `evaluate` it began with",
      { op: "fit", option: "resume", steps: this.measured.map(({ step }) => step) },
    );
  }

  /** Whether the parameters after this many steps still have to be measured. */
  due(step: number): boolean {
    return isDue(step, this.settings.every, this.steps) && this.measured.at(-1)?.step !== step;
  }

  /** Whether training stops early. */
  get over(): boolean {
    const { sign, patience, minimumChange } = this.settings;
    let [reference, waited] = [Infinity, 0];
    for (const { value } of this.measured) {
      const better = sign * value < reference - minimumChange;
      if (better) reference = sign * value;
      waited = better ? 0 : waited + 1;
    }
    return waited >= patience;
  }

  /** Adds a measurement. Throws `ConfigError` unless it is a finite number. */
  add(step: number, value: unknown, parameters: () => Tensor[]): void {
    if (typeof value !== "number" || !Number.isFinite(value)) {
      throw new ConfigError(`fit: evaluate.measure gives a finite number, got ${excerpt(value)} after step ${step}`, {
        op: "fit",
        option: "evaluate.measure",
        expected: "a finite number",
        value,
      });
    }
    this.measured.push({ step, value });
    if (bestOf(this.measured, this.settings.sign)!.step === step) this.best = { step, parameters: parameters() };
  }

  /** What a checkpoint stores. */
  state(): EvaluationState {
    return { measured: [...this.measured], best: this.best };
  }

  /** The report of a finished run, and its final parameters. */
  result(done: number): { readonly report: FitEvaluation; readonly parameters: readonly Tensor[] } {
    const best = bestOf(this.measured, this.settings.sign)!;
    const report = { measured: [...this.measured], best, stoppedEarly: done < this.steps };
    return { report, parameters: this.best!.parameters };
  }
}

/** The first of the best. */
function bestOf(measured: readonly Measurement[], sign: number): Measurement | undefined {
  return measured.reduce<Measurement | undefined>(
    (best, each) => (best === undefined || sign * each.value < sign * best.value ? each : best),
    undefined,
  );
}

const isDue = (step: number, every: number, steps: number) => step % every === 0 || step === steps;

/** Steps up to `done` after which a measurement is due. */
function dueSteps(done: number, every: number, steps: number): number[] {
  const due = Array.from({ length: Math.floor(done / every) + 1 }, (_, i) => i * every);
  return done === steps && !isDue(done, every, Infinity) ? [...due, done] : due;
}
