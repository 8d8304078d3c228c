import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
// The one place outside bin/ that looks at the process: what the native module needs is a fact of the machine, not configuration.
import process from 'node:process';
import { StartError } from '@carillon/runtime';

type Build = { readonly node: number; readonly minGlibc: string; readonly sha256: string };

/** The builds that were tested, by Node's ABI, Linux x64. The package is a republication without provenance, hence the sums. */
const builds: Readonly<Record<string, Build>> = {
  115: { node: 20, minGlibc: '2.27', sha256: 'f4fa5d7b697529b45ac8aa3d57385d9af51bc1d2b26aa9f5b68ca4361542e665' },
  127: { node: 22, minGlibc: '2.38', sha256: '78e38a9a163b1cf33ce539619e5908111dea95a12e7943d95fbcdd524879caa8' },
  137: { node: 24, minGlibc: '2.38', sha256: '3b549c14e01d9d1faf234cdf4b6f0fb08158605e3692cd0eb1b905e327bd3449' },
};

/** What the engine's build is chosen by. `glibc` is undefined on another C library. */
export type Platform = { readonly os: string; readonly arch: string; readonly abi: string; readonly glibc: string | undefined };

/**
 * To be called before the WebSocket engine in `folder` is loaded: throws StartError with one sentence unless this is a platform
 * that it was tested on and the build is byte for byte the known one: that of `sha256`, where an image took the official release and
 * told its sum, else that of the lockfile.
 */
export function checkNativeModule(folder: string, sha256?: string): void {
  const platform = readPlatform();
  const build = chooseBuild(platform);
  checkSum(join(folder, `uws_linux_x64_${platform.abi}.node`), sha256 ?? build.sha256);
}

/** The build for this platform; throws StartError where there is none. */
export function chooseBuild({ os, arch, abi, glibc }: Platform): Build {
  const build = os === 'linux' && arch === 'x64' && glibc !== undefined ? builds[abi] : undefined;
  if (build === undefined || glibc === undefined) {
    throw new StartError('the WebSocket engine needs Linux x64 with glibc and Node 20, 22 or 24: run the shard there, or in the image');
  }
  if (isOlder(glibc, build.minGlibc)) {
    throw new StartError(
      `the WebSocket engine for Node ${build.node} needs glibc ${build.minGlibc} or newer, this machine has ${glibc}: use Node 20, or Debian 13 or Ubuntu 24.04`,
    );
  }
  return build;
}

function readPlatform(): Platform {
  return { os: process.platform, arch: process.arch, abi: process.versions.modules, glibc: readGlibc() };
}

function readGlibc(): string | undefined {
  // Node 20's types do not know it; without it the report looks up the names of all peers.
  Object.assign(process.report, { excludeNetwork: true });
  const report: { header?: { glibcVersionRuntime?: string } } = process.report.getReport();
  return report.header?.glibcVersionRuntime;
}

function isOlder(version: string, minimum: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [minMajor = 0, minMinor = 0] = minimum.split('.').map(Number);
  return major < minMajor || (major === minMajor && minor < minMinor);
}

function checkSum(file: string, expected: string): void {
  const actual = createHash('sha256').update(readFileSync(file)).digest('hex');
  if (actual !== expected)
    throw new StartError(`the WebSocket engine ${file} is not the known one (SHA-256 ${actual}): install anew with npm ci`);
}
