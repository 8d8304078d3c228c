import { type ShardToken, shardToken } from '@carillon/presence';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Inbox, InboxEntryError, InboxGoneError, type InboxItem, type InboxListener, maxEntryBytes } from './inbox.ts';

/** What the suite needs of an implementation: inboxes that reach each other. */
export type InboxHarness = AsyncDisposable & { open(token: ShardToken): Inbox };

/** What an inbox told its listener, in order. */
export type Told = ({ kind: 'items'; sender: ShardToken; items: readonly InboxItem[] } | { kind: 'gap'; sender: ShardToken | undefined })[];

export function recordingListener(): { listener: InboxListener; told: Told } {
  const told: Told = [];
  const listener: InboxListener = {
    onItems: (sender, items) => told.push({ kind: 'items', sender, items }),
    onGap: (sender) => told.push({ kind: 'gap', sender }),
  };
  return { listener, told };
}

export function acknowledgement(ackId: number): InboxItem {
  return { kind: 'ack', ackId, result: 'ok' };
}

/** The contract of Inbox; every implementation's test calls it. */
export function inboxContract(name: string, openHarness: () => Promise<InboxHarness>): void {
  describe(`inbox contract: ${name}`, () => {
    const [a, b, c] = [shardToken('a', 1), shardToken('b@host', 1), shardToken('c', 1)];
    let harness: InboxHarness;
    let inboxes: Inbox[];

    beforeEach(async () => {
      harness = await openHarness();
      inboxes = [];
    });

    afterEach(async () => {
      await Promise.all(inboxes.map((inbox) => inbox[Symbol.asyncDispose]()));
      await harness[Symbol.asyncDispose]();
    });

    async function open(token: ShardToken): Promise<{ inbox: Inbox; told: Told }> {
      const inbox = harness.open(token);
      inboxes.push(inbox);
      const { listener, told } = recordingListener();
      await inbox.start(listener);
      await expect.poll(() => inbox.isConnected()).toBe(true);
      return { inbox, told };
    }

    test('items of every kind arrive as they were sent, in one entry, values byte by byte', async () => {
      const [sender, receiver] = [await open(a), await open(b)];
      const items: InboxItem[] = [
        {
          kind: 'forward',
          recipients: ['ann', 'bob'],
          value: Buffer.from([0, 1, 255, 13, 10]),
          chatId: 'c1',
          seq: 7,
          event: 'message.created',
        },
        { kind: 'register', partition: 3, userId: '"quoted"\\', holder: a, ackId: null },
        { kind: 'forward', recipients: ['eve'], value: Buffer.alloc(0), chatId: 'c2', seq: 0, event: 'signal.read' },
        { kind: 'unregister', partition: 0, userId: 'bob', holder: a, ackId: 12 },
        { kind: 'register', partition: 4, userId: 'eve', holder: a, ackId: 13, wasAnswered: true },
        { kind: 'missed', userId: 'eve' },
        { kind: 'lost', partitions: [0, 63] },
        { kind: 'farewell' },
        { kind: 'ack', ackId: 5, result: 'not_owner' },
        { kind: 'forward', recipients: ['dan'], value: Buffer.from('ünï'), chatId: 'c3', seq: 2, event: 'chat.updated' },
      ];
      await sender.inbox.send(b, items);
      await expect.poll(() => receiver.told).toEqual([{ kind: 'items', sender: a, items }]);
    });

    test('entries of one sender keep their order, those of two senders are told apart', async () => {
      const [one, two, receiver] = [await open(a), await open(c), await open(b)];
      for (let i = 1; i <= 100; i += 1)
        await Promise.all([one.inbox.send(b, [acknowledgement(i)]), two.inbox.send(b, [acknowledgement(-i)])]);
      await expect.poll(() => receiver.told.length).toBe(200);
      const of = (sender: ShardToken) => receiver.told.flatMap((one) => (one.kind === 'items' && one.sender === sender ? one.items : []));
      expect(of(a)).toEqual(Array.from({ length: 100 }, (_, i) => acknowledgement(i + 1)));
      expect(of(c)).toEqual(Array.from({ length: 100 }, (_, i) => acknowledgement(-i - 1)));
    });

    test('[R2] a send that failed shows as a gap with the next entry, once, and only of its sender', async () => {
      const [sender, other, receiver] = [await open(a), await open(c), await open(b)];
      await sender.inbox.send(b, [acknowledgement(1)]);
      const large: InboxItem = {
        kind: 'forward',
        recipients: ['ann'],
        value: Buffer.alloc(maxEntryBytes),
        chatId: 'c',
        seq: 1,
        event: 'e',
      };
      await expect(sender.inbox.send(b, [large])).rejects.toBeInstanceOf(InboxEntryError);
      await sender.inbox.send(b, [acknowledgement(2)]);
      await sender.inbox.send(b, [acknowledgement(3)]);
      await other.inbox.send(b, [acknowledgement(4)]);
      await expect.poll(() => receiver.told.length).toBe(5);
      expect(receiver.told.filter((one) => one.kind === 'gap')).toEqual([{ kind: 'gap', sender: a }]);
      expect(receiver.told[1]).toEqual({ kind: 'gap', sender: a });
    });

    test('a skipped entry shows as a gap, also as the first one', async () => {
      const [sender, receiver] = [await open(a), await open(b)];
      sender.inbox.skip(b);
      await sender.inbox.send(b, [acknowledgement(1)]);
      await expect
        .poll(() => receiver.told)
        .toEqual([
          { kind: 'gap', sender: a },
          { kind: 'items', sender: a, items: [acknowledgement(1)] },
        ]);
    });

    test('numbers are per receiver', async () => {
      const [sender, one, two] = [await open(a), await open(b), await open(c)];
      await sender.inbox.send(b, [acknowledgement(1)]);
      await sender.inbox.send(c, [acknowledgement(2)]);
      await sender.inbox.send(b, [acknowledgement(3)]);
      await expect.poll(() => one.told.length).toBe(2);
      await expect.poll(() => two.told.length).toBe(1);
      expect([...one.told, ...two.told].map((told) => told.kind)).toEqual(['items', 'items', 'items']);
    });

    test('a life that did not begin, or ended, has no inbox', async () => {
      const [sender, receiver] = [await open(a), await open(b)];
      await expect(sender.inbox.send(shardToken('b@host', 2), [acknowledgement(1)])).rejects.toBeInstanceOf(InboxGoneError);
      await receiver.inbox[Symbol.asyncDispose]();
      await expect(sender.inbox.send(b, [acknowledgement(1)])).rejects.toBeInstanceOf(InboxGoneError);
      expect(receiver.told).toEqual([]);
    });
  });
}
