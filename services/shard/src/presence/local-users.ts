/** The users with a connection on this shard, by partition. */
export class LocalUsers {
  readonly #partitionOf: (userId: string) => number;
  readonly #byPartition = new Map<number, Set<string>>();

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

  /** The user's partition. */
  add(userId: string): number {
    const partition = this.#partitionOf(userId);
    const users = this.#byPartition.get(partition) ?? new Set<string>();
    this.#byPartition.set(partition, users.add(userId));
    return partition;
  }

  remove(userId: string): void {
    const partition = this.#partitionOf(userId);
    const users = this.#byPartition.get(partition);
    users?.delete(userId);
    if (users?.size === 0) this.#byPartition.delete(partition);
  }

  has(userId: string): boolean {
    return this.#byPartition.get(this.#partitionOf(userId))?.has(userId) ?? false;
  }

  /** Partitions with at least one user. */
  partitions(): number[] {
    return [...this.#byPartition.keys()];
  }

  ofPartition(partition: number): string[] {
    return [...(this.#byPartition.get(partition) ?? [])];
  }

  /** Those of the users who are here, and those who are not. */
  split(userIds: readonly string[]): [here: string[], gone: string[]] {
    const here: string[] = [];
    const gone: string[] = [];
    for (const userId of userIds) (this.has(userId) ? here : gone).push(userId);
    return [here, gone];
  }
}
