import type { EventLogReader, LogListener } from '@carillon/event-log';

/**
 * A reader whose listener hears everything a while later, in order, as over a network: another shard may own a partition, and
 * deliver its records, before the one that lost it knows.
 */
export function lateReader(reader: EventLogReader, latency: () => Promise<void>): EventLogReader {
  const start = reader.start.bind(reader);
  return Object.assign(reader, {
    start: async (listener: LogListener) => {
      let last = Promise.resolve();
      const later = (tell: () => void) => {
        const way = latency();
        last = last.then(() => way).then(tell);
        return last;
      };
      let heard: () => void = () => undefined;
      const assigned = new Promise<void>((resolve) => {
        heard = resolve;
      });
      await start({
        onAssigned: (generation, partitions) =>
          void later(() => {
            listener.onAssigned(generation, partitions);
            heard();
          }),
        onRecords: (partition, records) => void later(() => listener.onRecords(partition, records)),
        onDamaged: (record, error) => void later(() => listener.onDamaged(record, error)),
        onPoison: (partition, offset, error) => void later(() => listener.onPoison(partition, offset, error)),
        onSkipped: (partition, records) => void later(() => listener.onSkipped(partition, records)),
        onDead: (error) => void later(() => listener.onDead(error)),
      });
      await assigned;
    },
  });
}
