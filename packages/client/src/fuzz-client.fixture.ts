import { deepStrictEqual as deepEqual } from 'node:assert';
import {
  askForOlderOf,
  type ChatNeed,
  type ChatReplica,
  chatRules,
  closeView,
  emptyChat,
  endChat,
  hasReached,
  needOfChat,
  offerDeltaToChat,
  offerEntry,
  offerEventToChat,
  offerMembers,
  offerNewest,
  offerOlderTo,
  offerReadToChat,
  offerWatermarkToChat,
  openView,
  outdateChat,
  shownOf,
} from './chat-replica.ts';
import { confirmSend, nextPending, type PendingSend, pendingMessages, settleSends } from './pending-sends.ts';
import { viewOf } from './sync.ts';
import { type ChatMoment, entryAt, ModelServer, visibleMessages } from './testing/model-server.ts';
import type { Event, Head, MemberPage, Message, MessagePage, OverviewEntry } from './wire.ts';

type Frame = Event | { type: 'watermark'; chat_id: string; seq: number } | { type: 'signal'; chat_id: string; message_no: number };
type Request =
  | { kind: 'need'; chatId: string; need: ChatNeed; pages: MemberPage[]; answer?: () => void }
  | { kind: 'older'; chatId: string; beforeSeq: number; answer?: () => void }
  | { kind: 'sync' | 'heads' | 'overview'; answer?: () => void }
  | { kind: 'send'; chatId: string; send: PendingSend; answer?: () => void };

const me = 'me';
const others = ['ann', 'bob', 'zoe'];
const chatIds = ['chat-a', 'chat-b'];
const limit = 3;

/** The client's core between a model server and a network that may do anything, one step at a time. Throws when a view is wrong. */
export class FuzzClient {
  static readonly worthSeeing = [
    'delta',
    'ended',
    'gone',
    'hole',
    'late page',
    'members from two moments',
    'outdated',
    'page ahead',
    'pruned',
    'rejoin',
    'send settled',
    'watermark',
  ];
  readonly seen = new Set<string>();
  readonly #server = new ModelServer(me);
  readonly #rules = chatRules(me);
  readonly #chats = new Map<string, ChatReplica>();
  readonly #pushed = new Map<string, number>();
  readonly #suspects = new Map<string, number>();
  readonly #sends = new Map<string, readonly PendingSend[]>();
  #wire: Frame[] = [];
  #requests: Request[] = [];
  /** What sync begins at: all before was told. Heads have their own, because sync does not tell of read positions. */
  #cursor: number;
  #headsCursor: number;
  #heads: { heads: Head[]; next: number } | undefined;
  #names = 0;
  /** Something was dropped without a word. */
  #isLossy = false;

