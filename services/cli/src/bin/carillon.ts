#!/usr/bin/env node
import { exitOnStartError } from '@carillon/runtime';
import { runCli } from '../cli.ts';

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());

try {
  process.exitCode = await runCli(process.argv.slice(2), {
    env: process.env,
    print: (text) => void process.stdout.write(text),
    note: (text) => void process.stderr.write(text),
    signal: interrupted.signal,
  });
} catch (error) {
  exitOnStartError(error);
}
