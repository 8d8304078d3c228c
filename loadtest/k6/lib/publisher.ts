import { sleep } from 'k6';
import exec from 'k6/execution';
import { Api } from './api.ts';
import { type Group, groupsOf, senderName } from './audience.ts';
import { markedText } from './event-frame.ts';
import { count, times } from './metrics.ts';
import { run, type ScenarioSettings } from './settings.ts';
import type { Chat } from './setup-chats.ts';

const maxTries = 8;
const defaultLength = 200;

/** What one iteration of an arrival-rate executor publishes to: its group, and the moment at which it was due. */
export type Turn = { readonly n: number; readonly group: Group; readonly chat: Chat; readonly api: Api; readonly intendedMs: number };

/** One publishing VU: tokens are signed once per sender. */
export class Publisher {
  readonly #settings: ScenarioSettings;
  readonly #groups: readonly Group[];
  readonly #apis = new Map<number, Api>();

  constructor(settings: ScenarioSettings) {
    this.#settings = settings;
    this.#groups = groupsOf(settings);
  }

  /**
   * The open model: message n is due at start + n / rate and its latency counts from there, however late it leaves. `rate` is that
   * of this k6 scenario.
   */
  turn(chats: readonly Chat[], rate: number): Turn {
    const n = exec.scenario.iterationInTest;
    const group = this.#groups[n % this.#groups.length];
    const chat = group === undefined ? undefined : chats[group.index];
    if (group === undefined || chat === undefined) throw new Error('no chat to publish to');
    const intendedMs = exec.scenario.startTime + (n * 1_000) / rate;
    times.publishLag.add(Math.max(0, Date.now() - intendedMs));
    return { n, group, chat, api: this.#apiOf(group), intendedMs };
  }

  /** Sends one message; the same one again until its outcome is known. */
  send(turn: Turn): string | undefined {
    const body = {
      client_message_id: `${run}-${exec.scenario.name}-${turn.n}`,
      type: 'text',
      text: markedText(turn.intendedMs, this.#settings.textLength ?? defaultLength),
    };
    return this.write(turn, { method: 'POST', path: `/v1/chats/${turn.chat.id}/messages`, name: 'send', body });
  }

  edit(turn: Turn, messageId: string): void {
    const body = { text: markedText(turn.intendedMs, this.#settings.textLength ?? defaultLength) };
    this.write(turn, { method: 'PATCH', path: `/v1/chats/${turn.chat.id}/messages/${messageId}`, name: 'edit', body });
  }

  /** A read that makes no event. */
  read({ api }: Turn, path: string, name: string): void {
    api.callNow('GET', path, name);
  }

  markRead({ api, chat }: Turn): void {
    api.callNow('PUT', `/v1/chats/${chat.id}/read`, 'mark_read', { message_no: 1_000_000 });
  }

  /** A change that makes one event; returns the id of what was written, or undefined when it failed for good. */
  write({ api, group }: Turn, call: { method: string; path: string; name: string; body?: object }): string | undefined {
    const startedMs = Date.now();
    for (let tries = 1; tries <= maxTries; tries += 1) {
      const answer = api.callNow(call.method, call.path, call.name, call.body);
      if (answer.status >= 200 && answer.status < 300) {
        times.publishAck.add(Date.now() - startedMs, { operation: call.name });
        count.expected.add(group.audience, { audience: String(group.audience) });
        return answer.status === 204 ? '' : String(answer.json('id'));
      }
      if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) break;
      sleep(Number(answer.headers['Retry-After'] ?? 0.25 * tries));
    }
    count.publishFailed.add(1, { operation: call.name });
    return undefined;
  }

  #apiOf(group: Group): Api {
    const known = this.#apis.get(group.index);
    if (known !== undefined) return known;
    const api = new Api(senderName(group));
    this.#apis.set(group.index, api);
    return api;
  }
}
