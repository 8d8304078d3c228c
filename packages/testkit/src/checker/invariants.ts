import type { Event } from '@carillon/protocol';
import { answeredAtMs, invokedAtMs, type Write } from '../recorder/history.ts';
import type { Push } from '../recorder/reader-record.ts';
import { maySee, type StoredEvent, type Truth, visibleTo } from './truth.ts';

/** What a reader ended up with, and all that ever reached it. */
export type Seen = {
  readonly userId: string;
  /** What it shows, by chat. */
  readonly shown: ReadonlyMap<string, readonly Event[]>;
  readonly pushes: readonly Push[];
  /** What HTTP answered, as `chat seq`. */
  readonly fetched: Iterable<string>;
  readonly faults: readonly string[];
};

/** All that a checker looks at, after the load has stopped, the faults are healed and all is quiet. */
export type Evidence = { readonly truth: Truth; readonly writes: readonly Write[]; readonly readers: readonly Seen[] };

/** The first items that break an invariant, each in one line. */
export type Violation = { readonly invariant: string; readonly items: readonly string[] };

type Invariant = (evidence: Evidence) => string[];

const invariants: Readonly<Record<string, Invariant>> = {
  'I1 durability': everyAnswerIsStored,
  'I2 no phantom': everyRowWasSent,
  'I3 idempotent send': everyMessageIsStoredOnce,
  'I4 dense seq': everyChatIsDense,
  'I5 convergence': everyReaderHasAll,
  'I6 prefix order': everyListIsAPrefix,
  'I6 push order': everyConnectionIsInOrder,
  'I7 real-time order': answersAreInOrder,
  'I8 outbox drains': outboxIsEmpty,
  'I10 no foreign frames': nothingForeignWasSeen,
  'contract of the client': readersMetNoFault,
};

/** Every invariant that does not hold. */
export function violationsOf(evidence: Evidence): Violation[] {
  return Object.entries(invariants)
    .map(([invariant, check]) => ({ invariant, items: check(evidence) }))
    .filter(({ items }) => items.length > 0);
}

function everyAnswerIsStored({ truth, writes }: Evidence): string[] {
  const stored = new Map(truth.messages.map((message) => [idOf(message), message.seq]));
  return writes
    .filter((write) => write.outcome === 'ok' && stored.get(idOf(write)) !== write.message?.seq)
    .map((write) => `${describe(write)} was answered seq ${write.message?.seq}, stored is ${stored.get(idOf(write)) ?? 'nothing'}`);
}

function everyRowWasSent({ truth, writes }: Evidence): string[] {
  const sent = new Map(writes.map((write) => [idOf(write), write.outcome]));
  return truth.messages
    .filter((message) => !['ok', 'info', 'open'].includes(sent.get(idOf(message)) ?? ''))
    .map(
      (message) => `chat ${message.chatId} seq ${message.seq} (${message.clientMessageId}): ${sent.get(idOf(message)) ?? 'nobody sent it'}`,
    );
}

function everyMessageIsStoredOnce({ truth }: Evidence): string[] {
  const seen = new Set<string>();
  return truth.messages
    .filter((message) => seen.size === seen.add(idOf(message)).size)
    .map((message) => `chat ${message.chatId} seq ${message.seq}: ${message.clientMessageId} of ${message.senderId} once more`);
}

function everyChatIsDense({ truth }: Evidence): string[] {
  return [...truth.heads].flatMap(([chatId, head]) => {
    const events = truth.events.get(chatId) ?? [];
    const wrong = events.findIndex(({ seq }, index) => seq !== index + 1);
    if (wrong !== -1) return [`chat ${chatId}: seq ${events[wrong]?.seq} stands where ${wrong + 1} should`];
    return events.length === head ? [] : [`chat ${chatId}: its seq is ${head}, its last event ${events.length}`];
  });
}

function everyReaderHasAll({ truth, readers }: Evidence): string[] {
  return readers.flatMap(({ userId, shown }) =>
    [...truth.heads.keys()].flatMap((chatId) => {
      const expected = visibleTo(truth, chatId, userId);
      const events = shown.get(chatId) ?? [];
      const seqs = new Set(events.map((event) => event.seq));
      const missing = expected.find(({ seq }) => !seqs.has(seq));
      if (missing !== undefined)
        return [`${userId} lacks chat ${chatId} seq ${missing.seq} (${expected.length - events.length} fewer of ${expected.length})`];
      return events.length > expected.length
        ? [`${userId} shows ${events.length} events of chat ${chatId}, there are ${expected.length}`]
        : [];
    }),
  );
}

