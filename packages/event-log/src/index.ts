export { ensureTopic } from './ensure-topic.ts';
export {
  EventLogError,
  type EventLogReader,
  type EventLogWriter,
  type GroupMember,
  type LogListener,
  type LogRecord,
  type ReceivedRecord,
} from './event-log.ts';
export { followTopic } from './follow-topic.ts';
export { InProcessEventLog } from './in-process-event-log.ts';
export { KafkaReader } from './kafka-reader.ts';
export { KafkaWriter } from './kafka-writer.ts';
export { makeMemberLeave } from './make-member-leave.ts';
