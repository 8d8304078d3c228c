/** A user and where the event log keeps their notifications. */
export type Addressee = { readonly userId: string; readonly partition: number };

/** Recipients of one record: all of one partition. `bytes` is what they weigh in the record, as key and as header. */
export type RecipientGroup = { readonly partition: number; readonly recipients: readonly string[]; readonly bytes: number };

/** A group of 10,000 on a single partition is 20 records, none with a header that a broker refuses. */
const maxRecipientsPerRecord = 500;

/** One group per partition and 500 recipients. Each addressee lies in exactly one group; the order within a partition is kept. */
export function groupByPartition(addressees: Iterable<Addressee>): RecipientGroup[] {
  const byPartition = new Map<number, string[][]>();
  for (const { userId, partition } of addressees) {
    const chunks = byPartition.get(partition);
    const last = chunks?.at(-1);
    if (chunks === undefined) byPartition.set(partition, [[userId]]);
    else if (last === undefined || last.length === maxRecipientsPerRecord) chunks.push([userId]);
    else last.push(userId);
  }
  return [...byPartition].flatMap(([partition, chunks]) => chunks.map((recipients) => weigh(partition, recipients)));
}

function weigh(partition: number, recipients: string[]): RecipientGroup {
  return { partition, recipients, bytes: Buffer.byteLength(JSON.stringify(recipients)) + (recipients[0]?.length ?? 0) };
}
