/**
 * What a user's connections may count on. `new`: nobody was answered yet. `effective`: the owner of the partition, be it this shard,
 * sends their events here. `degraded`: events for them may find no way here.
 */
export type Standing = 'new' | 'effective' | 'degraded';

/** The users with a connection on this shard, by partition, and how each of them stands. Bound: one entry per user with a connection. */
export class LocalUsers {
  readonly #partitionOf: (userId: string) => number;
  readonly #byPartition = new Map<number, Map<string, Standing>>();

  constructor(partitionOf: (userId: string) => number) {
    this.#partitionOf = partitionOf;
  }

  /** The users by partition, whether they are here or not. */
  group(userIds: Iterable<string>): Map<number, string[]> {
    const groups = new Map<number, string[]>();
    for (const userId of userIds) {
      const partition = this.#partitionOf(userId);
      const group = groups.get(partition);
      if (group === undefined) groups.set(partition, [userId]);
      else group.push(userId);
    }
    return groups;
  }

  /** The user's partition. Who is here already stands as before. */
  add(userId: string): number {
    const partition = this.#partitionOf(userId);
    const users = this.#byPartition.get(partition) ?? new Map<string, Standing>();
    if (!users.has(userId)) users.set(userId, 'new');
    this.#byPartition.set(partition, users);
    return partition;
  }

  remove(userId: string): void {
    const partition = this.#partitionOf(userId);
    const users = this.#byPartition.get(partition);
    users?.delete(userId);
    if (users?.size === 0) this.#byPartition.delete(partition);
  }

  has(userId: string): boolean {
    return this.standingOf(userId) !== undefined;
  }

  /** Undefined: not here. */
  standingOf(userId: string): Standing | undefined {
    return this.#byPartition.get(this.#partitionOf(userId))?.get(userId);
  }

  /** The user is here, and was told how they stand. */
  isAnswered(userId: string): boolean {
    const standing = this.standingOf(userId);
    return standing !== undefined && standing !== 'new';
  }

  /** True: the user is here and stood otherwise, in a way that their connections were told. */
  stand(userId: string, standing: Exclude<Standing, 'new'>): boolean {
    const users = this.#byPartition.get(this.#partitionOf(userId));
    const before = users?.get(userId);
    if (users === undefined || before === undefined || before === standing) return false;
    users.set(userId, standing);
    return before !== 'new';
  }

  /** Partitions with at least one user. */
  partitions(): number[] {
    return [...this.#byPartition.keys()];
  }

  ofPartition(partition: number): string[] {
    return [...(this.#byPartition.get(partition)?.keys() ?? [])];
  }

  /** Those of the users who are here, and those who are not. */
  split(userIds: readonly string[]): [here: string[], gone: string[]] {
    const here: string[] = [];
    const gone: string[] = [];
    for (const userId of userIds) (this.has(userId) ? here : gone).push(userId);
    return [here, gone];
  }
}
