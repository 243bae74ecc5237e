import { formatFurtherLora } from "../../training/spec/further-lora.js";
import type { TrainingSettings } from "../../tasks/classify/settings.js";

type Adapted = Pick<TrainingSettings, "dora" | "rslora" | "loraPlusRatio" | "dropout" | "lora">;

/** What an adapter has beside rank, alpha and modules, in words. */
export function adapterVariants({ dora, rslora, loraPlusRatio, dropout, lora }: Adapted): string[] {
  return [
    ...(dora ? ["DoRA"] : []),
    ...(rslora ? ["rsLoRA"] : []),
    ...(loraPlusRatio === null ? [] : [`LoRA+ ${loraPlusRatio}`]),
    ...(dropout > 0 ? [`dropout ${dropout}`] : []),
    ...formatFurtherLora(lora),
  ];
}
