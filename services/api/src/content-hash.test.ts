import type { Attachment } from '@carillon/protocol';
import { expect, test } from 'vitest';
import { groupHash, messageHash } from './content-hash.ts';

const attachment: Attachment = { type: 'image', file_url: 'https://files.example/1', width: 1, name: 'a' };

test('[H1] the stored form of a content never changes', () => {
  expect(messageHash({ type: 'text', text: 'hello', attachments: [attachment] }).toString('hex')).toMatchInlineSnapshot(
    `"5049bfa3fabdbb069c817e80b70b13fb4baa8d15d52954aeaeb348d528eaa37b"`,
  );
  expect(groupHash({ title: 'ringers', avatarUrl: null, memberIds: ['bob', 'carol'] }).toString('hex')).toMatchInlineSnapshot(
    `"bfefba1627379e532f45fb33e4c390f96edd0c6ce1d232511c5543333afcd868"`,
  );
});

test('[H1] the order of fields does not matter, every value does', () => {
  const of = (change: Partial<Attachment>) =>
    messageHash({ type: 'text', text: null, attachments: [{ ...attachment, ...change }] }).toString('hex');
  const reordered = Object.fromEntries(Object.entries(attachment).toReversed());
  expect(of(reordered)).toBe(of({}));
  const variants = [
    {},
    { width: 2 },
    { height: 1 },
    { name: 'b' },
    { size_bytes: 1 },
    { duration_ms: 1 },
    { mime_type: 'a' },
    { file_url: 'https://b' },
  ];
  expect(new Set(variants.map(of)).size).toBe(variants.length);
});

test('[H1] the order of members does not matter', () => {
  const of = (memberIds: string[]) => groupHash({ title: 't', avatarUrl: null, memberIds }).toString('hex');
  expect(of(['b', 'a'])).toBe(of(['a', 'b']));
  expect(of(['a'])).not.toBe(of(['a', 'b']));
});
