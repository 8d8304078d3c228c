import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { clientFrameSchema } from './client-frames/client-frame.ts';
import { serverFrameSchema } from './server-frames/server-frame.ts';

const fixture = (name: string): unknown[] =>
  z.array(z.unknown()).parse(JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8')));

test('[P7] a wire schema changes only together with its recorded hash', () => {
  const schemas = [clientFrameSchema, serverFrameSchema].map((schema) => z.toJSONSchema(schema, { io: 'input' }));
  const hash = createHash('sha256').update(JSON.stringify(schemas)).digest('hex');
  const recorded = /^Schema hash: `([0-9a-f]{64})`$/m.exec(readFileSync(new URL('../PROTOCOL.md', import.meta.url), 'utf8'));
  expect(hash, 'the frames changed: describe the change in PROTOCOL.md and record this hash there').toBe(recorded?.[1]);
});

test.each(fixture('good-frames'))('a frame of the contract is accepted: %j', (frame) => {
  expect(serverFrameSchema.safeParse(frame).error).toBeUndefined();
});

test.each(fixture('bad-frames'))('a frame against the contract is refused: %j', (frame) => {
  expect(serverFrameSchema.safeParse(frame).success).toBe(false);
});

test('[P4] a client frame with a wrong known field is refused, an unknown field is ignored', () => {
  expect(clientFrameSchema.safeParse({ type: 'ping', id: 7 }).success).toBe(false);
  expect(clientFrameSchema.safeParse({ type: 'ping', id: 'x'.repeat(65) }).success).toBe(false);
  expect(clientFrameSchema.safeParse({ type: 'auth' }).success).toBe(false);
  expect(clientFrameSchema.safeParse({ type: 'ping', id: '1', later: true }).data).toEqual({ type: 'ping', id: '1' });
});
