import type { Presence, ShardToken } from '@carillon/presence';
import type { Inbox } from '@carillon/shard';

/**
 * What connects a shard with the world, until it is killed: then nothing that it says leaves it, as from a process that is gone. What it
 * leaves behind in this process (its member of the group, its inbox) stays as a dead process's would, until it is buried.
 * States: alive → cut → buried; no way back.
 */
export class Lifeline {
  readonly #remains: AsyncDisposable[] = [];
  #isCut = false;

  get isCut(): boolean {
    return this.#isCut;
  }

  cut(): void {
    this.#isCut = true;
  }

  /** Says it, or rejects as if nobody answered. */
  say<T>(word: () => Promise<T>): Promise<T> {
    return this.#isCut ? Promise.reject(new Error('this shard is dead')) : word();
  }

  /** The end of a part: at once while alive; what a dead shard has stays until it is buried. */
  async end(part: AsyncDisposable): Promise<void> {
    if (this.#isCut) this.#remains.push(part);
    else await part[Symbol.asyncDispose]();
  }

  /** Its successor makes the dead member leave the group, and its inbox ends with its epoch [L5]. */
  async bury(): Promise<void> {
    for (const part of this.#remains.splice(0)) await part[Symbol.asyncDispose]();
  }
}

/** The registry as this shard reaches it. */
export function mortalPresence(presence: Presence, life: Lifeline): Presence {
  return {
    claimEpoch: (shardId) => life.say(() => presence.claimEpoch(shardId)),
    renewLease: (lease) => life.say(() => presence.renewLease(lease)),
    releaseLease: async (shardId, epoch) => {
      if (!life.isCut) await presence.releaseLease(shardId, epoch);
    },
    readPredecessor: (shardId) => life.say(() => presence.readPredecessor(shardId)),
    readLeases: () => life.say(() => presence.readLeases()),
    register: (partition, userIds, token) => life.say(() => presence.register(partition, userIds, token)),
    unregister: (partition, userIds, token) => life.say(() => presence.unregister(partition, userIds, token)),
    loadPartition: (partition) => life.say(() => presence.loadPartition(partition)),
    isConnected: () => !life.isCut && presence.isConnected(),
    [Symbol.asyncDispose]: () => life.end(presence),
  };
}

/** This shard's inbox: once it is dead, what others put in stays unread. */
export function mortalInbox(inbox: Inbox, life: Lifeline): Inbox {
  return {
    send: (to: ShardToken, items) => life.say(() => inbox.send(to, items)),
    skip: (to) => inbox.skip(to),
    start: (listener) =>
      inbox.start({
        onItems: (sender, items) => {
          if (!life.isCut) listener.onItems(sender, items);
        },
        onGap: (sender) => {
          if (!life.isCut) listener.onGap(sender);
        },
      }),
    isConnected: () => !life.isCut && inbox.isConnected(),
    [Symbol.asyncDispose]: () => life.end(inbox),
  };
}
