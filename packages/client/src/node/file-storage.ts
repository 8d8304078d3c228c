import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PendingSend } from '../pending-sends.ts';
import type { PendingStorage } from '../sending.ts';

export type FileStorageOptions = {
  /** Its own folder; made when it is missing, for its owner's eyes only. */
  readonly directory: string;
  /** A file that is not what was written: the disk is at fault. It stays where it is, and is left out. */
  readonly onBroken?: (file: string, error: unknown) => void;
};

const maxFiles = 1_000;
const maxBytes = 256 * 1_024;

/**
 * Pending sends in files, for programs: one folder per user, one file per send, written aside and renamed. A process that is
 * killed at any moment leaves each send as it was before or as it is after. One thing at a time, in the order it was asked for.
 * Rejects with the system's error, and for the 1,001st send of a user and one beyond 256 KiB.
 */
export function fileStorage({ directory, onBroken = () => undefined }: FileStorageOptions): PendingStorage {
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
    const turn = last.then(act, act);
    last = turn;
    return turn;
  };
  const folderOf = (userId: string) => join(directory, nameOf(userId));
  return {
    load: (userId) => inTurn(() => loadAll(folderOf(userId), onBroken)),
    save: (userId, send) => inTurn(() => write(folderOf(userId), send)),
    remove: (userId, id) => inTurn(() => rm(join(folderOf(userId), fileOf(id)), { force: true })),
  };
}

async function loadAll(folder: string, onBroken: (file: string, error: unknown) => void): Promise<readonly PendingSend[]> {
  const sends: PendingSend[] = [];
  for (const name of await namesIn(folder)) {
    const file = join(folder, name);
    if (name.endsWith('.part')) await rm(file, { force: true });
    else if (name.endsWith('.json')) {
      try {
        // What this store wrote itself.
        sends.push(JSON.parse(await readFile(file, 'utf8')) as PendingSend);
      } catch (error) {
        onBroken(file, error);
      }
    }
  }
  return sends.sort((a, b) => a.createdAtMs - b.createdAtMs);
}

async function write(folder: string, send: PendingSend): Promise<void> {
  const text = JSON.stringify(send);
  if (Buffer.byteLength(text) > maxBytes) throw new Error(`a pending send of more than ${maxBytes} bytes is not stored`);
  const name = fileOf(send.id);
  const names = await namesIn(folder);
  if (names.length >= maxFiles && !names.includes(name)) throw new Error(`${maxFiles} pending sends are stored already`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const part = join(folder, `${randomUUID()}.part`);
  const file = await open(part, 'wx', 0o600);
  try {
    await file.writeFile(text);
    // Else a machine that loses power may keep the name without the content.
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(part, join(folder, name));
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

function fileOf(id: string): string {
  return `${nameOf(id)}.json`;
}

/** Ids may be anything, dots and slashes too, and some file systems take `a` for `A`. */
function nameOf(id: string): string {
  return createHash('sha256').update(id).digest('hex');
}
