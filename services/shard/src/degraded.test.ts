import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FaultyInbox, FaultyPresence } from './presence/faulty.fixture.ts';
import { fastClock, metric, ShardCluster, type TestClient, type TestShard } from './shard-cluster.fixture.ts';

const users = Array.from({ length: 10 }, (_, index) => `user-${index}`);

describe('a connection whose partition another shard owns', () => {
  let presence: FaultyPresence;
  let inboxes: FaultyInbox[];
  let cluster: ShardCluster;
  let first: TestShard;
  let second: TestShard;
  /** Of shard `first`: those whose partition it owns, those whose partition the second one owns. */
  let own: TestClient[];
  let foreign: TestClient[];
  let foreignUsers: string[];

  beforeEach(async () => {
    presence = new FaultyPresence();
    inboxes = [];
    cluster = new ShardCluster(fastClock, {
      presence,
      aroundInbox: (inbox) => {
        const faulty = new FaultyInbox(inbox);
        inboxes.push(faulty);
        return faulty;
      },
    });
    [first, second] = [await cluster.start(), await cluster.start()];
    const clients = await Promise.all(users.map((user) => cluster.connect(first, user)));
    await cluster.notify(users, { seq: 1 });
    for (const client of clients) await client.next('event');
    // What is forwarded, the owner's `sent` says.
    foreignUsers = [...new Set(inboxes.flatMap(({ sent }) => sent.flatMap(({ items }) => items.flatMap(recipientsOf))))].sort();
    foreign = clients.filter((_, index) => foreignUsers.includes(users[index] ?? ''));
    own = clients.filter((client) => !foreign.includes(client));
    expect([own.length > 0, foreign.length > 0]).toEqual([true, true]);
  });
  afterEach(() => cluster[Symbol.asyncDispose]());

  const reasons = (clients: TestClient[]) =>
    clients.map(({ frames }) => frames.filter(({ type }) => type === 'resync').map((frame) => frame['reason']));
  /** A loss that the owner tells when the outage is over may come as a frame of its own, behind the one that tells the end of it [R11]. */
  const outages = (clients: TestClient[]) => reasons(clients).map((told) => told.filter((reason) => reason !== 'gap'));
  const all = (...told: string[]) => foreign.map(() => told);

  test('[R5][R10] is told degraded and recovered around an outage; own ones notice nothing, and go on receiving', async () => {
    presence.isAway = true;
    for (const inbox of inboxes) inbox.isAway = true;
    await expect.poll(() => reasons(foreign)).toEqual(all('degraded'));
    expect(await metric(first, 'carillon_degraded_connections')).toBe(foreign.length);
    await cluster.notify(users, { seq: 2 });
    for (const client of own) await expect.poll(() => client.seqs()).toEqual([1, 2]);
    const late = await cluster.connect(first, foreignUsers[0] ?? '');
    expect(late.frames[0]).toMatchObject({ type: 'ready', degraded: true });
    presence.isAway = false;
    for (const inbox of inboxes) inbox.isAway = false;
    await expect.poll(() => outages([...foreign, late])).toEqual([...all('degraded', 'recovered'), ['recovered']]);
    expect(reasons(own)).toEqual(own.map(() => []));
    expect(await metric(first, 'carillon_degraded_connections')).toBe(0);
    await cluster.notify(users, { seq: 3 });
    for (const client of foreign) await expect.poll(() => client.seqs()).toEqual([1, 3]);
  });

  test('[R11] is told of an event that was kept from it, with no traffic behind it', async () => {
    for (const inbox of inboxes) inbox.isAway = true;
    await cluster.notify(foreignUsers, { seq: 2 });
    await expect.poll(() => metric(second, 'carillon_lost_partitions')).toBeGreaterThan(0);
    for (const inbox of inboxes) inbox.isAway = false;
    await expect.poll(() => reasons(foreign)).toEqual(all('gap'));
    await expect.poll(() => metric(second, 'carillon_lost_partitions')).toBe(0);
    expect(reasons(own)).toEqual(own.map(() => []));
  });

  test('[R13] is told nothing when the owner leaves as it should, and receives on', async () => {
    await second.shard.stop();
    await cluster.notify(users, { seq: 2 });
    for (const client of [...own, ...foreign]) await expect.poll(() => client.seqs()).toEqual([1, 2]);
    await expect.poll(async () => (await presence.readLeases()).length).toBe(1);
    expect(reasons([...own, ...foreign]).flat()).toEqual([]);
  });
});

function recipientsOf(item: FaultyInbox['sent'][number]['items'][number]): readonly string[] {
  return item.kind === 'forward' ? item.recipients : [];
}