  constructor() {
    for (const chatId of chatIds) this.#server.createChat(chatId, others.slice(0, 2));
    for (let n = 0; n < 8; n += 1) this.#server.send('chat-a', 'ann', `first-${n}`, 'hello');
    for (const chatId of chatIds) this.#pushed.set(chatId, this.#server.now(chatId).chat.seq);
    this.#cursor = this.#server.commit;
    this.#headsCursor = this.#cursor;
    for (const chatId of chatIds) this.#change(chatId, (chat) => openView(openView(chat, 'timeline'), 'members'));
    for (const entry of this.#server.overview()) this.#change(entry.id, (chat) => offerEntry(this.#rules, chat, entry));
  }

  /** One step: what, and two numbers that choose. */
  run([what, a, b]: [number, number, number]): void {
    const chatId = chatIds[a % chatIds.length] ?? '';
    if (what < 30) this.#changeServer(chatId, what, b);
    else if (what < 50) this.#deliver(b < 5 ? 0 : b);
    else if (what < 52) this.#drop(b);
    else if (what < 54) this.#askAndAnswer(chatId);
    else if (what < 57) this.#wire.push(...this.#wire.slice(b, b + 1));
    else if (what < 60) this.#collapse(chatId);
    else if (what < 63) this.#reconnect(b);
    else if (what < 66) this.#ask({ kind: 'heads' });
    else if (what < 74) this.#askNeed(chatId);
    else if (what < 79) this.#askOlder(chatId);
    else if (what < 86) this.#process(b);
    else if (what < 94) this.#answer(b);
    else if (what < 96) this.#lose(b);
    else if (what < 97) this.#toggle(chatId, b);
    else if (what < 98) this.#reload();
    else this.#send(chatId);
  }

  /**
   * The network is whole again. Where nothing was lost in silence, the frames and what they make the client ask for must be
   * enough; else what is left on the wire is lost too, and the heads check has to find it.
   */
  settle(): void {
    if (!this.#isLossy) {
      while (this.#wire.length > 0) this.#deliver(0);
      this.#catchUp();
      this.expectFresh();
    }
    for (let again = 0; again < 2; again += 1) {
      this.#ask({ kind: 'heads' });
      this.#catchUp();
    }
  }

  #catchUp(): void {
    for (let round = 0; round < 60; round += 1) {
      for (const chatId of chatIds) {
        this.#askNeed(chatId);
        this.#sendNext(chatId);
      }
      if (this.#requests.length === 0 && this.#heads === undefined) return;
      if (this.#requests.length === 0) throw new Error('the heads are not reached, and nothing is asked for');
      while (this.#requests.length > 0) this.#answer(0);
      if (this.#isLossy) this.#wire = [];
      else while (this.#wire.length > 0) this.#deliver(0);
    }
    throw new Error('the client does not come to rest');
  }

  /** Every view is what the server would answer now. */
  expectFresh(): void {
    for (const chatId of chatIds) {
      const chat = this.#chat(chatId);
      const entry = this.#server.entry(chatId);
      if (entry === undefined) {
        for (const view of [chat.entry, chat.timeline, chat.members]) {
          if (view?.kind === 'loaded' && view.ended === undefined) throw new Error(`${chatId} has not ended`);
        }
        continue;
      }
      deepEqual(viewOf(chat.entry), entry);
      if (chat.entry.kind === 'loaded' && chat.entry.ended !== undefined) throw new Error(`${chatId} has ended`);
      if (chat.members !== undefined) deepEqual(viewOf(chat.members), this.#server.now(chatId).members);
      if (chat.timeline !== undefined) this.#expectTimeline(chatId, chat);
      const open = (this.#sends.get(chatId) ?? []).filter(({ state }) => state.kind !== 'failed');
      if (open.length > 0) throw new Error(`${open.length} sends are pending`);
    }
  }

  #expectTimeline(chatId: string, chat: ChatReplica): void {
    const view = chat.timeline && viewOf(chat.timeline);
    const all = visibleMessages(this.#server.now(chatId));
    const from = view?.messages[0]?.seq ?? Number.POSITIVE_INFINITY;
    deepEqual(
      view?.messages,
      all.filter(({ seq }) => seq >= from),
    );
    if (view?.messages.length === 0 && all.length > 0) throw new Error('an empty window of a chat with messages');
    if (view?.hasOlder !== all.some(({ seq }) => seq < from)) throw new Error('hasOlder is wrong');
  }

  #chat(chatId: string): ChatReplica {
    return this.#chats.get(chatId) ?? emptyChat;
  }

  #change(chatId: string, change: (chat: ChatReplica) => ChatReplica): void {
    const before = this.#chat(chatId);
    const chat = change(before);
    this.#chats.set(chatId, chat);
    if (chat !== before) this.#check(chatId, before, chat);
    if (this.#heads?.heads.every((head) => hasReached(this.#chat(head.chat_id), head.seq))) {
      this.#cursor = Math.max(this.#cursor, this.#heads.next);
      this.#heads = undefined;
    }
  }

  #check(chatId: string, before: ChatReplica, chat: ChatReplica): void {
    const { entry, timeline, members } = chat;
    if (entry !== before.entry && entry.kind === 'loaded') {
      const at = this.#server.at(chatId, entry.seq);
      if (before.entry.kind === 'loaded' && !before.entry.isOutdated && entry.seq < before.entry.seq) throw new Error('the view went back');
      if (!isSameEntry(entry.view, entryAt(at, me), (message) => this.#asNow(chatId, message)) && entry.ended === undefined) {
        throw new Error(`the entry is not that of ${entry.seq}`);
      }
      if (entry.ended === 'gone') this.seen.add('gone');
      else if (entry.ended !== undefined) this.seen.add('ended');
      if (entry.isOutdated) this.seen.add('outdated');
      if (before.entry.kind === 'loaded' && before.entry.isOutdated && !entry.isOutdated && at.intervals.length > 1)
        this.seen.add('rejoin');
      if (entry.held.length > 0) this.seen.add('hole');
    }
    if (timeline !== undefined && timeline !== before.timeline && timeline.kind === 'loaded') {
      const all = visibleAt(this.#server.at(chatId, timeline.seq));
      const { messages, hasOlder, older } = timeline.view;
      const from = messages[0]?.seq ?? Number.POSITIVE_INFINITY;
      const expected = all.filter(({ seq }) => seq >= from);
      const isRight =
        expected.length === messages.length && messages.every((message, index) => this.#isSame(chatId, message, expected[index]));
      if (!isRight) throw new Error(`the timeline is not that of ${timeline.seq}`);
      if (!timeline.isOutdated && timeline.ended === undefined && hasOlder !== all.length > messages.length)
        throw new Error('hasOlder is wrong');
      if (older?.page !== undefined) this.seen.add('page ahead');
      if (older !== undefined && older.changes.length > 0) this.seen.add('late page');
    }
    if (members !== undefined && members !== before.members && members.kind === 'loaded') {
      const view = viewOf(members);
      if (view === undefined) this.seen.add('members from two moments');
      else deepEqual(view, this.#server.at(chatId, members.seq).members);
    }
    this.#settleSends(chatId);
  }

  /** A sent message is never shown twice: neither as two messages, nor as a message and pending. */
  #settleSends(chatId: string): void {
    const { messages, seq } = shownOf(this.#chat(chatId));
    const sends = this.#sends.get(chatId) ?? [];
    if (sends.length === 0) return;
    const shown = [
      ...messages.map((message) => message.client_message_id),
      ...pendingMessages(sends, messages, seq).map((send) => send.client_message_id),
    ];
    if (new Set(shown).size !== shown.length) throw new Error('a message is shown twice');
    const settled = settleSends(sends, messages, seq);
    if (settled !== sends) this.seen.add('send settled');
    this.#sends.set(chatId, settled);
  }

  #isSame(chatId: string, message: Message | undefined, expected: Message | undefined): boolean {
    return message === expected || (message !== undefined && expected !== undefined && message === this.#asNow(chatId, expected));
  }

  /** Stored events of a deleted message show its tombstone. */
  #asNow(chatId: string, message: Message): Message {
    const now = this.#server.now(chatId).messages.find(({ id }) => id === message.id);
    return now?.deleted_at ? now : message;
  }

  #changeServer(chatId: string, what: number, b: number): void {
    const server = this.#server;
    if (server.now(chatId).chat.deleted_at !== null) return;
    const name = this.#newName('name');
    const other = others[b % others.length] ?? '';
    if (what < 12) server.send(chatId, b === 0 ? me : other, name, name);
    else if (what < 15) server.edit(chatId, b, name);
    else if (what < 18) server.delete(chatId, b);
    else if (what < 20) server.rename(chatId, name);
    else if (what < 21) server.setRole(chatId, b < 4 ? me : other, b % 2 === 0 ? 'admin' : 'member');
    else if (what < 23) server.add(chatId, other);
    else if (what < 24) server.remove(chatId, other);
    else if (what < 26) server.remove(chatId, me);
    else if (what < 28) server.add(chatId, me);
    else if (what < 29) this.#wire.push({ type: 'signal', chat_id: chatId, message_no: server.read(chatId, b) });
    else if (b === 0) server.deleteChat(chatId);
    else if (b === 1) server.prune(chatId);
    this.#push(chatId);
  }

  #newName(kind: string): string {
    this.#names += 1;
    return `${kind}-${this.#names}`;
  }

  #push(chatId: string): void {
    const fresh = this.#server.pushable(chatId).filter(({ seq }) => seq > (this.#pushed.get(chatId) ?? 0));
    this.#wire.push(...fresh);
    this.#pushed.set(chatId, this.#server.now(chatId).chat.seq);
  }

  #deliver(at: number): void {
    const [frame] = this.#wire.splice(at % Math.max(1, this.#wire.length), 1);
    if (frame === undefined) return;
    this.#change(frame.chat_id, (chat) => {
      if (frame.type === 'event') return offerEventToChat(this.#rules, chat, frame);
      if (frame.type === 'watermark') return offerWatermarkToChat(chat, frame.seq);
      return offerReadToChat(chat, frame.message_no);
    });
    if (frame.type === 'event') this.#confirm(frame);
  }

  #confirm(event: Event): void {
    if (event.event !== 'message.created') return;
    this.#sends.set(event.chat_id, confirmSend(this.#sends.get(event.chat_id) ?? [], event.data.message));
    this.#settleSends(event.chat_id);
  }

  #collapse(chatId: string): void {
    const events = this.#wire.filter((frame) => frame.type === 'event' && frame.chat_id === chatId) as Event[];
    const last = events.at(-1);
    if (last === undefined) return;
    this.seen.add('watermark');
    this.#wire = this.#wire.filter((frame) => !events.includes(frame as Event));
    this.#wire.push({ type: 'watermark', chat_id: chatId, seq: Math.max(...events.map(({ seq }) => seq)) });
  }

  #drop(b: number): void {
    if (this.#wire.splice(b, 1).length > 0) this.#isLossy = true;
  }

  /** A fast network. */
  #askAndAnswer(chatId: string): void {
    this.#askNeed(chatId);
    for (let turn = 0; turn < 4; turn += 1) this.#answer(this.#requests.length - 1);
  }

