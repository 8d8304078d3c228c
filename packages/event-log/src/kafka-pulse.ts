/** Silence in seconds after which Kafka is asked whether it is there at all. */
const suspiciousSeconds = 3;

/** When a consumer counts as stuck: #1527 and #1593 of kafkajs stop without an error. Twice the session while it (re)joins. */
const limits = { fetchSeconds: 15, joinSeconds: 30, heartbeatSeconds: 30 };

/**
 * Signs of life of a consumer, counted in ticks of a second rather than read from a clock: a process that was frozen has missed
 * the ticks too, and is not blamed. `away` (Kafka does not answer) starts the counting anew: only a consumer that is silent
 * while Kafka answers is dead [L3].
 */
export class KafkaPulse {
  #fetchSilence = 0;
  #heartbeatSilence = 0;
  #isJoining = true;

  /** Seconds since the last fetch was answered. */
  get silentSeconds(): number {
    return this.#fetchSilence;
  }

  joining(): void {
    this.#isJoining = true;
  }

  joined(): void {
    this.#isJoining = false;
    this.away();
  }

  fetched(): void {
    this.#fetchSilence = 0;
  }

  heartbeat(): void {
    this.#heartbeatSilence = 0;
  }

  away(): void {
    this.#fetchSilence = 0;
    this.#heartbeatSilence = 0;
  }

  /** Once per second. */
  tick(): 'alive' | 'suspicious' | 'silent' {
    this.#fetchSilence += 1;
    if (!this.#isJoining) this.#heartbeatSilence += 1;
    const fetchLimit = this.#isJoining ? limits.joinSeconds : limits.fetchSeconds;
    if (this.#fetchSilence >= fetchLimit || this.#heartbeatSilence >= limits.heartbeatSeconds) return 'silent';
    return this.#fetchSilence >= suspiciousSeconds ? 'suspicious' : 'alive';
  }
}
