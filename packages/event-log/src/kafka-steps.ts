/**
 * What KafkaReader and KafkaWriter do with each record, without a broker around it: for the benchmark that measures the
 * delivery path in one process. Nobody else needs it.
 */
export { patchKafkaFetch } from './kafka-fetch-patch.ts';
export { fromKafkaMessage, toKafkaMessage } from './kafka-record.ts';
export { PartitionReading } from './partition-reading.ts';
