import type { Event } from './wire.ts';

/**
 * The one algorithm behind every view: connect → buffer → snapshot → merge → live. A replica is a view of one chat that is
 * complete up to `seq`; the open chat, its line in the overview and its member list are three of them. Pure: no I/O, no clock.
 *
 * States: `empty` (no snapshot yet: everything is held) → `loaded`. A loaded replica may have `ended` (the user is out, or the
 * chat is gone) and may be `isOutdated` (only a new snapshot tells how it goes on: a rejoin, a lost history).
 * Invariants: `seq` never moves back, except by the snapshot that replaces an outdated view; `held` is ascending, without
 * doubles, beyond `seq`, and at most `maxHeld` long; the view is the chat at exactly `seq` [C1, C3].
 */
export type Replica<V> = Empty | Loaded<V>;

type Pending = {
  /** Events beyond a hole, or before the snapshot. */
  readonly held: readonly Event[];
  /** Events up to here are known to exist, though not what they are: a `watermark`, a head. */
  readonly wanted: number;
  /** The server said 404 when this was the highest `seq` known: a snapshot up to it is older than that. -1 where it did not. */
  readonly goneAt: number;
};
type Empty = Pending & { readonly kind: 'empty' };
type Loaded<V> = Pending & {
  readonly kind: 'loaded';
  readonly view: V;
  readonly seq: number;
  /** Below it the view is mixed from several moments (a list of several pages) and not shown. */
  readonly visibleFrom: number;
  readonly ended: EndReason | undefined;
  readonly isOutdated: boolean;
};

/** Why a chat ended for this user. `gone`: the server says 404, and no event tells why. */
export type EndReason = 'removed' | 'left' | 'deleted' | 'gone';

/** What is special to one kind of view. */
export type ViewRules<V> = {
  /** Whose membership decides about the end. */
  readonly userId: string;
  /** The view after the next event. Returns the same object where nothing changes. */
  apply(view: V, event: Event): V;
  /** Called when `seq` moved on: a page that waited for it can be merged. */
  moved?(view: V, seq: number): V;
};

export type Snapshot<V> = { readonly view: V; readonly seq: number; readonly visibleFrom?: number };

/** The events after `after`, complete up to `seq`, whatever numbers they skip. */
export type Delta = {
  readonly after: number;
  readonly events: readonly Event[];
  readonly seq: number;
  readonly hasMore: boolean;
  /** `targetOf` when it was asked for: what an answer that ends below does not contain does not exist. */
  readonly target: number;
};

/** What a replica lacks. A hole too wide for deltas is a snapshot, too. */
export type Need = { readonly kind: 'nothing' } | { readonly kind: 'snapshot' } | { readonly kind: 'delta'; readonly after: number };

export const maxHeld = 500;
const maxDeltaWidth = 500;
const nothing: Need = { kind: 'nothing' };
const snapshot: Need = { kind: 'snapshot' };

/** Before the first snapshot. */
export const emptyReplica: Empty = { kind: 'empty', held: [], wanted: 0, goneAt: -1 };

/** What may be rendered: a gap-free prefix, or nothing. */
export function viewOf<V>(replica: Replica<V>): V | undefined {
  return replica.kind === 'loaded' && replica.seq >= replica.visibleFrom ? replica.view : undefined;
}

/** The highest `seq` that is known to exist beyond the view; 0 where there is none. */
export function targetOf({ held, wanted }: Pick<Pending, 'held' | 'wanted'>): number {
  return Math.max(wanted, held.at(-1)?.seq ?? 0);
}

export function needOf<V>(replica: Replica<V>): Need {
  const target = targetOf(replica);
  if (replica.kind === 'empty') return replica.goneAt >= 0 && target === 0 ? nothing : snapshot;
  if (replica.isOutdated) return snapshot;
  if (target <= replica.seq) return nothing;
  return replica.ended === undefined && target - replica.seq > maxDeltaWidth ? snapshot : { kind: 'delta', after: replica.seq };
}

/** One event, from wherever: dropped at or under `seq`, applied when it is the next, else held. */
export function offerEvent<V>(rules: ViewRules<V>, replica: Replica<V>, event: Event): Replica<V> {
  if (replica.kind === 'loaded') {
    if (event.seq <= replica.seq && !replica.isOutdated) return replica;
    if (event.seq === replica.seq + 1 && !replica.isOutdated) return drain(rules, step(rules, replica, event));
  }
  const pending = holding(replica, event);
  return pending === replica ? replica : { ...replica, ...pending };
}

/** Events up to `seq` exist. */
export function offerWatermark<V>(replica: Replica<V>, seq: number): Replica<V> {
  if (seq <= replica.wanted || (replica.kind === 'loaded' && seq <= replica.seq)) return replica;
  return { ...replica, wanted: seq };
}

/** A snapshot begins the view, or replaces one that is outdated or further behind. An older one is ignored [C2]. */
export function offerSnapshot<V>(rules: ViewRules<V>, replica: Replica<V>, { view, seq, visibleFrom = seq }: Snapshot<V>): Replica<V> {
  const isNews = replica.kind === 'empty' || replica.isOutdated || seq > replica.seq;
  if (!isNews || seq <= replica.goneAt) return replica;
  // Should the snapshot be behind what was seen, then that is wanted again.
  const seen = replica.kind === 'empty' ? 0 : replica.seq;
  const wanted = Math.max(replica.wanted, visibleFrom, seen);
  const { held } = replica;
  return drain(rules, { view, seq, ended: undefined, kind: 'loaded', visibleFrom, isOutdated: false, held, wanted, goneAt: -1 });
}

