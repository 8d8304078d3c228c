import type { Fault } from '@carillon/protocol';
import { pointerTo } from './faults.ts';

/** A body nests at most this deep; its top level is 1. */
const maxDepth = 8;

/** Keys that reach an object's prototype where code is careless; no schema of ours has them. */
const refusedKeys: readonly string[] = ['__proto__', 'constructor', 'prototype'];

/**
 * What is wrong with a JSON value whatever its schema [S5]: too deep, a key that names a prototype, text with NUL or a lone
 * surrogate. Never looks deeper than the limit, so a hostile depth costs nothing.
 */
export function inspectJson(value: unknown): Fault[] {
  const faults: Fault[] = [];
  inspect(value, [], faults);
  return faults;
}

function inspect(value: unknown, path: readonly string[], faults: Fault[]): void {
  if (typeof value === 'string') inspectText(value, path, faults);
  if (typeof value !== 'object' || value === null) return;
  if (path.length >= maxDepth) {
    faults.push({ pointer: pointerTo(path), detail: `must not nest deeper than ${maxDepth} levels` });
    return;
  }
  for (const [key, child] of Object.entries(value)) {
    const place = [...path, key];
    if (refusedKeys.includes(key)) faults.push({ pointer: pointerTo(place), detail: 'is not a known field' });
    else inspectText(key, place, faults);
    inspect(child, place, faults);
  }
}

function inspectText(text: string, path: readonly string[], faults: Fault[]): void {
  if (text.includes('\u0000')) faults.push({ pointer: pointerTo(path), detail: 'must not contain NUL' });
  if (!text.isWellFormed()) faults.push({ pointer: pointerTo(path), detail: 'must not contain lone surrogates' });
}
