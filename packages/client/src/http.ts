import type { Clock } from './clock.ts';
import type { Problem } from './wire.ts';

/** Why a request did not succeed. `status` 0: no answer came, so the outcome is unknown. Programs compare `code`. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly retryAfterMs: number;
  readonly problem: Problem | undefined;

  constructor(options: { status: number; code: string; detail: string; retryAfterMs?: number; problem?: Problem; cause?: unknown }) {
    super(options.detail, { cause: options.cause });
    this.name = 'ApiError';
    this.status = options.status;
    this.code = options.code;
    this.retryAfterMs = options.retryAfterMs ?? 0;
    this.problem = options.problem;
  }

  /** True where the same request may succeed later: no answer, 408, 429, 5xx. A 401 may, too: with the next token. */
  get isRetryable(): boolean {
    return this.status === 0 || this.status === 401 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

export type ApiOptions = {
  readonly apiUrl: string;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  /** The user's token. `isRefused` tells that the last one was: then a fresh one is needed. */
  readonly getToken: (options: { readonly isRefused: boolean }) => string | Promise<string>;
};

export type RequestOptions = { readonly body?: unknown; readonly signal?: AbortSignal | undefined };

const timeoutMs = 10_000;

/** Calls the HTTP API as the user. A token is kept until the API refuses it; then one fresh one is tried. */
export class Api {
  readonly #options: ApiOptions;
  #token: Promise<string> | undefined;

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  /** The answer's body (undefined for 204). Rejects with `ApiError`, or with the signal's reason. At most 10 s per attempt. */
  async request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    const token = await this.#currentToken(false);
    try {
      return await this.#attempt<T>(method, path, options, token);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      return this.#attempt<T>(method, path, options, await this.#currentToken(true, token));
    }
  }

  /** Makes the next request ask for a fresh token. */
  forgetToken(): void {
    this.#token = undefined;
  }

  async #currentToken(isRefused: boolean, refused?: string): Promise<string> {
    const known = await this.#token?.catch(() => undefined);
    if (known !== undefined && known !== refused) return known;
    const token = (async () => this.#options.getToken({ isRefused }))();
    this.#token = token;
    try {
      return await token;
    } catch (cause) {
      if (this.#token === token) this.#token = undefined;
      if (cause instanceof ApiError) throw cause;
      throw new ApiError({ status: 0, code: 'no_token', detail: 'getToken failed', cause });
    }
  }

  async #attempt<T>(method: string, path: string, { body, signal }: RequestOptions, token: string): Promise<T> {
    signal?.throwIfAborted();
    const aborter = new AbortController();
    const onAbort = () => aborter.abort(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    const cancel = this.#options.clock.after(timeoutMs, () => aborter.abort(new Error('no answer within 10 s')));
    try {
      const headers: Record<string, string> = { authorization: `Bearer ${token}` };
      const init: RequestInit = { method, headers, signal: aborter.signal };
      if (body !== undefined) {
        headers['content-type'] = 'application/json';
        init.body = JSON.stringify(body);
      }
      const answer = await this.#options.fetch(`${this.#options.apiUrl}${path}`, init);
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
  return new ApiError({ status: answer.status, code, detail, retryAfterMs, ...(problem === undefined ? {} : { problem }) });
}
