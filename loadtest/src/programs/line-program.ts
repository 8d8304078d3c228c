import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { withDeadline } from '@carillon/runtime';
import { killAtExit } from '@carillon/testkit';
import type { z } from 'zod';
import { type CommandLine, pinned } from './pinned.ts';

type LineProgramOptions = {
  /** For messages. */
  readonly name: string;
  readonly core: number;
  readonly line: CommandLine;
  readonly env?: Readonly<Record<string, string>>;
};

type Waiting = { readonly resolve: (line: string) => void; readonly reject: (error: Error) => void };

/**
 * A child that is spoken to in lines: a command on its stdin, one JSON line as the answer, one question at a time. What it
 * writes to stderr is shown. Dispose: its stdin ends, then SIGKILL after 3 s.
 */
export class LineProgram implements AsyncDisposable {
  readonly #name: string;
  readonly #child: ChildProcess;
  #waiting: Waiting | undefined;
  #early: string[] = [];
  #ended: string | undefined;

  constructor({ name, core, line, env }: LineProgramOptions) {
    this.#name = name;
    const [command, ...args] = pinned(core, line);
    this.#child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.#child.pid !== undefined) killAtExit(this.#child.pid);
    if (this.#child.stdout !== null) createInterface({ input: this.#child.stdout }).on('line', (answer) => this.#receive(answer));
    this.#child.once('error', (error) => this.#end(error.message));
    this.#child.once('exit', (code, signal) => this.#end(signal ?? `exit code ${code}`));
    // A command to a program that has just ended fails as its answer does.
    this.#child.stdin?.on('error', (error) => this.#end(error.message));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Sends a command (none: waits for the program's own first line) and parses its answer; rejects when the program ends or is late. */
  async ask<S extends z.ZodType>(command: string | undefined, answer: S, deadlineMs = 60_000): Promise<z.output<S>> {
    if (command !== undefined) this.#child.stdin?.write(`${command}\n`);
    const line = await withDeadline(this.#nextLine(), deadlineMs, `${this.#name}: ${command ?? 'start'}`);
    return answer.parse(JSON.parse(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended !== undefined) return;
    const exited = once(this.#child, 'exit');
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 3_000);
    await exited;
    clearTimeout(timer);
  }

  #nextLine(): Promise<string> {
    const early = this.#early.shift();
    if (early !== undefined) return Promise.resolve(early);
    if (this.#ended !== undefined) return Promise.reject(new Error(`${this.#name} has ended: ${this.#ended}`));
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  #receive(line: string): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#early.push(line);
    else waiting.resolve(line);
  }

  #end(how: string): void {
    this.#ended ??= how;
    this.#waiting?.reject(new Error(`${this.#name} ended: ${how}`));
    this.#waiting = undefined;
  }
}
