import type { PendingSend } from '../pending-sends.ts';
import type { PendingStorage } from '../sending.ts';

const store = 'pending';

/**
 * Pending sends in the browser's database, by user: they survive a reload. Two tabs of one user share it, and may both send what
 * was left from before: the same `client_message_id` makes that one message. Every call rejects with the database's error.
 */
export function indexedDbStorage(options: { readonly name?: string; readonly indexedDB?: IDBFactory } = {}): PendingStorage {
  const factory = options.indexedDB ?? globalThis.indexedDB;
  let opened: Promise<IDBDatabase> | undefined;
  const run = async <T>(mode: IDBTransactionMode, act: (pending: IDBObjectStore) => IDBRequest<T>): Promise<T> => {
    opened ??= open(factory, options.name ?? 'carillon');
    const database = await opened.catch((error: unknown) => {
      // The next call tries again.
      opened = undefined;
      throw error;
    });
    const transaction = database.transaction(store, mode);
    const request = act(transaction.objectStore(store));
    await finished(transaction);
    return request.result;
  };
  return {
    load: (userId) => run<PendingSend[]>('readonly', (pending) => pending.getAll(keysOf(userId))),
    save: async (userId, send) => {
      await run('readwrite', (pending) => pending.put(send, [userId, send.id]));
    },
    remove: async (userId, id) => {
      await run('readwrite', (pending) => pending.delete([userId, id]));
    },
  };
}

function open(factory: IDBFactory, name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = factory.open(name, 1);
    request.onupgradeneeded = () => void request.result.createObjectStore(store);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error(`the database ${name} is blocked by an older tab`));
  });
}

/** What is answered before the transaction is finished may be lost yet. */
function finished(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
    transaction.onerror = () => reject(transaction.error);
  });
}

/** All keys of a user: an array sorts after every string. */
function keysOf(userId: string): IDBKeyRange {
  return IDBKeyRange.bound([userId], [userId, []]);
}
