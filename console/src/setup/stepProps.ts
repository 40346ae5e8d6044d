/** What every step of the first set-up is given. */
export interface StepProps {
  /** Notes that the step was tried and works; may be called again. */
  onDone: () => void;
}
