import { expect, test } from 'vitest';
import { parseFileUrl } from './file-url.ts';

const production = { allowLoopbackHttp: false };
const development = { allowLoopbackHttp: true };

test.each([
  ['https://cdn.example.org/a.png', 'https://cdn.example.org/a.png'],
  ['HTTPS://CDN.Example.org:8443/a b'.replace(' ', '%20'), 'https://cdn.example.org:8443/a%20b'],
  ['https://8.8.8.8/x', 'https://8.8.8.8/x'],
  ['https://[2606:4700::1111]/x', 'https://[2606:4700::1111]/x'],
  ['https://[2001:4860:4860::8888]/x', 'https://[2001:4860:4860::8888]/x'],
  ['https://[::ffff:0:8.8.8.8]/x', 'https://[::ffff:0:808:808]/x'],
  ['https://bücher.example/x', 'https://xn--bcher-kva.example/x'],
])('[S4] %s is stored as %s', (text, url) => {
  expect(parseFileUrl(text, production)).toEqual({ url });
});

test.each([
  'javascript:alert(1)',
  'JaVa\tScript:alert(1)',
  'data:text/html,x',
  '//evil.example/x',
  'https:evil.example',
  '/relative',
  '',
  'http://cdn.example.org/a.png',
  'ftp://cdn.example.org/a.png',
  'https://a@b.example/x',
  'https://a:b@b.example/x',
  'https://0x7f.1/x',
  'https://2130706433/x',
  'https://0177.0.0.1/x',
  'https://127.0.0.1/x',
  'https://127.1/x',
  'https://10.1.2.3/x',
  'https://172.16.0.1/x',
  'https://192.168.1.1/x',
  'https://100.64.0.1/x',
  'https://169.254.169.254/latest',
  'https://0.0.0.0/x',
  'https://255.255.255.255/x',
  'https://[::]/x',
  'https://[::1]/x',
  'https://[::ffff:127.0.0.1]/x',
  'https://[::ffff:a00:1]/x',
  'https://[::ffff:0:7f00:1]/x',
  'https://[::ffff:0:10.0.0.1]/x',
  'https://[64:ff9b::7f00:1]/x',
  'https://[2001:0:4136:e378:8000:63bf:80ff:fffe]/x',
  'https://[2001:db8::1]/x',
  'https://[3fff:fff::1]/x',
  'https://[2002:7f00:1::]/x',
  'https://[fe80::1]/x',
  'https://[fd00::1]/x',
  'https://[ff02::1]/x',
  'https://localhost/x',
  'https://LOCALHOST/x',
  'https://a.localhost/x',
  'https://printer.local/x',
  'https://db.internal/x',
  'https://example.org./x',
  'https://ⓛocalhost/x',
  'https://１２７.0.0.1/x',
  'https://example.org/a b',
  'https://example.org/\u0000',
  'https://example.org/%00',
  'https://example.org\\@evil.example/',
  `https://example.org/${'x'.repeat(2048)}`,
])('[S4] %s is refused', (text) => {
  expect(parseFileUrl(text, production)).toHaveProperty('fault');
});

test('[S4] only in development http to a loopback host is fine', () => {
  for (const text of ['http://localhost:9000/a', 'http://127.0.0.1/a', 'http://[::1]:3000/a']) {
    expect(parseFileUrl(text, development)).toEqual({ url: text });
    expect(parseFileUrl(text, production)).toHaveProperty('fault');
  }
  expect(parseFileUrl('http://10.0.0.1/a', development)).toHaveProperty('fault');
  expect(parseFileUrl('https://10.0.0.1/a', development)).toHaveProperty('fault');
});
