/** Why a program cannot start, in one sentence for the person who started it: no stack is printed. */
export class StartError extends Error {
  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.name = 'StartError';
  }
}
