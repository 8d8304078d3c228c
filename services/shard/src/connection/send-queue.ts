import { type Clock, unreachable } from '@carillon/runtime';
import type { ShardCounts } from '../metrics.ts';
import type { Socket } from '../transport/socket.ts';
import { FrameFifo } from './frame-fifo.ts';
import { type FrameKind, type FrameWay, OutgoingFrame } from './outgoing-frame.ts';
import { WithheldEvents } from './withheld-events.ts';

/** One for all queues of a shard. */
export type SendQueueOptions = { readonly maxBytes: number; readonly clock: Clock; readonly counts: ShardCounts };

/** Knows up to where all of the notification stream was put into the queue. */
export type PositionSource = { position(): string | undefined };

/** `empty`: all is handed over. `more`: a turn's share is, the rest next turn. `blocked`: goes on when the socket has drained. */
export type FlushOutcome = 'empty' | 'more' | 'blocked';

/** uWS's cork buffer: what exceeds it leaves in a write of its own. */
const maxTurnBytes = 16 * 1024;
/** What the transport holds can no longer collapse, and is copied again as it drains. */
const maxTransportBytes = 64 * 1024;
/** More chats than this are told by one `resync`. */
const maxWatermarks = 500;
const resyncOverflow = OutgoingFrame.of({ type: 'resync', reason: 'overflow' });
const resyncBytes = resyncOverflow.bytes.length;

/**
 * Frames waiting for one connection, oldest first. Never awaits.
 * States: held (until `release`) → open; frames of a held queue wait, `ready` is before them [P2].
 * Invariants: `queuedBytes` never exceeds `maxBytes` [D5]; frames leave in the order they came [M4]; over the bound all queued
 * events collapse to one `watermark` per chat, and those to one `resync` [D6]. Signals may be lost: they go first.
 */
export class SendQueue {
  readonly #options: SendQueueOptions;
  readonly #frames = new FrameFifo();
  #withheld: WithheldEvents | undefined;
  #needsResync = false;
  #heartbeatOf: PositionSource | undefined;
  #isHeld = true;
  /** Since when, by the monotonic clock, the connection is over its bound; 0 when it is not. */
  #overflowedAtMs = 0;
  #sent = 0;

  constructor(options: SendQueueOptions) {
    this.#options = options;
  }

  /** Bytes that wait, those of what was withheld included. */
  get queuedBytes(): number {
    return this.#waitingBytes + (this.#needsResync ? resyncBytes : 0);
  }

  /** Frames handed to the socket since `ready`, a refused hand-over included, heartbeats and pongs not. */
  get sent(): number {
    return this.#sent;
  }

  /** When the queue went over its bound without having been empty since, else 0 [D7]. */
  get overflowedAtMs(): number {
    return this.#overflowedAtMs;
  }

