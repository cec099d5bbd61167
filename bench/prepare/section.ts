/** What one measurement has to say. */
export interface Section {
  readonly text: string;
  /** Aims that were not reached: the bench ends with an error for them, when everything is printed. */
  readonly missed: readonly string[];
}

/** @param reached whether it was; a figure that is none has reached nothing */
export function aim(reached: boolean, missed: string): readonly string[] {
  return reached ? [] : [missed];
}
