/** A dependency's state as `/readyz?verbose` shows it. `required`: without it the process is not ready [L6]. */
export type DependencyState = { name: string; up: boolean; required: boolean; detail?: string };

/** What a process says about itself on the admin port. */
export interface Health {
  /** Start-up is over: false until the first registration or connection. */
  isStarted(): boolean;
  isDraining(): boolean;
  dependencies(): Promise<readonly DependencyState[]>;
}
