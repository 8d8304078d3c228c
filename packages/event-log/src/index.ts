export { ensureTopic } from './ensure-topic.ts';
export {
  EventLogError,
  type EventLogReader,
  type EventLogWriter,
  type GroupMember,
  type LogListener,
  type LogRecord,
  type ReceivedRecord,
  type RecordBatch,
  type RecordContent,
} from './event-log.ts';
export { followTopic } from './follow-topic.ts';
export { InProcessEventLog } from './in-process-event-log.ts';
export { inspectTopic, type TopicFacts } from './inspect-topic.ts';
export { KafkaReader } from './kafka-reader.ts';
export { checkKafkaSecurity, type KafkaSecurity, kafkaSecurity, kafkaSecurityVariables } from './kafka-security.ts';
export { KafkaWriter } from './kafka-writer.ts';
export { makeMemberLeave } from './make-member-leave.ts';