  /** What was on the wire is lost; half of the times answers that are on their way, too. */
  #reconnect(b: number): void {
    // Sync tells of every event, but of no read position.
    if (this.#wire.some(({ type }) => type === 'signal')) this.#isLossy = true;
    this.#wire = [];
    if (b % 2 === 0) for (const _ of [...this.#requests]) this.#lose(0);
    // A sync that was read before the loss does not tell of it.
    this.#requests = this.#requests.filter(({ kind }) => kind !== 'sync');
    this.#ask({ kind: 'sync' });
  }

  #reload(): void {
    for (const chatId of chatIds) this.#change(chatId, outdateChat);
    this.#requests = this.#requests.filter(({ kind }) => kind !== 'overview');
    this.#ask({ kind: 'overview' });
  }

  #toggle(chatId: string, b: number): void {
    const view = b % 2 === 0 ? 'timeline' : 'members';
    this.#change(chatId, (chat) => (chat[view] === undefined ? openView(chat, view) : closeView(chat, view)));
  }

  #ask(request: Request): void {
    const isAsked = this.#requests.some(({ kind }) => kind === request.kind);
    if (!isAsked || request.kind === 'older' || request.kind === 'send' || request.kind === 'need') this.#requests.push(request);
  }

  #askNeed(chatId: string): void {
    const need = this.#suspects.has(chatId) ? undefined : needOfChat(this.#chat(chatId));
    if (this.#suspects.has(chatId)) this.#ask({ kind: 'sync' });
    const isAsked = this.#requests.some((request) => request.kind === 'need' && request.chatId === chatId);
    if (need !== undefined && !isAsked) this.#ask({ kind: 'need', chatId, need, pages: [] });
  }

  #askOlder(chatId: string): void {
    const asked = askForOlderOf(this.#chat(chatId));
    this.#change(chatId, () => asked.chat);
    if (asked.beforeSeq !== undefined) this.#ask({ kind: 'older', chatId, beforeSeq: asked.beforeSeq });
  }

  #send(chatId: string): void {
    const id = this.#newName('mine');
    const operation = { kind: 'send', content: { type: 'text', text: id } } as const;
    const send: PendingSend = { id, chatId, createdAtMs: 0, operation, state: { kind: 'queued' } };
    this.#sends.set(chatId, [...(this.#sends.get(chatId) ?? []), send]);
    this.#sendNext(chatId);
  }

  #sendNext(chatId: string): void {
    const send = nextPending(this.#sends.get(chatId) ?? []);
    if (send === undefined) return;
    this.#setSend(send, { kind: 'sending' });
    this.#ask({ kind: 'send', chatId, send });
  }

  #setSend({ chatId, id }: PendingSend, state: PendingSend['state']): void {
    this.#sends.set(
      chatId,
      (this.#sends.get(chatId) ?? []).map((send) => (send.id === id && send.state.kind !== 'sent' ? { ...send, state } : send)),
    );
  }

  /** The request is lost before the server, or its answer behind it. */
  #lose(b: number): void {
    const [request] = this.#requests.splice(b % Math.max(1, this.#requests.length), 1);
    if (request?.kind === 'older') this.#change(request.chatId, (chat) => offerOlderTo(chat, request.beforeSeq, undefined));
    if (request?.kind === 'send') this.#setSend(request.send, { kind: 'queued' });
    // What restores everything is asked for until it is answered.
    if (request?.kind === 'sync' || request?.kind === 'overview') this.#ask({ kind: request.kind });
  }

  /** The server reads now; the answer comes later. */
  #process(b: number): void {
    const request = this.#requests[b % Math.max(1, this.#requests.length)];
    if (request !== undefined && request.answer === undefined) this.#read(request);
  }

  #answer(b: number): void {
    const at = b % Math.max(1, this.#requests.length);
    const request = this.#requests[at];
    if (request === undefined) return;
    if (request.answer === undefined) {
      this.#read(request);
      return;
    }
    this.#requests.splice(at, 1);
    request.answer();
  }

  #read(request: Request): void {
    switch (request.kind) {
      case 'need':
        this.#readNeed(request);
        return;
      case 'older': {
        const page = this.#server.page(request.chatId, limit, request.beforeSeq);
        request.answer = () => this.#change(request.chatId, (chat) => offerOlderTo(chat, request.beforeSeq, page));
        return;
      }
      case 'send':
        this.#readSend(request);
        return;
      case 'sync':
        this.#readSync(request);
        return;
      case 'heads': {
        const answer = this.#server.heads(this.#headsCursor);
        request.answer = () => this.#offerHeads(answer);
        return;
      }
      case 'overview': {
        const entries = this.#server.overview();
        request.answer = () => {
          for (const entry of entries) this.#change(entry.id, (chat) => offerEntry(this.#rules, chat, entry));
        };
      }
    }
  }

  #readNeed(request: Extract<Request, { kind: 'need' }>): void {
    const { chatId, need } = request;
    const offer = (change: (chat: ChatReplica) => ChatReplica) => {
      request.answer = () => this.#change(chatId, change);
    };
    const found = <T>(answer: T | undefined, change: (chat: ChatReplica, answer: T) => ChatReplica) => {
      if (answer === undefined) request.answer = () => void this.#suspects.set(chatId, need.target);
      else offer((chat) => change(chat, answer));
    };
    switch (need.kind) {
      case 'entry':
        found<OverviewEntry>(this.#server.entry(chatId), (chat, entry) => offerEntry(this.#rules, chat, entry));
        return;
      case 'timeline':
        found<MessagePage>(this.#server.page(chatId, limit), (chat, page) => offerNewest(this.#rules, chat, page));
        return;
      case 'members': {
        const page = this.#server.members(chatId, 2, request.pages.at(-1)?.next_cursor ?? '');
        if (page !== undefined) request.pages.push(page);
        if (page === undefined || page.next_cursor === null) found(page, (chat) => offerMembers(this.#rules, chat, request.pages));
        return;
      }
      case 'delta':
        this.#readDelta(need, chatId, found, offer);
    }
  }

  #readDelta(
    need: Extract<ChatNeed, { kind: 'delta' }>,
    chatId: string,
    found: (answer: undefined, change: (chat: ChatReplica) => ChatReplica) => void,
    offer: (change: (chat: ChatReplica) => ChatReplica) => void,
  ): void {
    const answer = this.#server.events(chatId, need.after, limit);
    if (answer === 'not_found') {
      found(undefined, (chat) => chat);
      return;
    }
    if (answer === 'pruned') {
      this.seen.add('pruned');
      offer(outdateChat);
      return;
    }
    this.seen.add('delta');
    offer((chat) => {
      const delta = { after: need.after, events: answer.events, seq: answer.seq, hasMore: answer.has_more, target: need.target };
      return offerDeltaToChat(this.#rules, chat, delta);
    });
  }

  #readSend(request: Extract<Request, { kind: 'send' }>): void {
    const { chatId, send } = request;
    if (!this.#server.isMember(chatId)) {
      request.answer = () => this.#setSend(send, { kind: 'failed', error: { status: 404, code: 'not_found', detail: '' } });
      return;
    }
    const message = this.#server.send(chatId, me, send.id, send.id);
    this.#push(chatId);
    request.answer = () => {
      this.#setSend(send, { kind: 'sent', message });
      this.#settleSends(chatId);
      this.#change(chatId, (chat) => offerWatermarkToChat(chat, message.seq));
    };
  }

  /** A suspect that sync is silent about is gone. Only one that was suspected before sync was asked. */
  #readSync(request: Request): void {
    const { events, next } = this.#server.sync(this.#cursor);
    const suspects = [...this.#suspects];
    request.answer = () => {
      for (const event of events) {
        this.#change(event.chat_id, (chat) => offerEventToChat(this.#rules, chat, event));
        this.#confirm(event);
      }
      this.#cursor = Math.max(this.#cursor, next);
      for (const [chatId, target] of suspects) {
        this.#suspects.delete(chatId);
        if (needOfChat(this.#chat(chatId)) !== undefined) this.#change(chatId, (chat) => endChat(chat, target));
      }
    };
  }

  #offerHeads(answer: { heads: Head[]; next: number }): void {
    this.#heads = answer;
    this.#headsCursor = Math.max(this.#headsCursor, answer.next);
    for (const head of answer.heads) {
      this.#change(head.chat_id, (chat) => offerReadToChat(offerWatermarkToChat(chat, head.seq), head.read_message_no));
    }
    this.#change(chatIds[0] ?? '', (chat) => chat);
  }
}

const visibleCache = new WeakMap<ChatMoment, Message[]>();

function visibleAt(moment: ChatMoment): Message[] {
  const known = visibleCache.get(moment) ?? visibleMessages(moment);
  visibleCache.set(moment, known);
  return known;
}

/** Equal but for the read position, which is no event. */
function isSameEntry(view: OverviewEntry, expected: OverviewEntry, asNow: (message: Message) => Message): boolean {
  const { last_message, read_message_no, unread_count, ...rest } = view;
  const { last_message: expectedLast, read_message_no: _read, unread_count: _unread, ...expectedRest } = expected;
  const isLast = last_message === expectedLast || (expectedLast !== null && last_message === asNow(expectedLast));
  return isLast && unread_count === Math.max(0, view.message_no - read_message_no) && JSON.stringify(rest) === JSON.stringify(expectedRest);
}
