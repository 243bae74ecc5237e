import { calibration, calibrationError } from "../../train/evaluators/calibration.js";
import { classProbabilities } from "../../train/metrics/class-scores.js";
import type { Abstention, Calibrated } from "../head/classifier-files.js";

/** Expected calibration error and loss of probabilities. */
export interface CalibrationErrors {
  /** Expected calibration error with ten intervals: the mean distance of probabilities from shares of right predictions. */
  readonly ece: number;
  /** Mean of −ln of the true class's probability. */
  readonly nll: number;
}

/** What a threshold for a precision gives on some texts. */
export interface AbstentionShare {
  /** Number of texts whose prediction is not unsure. */
  readonly sure: number;
  /** Number of all texts. */
  readonly count: number;
  /** Share of right predictions among them; null if there are none. */
  readonly precision: number | null;
}

/** The temperature and the threshold that the validation gave, and what they do on the measured texts. */
export interface CalibrationResult {
  /**
   * Logits are divided by it. It has the lowest loss on the validation; at least 1 with fewer than 100 texts there; 1 if every prediction
   * there is right, or `calibrate` is false.
   */
  readonly temperature: number;
  /** Number of validation texts. */
  readonly chosenOn: number;
  /** Errors on the measured texts, without the temperature. */
  readonly before: CalibrationErrors;
  /** Errors on the measured texts, with the temperature. */
  readonly after: CalibrationErrors;
  /** When a prediction is unsure; null without `abstain`. */
  readonly abstain: (Abstention & { readonly validation: AbstentionShare; readonly measured: AbstentionShare }) | null;
}

/** Logits of some texts, and their classes. */
export interface Answered {
  readonly logits: readonly ArrayLike<number>[];
  readonly targets: readonly number[];
}

interface Answer {
  readonly probabilities: readonly number[];
  /** The highest of them. */
  readonly probability: number;
  readonly isRight: boolean;
}

/** What logits divided by a temperature, in float64, say. */
const answers = ({ logits, targets }: Answered, temperature: number): Answer[] =>
  logits.map((row, i) => {
    const tempered = Array.from(row, (logit) => logit / temperature);
    const { probabilities, best } = classProbabilities(tempered, `text ${i}`);
    return { probabilities, probability: probabilities[best]!, isRight: best === targets[i] };
  });

function errorsOf(found: readonly Answer[], targets: readonly number[]): CalibrationErrors {
  const rows = found.map(({ probabilities }) => probabilities);
  const { ece, nll } = calibrationError(rows, targets);
  return { ece, nll };
}

/**
 * The temperature of the validation, its threshold for a precision, and both on the measured texts.
 * @param asked what to find: the temperature, and the precision to reach or null
 */
export function calibrate(
  validation: Answered,
  measured: Answered,
  asked: { readonly temperature: boolean; readonly precision: number | null },
): { readonly kept: Calibrated; readonly result: CalibrationResult } {
  const temperature = asked.temperature ? temperatureOf(validation) : 1;
  const [held, before, after] = [
    answers(validation, temperature),
    answers(measured, 1),
    answers(measured, temperature),
  ];
  const { precision } = asked;
  const abstain = precision === null ? null : { precision, threshold: thresholdFor(precision, held) };
  return {
    kept: { ...(asked.temperature && { temperature }), ...(abstain && { abstain }) },
    result: {
      temperature,
      chosenOn: held.length,
      before: errorsOf(before, measured.targets),
      after: errorsOf(after, measured.targets),
      abstain: abstain && {
        ...abstain,
        validation: shareOf(held, abstain),
        measured: shareOf(after, abstain),
      },
    },
  };
}

/** Least validation texts: with fewer, a few that are right by chance would make every probability surer. */
const ENOUGH = 100;

/**
 * The loss of texts that are all classified rightly has no least temperature above 0. So few texts as have no wrong one by chance do not
 * show that probabilities may be surer than the model's own: with fewer than 100, the temperature is at least 1.
 */
function temperatureOf(validation: Answered): number {
  if (answers(validation, 1).every(({ isRight }) => isRight)) return 1;
  const rows = validation.logits.map((row) => Array.from(row));
  const { temperature } = calibration(rows, validation.targets);
  return rows.length < ENOUGH ? Math.max(1, temperature) : temperature;
}

/** A saved classifier computes its probabilities with the temperature in its head, in float32. */
const ROUNDING = 1e-6;

/** The lowest probability from which on so large a share is right, less what rounding may take; null if there is none. */
function thresholdFor(precision: number, found: readonly Answer[]): number | null {
  const sorted = [...found].sort((a, b) => b.probability - a.probability);
  let [right, threshold]: [number, number | null] = [0, null];
  sorted.forEach(({ probability, isRight }, i) => {
    if (isRight) right++;
    // Equal probabilities are answered together.
    if (sorted[i + 1]?.probability !== probability && right / (i + 1) >= precision)
      threshold = Math.max(0, probability - ROUNDING);
  });
  return threshold;
}

function shareOf(found: readonly Answer[], { threshold }: Abstention): AbstentionShare {
  const sure = found.filter(({ probability }) => threshold !== null && probability >= threshold);
  const right = sure.filter(({ isRight }) => isRight).length;
  return { sure: sure.length, count: found.length, precision: sure.length === 0 ? null : right / sure.length };
}

/** The warning if the validation does not reach the precision; otherwise null. */
export function unreachedText({ abstain }: CalibrationResult): string | null {
  if (abstain === null || abstain.threshold !== null) return null;
  const { precision, validation } = abstain;
  return (
    `no threshold on the probability gives a precision of ${precision} on the ${validation.count} validation texts: even the most ` +
    "probable predictions are wrong too often, so every prediction will be unsure. Add examples, or ask for a lower precision"
  );
}
