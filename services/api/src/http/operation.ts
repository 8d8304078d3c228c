import type { Identity } from '@carillon/auth';
import type { ErrorCode } from '@carillon/protocol';
import { assert } from '@carillon/runtime';
import type { z } from 'zod';
import { type PathParams, pathParams } from './path-params.ts';
import { type RawInput, readInput } from './read-input.ts';

/** A schema with the name that it has in the OpenAPI document. */
export type Named<T> = { readonly name: string; readonly schema: z.ZodType<T> };

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

export type AnswerSpec = { readonly description: string; readonly content?: Named<unknown>; readonly headers?: readonly AnswerHeader[] };

/** Headers that belong to an answer beyond those that every answer has. */
export type AnswerHeader = 'Location' | 'Link' | 'RateLimit';

export type Answer<Result> = {
  readonly status: number;
  readonly body?: Result;
  readonly headers?: Readonly<Record<string, string>>;
};

/** What a route gets once the request has passed every check that needs no database. */
type Call<Body, Query> = {
  readonly caller: Identity;
  readonly path: PathParams;
  readonly query: Query;
  readonly body: Body;
  /** W3C trace context of the request, handed on to the event. */
  readonly traceparent: string | undefined;
};

/** What the OpenAPI document, the router and the tests know of an operation. */
type OperationDescription = {
  readonly id: string;
  readonly method: Method;
  /** As in OpenAPI: `/v1/chats/{chat_id}`. */
  readonly path: string;
  readonly tag: 'chats' | 'members' | 'messages' | 'sync' | 'tickets' | 'development';
  readonly summary: string;
  readonly description?: string;
  readonly answers: Readonly<Record<number, AnswerSpec>>;
  /** Codes beyond those of every operation of its kind. */
  readonly problems: readonly ErrorCode[];
  /** An absent body counts as an empty object. */
  readonly isBodyOptional?: true;
};

type Input<Body, Query> = { readonly query?: z.ZodType<Query>; readonly body?: Named<Body> };

type UserSpec<Body, Query, Result> = OperationDescription &
  Input<Body, Query> & { serve(call: Call<Body, Query>): Promise<Answer<Result>> };

type PublicSpec<Body, Query, Result> = OperationDescription &
  Input<Body, Query> & { serve(call: Omit<Call<Body, Query>, 'caller'>): Promise<Answer<Result>> };

/** A request as the server hands it over. */
type IncomingCall = {
  readonly identity: Identity | undefined;
  readonly params: Readonly<Record<string, string>>;
  readonly input: RawInput;
  readonly traceparent: string | undefined;
};

/** An operation whose own types are sealed inside: one list holds them all. */
export type Operation = OperationDescription &
  Input<unknown, unknown> & { readonly access: 'user' | 'public'; handle(call: IncomingCall): Promise<Answer<unknown>> };

/** An operation for a user with a token. */
export function userOperation<Body = undefined, Query = undefined, Result = undefined>(spec: UserSpec<Body, Query, Result>): Operation {
  return {
    ...spec,
    access: 'user',
    handle: async ({ identity, params, input, traceparent }) => {
      assert(identity !== undefined, 'a user operation is served after authentication');
      return spec.serve({ caller: identity, path: pathParams(params), traceparent, ...readInput(spec, input) });
    },
  };
}

/** An operation that needs no token. */
export function publicOperation<Body = undefined, Query = undefined, Result = undefined>(spec: PublicSpec<Body, Query, Result>): Operation {
  return {
    ...spec,
    access: 'public',
    handle: async ({ params, input, traceparent }) => spec.serve({ path: pathParams(params), traceparent, ...readInput(spec, input) }),
  };
}
