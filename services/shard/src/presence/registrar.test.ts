import type { ShardToken } from '@carillon/presence';
import { partitionOf } from '@carillon/protocol';
import { systemClock } from '@carillon/runtime';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { InProcessInboxes } from '../inbox/in-process-inbox.ts';
import { FaultyInbox, FaultyPresence } from './faulty.fixture.ts';
import { allPartitions, Node, partitionCount } from './node.fixture.ts';

const all = allPartitions;

/** Another user of the same partition. */
function neighbourOf(userId: string): string {
  const others = Array.from({ length: 100 }, (_, i) => `other-${i}`);
  return others.find((other) => partitionOf(other, partitionCount) === partitionOf(userId, partitionCount)) ?? '';
}

describe('registrar', () => {
  let presence: FaultyPresence;
  let nodes: Node<FaultyInbox>[];
  let a: Node<FaultyInbox>;
  let b: Node<FaultyInbox>;
  let c: Node<FaultyInbox>;

  beforeEach(async () => {
    presence = new FaultyPresence({ ...systemClock, nowMs: () => 1 });
    const inboxes = new InProcessInboxes();
    const openInbox = (token: ShardToken) => new FaultyInbox(inboxes.open(token));
    [a, b, c] = [new Node('a', presence, openInbox), new Node('b', presence, openInbox), new Node('c', presence, openInbox)];
    nodes = [a, b, c];
    for (const node of nodes) {
      await node.start();
      await node.claim([]);
    }
  });

  afterEach(async () => {
    for (const node of nodes) await node[Symbol.asyncDispose]();
  });

  async function registered(userId: string): Promise<readonly ShardToken[]> {
    return (await presence.loadPartition(partitionOf(userId, partitionCount))).get(userId) ?? [];
  }

  const callsOf = (name: string) => presence.calls.filter((call) => call === name).length;

  test('a user of an own partition is registered at once, and in presence soon', async () => {
    await a.own(all);
    presence.isAway = true;
    expect(await a.registrar.register('ann')).toEqual({ degraded: false });
    presence.isAway = false;
    await expect.poll(() => registered('ann')).toEqual([a.token]);
    a.registrar.unregister('ann');
    await expect.poll(() => registered('ann')).toEqual([]);
    expect(a.inbox.sent).toEqual([]);
  });

  test('[R7] in a foreign partition the answer follows the owner’s acknowledgement', async () => {
    await b.own(all);
    expect(await a.registrar.register('ann')).toEqual({ degraded: false });
    expect(b.holders('ann')).toEqual([a.token]);
    expect(await registered('ann')).toEqual([a.token]);
    a.registrar.unregister('ann');
    await expect.poll(() => b.holders('ann')).toEqual([]);
    expect(await registered('ann')).toEqual([]);
  });

  test('[R7] two shards that hold one user are both known to the owner before either is answered', async () => {
    await b.own(all);
    expect(await Promise.all([a.registrar.register('ann'), c.registrar.register('ann')])).toEqual([
      { degraded: false },
      { degraded: false },
    ]);
    expect(new Set(b.holders('ann'))).toEqual(new Set([a.token, c.token]));
  });

  test('a storm of users is one write per partition and one entry to the owner', async () => {
    await b.own(all);
    const userIds = Array.from({ length: 200 }, (_, i) => `user-${i}`);
    const outcomes = await Promise.all(userIds.map((userId) => a.registrar.register(userId)));
    expect(outcomes.every(({ degraded }) => !degraded)).toBe(true);
    expect(userIds.every((userId) => b.holders(userId).length === 1)).toBe(true);
    expect(callsOf('register')).toBe(partitionCount);
    expect(a.inbox.sent.length).toBeLessThanOrEqual(2);
    expect(b.inbox.sent.length).toBeLessThanOrEqual(2);
  });

  test('[R7] a silent owner means degraded after 300 ms, and is told as soon as it answers', async () => {
    await b.own(all);
    b.inbox.isAway = true;
    const startedAt = performance.now();
    expect(await a.registrar.register('ann')).toEqual({ degraded: true });
    expect(performance.now() - startedAt).toBeGreaterThan(250);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    b.inbox.isAway = false;
    await expect.poll(() => a.registrar.pendingCount()).toBe(0);
    await expect.poll(() => b.inbox.sent.length).toBeGreaterThan(1);
    expect(b.holders('ann')).toEqual([a.token]);
  });

  test('[R7] one that is not the owner any more sends to the new one, by a new reading of the leases', async () => {
    await b.own(all);
    await a.leases.read();
    b.assign([]);
    await b.claim([]);
    await c.own(all);
    expect(await a.registrar.register('ann')).toEqual({ degraded: false });
    expect(c.holders('ann')).toEqual([a.token]);
  });

  test('[R7] without an owner: degraded, and told to the owner once there is one', async () => {
    expect(await a.registrar.register('ann')).toEqual({ degraded: true });
    await c.own(all);
    await expect.poll(() => a.inbox.sent.filter(({ to }) => to === c.token).length).toBeGreaterThan(0);
    await expect.poll(() => c.holders('ann')).toEqual([a.token]);
  });

  test('[R5] with presence away: own users are not degraded, foreign ones are, at once; later all is told', async () => {
    const [own, foreign] = [all.filter((partition) => partition < 4), all.filter((partition) => partition >= 4)];
    await a.own(own);
    await b.own(foreign);
    const userIds = Array.from({ length: 20 }, (_, i) => `user-${i}`);
    const isForeign = (userId: string) => partitionOf(userId, partitionCount) >= 4;
    presence.isAway = true;
    const startedAt = performance.now();
    const outcomes = await Promise.all(userIds.map((userId) => a.registrar.register(userId)));
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(outcomes.map(({ degraded }) => degraded)).toEqual(userIds.map(isForeign));
    presence.isAway = false;
    await expect.poll(() => userIds.filter(isForeign).every((userId) => b.holders(userId).length === 1)).toBe(true);
    for (const userId of userIds) await expect.poll(() => registered(userId)).toEqual([a.token]);
  });

  test('[R7] whoever waits for a partition that becomes own is answered', async () => {
    b.inbox.isAway = true;
    await b.own(all);
    const outcome = a.registrar.register('ann');
    await a.own(all);
    expect(await outcome).toEqual({ degraded: false });
  });

  test('[R8] users of a partition that becomes foreign are announced to its new owner', async () => {
    await a.own(all);
    await a.registrar.register('ann');
    await expect.poll(() => registered('ann')).toEqual([a.token]);
    a.assign([]);
    await a.claim([]);
    await b.own(all);
    await b.routes.whenLoaded(partitionOf('ann', partitionCount));
    b.routes.apply({ kind: 'unregister', partition: partitionOf('ann', partitionCount), userId: 'ann', holder: a.token, ackId: null });
    expect(b.holders('ann')).toEqual([]);
    await expect.poll(() => b.holders('ann')).toEqual([a.token]);
  });

  test('[R8] when a foreign partition changes its owner, its users are announced to the new one', async () => {
    await b.own(all);
    await a.registrar.register('ann');
    const sent = a.inbox.sent.length;
    a.registrar.followOwners(await a.leases.read({ anew: true }));
    b.assign([]);
    await b.claim([]);
    await c.own(all);
    a.registrar.followOwners(await a.leases.read({ anew: true }));
    await expect.poll(() => a.inbox.sent.slice(sent).map(({ to }) => to)).toContain(c.token);
    expect(a.inbox.sent.slice(sent).every(({ to }) => to === c.token)).toBe(true);
  });

  test('after presence lost everything, all users are registered again', async () => {
    await b.own(all.slice(4));
    await a.own(all.slice(0, 4));
    const userIds = Array.from({ length: 20 }, (_, i) => `user-${i}`);
    await Promise.all(userIds.map((userId) => a.registrar.register(userId)));
    await expect.poll(() => a.registrar.pendingCount()).toBe(0);
    presence.clear();
    await a.claim(all.slice(0, 4));
    await b.claim(all.slice(4));
    a.registrar.registerAll();
    for (const userId of userIds) await expect.poll(() => registered(userId)).toEqual([a.token]);
  });

  test('[R2] foreign users that presence had lost are told once their owner knows them again, not before', async () => {
    await b.own(all.slice(4));
    await a.own(all.slice(0, 4));
    const userIds = Array.from({ length: 20 }, (_, i) => `user-${i}`);
    await Promise.all(userIds.map((userId) => a.registrar.register(userId)));
    const foreign = userIds.filter((userId) => partitionOf(userId, partitionCount) >= 4);
    b.inbox.isAway = true;
    b.assign([]);
    presence.clear();
    await b.own(all.slice(4));
    await a.claim(all.slice(0, 4));
    a.registrar.registerAll();
    for (const userId of foreign) await expect.poll(() => b.holders(userId)).toEqual([a.token]);
    expect(a.late).toEqual([]);
    b.inbox.isAway = false;
    await expect.poll(() => a.late.toSorted()).toEqual(foreign.toSorted());
  });

  test('[R10] with the registry out of reach foreign users are degraded, own ones are not, until the owner acknowledges again', async () => {
    await b.own(all.slice(4));
    await a.own(all.slice(0, 4));
    const userIds = Array.from({ length: 20 }, (_, i) => `user-${i}`);
    const degraded = () => userIds.filter((userId) => a.registrar.isDegraded(userId));
    const foreign = userIds.filter((userId) => partitionOf(userId, partitionCount) >= 4);
    await Promise.all(userIds.map((userId) => a.registrar.register(userId)));
    expect(degraded()).toEqual([]);
    presence.isAway = true;
    a.registrar.degradeAll();
    expect(degraded()).toEqual(foreign);
    expect(new Set(a.changed)).toEqual(new Set(foreign));
    b.inbox.isAway = true;
    presence.isAway = false;
    const sent = a.inbox.sent.length;
    await expect.poll(() => a.inbox.sent.length).toBeGreaterThan(sent);
    expect(degraded()).toEqual(foreign);
    b.inbox.isAway = false;
    await expect.poll(degraded).toEqual([]);
    expect(a.changed).toHaveLength(2 * foreign.length);
    expect(a.late.every((userId) => foreign.includes(userId))).toBe(true);
  });

  test('[R10] users of a partition without an owner are degraded, and not any more when it becomes own', async () => {
    await b.own(all);
    await a.registrar.register('ann');
    a.registrar.followOwners(await a.leases.read({ anew: true }));
    expect(a.registrar.isDegraded('ann')).toBe(false);
    await b.claim([]);
    a.registrar.followOwners(await a.leases.read({ anew: true }));
    expect(a.registrar.isDegraded('ann')).toBe(true);
    a.assign(all);
    expect(a.registrar.isDegraded('ann')).toBe(false);
    expect(a.changed).toEqual(['ann', 'ann']);
  });

  test('[R10] users of a partition that becomes foreign while the registry is away are degraded', async () => {
    await a.own(all);
    await a.registrar.register('ann');
    presence.isAway = true;
    a.assign([]);
    await expect.poll(() => a.registrar.isDegraded('ann')).toBe(true);
    presence.isAway = false;
    await b.own(all);
    await a.claim([]);
    await expect.poll(() => a.registrar.isDegraded('ann')).toBe(false);
  });

  test('[R12] a new owner that loaded before the registration says what it has missed, to those alone who were answered', async () => {
    await b.own(all);
    await a.registrar.register('early');
    c.assign(all);
    await Promise.all(all.map((partition) => c.routes.whenLoaded(partition)));
    expect(await a.registrar.register('ann')).toEqual({ degraded: false });
    expect([b.holders('ann'), c.holders('ann')]).toEqual([[a.token], []]);
    b.assign([]);
    await b.claim([]);
    await c.claim(all);
    a.registrar.followOwners(await a.leases.read({ anew: true }));
    await expect.poll(() => a.late).toEqual(['ann']);
    expect(c.holders('ann')).toEqual([a.token]);
    expect(a.reasons.get('ann')).toBe('gap');
    expect(await a.registrar.register('bob')).toEqual({ degraded: false });
    expect(a.late).toEqual(['ann']);
  });

  test('[R12] after a try that no owner acknowledged a loss is suspected: an owner in between may never have heard', async () => {
    await a.own(all);
    await a.registrar.register('ann');
    await expect.poll(() => registered('ann')).toEqual([a.token]);
    a.assign([]);
    await a.claim([]);
    await expect.poll(() => a.registrar.isDegraded('ann')).toBe(true);
    await c.own(all);
    expect(c.holders('ann')).toEqual([a.token]);
    await expect.poll(() => a.late).toEqual(['ann']);
  });

  test('[R12] whoever was told to another owner is told to the one that somebody else’s registration finds', async () => {
    await b.own(all);
    const [ann, bob] = ['user-0', neighbourOf('user-0')];
    await a.registrar.register(ann);
    c.assign(all);
    await Promise.all(all.map((partition) => c.routes.whenLoaded(partition)));
    c.routes.apply({ kind: 'unregister', partition: partitionOf(ann, partitionCount), userId: ann, holder: a.token, ackId: null });
    b.assign([]);
    await b.claim([]);
    await c.claim(all);
    await a.leases.read({ anew: true });
    expect(await a.registrar.register(bob)).toEqual({ degraded: false });
    a.registrar.followOwners(await a.leases.read({ anew: true }));
    await expect.poll(() => c.holders(ann)).toEqual([a.token]);
    await expect.poll(() => a.late).toEqual([ann]);
  });

  test('[R13] when an owner’s lease ends without a farewell its users are told, once the next one knows them', async () => {
    await b.own(all);
    await a.registrar.register('ann');
    a.registrar.followOwners(await a.leases.read({ anew: true }));
    await presence.releaseLease('b', 1);
    a.registrar.followOwners(await a.leases.read({ anew: true }));
    expect(a.late).toEqual([]);
    await c.own(all);
    await expect.poll(() => a.late).toEqual(['ann']);
    expect(a.reasons.get('ann')).toBe('takeover');
  });

  test('[R13] nobody is told when the owner said farewell, or lives on', async () => {
    await b.own(all);
    await a.registrar.register('ann');
    a.registrar.followOwners(await a.leases.read({ anew: true }));
    await b.forwarder.forward(a.token, { kind: 'farewell' });
    await new Promise((resolve) => setImmediate(resolve));
    await presence.releaseLease('b', 1);
    await c.own(all);
    a.registrar.followOwners(await a.leases.read({ anew: true }));
    await expect.poll(() => a.registrar.pendingCount()).toBe(0);
    await a.own(all);
    await c.claim([]);
    a.registrar.followOwners(await a.leases.read({ anew: true }));
    expect(a.late).toEqual([]);
  });

  test('[R4] after any run of connects, closes and outages, presence and owner hold what is true', async () => {
    await b.own(all);
    const user = fc.constantFrom('user-0', 'user-1', 'user-2', 'user-3', 'user-4');
    const step = fc.record({ kind: fc.constantFrom('open', 'open', 'close', 'close', 'turn', 'outage', 'recovery'), user });
    const here = new Set<string>();
    const open = (userId: string) => {
      here.add(userId);
      void a.registrar.register(userId);
    };
    const close = (userId: string) => {
      here.delete(userId);
      a.registrar.unregister(userId);
    };
    const run: Record<string, (userId: string) => unknown> = {
      open,
      close,
      turn: () => new Promise((resolve) => setImmediate(resolve)),
      outage: () => Object.assign(presence, { isAway: true }),
      recovery: () => Object.assign(presence, { isAway: false }),
    };
    const isTrue = async (userId: string) => {
      const expected = here.has(userId) ? a.token : undefined;
      return (await registered(userId))[0] === expected && b.holders(userId)[0] === expected;
    };
    const userIds = ['user-0', 'user-1', 'user-2', 'user-3', 'user-4'];
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        for (const one of steps) await run[one.kind]?.(one.user);
        presence.isAway = false;
        const areTrue = async () => (await Promise.all(userIds.map(isTrue))).every((one) => one);
        await expect.poll(areTrue, { interval: 10 }).toBe(true);
        for (const userId of userIds) close(userId);
      }),
      { numRuns: 25, seed: 20_251 },
    );
  });
});
