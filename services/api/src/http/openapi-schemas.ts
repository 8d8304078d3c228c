import {
  attachmentSchema,
  chatSchema,
  eventSchema,
  headSchema,
  memberSchema,
  messageSchema,
  overviewEntrySchema,
} from '@carillon/protocol';
import { z } from 'zod';
import type { Named, Operation } from './operation.ts';

/** What answers and events are made of: each has its name in the document, wherever it is used. */
const entities: readonly Named<unknown>[] = [
  { name: 'Attachment', schema: attachmentSchema },
  { name: 'Message', schema: messageSchema },
  { name: 'Chat', schema: chatSchema },
  { name: 'OverviewEntry', schema: overviewEntrySchema },
  { name: 'Member', schema: memberSchema },
  { name: 'Event', schema: eventSchema },
  { name: 'Head', schema: headSchema },
  ...eventSchema.options.map((option) => ({ name: `${pascalCase(option.shape.event.value)}Event`, schema: option })),
];

/** `message.created` → `MessageCreated`. */
function pascalCase(event: string): string {
  return event.replaceAll(/(?:^|\.)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Bodies and answers of these operations. */
export function namedSchemas(operations: readonly Operation[]): Named<unknown>[] {
  return operations.flatMap(({ body, answers }) => [
    ...(body === undefined ? [] : [body]),
    ...Object.values(answers).flatMap(({ content }) => (content === undefined ? [] : [content])),
  ]);
}

export function refTo({ name }: Named<unknown>): { $ref: string } {
  return { $ref: pathTo(name) };
}

function pathTo(name: string): string {
  return `#/components/schemas/${name}`;
}

const generated = z.object({ schemas: z.record(z.string(), z.record(z.string(), z.unknown())) });

/**
 * The JSON Schemas (draft 2020-12, as OpenAPI 3.1 wants them) of these and of all entities, by name. Input form: a client must
 * accept unknown fields in answers, so no answer's schema closes its object.
 */
export function componentSchemas(named: readonly Named<unknown>[]): Record<string, unknown> {
  const registry = z.registry<{ id: string }>();
  const byName = new Map([...named, ...entities].map((entry) => [entry.name, entry.schema]));
  for (const [name, schema] of byName) registry.add(schema, { id: name });
  const { schemas } = generated.parse(z.toJSONSchema(registry, { uri: pathTo, io: 'input' }));
  const sorted = Object.entries(schemas).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([name, { $id, $schema, ...schema }]) => [name, schema]));
}
