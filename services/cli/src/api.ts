import { DevTokens } from '@carillon/auth';
import { StartError, systemClock } from '@carillon/runtime';
import { z } from 'zod';
import type { Variables } from './variables.ts';

const timeoutMs = 10_000;
const tokenSeconds = 300;
const tokenSchema = z.object({ token: z.string() });
const faultSchema = z.object({ pointer: z.string(), detail: z.string() });
const problemSchema = z.object({ detail: z.string().optional(), title: z.string(), errors: z.array(faultSchema).default([]) });

/** The HTTP API as one user: with CARILLON_TOKEN, else a token signed with AUTH_JWT_SECRET, else a development token. */
export class Api {
  readonly #url: string;
  readonly #token: string;

  private constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  static async as(userId: string, url: string, variables: Variables): Promise<Api> {
    const { AUTH_JWT_SECRET: secret, CARILLON_TOKEN: given } = variables;
    if (given !== undefined) return new Api(url, given);
    return new Api(url, secret === undefined ? await developmentToken(url, userId) : await sign(userId, secret, variables));
  }

  async post(path: string, body: object): Promise<unknown> {
    return call(`${this.#url}${path}`, body, { authorization: `Bearer ${this.#token}` });
  }
}

async function sign(userId: string, secret: string, { AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience }: Variables): Promise<string> {
  const options = { secret, ...(issuer ? { issuer } : {}), ...(audience ? { audience } : {}) };
  return (await new DevTokens(options, systemClock).issue(userId, tokenSeconds)).token;
}

async function developmentToken(url: string, userId: string): Promise<string> {
  return tokenSchema.parse(await call(`${url}/v1/dev/tokens`, { user_id: userId }, {})).token;
}

async function call(url: string, body: object, headers: Record<string, string>): Promise<unknown> {
  const init = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) }).catch((cause: unknown) => {
    throw new StartError(`the API at ${new URL(url).origin} does not answer`, { cause });
  });
  const text = await answer.text();
  if (answer.ok) return JSON.parse(text);
  if (answer.status === 404 && url.endsWith('/v1/dev/tokens'))
    throw new StartError(
      'this API hands out no development tokens: set AUTH_JWT_SECRET to sign one, or CARILLON_TOKEN to the writer’s own',
    );
  throw new StartError(`the API answered ${answer.status}: ${reasonOf(text)}`);
}

function reasonOf(text: string): string {
  try {
    const { detail, title, errors } = problemSchema.parse(JSON.parse(text));
    return [detail ?? title, ...errors.map((fault) => `  ${fault.pointer}: ${fault.detail}`)].join('\n');
  } catch (_notAProblem) {
    return text.slice(0, 200);
  }
}
