import { expect, test } from 'vitest';
import { documentedOperations } from './documented-operations.fixture.ts';
import { openapiDocument } from './openapi-document.ts';

const document = openapiDocument(documentedOperations());

test('docs/reference/openapi.json is what the routes say', async () => {
  await expect(`${JSON.stringify(document, undefined, 2)}\n`).toMatchFileSnapshot('../../../../docs/reference/openapi.json');
});

test('every operation has a name of its own', () => {
  const ids = documentedOperations().map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test('what appears in many answers is described once', () => {
  const schemas = JSON.stringify(document['components']);
  for (const name of ['Message', 'Chat', 'Member', 'Event', 'Attachment', 'OverviewEntry', 'Problem']) {
    expect(schemas).toContain(`"${name}":{`);
  }
  expect(JSON.stringify(document.paths)).not.toContain('"properties"');
});