/** A delta that begins at or under `seq` is authoritative up to its own; one that begins beyond is just events [C3]. */
export function offerDelta<V>(rules: ViewRules<V>, replica: Replica<V>, delta: Delta): Replica<V> {
  if (replica.kind === 'empty' || replica.isOutdated || delta.after > replica.seq) {
    return delta.events.reduce((next, event) => offerEvent(rules, next, event), replica);
  }
  let next = replica;
  for (const event of delta.events) {
    if (next.isOutdated) next = keep(next, event);
    else if (event.seq > next.seq) next = step(rules, next, event);
  }
  if (next.isOutdated) return next;
  return drain(rules, moveTo(rules, delta.hasMore ? next : forget(next, delta.target), delta.seq));
}

/** The server knows no such chat for this user, and nothing is known of it beyond `target` [C9]. */
export function endReplica<V>(replica: Replica<V>, target: number): Replica<V> {
  const pending = { held: [], wanted: 0, goneAt: target };
  if (replica.kind === 'empty') return { kind: 'empty', ...pending };
  return { ...replica, ...pending, ended: replica.ended ?? 'gone', isOutdated: false };
}

/** The history behind the view is lost (`too_long`, `events_pruned`): it stays as it is until a new snapshot replaces it. */
export function outdate<V>(replica: Replica<V>): Replica<V> {
  return replica.kind === 'empty' || replica.isOutdated ? replica : { ...replica, isOutdated: true };
}

/** Changes the view beside the events: what is not one, such as a read position. */
export function changeView<V>(replica: Replica<V>, change: (view: V) => V): Replica<V> {
  if (replica.kind === 'empty') return replica;
  const view = change(replica.view);
  return view === replica.view ? replica : { ...replica, view };
}

function drain<V>(rules: ViewRules<V>, replica: Loaded<V>): Loaded<V> {
  const { held } = replica;
  let next = replica;
  let taken = 0;
  for (; taken < held.length; taken += 1) {
    const event = held[taken];
    if (event === undefined || next.isOutdated || event.seq > next.seq + 1) break;
    if (event.seq === next.seq + 1) next = step(rules, next, event);
  }
  // A step holds only the joining that outdates the view: it is already in its place.
  return taken === 0 || next.isOutdated ? next : { ...next, held: held.slice(taken) };
}

/**
 * Applies an event beyond `seq`. One's own joining begins a new interval, before which much may have changed: a snapshot is due.
 * The answer is spelled out, because engines are slow with a copy of a copy of a copy, and this is made for every event.
 */
function step<V>(rules: ViewRules<V>, replica: Loaded<V>, event: Event): Loaded<V> {
  if (joins(event, rules.userId)) return keep({ ...replica, isOutdated: true }, event);
  const { kind, visibleFrom, isOutdated, held, wanted, goneAt } = replica;
  const { seq } = event;
  const applied = rules.apply(replica.view, event);
  const view = rules.moved === undefined ? applied : rules.moved(applied, seq);
  const ended = endingOf(event, rules.userId) ?? replica.ended;
  return { view, seq, ended, kind, visibleFrom, isOutdated, held, wanted, goneAt };
}

function moveTo<V>(rules: ViewRules<V>, replica: Loaded<V>, to: number): Loaded<V> {
  const seq = Math.max(to, replica.seq);
  const view = rules.moved === undefined ? replica.view : rules.moved(replica.view, seq);
  return seq === replica.seq && view === replica.view ? replica : { ...replica, seq, view };
}

/** The hole up to `target` was asked for and is filled, so what is still missing below it does not exist. */
function forget<V>(replica: Loaded<V>, target: number): Loaded<V> {
  const held = replica.held.filter((event) => event.seq > target);
  return { ...replica, held, wanted: replica.wanted > target ? replica.wanted : 0 };
}

function keep<V>(replica: Loaded<V>, event: Event): Loaded<V> {
  return { ...replica, ...holding(replica, event) };
}

/** With the event in its place. Too many are dropped: then only their highest `seq` is remembered, and asked for. */
function holding(pending: Pending, event: Event): Pick<Pending, 'held' | 'wanted'> {
  const { held, wanted } = pending;
  let at = held.length;
  while (at > 0 && (held[at - 1]?.seq ?? 0) >= event.seq) at -= 1;
  if (held[at]?.seq === event.seq) return pending;
  if (held.length === maxHeld) return { held: [], wanted: Math.max(targetOf(pending), event.seq) };
  return { held: held.toSpliced(at, 0, event), wanted };
}

function joins(event: Event, userId: string): boolean {
  return event.event === 'member.added' && event.data.members.some((member) => member.user_id === userId);
}

function endingOf(event: Event, userId: string): EndReason | undefined {
  if (event.event === 'chat.deleted') return 'deleted';
  return event.event === 'member.removed' && event.data.user_id === userId ? event.data.reason : undefined;
}
