import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';

const knownVersion = '2.2.4';
const knownSource = '04347ea969c6f2e3754427c0cbaee0bd4ce947fbd82f7b6e027506a06dfc581a';

type Queue = {
  pending: unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: unknown;
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
};

/**
 * kafkajs 2.2.4 wakes up every millisecond per broker connection, also when nothing waits (#1556, #1751): 4 idle producers
 * cost 3.4 to 4.7 % of a core, with this patch 0.4 to 0.6 %. Applied only to the very source that it was written for; returns whether it was.
 */
export function patchKafkaTimer(): boolean {
  const load = createRequire(import.meta.url);
  const prototype = prototypeOf(load('kafkajs/src/network/requestQueue'));
  if (prototype === undefined || versionOf(load('kafkajs/package.json')) !== knownVersion) return false;
  const current = prototype.scheduleCheckPendingRequests;
  if (current === checkWhenSomethingWaits) return true;
  if (createHash('sha256').update(current.toString()).digest('hex') !== knownSource) return false;
  prototype.scheduleCheckPendingRequests = checkWhenSomethingWaits;
  return true;
}

function checkWhenSomethingWaits(this: Queue): void {
  if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
  const delayMs = Math.max(this.throttledUntil - Date.now(), 10);
  // biome-ignore lint/style/noRestrictedGlobals: replaces kafkajs's own timer, which knows no clock
  this.throttleCheckTimeoutId = setTimeout(() => {
    this.throttleCheckTimeoutId = null;
    this.checkPendingRequests();
  }, delayMs);
}

function prototypeOf(loaded: unknown): Queue | undefined {
  if (typeof loaded !== 'function') return undefined;
  const prototype: unknown = loaded.prototype;
  return isQueue(prototype) ? prototype : undefined;
}

function isQueue(value: unknown): value is Queue {
  return typeof value === 'object' && value !== null && 'scheduleCheckPendingRequests' in value && 'checkPendingRequests' in value;
}

function versionOf(manifest: unknown): unknown {
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : undefined;
}
