import { type ErrorCode, errorCodes, problemSchema } from '@carillon/protocol';
import { version } from '@carillon/runtime';
import { z } from 'zod';
import { componentSchemas, namedSchemas, refTo } from './openapi-schemas.ts';
import type { AnswerHeader, AnswerSpec, Named, Operation } from './operation.ts';

type Json = Record<string, unknown>;

export type OpenApiDocument = Json & { readonly paths: Record<string, Record<string, Json>> };

const problem: Named<unknown> = { name: 'Problem', schema: problemSchema };

const tags = {
  chats: 'Groups and direct chats, and the overview of all of them.',
  members: 'Who is in a chat.',
  messages: 'What was written.',
  sync: 'What was missed, and what was read.',
  tickets: 'The way to the WebSocket.',
  development: 'On development servers only.',
} satisfies Record<Operation['tag'], string>;

/**
 * The OpenAPI 3.1 document of these operations: made from the schemas that validate, so it cannot say anything else.
 * `docs/reference/openapi.json` is its recorded form.
 */
export function openapiDocument(operations: readonly Operation[]): OpenApiDocument {
  const paths: Record<string, Record<string, Json>> = {};
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(operation) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Carillon',
      version,
      description: 'The HTTP API of a Carillon cluster. Pushed events come over the WebSocket, whose address `POST /v1/tickets` gives.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'This server' }],
    security: [{ bearer: [] }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'A JWT with `sub` and `exp`.' } },
      schemas: componentSchemas([problem, ...namedSchemas(operations)]),
    },
  };
}

function describe(operation: Operation): Json {
  const { id, tag, summary, description, body, access } = operation;
  const parameters = [...pathParameters(operation.path), ...queryParameters(operation)];
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(access === 'public' ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: operation.isBodyOptional !== true, content: jsonContent(body) } }),
    responses: { ...answers(operation), ...problems(operation) },
  };
}

const jsonContent = (content: Named<unknown>): Json => ({ 'application/json': { schema: refTo(content) } });

function answers(operation: Operation): Json {
  return Object.fromEntries(Object.entries(operation.answers).map(([status, answer]) => [status, answerOf(answer)]));
}

function answerOf({ description, content, headers = [] }: AnswerSpec): Json {
  return {
    description,
    ...(headers.length === 0 ? {} : { headers: Object.fromEntries(headers.flatMap((header) => Object.entries(headerDocs[header]))) }),
    ...(content === undefined ? {} : { content: jsonContent(content) }),
  };
}

const text = (description: string): Json => ({ description, schema: { type: 'string' } });

const headerDocs: Record<AnswerHeader, Json> = {
  Location: { Location: text('The path of the new chat.') },
  Link: { Link: text('The next page, with `rel="next"`; absent on the last one.') },
  RateLimit: {
    'RateLimit-Policy': text('What a user may send: `"send";q=50;w=10` is 50 messages in 10 s. Absent where nothing is limited.'),
    RateLimit: text('What is left: `"send";r=12;t=4` is 12 messages in the next 4 s.'),
  },
};

/** Codes that the operation's shape brings along, and its own, by status. */
function problems(operation: Operation): Json {
  const codes = [...codesOf(operation)];
  const statuses = [...new Set(codes.map((code) => errorCodes[code].status))].toSorted((a, b) => a - b);
  return Object.fromEntries(statuses.map((status) => [status, problemAnswer(codes.filter((code) => errorCodes[code].status === status))]));
}

function codesOf(operation: Operation): Set<ErrorCode> {
  const { access, body, query, path, problems: own } = operation;
  const shape: readonly (readonly [boolean, readonly ErrorCode[]])[] = [
    [access === 'user', ['unauthenticated', 'token_expired']],
    [body !== undefined, ['malformed_json', 'validation_failed', 'payload_too_large', 'unsupported_media_type']],
    [query !== undefined, ['validation_failed']],
    [path.includes('{'), ['not_found']],
    [true, ['internal', 'unavailable']],
  ];
  return new Set([...shape.flatMap(([applies, codes]) => (applies ? codes : [])), ...own]);
}

function problemAnswer(codes: readonly ErrorCode[]): Json {
  const isRetryable = codes.some((code) => errorCodes[code].retryable);
  return {
    description: codes.map((code) => `\`${code}\`: ${errorCodes[code].title}.`).join(' '),
    ...(isRetryable ? { headers: { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } } } } : {}),
    content: { 'application/problem+json': { schema: refTo(problem) } },
  };
}

const pathDocs: Record<string, Json> = {
  chat_id: { description: 'The id of a chat.', schema: { type: 'string', format: 'uuid' } },
  message_id: { description: 'The id of a message of this chat.', schema: { type: 'string', format: 'uuid' } },
  user_id: { description: 'The id of a user.', schema: { type: 'string', minLength: 1, maxLength: 128 } },
};

function pathParameters(path: string): Json[] {
  return Array.from(path.matchAll(/\{([a-z_]+)\}/g), ([, name = '']) => ({ name, in: 'path', required: true, ...pathDocs[name] }));
}

const objectSchema = z.object({ properties: z.record(z.string(), z.looseObject({ description: z.string().optional() })) });
const requiredNames = z.object({ required: z.array(z.string()).default([]) });

/** The output form: a number is one, although the query string holds text. What has a default need not be given. */
function queryParameters({ query }: Operation): Json[] {
  if (query === undefined) return [];
  const schema = z.toJSONSchema(query, { io: 'output' });
  const required = requiredNames.parse(schema).required;
  return Object.entries(objectSchema.parse(schema).properties).map(([name, { description, ...property }]) => ({
    name,
    in: 'query',
    required: required.includes(name) && property['default'] === undefined,
    ...(description === undefined ? {} : { description }),
    schema: property,
  }));
}
