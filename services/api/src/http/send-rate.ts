import { AppError } from '@carillon/protocol';
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';

const windowSeconds = 10;

/** The two headers of draft-ietf-httpapi-ratelimit-headers-10. */
export type RateHeaders = { readonly 'ratelimit-policy'?: string; readonly ratelimit?: string };

/**
 * What a user may send: `quota` messages in windows of 10 s, counted in this process's memory, so a user of several API
 * processes may send as much through each. A retry counts too. Windows end by themselves, so memory is bounded by the users of
 * the last 10 s. `quota` 0: no limit, no headers.
 */
export class SendRate {
  readonly #quota: number;
  readonly #limiter: RateLimiterMemory | undefined;

  constructor(quota: number) {
    this.#quota = quota;
    this.#limiter = quota === 0 ? undefined : new RateLimiterMemory({ points: quota, duration: windowSeconds });
  }

  /** Takes one message from the user's quota. Over it: AppError('rate_limited') with the same headers; Retry-After is the window's end. */
  async consume(userId: string): Promise<RateHeaders> {
    if (this.#limiter === undefined) return {};
    const state = await this.#limiter.penalty(userId);
    const headers = this.#headers(state);
    if (state.consumedPoints > this.#quota) throw new AppError('rate_limited', { retryAfterSeconds: secondsLeft(state), headers });
    return headers;
  }

  #headers(state: RateLimiterRes): Required<RateHeaders> {
    const left = Math.max(0, this.#quota - state.consumedPoints);
    return { 'ratelimit-policy': `"send";q=${this.#quota};w=${windowSeconds}`, ratelimit: `"send";r=${left};t=${secondsLeft(state)}` };
  }
}

function secondsLeft(state: RateLimiterRes): number {
  return Math.max(1, Math.ceil(state.msBeforeNext / 1000));
}
