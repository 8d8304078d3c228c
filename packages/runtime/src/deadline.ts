/** A wait that outlived its deadline; `what` names the thing that was waited for. */
export class DeadlineError extends Error {
  constructor(what: string, ms: number, options?: ErrorOptions) {
    super(`${what} took longer than ${ms} ms`, options);
    this.name = 'DeadlineError';
  }
}

/** The promise, or a DeadlineError after `ms`. The promise itself is not cancelled; its late failure is of no interest any more. */
export async function withDeadline<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(what, ms)), ms);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