  /** What is bounded so that a `resync` always fits beside it. */
  get #waitingBytes(): number {
    return this.#frames.bytes + (this.#withheld?.bytes ?? 0);
  }

  /** False: the queue was over its bound, so this frame or others before it are withheld, and the client will be told. */
  push(frame: OutgoingFrame): boolean {
    if (this.fits(frame)) {
      this.#frames.push(frame);
      return true;
    }
    this.#collapse(frame);
    return false;
  }

  /** The frame may wait here without the queue going over its bound. */
  fits(frame: OutgoingFrame): boolean {
    return frame.bytes.length <= this.room;
  }

  /** Bytes that may come before the queue collapses. */
  get room(): number {
    return this.#options.maxBytes - resyncBytes - this.#waitingBytes;
  }

  /** As if it were over its bound: what waits is told instead of sent, by one `resync` where watermarks would take half of the room or more. */
  collapse(): void {
    const before = this.queuedBytes;
    this.#collapse();
    if (this.#withheld !== undefined && this.#withheld.bytes * 2 >= before) this.#collapseToResync();
  }

  /** A heartbeat joins the next flush: its count and position are those of the moment it is handed over. */
  askHeartbeat(of: PositionSource): void {
    this.#heartbeatOf = of;
  }

  /** Hands `ready` over, first of all frames, and lets the others follow with the next flush. */
  release(ready: OutgoingFrame, socket: Socket): void {
    this.#isHeld = false;
    this.#options.counts.writes += 1;
    this.#handOver(ready, socket);
    this.#sent = 0;
  }

  /** Hands over what the socket takes and the turn allows, in one write. What stays no longer pins foreign memory. */
  flush(socket: Socket): FlushOutcome {
    if (this.#isHeld) return this.#block();
    if (this.#isEmpty()) return 'empty';
    if (socket.bufferedBytes() >= maxTransportBytes) return this.#block();
    this.#options.counts.writes += 1;
    if (this.#isSingleFrame()) this.#handOver(this.#frames.shift(), socket);
    else socket.cork(() => this.#writeTurn(socket));
    if (!this.#isEmpty()) return this.#keepRest(socket);
    this.#overflowedAtMs = 0;
    return 'empty';
  }

  #isEmpty(): boolean {
    return this.#frames.length === 0 && !this.#hasMoreThanFrames();
  }

  /** All but a heartbeat is handed over, and nothing was refused. */
  #isComplete(): boolean {
    return this.#frames.length === 0 && this.#withheld === undefined && !this.#needsResync;
  }

  #isSingleFrame(): boolean {
    return this.#frames.length === 1 && !this.#hasMoreThanFrames();
  }

  #hasMoreThanFrames(): boolean {
    return this.#withheld !== undefined || this.#needsResync || this.#heartbeatOf !== undefined;
  }

  #block(): FlushOutcome {
    this.#frames.keep();
    return 'blocked';
  }

  #keepRest(socket: Socket): FlushOutcome {
    this.#frames.keep();
    return socket.bufferedBytes() >= maxTransportBytes ? 'blocked' : 'more';
  }

  #writeTurn(socket: Socket): void {
    let bytes = this.#writeWithheld(socket);
    while (this.#frames.length > 0 && (bytes === 0 || bytes + this.#frames.nextBytes <= maxTurnBytes)) {
      const frame = this.#frames.shift();
      bytes += frame.bytes.length;
      this.#handOver(frame, socket);
    }
    if (this.#heartbeatOf !== undefined) this.#writeHeartbeat(this.#heartbeatOf, socket);
  }

  /** What was withheld is older than all that is queued, so it is told first. */
  #writeWithheld(socket: Socket): number {
    const withheld = this.#withheld;
    if (this.#needsResync) {
      this.#needsResync = false;
      this.#handOver(resyncOverflow, socket);
    }
    if (withheld === undefined) return 0;
    this.#withheld = undefined;
    for (const watermark of withheld.watermarks()) this.#handOver(watermark, socket);
    return withheld.bytes;
  }

  #writeHeartbeat(of: PositionSource, socket: Socket): void {
    this.#heartbeatOf = undefined;
    const pos = this.#isComplete() ? of.position() : undefined;
    this.#handOver(OutgoingFrame.of({ type: 'heartbeat', sent: this.#sent, ...(pos === undefined ? {} : { pos }) }), socket);
  }

  #handOver(frame: OutgoingFrame, socket: Socket): void {
    const { counts } = this.#options;
    if (isCounted(frame.kind)) this.#sent += 1;
    // A look-up by a name that varies costs more than the rest of the accounting.
    if (frame.kind === 'event') counts.framesSent.event += 1;
    else counts.framesSent[frame.kind] += 1;
    counts.bytesSent += frame.bytes.length;
    if (frame.way !== undefined) this.#observe(frame, frame.way);
    const outcome = socket.send(frame.bytes);
    switch (outcome) {
      case 'sent':
      case 'buffered':
        return;
      case 'dropped':
        counts.framesRefused += 1;
        this.#needsResync = true;
        return;
      default:
        unreachable(outcome);
    }
  }

  #observe(frame: OutgoingFrame, { receivedAtMs, committedAtMs }: FrameWay): void {
    const { counts, clock } = this.#options;
    counts.observe('shard_to_socket', clock.monotonicMs() - receivedAtMs);
    if (committedAtMs !== 0) counts.observe('total', clock.nowMs() - committedAtMs);
    frame.way = undefined;
  }

  /** Over the bound: events give way to watermarks, signals to nothing; what else waits is small and stays. */
  #collapse(last?: OutgoingFrame): void {
    const { counts, clock, maxBytes } = this.#options;
    const limit = maxBytes - resyncBytes;
    if (this.#overflowedAtMs === 0) this.#overflowedAtMs = clock.monotonicMs();
    counts.slowConsumers.watermark += 1;
    for (const frame of this.#frames.takeDroppable()) this.#withhold(frame);
    if (last !== undefined && last.seq > 0) this.#withhold(last);
    else if (last !== undefined && last.kind !== 'signal' && this.fits(last)) this.#frames.push(last);
    if ((this.#withheld?.chats ?? 0) > maxWatermarks || this.#waitingBytes > limit) this.#collapseToResync();
  }

  /** Behind a `resync` that is due anyway nothing more has to be told. */
  #withhold(frame: OutgoingFrame): void {
    if (frame.seq === 0 || this.#needsResync) return;
    this.#withheld ??= new WithheldEvents();
    this.#withheld.add(frame);
  }

  #collapseToResync(): void {
    this.#options.counts.slowConsumers.resync += 1;
    this.#withheld = undefined;
    this.#needsResync = true;
  }
}

/** As the client counts: heartbeats and pongs are no news, and `ready` comes before the count starts. */
function isCounted(kind: FrameKind): boolean {
  return kind !== 'heartbeat' && kind !== 'pong';
}
