import { EventLogError } from './event-log.ts';

/** Kafka's names of the refusals that sending again cannot mend. */
const sizeRefusals: readonly unknown[] = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'];

/** kafkajs wraps what the broker said once or twice: this looks through the causes. */
export function toEventLogError(error: unknown): EventLogError {
  const tooLarge = causesOf(error).some((cause) => sizeRefusals.includes(cause.type));
  return new EventLogError(tooLarge ? 'Kafka refuses a record for its size' : 'Kafka did not take the records', { tooLarge, cause: error });
}

/** Whether the broker said this, by the protocol's name of the error. */
export function isKafkaRefusal(error: unknown, type: string): boolean {
  return causesOf(error).some((cause) => cause.type === type);
}

function causesOf(error: unknown): { readonly type?: unknown }[] {
  const chain: object[] = [];
  let current = error;
  while (typeof current === 'object' && current !== null && !chain.includes(current)) {
    chain.push(current);
    current = 'cause' in current ? current.cause : undefined;
  }
  return chain;
}
