import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DockerfileParser } from 'dockerfile-ast';
import { ValidationSeverity, validate } from 'dockerfile-utils';
import { expect, test } from 'vitest';

const text = readFileSync(fileURLToPath(new URL('../docker/Dockerfile', import.meta.url)), 'utf8');
const instructions = DockerfileParser.parse(text).getInstructions();
const ofKeyword = (keyword: string) => instructions.filter((instruction) => instruction.getKeyword() === keyword);
const last = (keyword: string) => ofKeyword(keyword).at(-1)?.getArgumentsContent();

test('[K9] the linter finds nothing in the Dockerfile', () => {
  const problems = validate(text, { deprecatedMaintainer: ValidationSeverity.ERROR, instructionWorkdirRelative: ValidationSeverity.ERROR });
  expect(problems.map(({ message, range }) => `${range.start.line + 1}: ${message}`)).toEqual([]);
});

test('[K9] the image runs as nobody, with node as its first process, and builds on pinned versions', () => {
  expect(last('USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  expect(last('ENTRYPOINT')).toBe('["node", "/app/carillon.mjs"]');
  const stages = ['base', 'build'];
  for (const from of ofKeyword('FROM').map((one) => one.getArguments()[0]?.getValue() ?? ''))
    if (!stages.includes(from)) expect(from).toBe('node:${NODE_VERSION}-${DEBIAN}-slim');
  expect(text).not.toMatch(/\blatest\b|npm install\b|curl|sudo|--privileged/);
  for (const install of ofKeyword('RUN').filter((run) => run.getArgumentsContent()?.startsWith('npm ')))
    expect(install.getArgumentsContent()).toContain('npm ci');
});

test('[K9] no secret and nothing but declared files reach the image', () => {
  expect(text).not.toMatch(/(SECRET|PASSWORD|TOKEN)=/);
  for (const copy of ofKeyword('COPY')) expect(copy.getArgumentsContent()).not.toMatch(/^\. /);
});
