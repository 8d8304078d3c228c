export {
  EventLogError,
  type EventLogReader,
  type EventLogWriter,
  type GroupMember,
  type LogListener,
  type LogRecord,
  type ReceivedRecord,
} from './event-log.ts';
export { InProcessEventLog } from './in-process-event-log.ts';
