import type { Clock } from '@carillon/client';
import { expect, test } from 'vitest';
import { WatchedSockets } from './watched-socket.ts';
import { WireLog } from './wire-log.ts';

/** The platform's WebSocket, as far as it is used; what the network does is dispatched by the test. */
class FakeSocket extends EventTarget {
  readonly sent: string[] = [];
  closes = 0;
  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {
    this.closes += 1;
  }
  receive(data: string): void {
    this.dispatchEvent(Object.assign(new Event('message'), { data }));
  }
}

function setUp() {
  const made: FakeSocket[] = [];
  const time = { nowMs: 0, due: [] as (() => void)[] };
  const clock: Clock = {
    nowMs: () => time.nowMs,
    after: (_ms, call) => {
      time.due.push(call);
      return () => undefined;
    },
  };
  const log = new WireLog(clock);
  const Socket = class extends FakeSocket {
    constructor() {
      super();
      made.push(this);
    }
  };
  const sockets = new WatchedSockets(log, clock, Socket as never);
  const open = () => {
    const socket = new sockets.WebSocket('ws://127.0.0.1:1/v1/ws', ['carillon.v1']);
    const got: string[] = [];
    const ends: number[] = [];
    socket.addEventListener('message', ({ data }) => got.push(String(data)));
    socket.addEventListener('close', ({ code }) => ends.push(code));
    const network = made.at(-1) as FakeSocket;
    network.dispatchEvent(new Event('open'));
    return { socket, network, got, ends };
  };
  const told = () => {
    for (const call of time.due.splice(0)) call();
    return log.getSnapshot();
  };
  return { time, log, sockets, open, told };
}

const event = (seq: number) => `{"type":"event","event":"message.created","chat_id":"c","seq":${seq},"data":{}}`;

test('[E5] while frames are lost every third one is kept from the SDK, but never the first; then all pass', () => {
  const { time, sockets, open, told } = setUp();
  const { network, got } = open();
  sockets.loseFrames(1_000);
  network.receive('{"type":"ready"}');
  for (const seq of [1, 2, 3, 4, 5, 6]) network.receive(event(seq));
  time.nowMs = 1_000;
  for (const seq of [7, 8, 9]) network.receive(event(seq));
  expect(got).toEqual(['{"type":"ready"}', ...[1, 2, 4, 5, 7, 8, 9].map(event)]);
  const { counts, holes, frames } = told();
  expect([counts.pushed, counts.lost, counts.duplicates, holes]).toEqual([7, 2, 0, 2]);
  expect(frames.filter(({ direction }) => direction === 'lost').map(({ text }) => text)).toEqual([event(3), event(6)]);
});

test('[E5] a cut socket ends once, without a close frame, and says nothing more; the next one works', () => {
  const { sockets, open, told } = setUp();
  const first = open();
  sockets.cut();
  first.network.receive(event(1));
  first.network.dispatchEvent(Object.assign(new Event('close'), { code: 1000, reason: '' }));
  expect([first.ends, first.got, first.network.closes]).toEqual([[1006], [], 1]);
  const second = open();
  second.network.receive(event(1));
  second.socket.send('{"type":"ping"}');
  expect([second.got, second.network.sent]).toEqual([[event(1)], ['{"type":"ping"}']]);
  expect(told().counts.connects).toBe(2);
});

test('[E5] what was fetched and is pushed afterwards is a double; what is complete by an answer is no hole', () => {
  const { log, open, told } = setUp();
  const { network } = open();
  log.complete('c', 1);
  for (const seq of [2, 5]) network.receive(event(seq));
  expect(told().holes).toBe(2);
  log.fetched('c', 3);
  log.complete('c', 5);
  for (const seq of [3, 5]) network.receive(event(seq));
  const { counts, holes } = told();
  expect([counts.pushed, counts.fetched, counts.duplicates, holes]).toEqual([4, 2, 2, 0]);
  expect(log.arrival('c', 3)).toMatchObject({ by: 'http' });
  log.clearCounts();
  expect(told().counts).toEqual({ pushed: 0, lost: 0, duplicates: 0, fetched: 0, connects: 0 });
});
