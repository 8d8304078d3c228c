import { expect, test } from 'vitest';
import { splitLinks } from './links.ts';
import { visibleText } from './visible-text.ts';

test('[W2] characters that turn the direction of text are left out, all others stay', () => {
  expect(visibleText('gpj.\u202eexe')).toBe('gpj.exe');
  expect(visibleText('\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069')).toBe('');
  const verbatim = '<b>&amp;</b> שלום \u200f👨‍👩‍👧 \u0000 e\u0301';
  expect(visibleText(verbatim)).toBe(verbatim);
});

test('[W2] the parts of a text are the text; only web addresses are links', () => {
  const text = 'See (https://example.org/a?b=c_(d)). Or http://x.test! javascript:alert(1) ftp://x https://';
  const parts = splitLinks(text);
  expect(parts.map((part) => part.text).join('')).toBe(text);
  expect(parts.flatMap((part) => part.url ?? [])).toEqual(['https://example.org/a?b=c_(d', 'http://x.test']);
  for (const hostile of ['javascript:alert(1)', 'data:text/html,x', 'HTTPS://', 'https://"onclick="x']) {
    expect(splitLinks(hostile).filter((part) => part.url !== undefined)).toEqual([]);
  }
});