/** What is shown is only ever added to: so at every moment it was the beginning of what it is now. */
function everyListIsAPrefix({ truth, readers }: Evidence): string[] {
  return readers.flatMap(({ userId, shown }) =>
    [...shown].flatMap(([chatId, events]) => {
      const expected = visibleTo(truth, chatId, userId);
      const wrong = events.findIndex((event, index) => !isSame(event, expected[index]));
      if (wrong === -1) return [];
      return [
        `${userId} shows chat ${chatId} seq ${events[wrong]?.seq} where seq ${expected[wrong]?.seq ?? 'nothing'} (or its text) belongs`,
      ];
    }),
  );
}

/** An event keeps its bytes, but a message that was deleted is a tombstone in its earlier events too. */
function isSame(event: Event, stored: StoredEvent | undefined): boolean {
  if (stored === undefined || event.seq !== stored.seq || event.event !== stored.event) return false;
  if (stored.isDeleted || !('message' in event.data)) return true;
  return event.data.message.text === stored.text;
}

/** First copies of a chat's events rise on every connection, whatever was sent again. */
function everyConnectionIsInOrder({ readers }: Evidence): string[] {
  return readers.flatMap(({ userId, pushes }) => {
    const highest = new Map<string, number>();
    const seen = new Set<string>();
    return pushes.flatMap(({ connection, chatId, seq }) => {
      const isFirst = seen.size !== seen.add(`${connection} ${chatId} ${seq}`).size;
      const before = highest.get(`${connection} ${chatId}`) ?? 0;
      if (isFirst) highest.set(`${connection} ${chatId}`, Math.max(before, seq));
      return isFirst && seq < before ? [`${userId}, connection ${connection}: chat ${chatId} seq ${seq} came after ${before}`] : [];
    });
  });
}

function answersAreInOrder({ writes }: Evidence): string[] {
  const answered = writes.filter((write) => write.outcome === 'ok' && write.message !== undefined);
  const chats = groupByChat(answered);
  return [...chats.values()].flatMap((ofChat) => {
    const byAnswer = ofChat.toSorted((a, b) => answeredAtMs(a) - answeredAtMs(b));
    let next = 0;
    let highest: Write | undefined;
    return ofChat
      .toSorted((a, b) => invokedAtMs(a) - invokedAtMs(b))
      .flatMap((write) => {
        for (let done = byAnswer[next]; done !== undefined && answeredAtMs(done) < invokedAtMs(write); done = byAnswer[next]) {
          if (seqOf(done) > seqOf(highest)) highest = done;
          next += 1;
        }
        return seqOf(write) > seqOf(highest)
          ? []
          : [`${describe(write)} has seq ${seqOf(write)}, but ${seqOf(highest)} was answered before it began`];
      });
  });
}

function outboxIsEmpty({ truth }: Evidence): string[] {
  return truth.outboxRows === 0 ? [] : [`${truth.outboxRows} rows are left`];
}

function nothingForeignWasSeen({ truth, readers }: Evidence): string[] {
  return readers.flatMap(({ userId, pushes, fetched }) => {
    const pushed = pushes
      .filter(({ chatId, seq }) => !maySee(truth, chatId, userId, seq))
      .map(({ connection, chatId, seq }) => `${userId} was pushed chat ${chatId} seq ${seq} on connection ${connection}`);
    const answered = [...fetched].filter((key) => {
      const [chatId = '', seq = ''] = key.split(' ');
      return !maySee(truth, chatId, userId, Number(seq));
    });
    return [...pushed, ...answered.map((key) => `${userId} was answered chat ${key.replace(' ', ' seq ')}`)];
  });
}

function readersMetNoFault({ readers }: Evidence): string[] {
  return readers.flatMap(({ userId, faults }) => faults.map((fault) => `${userId}: ${fault}`));
}

function groupByChat(writes: readonly Write[]): Map<string, Write[]> {
  const groups = new Map<string, Write[]>();
  for (const write of writes) {
    const group = groups.get(write.chatId);
    if (group === undefined) groups.set(write.chatId, [write]);
    else group.push(write);
  }
  return groups;
}

function seqOf(write: Write | undefined): number {
  return write?.message?.seq ?? 0;
}

function idOf(message: { chatId: string; senderId: string; clientMessageId: string }): string {
  return `${message.chatId} ${message.senderId} ${message.clientMessageId}`;
}

function describe(write: Write): string {
  return `${write.clientMessageId} of ${write.senderId} (${write.attempts.map(({ status }) => status).join(', ')})`;
}
