import { type Clock, within } from './clock.ts';
import type { Problem } from './wire.ts';

/** Why a request did not succeed. `status` 0: no answer came, so the outcome is unknown. Programs compare `code`. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly retryAfterMs: number;
  readonly problem: Problem | undefined;

  constructor(options: {
    status: number;
    code: string;
    detail: string;
    retryAfterMs?: number;
    problem?: Problem | undefined;
    cause?: unknown;
  }) {
    super(options.detail, { cause: options.cause });
    this.name = 'ApiError';
    this.status = options.status;
    this.code = options.code;
    this.retryAfterMs = options.retryAfterMs ?? 0;
    this.problem = options.problem;
  }

  /** True where the same request may succeed later: no answer, 408, 429, 5xx. A 401 may, too: with the next token. */
  get isRetryable(): boolean {
    return [0, 401, 408, 429].includes(this.status) || this.status >= 500;
  }
}

/** How long the server wants to be left alone. */
export function retryAfterMsOf(error: unknown): number {
  return error instanceof ApiError ? error.retryAfterMs : 0;
}

export type ApiOptions = {
  readonly apiUrl: string;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  /** The user's token. `isRefused` tells that the last one was, or ends soon: then a fresh one is needed. */
  readonly getToken: (options: { readonly isRefused: boolean }) => string | Promise<string>;
};

export type RequestOptions = { readonly body?: unknown; readonly signal?: AbortSignal | undefined };

const timeoutMs = 10_000;

/** Calls the HTTP API as the user. A token is kept until the API refuses it; then one fresh one is tried. */
export class Api {
  readonly #options: ApiOptions;
  #token: Promise<string> | undefined;
  #isRefused = false;

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  /** The answer's body (undefined for 204). Rejects with `ApiError`, or with the signal's reason. At most 10 s per attempt. */
  async request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    const token = this.#currentToken();
    try {
      return await this.#attempt<T>(method, path, options, await token);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      // Another request may have asked for the next one already.
      if (this.#token === token) this.forgetToken();
      return this.#attempt<T>(method, path, options, await this.#currentToken());
    }
  }

  /** Makes the next request ask for a fresh token. */
  forgetToken(): void {
    this.#token = undefined;
    this.#isRefused = true;
  }

  #currentToken(): Promise<string> {
    this.#token ??= this.#fetchToken();
    return this.#token;
  }

  async #fetchToken(): Promise<string> {
    const { clock, getToken } = this.#options;
    const isRefused = this.#isRefused;
    this.#isRefused = false;
    try {
      return await within(clock, timeoutMs, (async () => getToken({ isRefused }))());
    } catch (cause) {
      this.#token = undefined;
      this.#isRefused = isRefused;
      if (cause instanceof ApiError) throw cause;
      throw new ApiError({ status: 0, code: 'no_token', detail: 'no token', cause });
    }
  }

  async #attempt<T>(method: string, path: string, { body, signal }: RequestOptions, token: string): Promise<T> {
    signal?.throwIfAborted();
    const aborter = new AbortController();
    const onAbort = () => aborter.abort(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    const cancel = this.#options.clock.after(timeoutMs, () => aborter.abort());
    try {
      const answer = await this.#options.fetch(`${this.#options.apiUrl}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
        body: JSON.stringify(body),
        signal: aborter.signal,
      });
      if (!answer.ok) throw await errorOf(answer);
      // The caller knows what the route answers; `wire.test.ts` and the end-to-end tests hold it to that.
      return (answer.status === 204 ? undefined : await answer.json()) as T;
    } catch (cause) {
      if (cause instanceof ApiError) throw cause;
      signal?.throwIfAborted();
      throw new ApiError({ status: 0, code: 'no_answer', detail: `${method} ${path} was not answered`, cause });
    } finally {
      cancel();
      signal?.removeEventListener('abort', onAbort);
    }
  }
}

async function errorOf(answer: Response): Promise<ApiError> {
  const problem = (await answer.json().catch(() => undefined)) as Problem | undefined;
  const { code = 'unknown', detail = `status ${answer.status}` } = problem ?? {};
  const retryAfterMs = 1_000 * (Number(answer.headers.get('retry-after')) || 0);
  return new ApiError({ status: answer.status, code, detail, retryAfterMs, problem });
}
